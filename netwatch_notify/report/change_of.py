"""A change read back from the JSON that the history keeps of it."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.port import (
    Port,
    PortKey,
    PortProtocol,
    PortState,
    ScriptOutput,
    Service,
    ServiceMethod,
)


def change_of(body: Mapping[str, Any]) -> Change:
    """
    Read what `change_json` wrote; what an older version did not write is as if not known.

    What JSON never had does not come back: guessed services, and scripts of what is no change
    of a script. So its `id` may differ from the one that was told, which stands in `body`.
    """
    hostname, called = body.get("hostname") or "", body.get("name") or ""
    return Change(
        kind=ChangeKind(body["kind"]),
        severity=Severity(body["severity"]),
        address=ip_address(body["address"]),
        name=hostname,
        label=called if called != hostname else "",
        owner=body.get("owner") or "",
        site=body.get("site") or "",
        mac=body.get("mac") or "",
        vendor=body.get("vendor") or "",
        key=_key(body),
        state=PortState(body["state"]) if body.get("state") else None,
        was=body.get("was") or "",
        service=_service(body.get("service")),
        was_service=_service(body.get("was_service")),
        scripts=tuple(ScriptOutput(s["id"], s["output"]) for s in body.get("scripts") or ()),
        os_matches=tuple(body.get("os") or ()),
        ports=tuple(map(_port, body.get("ports") or ())),
        confirmed=bool(body.get("confirmed")),
        first_seen_at=_instant(body.get("first_seen_at")),
        last_seen_at=_instant(body.get("last_seen_at")),
        note=body.get("note") or "",
        toggles=body.get("toggles") or 0,
        times=body.get("times") or 1,
        planned=body.get("planned") or "",
        group=body.get("group") or "",
    )


def _key(body: Mapping[str, Any]) -> PortKey | None:
    if body.get("port") is None:
        return None
    return PortKey(body["port"], PortProtocol(body["protocol"]))


def _port(body: Mapping[str, Any]) -> Port:
    key = PortKey(body["port"], PortProtocol(body["protocol"]))
    return Port(key, PortState(body["state"]), service=_service(body.get("service")))


def _service(body: Mapping[str, Any] | None) -> Service | None:
    """A service that JSON names is one that a probe found."""
    if body is None:
        return None
    return Service(
        name=body.get("name") or "",
        product=body.get("product") or "",
        version=body.get("version") or "",
        extra_info=body.get("extra_info") or "",
        tunnel=body.get("tunnel") or "",
        method=ServiceMethod.PROBED,
        cpes=tuple(body.get("cpe") or ()),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
