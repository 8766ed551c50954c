"""Told changes as rows of a table and for machines: what it was, and what people said of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from netwatch_notify.model.change import ChangeKind
from netwatch_notify.model.inventory import KnownHost
from netwatch_notify.model.listing import Table, Told
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.rule import Acceptance, Rule
from netwatch_notify.model.text import clean
from netwatch_notify.report.items import TEXT_LIMIT, change_item
from netwatch_notify.report.standing import instant_json, ports_words
from netwatch_notify.report.words import day

COLUMNS = ("WHEN", "RUN", "ID", "SEVERITY", "CHANGE", "SAID")


def told_rows(
    told: Sequence[Told], short_ids: Mapping[str, str], now: datetime, zone: tzinfo
) -> Table:
    """Return a row for each change, in the order given."""
    rows = [
        (
            moment(one.told_at, now, zone),
            str(one.run_id),
            short_ids[one.id],
            one.change.severity.value,
            line(one, zone),
            "; ".join(said_lines(one, now, zone)),
        )
        for one in told
    ]
    return Table(COLUMNS, tuple(rows))


def line(one: Told, zone: tzinfo) -> str:
    """Return `+ nas (192.168.1.10): 8443/tcp opened; nginx 1.22.1`: the message's words."""
    item = change_item(one.change, one.id, one.told_at, zone)
    return f"{item.mark} {'; '.join((item.headline, *item.details))}"


def said_lines(one: Told, now: datetime, zone: tzinfo) -> Iterable[str]:
    """Yield who accepted it or which rule kept it quiet, and whether it waits for a word."""
    if one.hidden_by:
        yield f"kept quiet by {rule_words(one.hidden_by)}"
    if one.accepted:
        yield accepted_words(one.accepted, now, zone)
    if one.open_since:
        yield f"still open since {day(one.open_since, zone, now)}"


def rule_words(rule: Rule) -> str:
    """Return `ignore 3: 192.168.1.77 (too noisy, alice)`."""
    what, said = clean(rule.written, TEXT_LIMIT), clean(rule.said, TEXT_LIMIT * 2)
    return f"{rule.kind.value} {rule.id}: {what}" + (f" ({said})" if said else "")


def accepted_words(word: Acceptance, now: datetime, zone: tzinfo) -> str:
    """Return `accepted by alice, Sat 21 Nov, until Thu 24 Dec: CHG12`."""
    text = f"accepted by {clean(word.author, TEXT_LIMIT)}, {day(word.accepted_at, zone, now)}"
    if word.until:
        over = " (over)" if word.until <= now else ""
        text += f", until {day(word.until - timedelta(seconds=1), zone, now)}{over}"
    reason = clean(word.reason, TEXT_LIMIT * 2)
    return f"{text}: {reason}" if reason else text


def told_json(one: Told) -> dict[str, object]:
    """Return a change as `--json` of its run showed it, with what became of it."""
    rule, word = one.hidden_by, one.accepted
    return {
        "run": one.run_id,
        "told_at": instant_json(one.told_at),
        **one.body,
        "hidden_by": {
            "id": rule.id,
            "kind": rule.kind.value,
            "rule": rule.written,
            "author": rule.author,
            "reason": rule.reason or None,
        }
        if rule
        else None,
        "accepted": {
            "author": word.author,
            "accepted_at": instant_json(word.accepted_at),
            "reason": word.reason or None,
            "until": instant_json(word.until),
        }
        if word
        else None,
        "open_since": instant_json(one.open_since),
    }


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return `Sat 21 Nov 02:00`: some networks are scanned every hour."""
    return f"{day(at, zone, now)} {at.astimezone(zone):%H:%M}"


def known_before(
    known: KnownHost | None, key: PortKey | None, told: Sequence[Told]
) -> datetime | None:
    """
    Return since when a host, or a port of it, is known, where that is before all that was told.

    None where the changes tell it, or nothing is known.
    """
    instants = []
    if key is None:
        instants += [known.first_seen_at] if known else []
        hosts = (o.change for o in told if o.change.kind is not ChangeKind.PORT_OPENED)
        instants += [c.first_seen_at for c in hosts if c.first_seen_at and c.key is None]
    else:
        instants += [known.ports[key].opened_at] if known and key in known.ports else []
        instants += [o.change.first_seen_at for o in told if o.change.first_seen_at]
    since = min(instants, default=None)
    if since is None or (told and since >= min(one.told_at for one in told)):
        return None
    return since


def end_of_history(since: datetime, now: datetime, zone: tzinfo) -> str:
    """Return where the past ends."""
    when = day(since, zone, now)
    return f"what was told before {when} is not kept; NETWATCH_KEEP_DAYS says for how long"


def beginning(
    known: KnownHost | None,
    key: PortKey | None,
    since: datetime | None,
    first_scan_at: datetime | None,
    now: datetime,
    zone: tzinfo,
) -> str:
    """Return what the inventory knows from before the first change; `since` is `known_before`."""
    if since is None:
        return ""
    is_first = first_scan_at is not None and since <= first_scan_at
    when = f"the first scan, {day(since, zone, now)}" if is_first else day(since, zone, now)
    if key is not None:
        return f"{key} open since {when}"
    ports = sorted(k for k, p in known.ports.items() if p.opened_at <= since) if known else []
    still = f"; open since then: {ports_words(ports, 12)}" if ports else ""
    return f"known since {when}{still}"
