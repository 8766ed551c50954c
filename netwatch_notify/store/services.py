"""The open ports whose service may be looked at again."""

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address

from netwatch_notify.model.host import Address
from netwatch_notify.model.port import PortKey, PortProtocol, Service
from netwatch_notify.store.codec import optional_instant, service_of
from netwatch_notify.store.database import Database, translated

_SERVICES = (
    "ports AS p JOIN hosts AS h ON h.address = p.address "
    "WHERE p.state = 'open' AND h.present AND p.protocol IN ('tcp', 'udp') "
    "AND NOT (p.protocol = 'tcp' AND p.number BETWEEN 9100 AND 9107)"
)
"""Printers print what is sent to 9100-9107."""


def count_services(database: Database) -> int:
    """Return how many open ports there are whose service may be looked at."""
    with translated(database.name):
        query = f"SELECT count(*) FROM {_SERVICES}"  # noqa: S608
        return int(database.connection.execute(query).fetchone()[0])


def oldest_services(
    database: Database,
) -> Iterator[tuple[Address, PortKey, datetime | None, Service | None]]:
    """Yield those ports, the one that was looked at longest ago, or never, first."""
    with translated(database.name):
        query = (
            "SELECT p.address, p.number, p.protocol, p.looked_at, p.service "  # noqa: S608
            f"FROM {_SERVICES} ORDER BY p.looked_at"
        )
        for address, number, protocol, looked_at, service in database.connection.execute(query):
            key = PortKey(number, PortProtocol(protocol))
            yield ip_address(address), key, optional_instant(looked_at), service_of(service)
