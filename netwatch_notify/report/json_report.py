"""The same facts for machines: what `--json` prints and a hook gets."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from netwatch_notify.model.change import Change, ChangeKind, Problem
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.port import Port, ScriptOutput, Service
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.items import lasting
from netwatch_notify.report.view import in_order

SCHEMA = 1
"""Changes when a field goes or means something else; new fields may come at any time."""


def json_report(
    facts: RunFacts,
    changes: Sequence[Change],
    problems: Sequence[Problem],
    coverage: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """
    Return the report, made of what `json.dumps` takes.

    Times are ISO 8601 in UTC; what is not known is null. A service is what a probe found,
    never a guess from the port number.
    """
    run = {
        "id": facts.run_id,
        "started_at": _instant(facts.started_at),
        "ended_at": _instant(facts.ended_at),
        "status": facts.status,
        "fast_seconds": facts.fast_seconds,
        "detail_seconds": facts.detail_seconds,
        "coverage": dict(coverage or {}),
    }
    report = _report(facts.network, run, changes, [_problem(problem) for problem in problems])
    return {**report, "notes": list(facts.notes), "still_open": list(map(_open, facts.still_open))}


def diff_report(changes: Sequence[Change], problems: Sequence[str]) -> dict[str, Any]:
    """Return the report on two scan files: `network` and `run` are null."""
    return _report(None, None, changes, list(problems))


def report_text(report: Mapping[str, Any]) -> str:
    """Return a report as `--json` prints it and a hook gets it."""
    return json.dumps(report, indent=2, ensure_ascii=False)


def _report(
    network: str | None,
    run: Mapping[str, object] | None,
    changes: Sequence[Change],
    problems: list[str],
) -> dict[str, Any]:
    told = in_order(changes)
    return {
        "schema": SCHEMA,
        "network": network,
        "run": run,
        "counts": dict(Counter(change.kind.value for change in told)),
        "problems": problems,
        "changes": [change_json(change) for change in told],
    }


def _open(item: OpenItem) -> dict[str, Any]:
    """Return what the message reminds of."""
    return {
        "id": item.change_id,
        "kind": item.kind.value,
        "severity": item.severity.value,
        "address": str(item.address),
        "port": item.key.number if item.key else None,
        "protocol": item.key.protocol.value if item.key else None,
        "since": _instant(item.told_at),
    }


def change_json(change: Change) -> dict[str, Any]:
    """Return one change as `--json` shows it and the history keeps it."""
    return {
        "id": change.id,
        "kind": change.kind.value,
        "severity": change.severity.value,
        "address": str(change.address),
        "mac": change.mac or None,
        "vendor": change.vendor or None,
        "hostname": change.name or None,
        "port": change.key.number if change.key else None,
        "protocol": change.key.protocol.value if change.key else None,
        "state": change.state.value if change.state else None,
        "was": change.was or None,
        "service": _service(change.service),
        "was_service": _service(change.was_service),
        "ports": [_port(port) for port in change.ports],
        "os": list(change.os_matches),
        "scripts": [_script(s) for s in change.scripts] if _is_about_script(change) else [],
        "confirmed": change.confirmed,
        "first_seen_at": _instant(change.first_seen_at),
        "last_seen_at": _instant(change.last_seen_at),
        "name": change.called or None,
        "owner": change.owner or None,
        "site": change.site or None,
        "times": change.times,
        "toggles": change.toggles or None,
        "planned": change.planned or None,
        "group": change.group or None,
        "note": change.note or None,
    }


def _is_about_script(change: Change) -> bool:
    """What the scripts of a new port said is for the eye; a change of it is a fact."""
    return change.kind is ChangeKind.SCRIPT_CHANGED


def _script(script: ScriptOutput) -> dict[str, str]:
    return {"id": script.id, "output": script.output}


def _port(port: Port) -> dict[str, Any]:
    return {
        "port": port.key.number,
        "protocol": port.key.protocol.value,
        "state": port.state.value,
        "service": _service(port.service),
    }


def _service(service: Service | None) -> dict[str, Any] | None:
    if service is None or not (service.probed_name or service.tunnel):
        return None
    return {
        "name": service.probed_name or None,
        "product": service.product or None,
        "version": service.version or None,
        "extra_info": service.extra_info or None,
        "tunnel": service.tunnel or None,
        "cpe": list(service.cpes),
    }


def _problem(problem: Problem) -> str:
    told = list(problem.details)
    if problem.nights > 1:
        told.insert(1, lasting(problem, lambda at: at.astimezone(UTC).date().isoformat()))
    return f"{problem.headline}: {'; '.join(told)}" if told else problem.headline


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
