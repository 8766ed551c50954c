"""Values to JSON and back, for the columns that hold more than one fact."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from netwatch_notify.model.inventory import Displaced, Habit, KnownHost, KnownPort, Toggle
from netwatch_notify.model.port import (
    PortKey,
    PortProtocol,
    PortState,
    Service,
    ServiceMethod,
)
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import Coverage
from netwatch_notify.model.target import AddressSet

DIFFERENT = 4096
"""Texts and values kept: of a network's ports, most share a few hundred services and instants."""


@lru_cache(DIFFERENT)
def instant_text(instant: datetime) -> str:
    """Return an aware instant as ISO 8601 in UTC."""
    return instant.astimezone(UTC).isoformat()


def instant_of(text: str) -> datetime:
    """Read what `instant_text` wrote."""
    return datetime.fromisoformat(text)


def optional_instant(text: str | None) -> datetime | None:
    """Read an instant from a column that may be NULL."""
    return instant_of(text) if text else None


@lru_cache(DIFFERENT)
def service_text(service: Service | None) -> str | None:
    """Return a service as JSON, its empty fields left out."""
    if service is None:
        return None
    fields = {
        "name": service.name,
        "product": service.product,
        "version": service.version,
        "extra_info": service.extra_info,
        "tunnel": service.tunnel,
        "method": service.method.value,
        "cpes": list(service.cpes),
    }
    return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False)


@lru_cache(DIFFERENT)
def service_of(text: str | None) -> Service | None:
    """Read what `service_text` wrote."""
    if not text:
        return None
    fields = json.loads(text)
    cpes = tuple(fields.pop("cpes", ()))
    method = ServiceMethod(fields.pop("method", "table"))
    return Service(**fields, method=method, cpes=cpes)


def coverage_text(coverage: Coverage) -> str:
    """Return a coverage as JSON, equal for equal coverages."""
    return json.dumps(
        {
            "ipv4": coverage.addresses.ipv4.spans,
            "ipv6": coverage.addresses.ipv6.spans,
            "ports": {p.value: r.spans for p, r in sorted(coverage.ports.items())},
            "types": [[protocol.value, kind] for protocol, kind in coverage.types],
            "open_only": coverage.open_only,
        },
        separators=(",", ":"),
    )


def coverage_of(text: str) -> Coverage:
    """Read what `coverage_text` wrote."""
    return _coverage(json.loads(text))


@lru_cache(DIFFERENT)
def coverages_of(text: str) -> tuple[Coverage, ...]:
    """Read a JSON list of what `coverage_text` wrote; most nights' are the same."""
    return tuple(map(_coverage, json.loads(text)))


def _coverage(fields: dict[str, Any]) -> Coverage:

    def ranges(spans: list[list[int]]) -> Ranges:
        return Ranges(tuple((first, last) for first, last in spans))

    return Coverage(
        addresses=AddressSet(ranges(fields["ipv4"]), ranges(fields["ipv6"])),
        ports={PortProtocol(p): ranges(spans) for p, spans in fields["ports"].items()},
        types=tuple((PortProtocol(protocol), kind) for protocol, kind in fields["types"]),
        open_only=fields["open_only"],
    )


def toggles_text(toggles: tuple[Toggle, ...]) -> str:
    """Return toggles as their instants, a doubtful one's with a question mark."""
    return " ".join(instant_text(t.at) + ("?" if t.is_doubtful else "") for t in toggles)


def toggles_of(text: str) -> tuple[Toggle, ...]:
    """Read what `toggles_text` wrote."""
    return tuple(Toggle(instant_of(word.rstrip("?")), word.endswith("?")) for word in text.split())


def displaced_text(displaced: Displaced) -> str:
    """Return a displaced device as JSON."""
    known, habit = displaced.known, displaced.habit
    fields: dict[str, Any] = {
        "address": str(known.address),
        "first_seen_at": instant_text(known.first_seen_at),
        "mac": known.mac,
        "vendor": known.vendor,
        "name": known.name,
        "host_key": known.host_key,
        "ports": [_port_fields(port) for port in known.ports.values()],
        "last_seen_at": instant_text(displaced.last_seen_at),
        "absent_runs": displaced.absent_runs,
    }
    if habit:
        fields["habit"] = [
            toggles_text(habit.toggles),
            habit.longest_absence,
            instant_text(habit.silent_since) if habit.silent_since else None,
            habit.told_present,
        ]
    return json.dumps(fields, ensure_ascii=False)


def displaced_of(text: str, *, is_told: bool) -> Displaced:
    """Read what `displaced_text` wrote."""
    fields = json.loads(text)
    ports = [_port_of(*port) for port in fields["ports"]]
    known = KnownHost(
        address=ip_address(fields["address"]),
        present=not is_told,
        first_seen_at=instant_of(fields["first_seen_at"]),
        gone_at=instant_of(fields["last_seen_at"]) if is_told else None,
        mac=fields["mac"],
        vendor=fields["vendor"],
        name=fields["name"],
        host_key=fields["host_key"],
        ports={port.key: port for port in ports},
    )
    habit = None
    if "habit" in fields:
        toggles, longest, silent_since, told_present = fields["habit"]
        habit = Habit(toggles_of(toggles), longest, optional_instant(silent_since), told_present)
    last_seen_at = instant_of(fields["last_seen_at"])
    return Displaced(known, last_seen_at, fields["absent_runs"], is_told, habit)


def _port_fields(port: KnownPort) -> list[object]:
    return [
        str(port.key),
        port.state.value,
        instant_text(port.opened_at),
        instant_text(port.closed_at) if port.closed_at else None,
        service_text(port.service),
        instant_text(port.looked_at) if port.looked_at else None,
        port.looked_with,
    ]


def _port_of(
    key: str,
    state: str,
    opened_at: str,
    closed_at: str | None,
    service: str | None,
    looked_at: str | None,
    looked_with: str,
) -> KnownPort:
    return KnownPort(
        PortKey.parse(key),
        PortState(state),
        instant_of(opened_at),
        optional_instant(closed_at),
        service_of(service),
        optional_instant(looked_at),
        looked_with,
    )
