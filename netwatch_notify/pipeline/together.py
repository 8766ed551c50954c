"""One message for several networks: gathered from their outboxes, sent from one they share."""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path

from netwatch_notify.deliver.due import may_not_leave, next_time
from netwatch_notify.deliver.fingerprint import fingerprint
from netwatch_notify.deliver.heartbeat import Heartbeat
from netwatch_notify.errors import AnotherRunError, StateError, UsageError
from netwatch_notify.model.change import Severity
from netwatch_notify.model.message import Destination, OutboxEntry, Section, View, Waiting
from netwatch_notify.pipeline.delivery import Attempt, deliver_due
from netwatch_notify.pipeline.outgoing import fit
from netwatch_notify.pipeline.undelivered import delivery_problems
from netwatch_notify.report.digest import Told
from netwatch_notify.report.items import problem_item
from netwatch_notify.report.render import render
from netwatch_notify.report.route import PROBLEM
from netwatch_notify.report.serial import view_from_json, view_to_json
from netwatch_notify.report.together import COMMAND, Several, join_networks
from netwatch_notify.report.words import day
from netwatch_notify.store import folders, handover
from netwatch_notify.store.database import Database
from netwatch_notify.store.failing import GivenUp, record_told
from netwatch_notify.store.handover import NETWORK, Origin, Recipient
from netwatch_notify.store.pruning import prune


@dataclass(frozen=True, slots=True)
class Member:
    """One network that takes part."""

    network: str
    state: Path
    command: str
    """How the program is called about it."""
    destinations: tuple[Destination, ...] = ()
    send_at: time | None = None
    urgent: frozenset[Severity] = frozenset({Severity.CRITICAL})
    outbox_time: timedelta = timedelta(days=3)
    keep_days: int = 90
    heartbeat_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Circle:
    """The networks whose messages are told together, and where that happens."""

    state: Path
    members: tuple[Member, ...]
    zone: tzinfo
    is_complete: bool = True
    """Whether the settings of every network could be read."""
    where: str = ""
    """What a command about all of them needs besides: ` --env-dir DIRECTORY`."""
    held: Mapping[str, Recipient] = field(default_factory=dict)
    """Whom it is for, by destination, where something was taken over and has not arrived."""

    @property
    def network(self) -> str:
        return NETWORK

    @property
    def outbox_time(self) -> timedelta:
        return max((member.outbox_time for member in self.members), default=timedelta(days=3))

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """
        Each destination with the URL that most of the networks have for it.

        What waits for one recipient goes to no other, however the networks' settings change.
        """
        written: dict[str, dict[str, list[str]]] = {}
        first: dict[tuple[str, str], Destination] = {}
        for member in self.members:
            for destination in shareable(member):
                urls = written.setdefault(destination.key, {})
                urls.setdefault(destination.url, []).append(member.network)
                first.setdefault((destination.key, destination.url), destination)
        chosen = {
            key: choose_url(urls, self.held.get(key), is_complete=self.is_complete)
            for key, urls in written.items()
        }
        return tuple(first[key, url] for key, url in chosen.items() if url is not None)

    def problems_leave_at(self, now: datetime) -> datetime | None:
        """Return when a problem leaves, if not at once: with the first network's messages."""
        times = [
            None
            if member.send_at is None or Severity.WARNING in member.urgent
            else next_time(now, member.send_at, self.zone)
            for member in self.members
        ]
        waits = [at for at in times if at]
        return min(waits) if waits and len(waits) == len(times) else None

    def keys_of(self, member: Member) -> set[str]:
        """Return the destinations that a network has as the others have them."""
        shared = {destination.key: destination.url for destination in self.destinations}
        return {d.key for d in shareable(member) if shared.get(d.key) == d.url}


def shareable(member: Member) -> list[Destination]:
    """Return the destinations that take a message of several networks: not a command."""
    return [destination for destination in member.destinations if not destination.command]


def choose_url(
    urls: Mapping[str, Sequence[str]], held: Recipient | None, *, is_complete: bool
) -> str | None:
    """
    Return the URL that most networks have; `urls` has the networks of each.

    Where something waits already, that recipient's, or where its networks have another one for
    it now, theirs. None where that is not known, or nobody has it any more.
    """
    if held is not None:
        if same := [url for url in urls if fingerprint(url) == held.fingerprint]:
            return same[0]
        if not is_complete:
            return None
        theirs = {url: set(held.networks).intersection(names) for url, names in urls.items()}
        urls = {url: sorted(names) for url, names in theirs.items() if names}
    return max(urls, key=lambda url: len(urls[url]), default=None)


def collect(shared: Database, circle: Circle) -> list[Member]:
    """
    Take over what may leave now; return the networks that have to send something themselves.

    These have a destination that the others write differently: it is another recipient.
    """
    with shared.atomic():
        handover.record_recipients(shared, _recipients(circle))
    on_their_own = []
    path = circle.state / "netwatch.db"
    for member in circle.members:
        if not (member.state / "netwatch.db").exists():
            continue
        # A state that cannot be used is one network's fault; its own run or `deliver` says so.
        unusable = suppress(StateError, AnotherRunError, UsageError)
        with unusable, closing(Database.open(member.state, member.network)) as database:
            now = datetime.now(UTC)
            keys = circle.keys_of(member)
            if handover.hand_over(database, path, _may_leave(now), keys, now):
                on_their_own.append(member)
    return on_their_own


def _recipients(circle: Circle) -> dict[str, Recipient]:
    found = {}
    for destination in circle.destinations:
        key = destination.key
        names = {member.network for member in circle.members if key in circle.keys_of(member)}
        if key in circle.held and not circle.is_complete:
            names.update(circle.held[key].networks)
        found[key] = Recipient(fingerprint(destination.url), tuple(sorted(names)))
    return found


def _may_leave(now: datetime) -> Callable[[Waiting], bool]:
    def may(row: Waiting) -> bool:
        # What was tried already may have arrived, or waits for its turn where it is.
        return not (row.is_uncertain or row.is_revived or row.due_at or may_not_leave(row, now))

    return may


def note_who_took_part(shared: Database, circle: Circle, quiet: Iterable[Member]) -> None:
    """Keep who had nothing to tell, and how each network is asked about what it told."""
    by_destination: dict[str, list[str]] = {d.key: [] for d in circle.destinations}
    for member in quiet:
        for key in sorted(circle.keys_of(member)):
            by_destination[key].append(member.network)
    origins = {member.network: Origin(member.command, member.state) for member in circle.members}
    with shared.atomic():
        handover.record_origins(shared, origins)
        handover.record_quiet(shared, by_destination)


def tell_what_does_not_arrive(shared: Database, circle: Circle) -> None:
    """Tell the other destinations of one that does not work, once a night."""
    now = datetime.now(UTC)
    origins = handover.origins(shared)

    def show(found: GivenUp) -> str:
        told = handover.runs_in(shared, found.id, view_from_json)
        return ", ".join(f"{origins[n].command} show {run}" for n, run in told if n in origins)

    problems, given_up = delivery_problems(
        shared,
        now,
        circle.zone,
        outbox=f"{COMMAND} outbox --together{circle.where}",
        check=f"{COMMAND} check --all --send{circle.where}",
        show=show,
    )
    views = {}
    for destination in circle.destinations:
        heard = [p for p in problems if p.not_for != destination.key]
        if heard and (not destination.tags or PROBLEM in destination.tags):
            items = tuple(problem_item(p, now, circle.zone) for p in heard)
            subject = f"{NETWORK}: {heard[0].headline} · {day(now, circle.zone)}"
            view = View("", subject, (Section("", items, stays=True),))
            views[destination.key] = view_to_json(fit(view, destination))
    with shared.atomic():
        handover.add_problems(shared, views, now, circle.problems_leave_at(now))
        if views:
            record_told(shared, given_up)


def send_together(shared: Database, circle: Circle) -> list[Attempt]:
    """Send what is due in the outbox that the networks share, and return what failed."""
    failed = deliver_due(shared, circle, Networks(shared, circle), knows_all=circle.is_complete)
    keep_days = max((member.keep_days for member in circle.members), default=90)
    prune(shared, keep_days, datetime.now(UTC))
    return failed


def join_to_fit(
    several: Several, commands: Mapping[str, str], zone: tzinfo, destination: Destination
) -> View:
    """Return one message for a destination; what it has no room for is a line a network."""
    most = len({told.view.network for told in several.told})
    while True:
        view = join_networks(several, commands, zone, most)
        shown = fit(view, destination)
        message = render(shown, destination.format)
        fits = len(message.subject) + 1 + len(message.body) <= destination.budget
        if most <= 1 or (fits and not any(s.stays and s.left_out for s in shown.sections)):
            return view
        most //= 2


def tell_heartbeats(circle: Circle, broken: Collection[str]) -> None:
    """Report a failure for each network that has one of these destinations: its run pinged well."""
    for member in circle.members:
        if circle.keys_of(member) & set(broken):
            Heartbeat(member.heartbeat_url, str(uuid.uuid4())).fail("a message did not arrive")


@dataclass(frozen=True, slots=True)
class Networks:
    """How the messages of several networks become one."""

    shared: Database
    circle: Circle

    def is_whole(self, row_id: int) -> bool:
        """Whether a row is such a message already; what one network made is none yet."""
        return handover.is_joined(self.shared, row_id)

    def join(self, told: Sequence[Told], lost: Sequence[Told], destination: str) -> View:
        commands = {name: o.command for name, o in handover.origins(self.shared).items()}
        quiet = handover.quiet_networks(self.shared, destination)
        several = Several(tuple(told), tuple(lost), quiet)
        recipient = next(d for d in self.circle.destinations if d.key == destination)
        return join_to_fit(several, commands, self.circle.zone, recipient)

    def reports(self, entry: OutboxEntry) -> list[Path]:
        origins: Mapping[str, Origin] = handover.origins(self.shared)
        return [
            folders.report_path(origins[network].state, run)
            for network, run in handover.runs_in(self.shared, entry.id, view_from_json)
            if network in origins
        ]
