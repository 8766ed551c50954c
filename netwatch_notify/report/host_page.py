"""`show HOST`: all that is known of one host."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from netwatch_notify.model.host import is_private_mac
from netwatch_notify.model.inventory import KnownPort
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.listing import HostPicture, Standing, Table
from netwatch_notify.model.rule import Rule
from netwatch_notify.model.text import clean
from netwatch_notify.report.items import TEXT_LIMIT
from netwatch_notify.report.standing import (
    called,
    host_words,
    instant_json,
    maker_of,
    port_words,
    standing_json,
)
from netwatch_notify.report.still_open import open_item
from netwatch_notify.report.told_lines import rule_words, told_json, told_rows
from netwatch_notify.report.words import day


def host_page(
    picture: HostPicture, short_ids: Mapping[str, str], now: datetime, zone: tzinfo
) -> tuple[Table, ...]:
    """Return the page's tables; those without a row are left out."""
    pages = (
        Table((), tuple((f"{name}:", text) for name, text in _facts(picture, now, zone) if text)),
        Table(
            ("PORT", "STATE", "SERVICE", "OPEN SINCE", "LOOKED AT"),
            tuple(
                _port_row(port, picture, now, zone)
                for _, port in sorted(picture.known.ports.items())
            ),
            "Ports",
        ),
        Table((), tuple(_pending(picture, now, zone)), "Pending"),
        Table((), tuple((rule_words(rule),) for rule in picture.rules), "Rules that fit"),
        Table(
            (),
            tuple(
                (short_ids[item.change_id], _open_words(item, now, zone))
                for item in picture.still_open
            ),
            "Still open",
        ),
        told_table(picture, short_ids, now, zone),
    )
    return tuple(page for page in pages if page.rows)


def told_table(
    picture: HostPicture, short_ids: Mapping[str, str], now: datetime, zone: tzinfo
) -> Table:
    """Return the last changes."""
    rows = told_rows(picture.told, short_ids, now, zone)
    return Table(rows.columns, rows.rows, "Last changes")


def _facts(picture: HostPicture, now: datetime, zone: tzinfo) -> Iterable[tuple[str, str]]:
    known, naming = picture.known, picture.naming
    yield "address", str(known.address)
    others = (f"{other.address}" + ("" if other.present else " (gone)") for other in picture.others)
    yield "also at", ", ".join(others)
    yield "name", called(naming.name, known.name)
    yield "DNS name", clean(known.name, TEXT_LIMIT) if naming.name else ""
    yield "owner", clean(naming.owner, TEXT_LIMIT)
    yield "site", clean(naming.site, TEXT_LIMIT)
    yield "MAC", clean(known.mac, TEXT_LIMIT)
    yield "vendor", maker_of(known.mac, known.vendor)
    yield "first seen", day(known.first_seen_at, zone, now)
    yield "state", host_words(picture.standing, now, zone)


def _port_row(
    port: KnownPort, picture: HostPicture, now: datetime, zone: tzinfo
) -> tuple[str, ...]:
    service = port.service
    seen = clean(service.full_description, TEXT_LIMIT) if service else ""
    return (
        str(port.key),
        port_words(port.state.value, picture.ports[port.key], picture.standing, now, zone),
        seen or "not seen",
        day(port.opened_at, zone, now),
        day(port.looked_at, zone, now) if port.looked_at else "never",
    )


def _pending(picture: HostPicture, now: datetime, zone: tzinfo) -> Iterable[tuple[str, str]]:
    for what, standing in (("host", picture.standing), *picture.ports.items()):
        if absence := standing.absence:
            runs = "1 run" if absence.runs == 1 else f"{absence.runs:,} runs"
            held = "; its range is held" if absence.is_held else ""
            seen = f"last seen {day(absence.last_seen_at, zone, now)}"
            yield str(what), f"silent for {runs}, {seen}; not told yet{held}"


def _open_words(item: OpenItem, now: datetime, zone: tzinfo) -> str:
    return f"{open_item(item)} since {day(item.told_at, zone, now)} ({item.severity.value})"


def host_json(picture: HostPicture) -> dict[str, object]:
    """Return the same for machines."""
    known, naming = picture.known, picture.naming
    return {
        "address": str(known.address),
        "other_addresses": [str(other.address) for other in picture.others],
        "name": called(naming.name, known.name) or None,
        "hostname": known.name or None,
        "owner": naming.owner or None,
        "site": naming.site or None,
        "mac": known.mac or None,
        "vendor": known.vendor or None,
        "private_mac": is_private_mac(known.mac),
        "first_seen_at": instant_json(known.first_seen_at),
        **standing_json(picture.standing),
        "displaced": picture.standing.is_displaced,
        "ports": [
            _port_json(port, picture.ports[key]) for key, port in sorted(known.ports.items())
        ],
        "rules": [_rule_json(rule) for rule in picture.rules],
        "still_open": [_open_json(item) for item in picture.still_open],
        "changes": [told_json(one) for one in picture.told],
    }


def _port_json(port: KnownPort, standing: Standing) -> dict[str, object]:
    service = port.service if port.service and port.service.probed_name else None
    return {
        "port": port.key.number,
        "protocol": port.key.protocol.value,
        "state": port.state.value,
        "service": {
            "name": service.probed_name,
            "product": service.product or None,
            "version": service.version or None,
            "extra_info": service.extra_info or None,
            "tunnel": service.tunnel or None,
            "cpe": list(service.cpes),
        }
        if service
        else None,
        "opened_at": instant_json(port.opened_at),
        "closed_at": instant_json(port.closed_at),
        "looked_at": instant_json(port.looked_at),
        "silent_runs": standing.absence.runs if standing.absence else None,
        "flapping": standing.is_flapping,
    }


def _rule_json(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "kind": rule.kind.value,
        "rule": rule.written,
        "gone_only": rule.gone_only,
        "author": rule.author,
        "reason": rule.reason or None,
        "until": instant_json(rule.until),
    }


def _open_json(item: OpenItem) -> dict[str, object]:
    return {
        "id": item.change_id,
        "kind": item.kind.value,
        "severity": item.severity.value,
        "port": str(item.key) if item.key else None,
        "open_since": instant_json(item.told_at),
    }
