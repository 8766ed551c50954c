"""What looking at known services again has shown; pure."""

from dataclasses import replace

from netwatch_notify.diff.compare import answer_of
from netwatch_notify.diff.night import Night, subject_order
from netwatch_notify.diff.ports import version_changed, with_key
from netwatch_notify.model.host import Address
from netwatch_notify.model.port import Port, Service


def take_in_refresh(night: Night, held: frozenset[Address]) -> None:
    """Take in what the second look saw of known services."""
    for address, key in sorted(night.look.refreshed, key=subject_order):
        known = night.known(address)
        if known is None or address in held or key not in known.ports:
            continue
        before, port = known.ports[key], night.look.port(address, key)
        if not before.is_open:
            continue
        after = replace(before, looked_at=night.now)
        if port and port.is_open and port.service and port.service.was_seen:
            seen = before.service if before.service and before.service.was_seen else None
            if seen and _differs(seen, port):
                version_changed(night, known, before, port, night.look.version)
            after = replace(after, service=port.service, looked_with=night.look.version)
        host = night.look.hosts.get(address)
        if host:
            known = with_key(night, known, host)
        night.settle(replace(known, ports={**known.ports, key: after}))


def note_nmap(night: Night) -> None:
    """Remember with which nmap a service was seen again as it is known."""
    version = night.fast_version
    for address, host in night.differences.seen.items():
        known = night.known(address)
        if known is None or not version:
            continue
        seen = {
            port.key: replace(known.ports[port.key], looked_with=version)
            for port in host.open_ports
            if port.service and port.service.was_seen and port.key in known.ports
        }
        seen = {
            k: port
            for k, port in seen.items()
            if known.ports[k].looked_with != version and port.service == known.ports[k].service
        }
        if seen:
            night.settle(replace(known, ports={**known.ports, **seen}))


def _differs(before: Service, port: Port) -> bool:
    after = port.service
    return after is not None and answer_of(before) != answer_of(after)
