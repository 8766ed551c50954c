"""
Two scans to changes, only inside what both asked about; pure.

What a scan did not ask about is neither there nor gone in it. Silence is told as it is: refused,
filtered, or not shown.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from netwatch_notify.diff.moves import SharedMarks, find_moves
from netwatch_notify.diff.volatile import SameOutput
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Address, Host, HostStatus
from netwatch_notify.model.port import (
    Port,
    PortKey,
    PortState,
    ScriptOutput,
    Service,
    ServiceMethod,
)
from netwatch_notify.model.scope import Scope

NOT_SHOWN = "not shown: the scan does not say whether it is closed or filtered"


@dataclass(slots=True)
class ScanDifference:
    """What changed, and what could not be told."""

    changes: tuple[Change, ...] = ()
    only_old: list[str] = field(default_factory=list)
    """Hosts that only the old scan lists, where that proves nothing."""
    only_new: list[str] = field(default_factory=list)
    """Hosts that only the new scan lists, where that proves nothing."""
    ports_only_old: list[str] = field(default_factory=list)
    """Open ports that only the old scan lists, where neither says that it asked about them."""
    ports_only_new: list[str] = field(default_factory=list)
    """Open ports that only the new scan lists, likewise."""
    timed_out: list[str] = field(default_factory=list)
    """Hosts that one scan gave up on, and that the other shows more of."""


def compare_scans(
    pairs: Iterable[tuple[Host | None, Host | None]],
    old: Scope,
    new: Scope,
    *,
    risky_ports: frozenset[PortKey],
    same_output: SameOutput,
    shared_marks: SharedMarks = lambda _marks: (),
) -> ScanDifference:
    """
    Compare the two sightings of each host; None where a scan does not list it.

    Changes come in the order of the pairs; `report` sorts them.
    """
    work = _Comparison(old, new, risky_ports, same_output)
    for before, after in pairs:
        work.compare(before, after)
    moves = find_moves(work.gone, work.appeared, shared_marks)
    return replace(work.found, changes=tuple(work.with_moves(moves)))


class _Comparison:
    """Works through the hosts of two scans; its fields are what it found."""

    def __init__(
        self, old: Scope, new: Scope, risky_ports: frozenset[PortKey], same_output: SameOutput
    ) -> None:
        self.old = old
        self.new = new
        self.risky_ports = risky_ports
        self.same_output = same_output
        self.same_scripts = old.runs_scripts_like(new)
        self.changes: list[Change] = []
        self.gone: list[Host] = []
        self.appeared: list[Host] = []
        self.found = ScanDifference()

    def compare(self, before: Host | None, after: Host | None) -> None:
        was_here, is_here = _is_here(before), _is_here(after)
        if before and after and was_here and is_here:
            self.changes += self._both(before, after)
        elif after and is_here:
            self._appeared(before, after)
        elif before and was_here:
            self._vanished(before, after)

    def with_moves(self, moves: Mapping[Address, Address]) -> Iterator[Change]:
        """
        Yield the changes with each move as one, in the place of the new host.

        What else differs about a host that moved follows it.
        """
        gone = {host.address: host for host in self.gone}
        appeared = {host.address: host for host in self.appeared}
        left = set(moves.values())
        for change in self.changes:
            if change.kind is ChangeKind.HOST_GONE and change.address in left:
                continue
            if change.kind is not ChangeKind.HOST_NEW or change.address not in moves:
                yield change
                continue
            was = moves[change.address]
            yield replace(change, kind=ChangeKind.HOST_MOVED, severity=Severity.INFO, was=str(was))
            yield from self._facts(gone[was], appeared[change.address])

    def _appeared(self, before: Host | None, host: Host) -> None:
        if not _proves_absence(before, self.old, self.new, host):
            self.found.only_new.append(str(host.address))
            return
        if before is None and self.old.open_only:
            # It may have been there, showing no open port.
            opened = [port for port in host.open_ports if self._comparable(port.key, self.old)]
            self.changes += [self._opened(host, port, None) for port in opened]
            if not opened:
                self.found.only_new.append(str(host.address))
            return
        risky = any(port.key in self.risky_ports for port in host.open_ports)
        severity = Severity.CRITICAL if risky else Severity.WARNING
        self.appeared.append(host)
        self.changes.append(
            replace(_about(host, ChangeKind.HOST_NEW, severity), ports=host.open_ports)
        )

    def _vanished(self, host: Host, after: Host | None) -> None:
        if not _proves_absence(after, self.new, self.old, host):
            self.found.only_old.append(str(host.address))
            return
        if after is None and self.new.open_only:
            closed = [port for port in host.open_ports if self._comparable(port.key, self.new)]
            self.changes += [self._closed(host, port, None) for port in closed]
            if not closed:
                self.found.only_old.append(str(host.address))
            return
        self.gone.append(host)
        self.changes.append(_about(host, ChangeKind.HOST_GONE, Severity.INFO))

    def _both(self, before: Host, after: Host) -> Iterator[Change]:
        if _names_differ(before, after):
            change = _about(after, ChangeKind.HOSTNAME_CHANGED, Severity.INFO)
            yield replace(change, was=_names(before), name=_names(after))
        yield from self._facts(before, after)

    def _facts(self, before: Host, after: Host) -> Iterator[Change]:
        """Yield what differs of a host besides its address and the name that goes with it."""
        if before.mac and after.mac and before.mac != after.mac:
            change = _about(after, ChangeKind.MAC_CHANGED, Severity.WARNING)
            yield replace(change, was=before.mac)
        yield from self._ports(before, after)
        if before.os_matches != after.os_matches and (
            (before.os_matches and after.os_matches)
            or (self.old.detects_os and self.new.detects_os and not _cut(before, after))
        ):
            change = _about(after, ChangeKind.OS_CHANGED, Severity.INFO)
            was = ", ".join(before.os_matches)
            yield replace(change, was=was, os_matches=after.os_matches)
        yield from self._scripts(before, after, before.scripts, after.scripts, None)

    def _ports(self, before: Host, after: Host) -> Iterator[Change]:
        was_open = {port.key: port for port in before.open_ports}
        is_open = {port.key: port for port in after.open_ports}
        for key in sorted(was_open.keys() | is_open.keys()):
            then, now = was_open.get(key), is_open.get(key)
            if then and now:
                if self._service_differs(then.service, now.service):
                    yield self._service(after, then, now)
            elif now and self._was_shut(key, before, after, is_old=True):
                yield self._opened(after, now, before.state_of(key))
            elif then and self._was_shut(key, after, before, is_old=False):
                yield self._closed(after, then, after.state_of(key))
        listed = {port.key: port for port in before.ports}
        for port in after.ports:
            same = listed.get(port.key)
            # What scripts say of a port that opened is part of its opening.
            if same is not None and same.is_open == port.is_open:
                yield from self._scripts(before, after, same.scripts, port.scripts, port.key)

    def _was_shut(self, key: PortKey, sighting: Host, other: Host, *, is_old: bool) -> bool:
        """Whether `sighting`, which does not show `key` open, proves that it was not."""
        scope, others = (self.old, self.new) if is_old else (self.new, self.old)
        listed = sighting.port(key) is not None
        # A port outside of what both say they asked about comes from a script, or an editor: the
        # other scan, asked the same, would show it as well.
        told_alike = bool(scope.ports.get(key.protocol)) and scope.ports == others.ports
        if not (listed or told_alike or scope.asked_port(key)):
            if not others.asked_port(key):
                only = self.found.ports_only_new if is_old else self.found.ports_only_old
                only.append(f"{other.address} {key}")
            return False
        if not self.old.answers_like(self.new, key.protocol):
            return False
        if sighting.timed_out:
            self._gave_up_on(sighting)
            return False
        return sighting.state_of(key) is not PortState.OPEN_OR_FILTERED

    def _comparable(self, key: PortKey, scope: Scope) -> bool:
        return scope.asked_port(key) and self.old.answers_like(self.new, key.protocol)

    def _gave_up_on(self, host: Host) -> None:
        if str(host.address) not in self.found.timed_out[-1:]:
            self.found.timed_out.append(str(host.address))

    def _service_differs(self, before: Service | None, after: Service | None) -> bool:
        """
        Whether what was seen differs; a guess from the port number differs from nothing.

        TLS around a service is seen by version detection, even where it finds no more than that.
        """
        if before is None or after is None or "tcpwrapped" in (before.name, after.name):
            return False
        both_probed = before.method is after.method is ServiceMethod.PROBED
        same_detection = self.old.detects_versions == self.new.detects_versions
        if before.tunnel != after.tunnel and (both_probed or same_detection):
            return True
        if not both_probed:
            return False
        if before.probed_name != after.probed_name:
            return True
        both_seen = before.was_seen and after.was_seen
        return both_seen and before.full_description != after.full_description

    def _opened(self, host: Host, port: Port, before: PortState | None) -> Change:
        risky = port.key in self.risky_ports
        severity = Severity.CRITICAL if risky else Severity.WARNING
        return replace(
            _about(host, ChangeKind.PORT_OPENED, severity),
            key=port.key,
            state=PortState.OPEN,
            was=before.value if before else "",
            service=port.service,
            scripts=port.scripts,
        )

    def _closed(self, host: Host, port: Port, now: PortState | None) -> Change:
        return replace(
            _about(host, ChangeKind.PORT_CLOSED, Severity.INFO),
            key=port.key,
            state=now,
            was=PortState.OPEN.value,
            service=port.service,
            note="" if now else NOT_SHOWN,
        )

    def _service(self, host: Host, then: Port, now: Port) -> Change:
        before, after = then.service or Service(), now.service or Service()
        same_version = before.description == after.description
        return replace(
            _about(host, ChangeKind.SERVICE_CHANGED, Severity.INFO),
            key=now.key,
            state=PortState.OPEN,
            was=before.full_description if same_version else before.description,
            service=after,
            was_service=before,
            scripts=now.scripts,
        )

    def _scripts(
        self,
        before: Host,
        after: Host,
        old: tuple[ScriptOutput, ...],
        new: tuple[ScriptOutput, ...],
        key: PortKey | None,
    ) -> Iterator[Change]:
        was, now = _by_id(old), _by_id(new)
        for name in sorted(was.keys() | now.keys()):
            if not (name in was and name in now) and not self.same_scripts:
                continue
            if self.same_output(name, was.get(name, ""), now.get(name, "")):
                continue
            if _cut(before, after):
                self._gave_up_on(after)
                continue
            yield replace(
                _about(after, ChangeKind.SCRIPT_CHANGED, Severity.INFO),
                key=key,
                was=was.get(name, ""),
                scripts=(ScriptOutput(name, now.get(name, "")),),
            )


def _is_here(host: Host | None) -> bool:
    return host is not None and host.is_present


def _cut(before: Host, after: Host) -> bool:
    """Whether nmap gave up on the host in one of the scans."""
    return before.timed_out or after.timed_out


def _proves_absence(sighting: Host | None, scope: Scope, others: Scope, other: Host) -> bool:
    """Whether a scan whose sighting is no presence, or nothing, proves that nobody was there."""
    if not scope.would_see_hosts_of(others):
        return False
    if sighting is None:
        return scope.asked_about(other)
    return not sighting.timed_out and sighting.status is not HostStatus.UNKNOWN


def _names_differ(before: Host, after: Host) -> bool:
    """
    Whether DNS says something else; no name at all is no answer, and no change.

    What only one command line asked for is left out: that is no word of DNS's.
    """
    asked = set(before.asked_names) ^ set(after.asked_names)
    was = {name.lower() for name in before.hostnames} - asked
    now = {name.lower() for name in after.hostnames} - asked
    return bool(was and now and was != now)


def _by_id(scripts: tuple[ScriptOutput, ...]) -> dict[str, str]:
    """A script that has several results (rare) has them joined."""
    joined: dict[str, str] = {}
    for script in scripts:
        before = joined.get(script.id)
        joined[script.id] = script.output if before is None else f"{before}\n{script.output}"
    return joined


def _names(host: Host) -> str:
    return ", ".join(sorted(host.hostnames))


def _about(host: Host, kind: ChangeKind, severity: Severity) -> Change:
    return Change(
        kind=kind,
        severity=severity,
        address=host.address,
        name=host.hostnames[0] if host.hostnames else "",
        mac=host.mac,
        vendor=host.vendor,
    )
