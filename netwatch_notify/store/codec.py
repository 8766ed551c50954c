"""Values to JSON and back, for the columns that hold more than one fact."""

import json
from datetime import UTC, datetime
from functools import lru_cache

from netwatch_notify.model.port import PortProtocol, Service, ServiceMethod
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
    fields = json.loads(text)

    def ranges(spans: list[list[int]]) -> Ranges:
        return Ranges(tuple((first, last) for first, last in spans))

    return Coverage(
        addresses=AddressSet(ranges(fields["ipv4"]), ranges(fields["ipv6"])),
        ports={PortProtocol(p): ranges(spans) for p, spans in fields["ports"].items()},
        types=tuple((PortProtocol(protocol), kind) for protocol, kind in fields["types"]),
        open_only=fields["open_only"],
    )
