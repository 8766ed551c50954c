"""`hosts`: every known host, one row each."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import cache

from netwatch_notify.model.host import is_private_mac
from netwatch_notify.model.listing import ListedHost, Table
from netwatch_notify.model.names import NameBook
from netwatch_notify.report.standing import (
    called,
    host_words,
    instant_json,
    maker_of,
    ports_words,
    standing_json,
)
from netwatch_notify.report.words import day

COLUMNS = ("ADDRESS", "NAME", "VENDOR", "FIRST SEEN", "STATE", "OPEN PORTS")
"""Ports come last: there may be a thousand."""


def hosts_table(
    hosts: Sequence[ListedHost],
    book: NameBook,
    now: datetime,
    zone: tzinfo,
    most_ports: int | None = None,
) -> Table:
    """Return the hosts in their order, with at most so many ports each."""
    # Most hosts of a network were first seen in one run.
    first_seen = cache(lambda at: day(at, zone, now))
    return Table(
        COLUMNS,
        tuple(
            (
                str(host.address),
                called(book.of(host.address, host.mac).name, host.name),
                maker_of(host.mac, host.vendor),
                first_seen(host.first_seen_at),
                host_words(host.standing, now, zone),
                ports_words(host.open_ports, most_ports),
            )
            for host in hosts
        ),
    )


def hosts_json(hosts: Sequence[ListedHost], book: NameBook) -> list[dict[str, object]]:
    """Return the hosts for machines."""
    return [
        {
            "address": str(host.address),
            "name": called(book.of(host.address, host.mac).name, host.name) or None,
            "hostname": host.name or None,
            "mac": host.mac or None,
            "vendor": host.vendor or None,
            "private_mac": is_private_mac(host.mac),
            "first_seen_at": instant_json(host.first_seen_at),
            **standing_json(host.standing),
            "displaced": host.standing.is_displaced,
            "open_ports": [str(key) for key in host.open_ports],
        }
        for host in hosts
    ]
