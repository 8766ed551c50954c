"""
Two sightings of a host to ndiff's rows; pure.

ndiff 7.9x is followed where it is right; docs/ndiff.md names each difference and why.
"""

from collections import deque
from collections.abc import Sequence
from itertools import chain

from netwatch_notify.diff.volatile import SameOutput
from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.rows import HostRows, PortRow, ScriptRow, edits_between
from netwatch_notify.model.verbatim import VerbatimHost, VerbatimPort

_NOBODY = VerbatimHost()


def host_rows(
    before: VerbatimHost | None,
    after: VerbatimHost | None,
    same_output: SameOutput,
    *,
    everything: bool = False,
) -> HostRows:
    """
    Compare two sightings of one host; None where a scan does not list it.

    With `everything`, rows of what did not change are there too.
    """
    old, new = before or _NOBODY, after or _NOBODY
    ports = tuple(_port_rows(old, new, same_output, everything))
    scripts = script_rows(old.scripts, new.scripts, same_output, everything=everything)
    edits = edits_between(old.os_matches, new.os_matches)
    state_changed = old.state != new.state
    names_changed = set(old.addresses) != set(new.addresses) or (
        set(old.hostnames) != set(new.hostnames)
    )
    extra_ports_changed = dict(old.extra_ports) != dict(new.extra_ports)
    differs = (
        (before is None) != (after is None)
        or state_changed
        or names_changed
        or extra_ports_changed
        or any(row.differs for row in ports)
        or any(edit[0] != "equal" for edit in edits)
        or any(row.differs for row in scripts)
    )
    return HostRows(
        before,
        after,
        state_changed,
        names_changed,
        extra_ports_changed,
        ports,
        edits,
        scripts,
        differs,
    )


def script_rows(
    before: Sequence[ScriptOutput],
    after: Sequence[ScriptOutput],
    same_output: SameOutput,
    *,
    everything: bool = False,
) -> tuple[ScriptRow, ...]:
    """
    Pair the results of each script, by its id; both sides are sorted by it.

    A script with several results on one side keeps their order.
    """
    rows: list[ScriptRow] = []
    old, new = deque(before), deque(after)
    while old and new:
        if old[0].id == new[0].id:
            was, now = old.popleft(), new.popleft()
            differs = not same_output(was.id, was.output, now.output)
            if everything or differs:
                rows.append(ScriptRow(was, now, differs))
        elif old[0].id < new[0].id:
            rows.append(ScriptRow(old.popleft(), None, differs=True))
        else:
            rows.append(ScriptRow(None, new.popleft(), differs=True))
    rows += [ScriptRow(script, None, differs=True) for script in old]
    rows += [ScriptRow(None, script, differs=True) for script in new]
    return tuple(rows)


def _port_rows(
    old: VerbatimHost, new: VerbatimHost, same_output: SameOutput, everything: bool
) -> list[PortRow]:
    before = {port.key: port for port in old.ports}
    after = {port.key: port for port in new.ports}
    unlisted_before = {state for state, _ in old.extra_ports}
    unlisted_after = {state for state, _ in new.extra_ports}
    rows = []
    for key in sorted(set(chain(before, after))):
        was, now = before.get(key, VerbatimPort(*key)), after.get(key, VerbatimPort(*key))
        # Between being listed and being summed up with others of its state, nothing changed.
        if (was.state is None or was.state in unlisted_before) and (
            now.state is None or now.state in unlisted_after
        ):
            continue
        scripts = script_rows(was.scripts, now.scripts, same_output, everything=everything)
        differs = (
            was.state != now.state
            or was.service != now.service
            or any(row.differs for row in scripts)
        )
        if differs or everything:
            rows.append(PortRow(was, now, scripts, differs))
    return rows
