"""Several networks in one message: a section for each, the worst first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.report.digest import Told, badness, fact_of, join_views, lost_items
from netwatch_notify.report.words import counted

COMMAND = "netwatch-notify"
READ_ALL = "All of it: "
LEAST = 99
"""The rank of what is the first to give way."""
TRY, READ = f"Try: {COMMAND} ", f"Read it: {COMMAND} "
MEND = f"Try: mend it, then {COMMAND} "
OPEN = f": {COMMAND} history --open"
MOST_COMMANDS = 3
"""To read what a message leaves out; who sees three knows the others."""


@dataclass(frozen=True, slots=True)
class Several:
    """What one message tells, and what it must know to tell it."""

    told: tuple[Told, ...]
    """Oldest first; each view bears its network."""
    lost: tuple[Told, ...] = ()
    """Messages that will not come any more."""
    quiet: tuple[str, ...] = ()
    """Networks that took part and have nothing to tell."""


def join_networks(
    several: Several, commands: Mapping[str, str], zone: tzinfo, most: int | None = None
) -> View:
    """
    Return one message with a section for each network, worst first; it is not shortened.

    Several nights of one network are told in its section, oldest first. `commands` has, for each
    network, how the program is called about it (`netwatch-notify --env-file …`): ids and run
    numbers mean nothing without. What belongs to no network stands above all. Where there are more
    than `most` networks, the others get a line each.
    """
    nights: dict[str, list[Told]] = {}
    for told in several.told:
        nights.setdefault(told.view.network, []).append(told)
    views = [_of_one(of_one, commands, zone) for of_one in nights.values()]
    views.sort(key=lambda view: (bool(view.network), badness(view)))
    by_network = [replace(t, command=commands.get(t.view.network, COMMAND)) for t in several.lost]
    last = several.told[-1].made_at
    lost = Section("", tuple(lost_items(by_network, zone, last)), stays=True)
    whole, others = views[:most], views[len(views[:most]) :]
    lines = Section("OTHER NETWORKS", tuple(map(_line, others)), stays=True)
    return View(
        network=", ".join(view.network for view in views if view.network),
        subject=_subject(views),
        sections=tuple(s for s in (lost, *_sections(whole)) if s.items or s.title)
        + ((lines,) if lines.items else ()),
        footer=tuple(_footer(whole, [n for n in several.quiet if n not in nights])),
        rest=_where([view.rest for view in whole if view.rest]),
    )


def _of_one(nights: Sequence[Told], commands: Mapping[str, str], zone: tzinfo) -> View:
    """Return what one network tells; a view says where to read it only if it was shortened."""
    view = join_views(nights, (), zone) if len(nights) > 1 else nights[0].view
    if view.network:
        view = replace(view, rest=", ".join(f"{COMMAND} show {told.run_id}" for told in nights))
    return _named(view, commands)


def _where(commands: Sequence[str]) -> str:
    more = ", and so on" if len(commands) > MOST_COMMANDS else ""
    return f"{', '.join(commands[:MOST_COMMANDS])}{more}"


def _sections(views: Sequence[View]) -> Iterator[Section]:
    for view in views:
        if view.network:
            yield Section(f"== {view.network.upper()}: {fact_of(view)}", stays=True)
        yield from view.sections
        if view.hint:
            # It stands for no change, so that nothing is counted when it gives way.
            yield Section("", (Item(view.hint, stands_for=0),), rank=LEAST)


def _line(view: View) -> Item:
    details = (f"{READ_ALL}{view.rest}",) if view.rest else ()
    return Item(f"{view.network}: {fact_of(view)}", details=details)


def _footer(views: Sequence[View], quiet: Sequence[str]) -> Iterator[str]:
    if quiet:
        yield f"quiet: {', '.join(quiet)}"
    for view in views:
        for number, line in enumerate(view.footer):
            yield line if number else f"{view.network}: {line}"


def _subject(views: Sequence[View]) -> str:
    """Return the worst network's subject, with how many others have something to tell."""
    worst = min(views, key=badness)
    others = len({view.network for view in views} - {worst.network, ""})
    if not others:
        return worst.subject
    network, colon, fact = worst.subject.partition(": ")
    fact, dot, last_day = fact.rpartition(" · ")
    if not (colon and dot):
        return worst.subject
    more = counted(others, "more network")
    return f"{network}: {fact}; {more} · {last_day}"


def _named(view: View, commands: Mapping[str, str]) -> View:
    """Return the view with its own commands saying which network they are about."""
    command = commands.get(view.network, COMMAND)

    def about_it(text: str) -> str:
        return text.replace(f"{COMMAND} ", f"{command} ")

    def named(item: Item) -> Item:
        # Only what we say: a device may call itself like a command.
        details = (about_it(d) if d.startswith((TRY, READ, MEND)) else d for d in item.details)
        headline = about_it(item.headline) if item.headline.endswith(OPEN) else item.headline
        return replace(item, headline=headline, details=tuple(details))

    sections = (replace(s, items=tuple(map(named, s.items))) for s in view.sections)
    return replace(
        view, sections=tuple(sections), rest=about_it(view.rest), hint=about_it(view.hint)
    )
