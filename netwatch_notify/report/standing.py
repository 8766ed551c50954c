"""How hosts and ports stand between runs, in words and for machines."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from netwatch_notify.model.host import is_private_mac
from netwatch_notify.model.inventory import Absence
from netwatch_notify.model.listing import Standing
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.text import clean
from netwatch_notify.report.items import NAME_LIMIT, TEXT_LIMIT
from netwatch_notify.report.words import counted, day


def maker_of(mac: str, vendor: str) -> str:
    """Return the vendor, or `private address` for a MAC the host made up itself."""
    return "private address" if is_private_mac(mac) else clean(vendor, TEXT_LIMIT)


def called(label: str, name: str) -> str:
    """Return what people call a host."""
    return clean(label or name, NAME_LIMIT)


def host_words(standing: Standing, now: datetime, zone: tzinfo) -> str:
    """Return `here`, `silent 2 runs`, `gone since Sat 21 Nov` or `comes and goes`."""
    elsewhere = ", its address is another host's" if standing.is_displaced else ""
    if standing.is_flapping:
        return f"comes and goes{elsewhere}"
    if not standing.present:
        return f"gone{_since(standing.gone_at, now, zone)}{elsewhere}"
    return (silent_words(standing.absence) if standing.absence else "here") + elsewhere


def port_words(state: str, standing: Standing, host: Standing, now: datetime, zone: tzinfo) -> str:
    """Return `open`, `closed since Sat 21 Nov`, that it is silent, or as its host was last."""
    if standing.present and host.is_gone:
        return f"was {state}"
    if standing.is_flapping:
        return "comes and goes"
    if not standing.present:
        return f"{state}{_since(standing.gone_at, now, zone)}"
    return silent_words(standing.absence) if standing.absence else state


def silent_words(absence: Absence) -> str:
    """Return `silent 2 runs`, and whether that counts."""
    words = f"silent {counted(absence.runs, 'run')}" if absence.runs else "silent"
    return f"{words}, held" if absence.is_held else words


def ports_words(keys: Iterable[PortKey], most: int | None = None) -> str:
    """Return `22/tcp 80/tcp +3`: all, or as many as `most`."""
    names = [str(key) for key in keys]
    if most is None or len(names) <= most:
        return " ".join(names)
    return " ".join((*names[:most], f"+{len(names) - most:,}"))


def standing_json(standing: Standing) -> dict[str, object]:
    """Return how something stands: `state`, and what belongs to it, null where it does not."""
    absence = standing.absence
    if standing.is_flapping:
        state = "flapping"
    elif not standing.present:
        state = "gone"
    else:
        state = "silent" if absence else "here"
    return {
        "state": state,
        "gone_since": instant_json(standing.gone_at) if state == "gone" else None,
        "silent_runs": absence.runs if absence else None,
        "last_seen_at": instant_json(absence.last_seen_at) if absence else None,
        "held": bool(absence and absence.is_held),
    }


def instant_json(at: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _since(at: datetime | None, now: datetime, zone: tzinfo) -> str:
    return f" since {day(at, zone, now)}" if at else ""
