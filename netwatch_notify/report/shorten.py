"""Make a view fit: whole facts give way, the least important first, and are counted."""

from collections.abc import Sequence
from dataclasses import replace

from netwatch_notify.model.message import Format, Item, Section, View
from netwatch_notify.report.kinds import count_kinds
from netwatch_notify.report.render import render


def shorten(
    view: View,
    budget: int,
    format: Format = Format.TEXT,  # noqa: A002
    *,
    attached: bool = False,
) -> View:
    """
    Return the view with as much left out as `budget` characters, subject included, demand.

    The hint goes first. Facts are left out whole and counted by kind: those of the highest rank
    first, of one rank from the end of its last section backwards. Sections that stay (problems
    above all) and the subject stay. Only where these alone are too long does the message lose
    the kinds of what was left out, then the details of what stays, then the last of its facts,
    then the footer and `rest`; the first problem's headline always stays.

    `format` is what the message will be sent in, whose markup takes room too. `attached`:
    whether the whole report goes with it if anything is left out.
    """
    view = replace(view, attached=attached)

    def fits(dropped: int) -> bool:
        message = render(_without(view, dropped), format)
        return len(message.subject) + 1 + len(message.body) <= budget

    if fits(0):
        return view if _anything_left_out(view) else replace(view, rest="", attached=False)
    low, high = 0, _steps(view)
    # What is told is small beside a bad night: its size is looked for from below, where each
    # attempt is cheap.
    told, none_told = 0, 1 + _counts(view)[0]
    while low < none_told - told < high:
        middle = none_told - told
        low, high = (low, middle) if fits(middle) else (middle, high)
        told = 2 * told + 1
    while low < high - 1:  # `low` does not fit; `high` is the most that can be done.
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return _without(view, high)


def _anything_left_out(view: View) -> bool:
    return any(section.left_out for section in view.sections)


def _counts(view: View) -> tuple[int, int]:
    """Return how many facts may go, and how many must stay as long as possible."""
    may_go = sum(len(section.items) for section in view.sections if not section.stays)
    return may_go, sum(len(section.items) for section in view.sections if section.stays)


def _steps(view: View) -> int:
    may_go, stay = _counts(view)
    return 1 + may_go + 1 + stay + max(stay - 1, 0) + 2


def _without(view: View, dropped: int) -> View:
    """
    Take `dropped` steps: hint, facts, kinds, details of what stays, what stays, footer, rest.

    Each step makes the text shorter, but for the line that counts what was left out.
    """
    may_go, stay = _counts(view)
    steps = []
    for most in (1, may_go, 1, stay, max(stay - 1, 0), 1, 1):
        steps.append(min(dropped, most))
        dropped -= steps[-1]
    hint, facts, kinds, details, staying, footer, rest = steps
    sections = _without_least(view.sections, facts)
    if details:
        sections = _without_details(sections, stay - details)
    if staying:
        sections = _without_last(sections, stay - staying)
    if kinds:
        sections = [_without_kinds(section) for section in sections]
    return replace(
        view,
        sections=tuple(sections),
        footer=() if footer else view.footer,
        rest="" if rest else view.rest,
        attached=view.attached and not rest,
        hint="" if hint else view.hint,
    )


def _without_least(sections: Sequence[Section], number: int) -> list[Section]:
    """Leave out `number` facts: those of the highest rank, the last of it first."""
    kept = list(sections)
    may_go = (place for place, section in enumerate(sections) if not section.stays)
    for place in sorted(may_go, key=lambda place: (-sections[place].rank, -place)):
        going = min(number, len(sections[place].items))
        kept[place] = _first_of(sections[place], len(sections[place].items) - going)
        number -= going
    return kept


def _without_last(sections: Sequence[Section], number: int) -> list[Section]:
    """Keep the first `number` facts of those that stay."""
    kept: list[Section] = []
    for section in sections:
        if section.stays:
            kept.append(_first_of(section, number))
            number = max(number - len(section.items), 0)
        else:
            kept.append(section)
    return kept


def _first_of(section: Section, number: int) -> Section:
    """Keep the first `number` facts, and count the others with what was left out before."""
    gone = section.items[number:]
    if not gone:
        return section
    before = [Item("", kind=kind, stands_for=many) for kind, many in section.left_out_kinds]
    return replace(
        section,
        items=section.items[:number],
        left_out=section.left_out + sum(item.stands_for for item in gone),
        left_out_kinds=count_kinds([*gone, *before]),
    )


def _without_kinds(section: Section) -> Section:
    """Leave out what the line can do without: a single kind is a word of it."""
    return section if len(section.left_out_kinds) == 1 else replace(section, left_out_kinds=())


def _without_details(sections: Sequence[Section], number: int) -> list[Section]:
    """Keep the details of the first `number` problems only."""
    kept: list[Section] = []
    for section in sections:
        if not section.stays:
            kept.append(section)
            continue
        bare = tuple(replace(item, details=()) for item in section.items[number:])
        kept.append(replace(section, items=section.items[:number] + bare))
        number = max(number - len(section.items), 0)
    return kept
