"""Make a view fit: whole facts give way, the least important first, and are counted."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from netwatch_notify.model.message import Format, Item, Section, View
from netwatch_notify.report.render import render


def shorten(view: View, budget: int, format: Format = Format.TEXT) -> View:  # noqa: A002
    """
    Return the view with as much left out as `budget` characters, subject included, demand.

    The hint goes first. Facts are left out whole, from the end of the last section backwards, and
    counted in `left_out`. Sections that stay (problems above all) and the subject stay. Only
    where these alone are too long do they lose their details, then the last of their facts, then
    the footer and `rest`; the first problem's headline always stays.

    `format` is what the message will be sent in, whose markup takes room too.
    """

    def fits(dropped: int) -> bool:
        message = render(_without(view, dropped), format)
        return len(message.subject) + 1 + len(message.body) <= budget

    low, high = 0, _steps(view)
    if fits(0):
        return view if _anything_left_out(view) else replace(view, rest="")
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
    return 1 + may_go + stay + max(stay - 1, 0) + 2


def _without(view: View, dropped: int) -> View:
    """
    Take `dropped` steps: hint, facts, details of what stays, what stays, footer, rest.

    Each step makes the text shorter, but for the line that counts what was left out.
    """
    may_go, stay = _counts(view)
    hint = "" if dropped else view.hint
    dropped = max(dropped - 1, 0)
    facts = min(dropped, may_go)
    details = min(dropped - facts, stay)
    problems = min(dropped - facts - details, max(stay - 1, 0))
    last = dropped - facts - details - problems
    sections = _keep(view.sections, may_go - facts, lambda section: not section.stays)
    if details:
        sections = _without_details(sections, stay - details)
    if problems:
        sections = _keep(sections, stay - problems, lambda section: section.stays)
    return replace(
        view,
        sections=tuple(sections),
        footer=() if last >= 1 else view.footer,
        rest="" if last >= 2 else view.rest,
        hint=hint,
    )


def _keep(
    sections: Sequence[Section], number: int, concerned: Callable[[Section], bool]
) -> list[Section]:
    """Keep the first `number` facts of the sections concerned."""
    kept: list[Section] = []
    for section in sections:
        if not concerned(section):
            kept.append(section)
            continue
        items = section.items[:number]
        number -= len(items)
        left_out = section.left_out + len(section.items) - len(items)
        kept.append(replace(section, items=items, left_out=left_out))
    return kept


def _without_details(sections: Sequence[Section], number: int) -> list[Section]:
    """Keep the details of the first `number` problems only."""
    kept: list[Section] = []
    for section in sections:
        if not section.stays:
            kept.append(section)
            continue
        bare = tuple(Item(item.headline, item.mark, id=item.id) for item in section.items[number:])
        kept.append(replace(section, items=section.items[:number] + bare))
        number = max(number - len(section.items), 0)
    return kept
