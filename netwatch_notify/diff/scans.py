"""
Two scans to changes, only inside what both asked about; pure.

What a scan did not ask about is neither there nor gone in it. Silence is told as it is: refused,
filtered, or not shown.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from netwatch_notify.diff.moves import SharedMacs, find_moves
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Host
from netwatch_notify.model.port import Port, PortKey, PortState, ScriptOutput, Service
from netwatch_notify.model.scope import Scope

NOT_SHOWN = "not shown: the scan does not say whether it is closed or filtered"
SameOutput = Callable[[str, str, str], bool]
"""Script id, output before, output after: whether they say the same."""


@dataclass(slots=True)
class ScanDifference:
    """What changed, and what could not be told."""

    changes: tuple[Change, ...] = ()
    only_old: list[str] = field(default_factory=list)
    """Hosts that only the old scan lists, where that proves nothing."""
    only_new: list[str] = field(default_factory=list)
    """Hosts that only the new scan lists, where that proves nothing."""


def compare_scans(
    pairs: Iterable[tuple[Host | None, Host | None]],
    old: Scope,
    new: Scope,
    *,
    risky_ports: frozenset[PortKey],
    same_output: SameOutput,
    shared_macs: SharedMacs = lambda _macs: (),
) -> ScanDifference:
    """
    Compare the two sightings of each host; None where a scan does not list it.

    Changes come in the order of the pairs; `report` sorts them.
    """
    work = _Comparison(old, new, risky_ports, same_output)
    for before, after in pairs:
        work.compare(before, after)
    changes = find_moves(work.changes, work.gone, work.appeared, shared_macs)
    return replace(work.found, changes=tuple(changes))


class _Comparison:
    """Works through the hosts of two scans; its fields are what it found."""

    def __init__(
        self, old: Scope, new: Scope, risky_ports: frozenset[PortKey], same_output: SameOutput
    ) -> None:
        self.old = old
        self.new = new
        self.risky_ports = risky_ports
        self.same_output = same_output
        self.same_discovery = old.finds_hosts_like(new)
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

    def _appeared(self, before: Host | None, host: Host) -> None:
        asked = before is not None or self.old.asked_about(host)
        if (
            not asked
            or not self.same_discovery
            or (before and before.timed_out)
            or (before is None and self.old.open_only and not host.open_ports)
        ):
            self.found.only_new.append(str(host.address))
            return
        if before is None and self.old.open_only:
            # It may have been there, showing no open port.
            opened = (port for port in host.open_ports if self.old.asked_port(port.key))
            self.changes += [self._opened(host, port, None) for port in opened]
            return
        risky = any(port.key in self.risky_ports for port in host.open_ports)
        severity = Severity.CRITICAL if risky else Severity.WARNING
        self.appeared.append(host)
        self.changes.append(
            replace(_about(host, ChangeKind.HOST_NEW, severity), ports=host.open_ports)
        )

    def _vanished(self, host: Host, after: Host | None) -> None:
        asked = after is not None or self.new.asked_about(host)
        if not asked or not self.same_discovery or (after and after.timed_out):
            self.found.only_old.append(str(host.address))
            return
        if after is None and self.new.open_only:
            closed = (port for port in host.open_ports if self.new.asked_port(port.key))
            self.changes += [self._closed(host, port, None) for port in closed]
            return
        self.gone.append(host)
        self.changes.append(_about(host, ChangeKind.HOST_GONE, Severity.INFO))

    def _both(self, before: Host, after: Host) -> Iterator[Change]:
        if before.mac and after.mac and before.mac != after.mac:
            change = _about(after, ChangeKind.MAC_CHANGED, Severity.WARNING)
            yield replace(change, was=before.mac)
        old_names, new_names = set(before.hostnames), set(after.hostnames)
        if old_names and new_names and old_names != new_names:
            change = _about(after, ChangeKind.HOSTNAME_CHANGED, Severity.INFO)
            yield replace(change, was=_names(before), name=_names(after))
        yield from self._ports(before, after)
        if before.os_matches != after.os_matches and (
            (before.os_matches and after.os_matches)
            or (self.old.detects_os and self.new.detects_os)
        ):
            change = _about(after, ChangeKind.OS_CHANGED, Severity.INFO)
            was = ", ".join(before.os_matches)
            yield replace(change, was=was, os_matches=after.os_matches)
        yield from self._scripts(before, after, before.scripts, after.scripts, None)

    def _ports(self, before: Host, after: Host) -> Iterator[Change]:
        was_open = {port.key: port for port in before.open_ports}
        is_open = {port.key: port for port in after.open_ports}
        listed_before = {port.key: port for port in before.ports}
        for key in sorted(was_open.keys() | is_open.keys()):
            then, now = was_open.get(key), is_open.get(key)
            comparable = self.old.answers_like(self.new, key.protocol)
            if then and now:
                if _service_differs(then.service, now.service):
                    yield self._service(after, then, now)
            elif now and comparable and not before.timed_out:
                state = before.state_of(key)
                asked = state is not None or self.old.asked_port(key)
                if asked and state is not PortState.OPEN_OR_FILTERED:
                    yield self._opened(after, now, state)
            elif then and comparable and not after.timed_out:
                state = after.state_of(key)
                asked = state is not None or self.new.asked_port(key)
                if asked and state is not PortState.OPEN_OR_FILTERED:
                    yield self._closed(after, then, state)
        for port in after.ports:
            then = listed_before.get(port.key)
            if then is not None:
                yield from self._scripts(before, after, then.scripts, port.scripts, port.key)

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
        both_ran = self.old.runs_scripts and self.new.runs_scripts
        was, now = _by_id(old), _by_id(new)
        for name in sorted(was.keys() | now.keys()):
            in_both = name in was and name in now
            if before.timed_out or after.timed_out or not (in_both or both_ran):
                continue
            if in_both and self.same_output(name, was[name], now[name]):
                continue
            yield replace(
                _about(after, ChangeKind.SCRIPT_CHANGED, Severity.INFO),
                key=key,
                was=was.get(name, ""),
                scripts=(ScriptOutput(name, now.get(name, "")),),
            )


def _is_here(host: Host | None) -> bool:
    return host is not None and host.is_present


def _service_differs(before: Service | None, after: Service | None) -> bool:
    """
    Whether what was probed differs; a guess from the port number differs from nothing.

    TLS around a service is seen, however its name was found.
    """
    if before is None or after is None:
        return False
    if before.tunnel != after.tunnel:
        return True
    if not before.probed_name or not after.probed_name:
        return False
    return before.full_description != after.full_description


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
