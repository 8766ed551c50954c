"""
What a run writes into the log on its way, so that it can be followed by its number.

Each step is one record at INFO. What somebody should see is a WARNING, marked as told where the
message or stderr's last line says it as well.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from netwatch_notify import __version__
from netwatch_notify.diff.breaker import Hold
from netwatch_notify.diff.compare import Differences
from netwatch_notify.errors import InterruptedRunError, NetwatchError
from netwatch_notify.log.about import about, present
from netwatch_notify.log.sinks import TOLD
from netwatch_notify.model.change import Problem
from netwatch_notify.model.message import Delivery, OutboxEntry
from netwatch_notify.model.scan import Part, PartResult
from netwatch_notify.report.words import counted
from netwatch_notify.scan.second import LookCommand

log = logging.getLogger("netwatch_notify.run")


def run_begun(kind: str) -> None:
    log.info("%s begun, netwatch-notify %s", kind, __version__)


def parts_planned(parts: Sequence[Part]) -> None:
    log.info("scanning %s: %s", counted(len(parts), "part"), ", ".join(p.label for p in parts))


def parts_ended(results: Iterable[PartResult]) -> None:
    """Say of each part how it ended; a broken one is a problem in the message, too."""
    for result in results:
        if result.ended_properly:
            hosts = counted(len(result.hosts) + len(result.unchanged), "host")
            log.info("%s ended properly: %s, %.1f s", result.part.label, hosts, result.seconds)
        else:
            what = (result.part.label, result.seconds, result.problem)
            log.warning("%s did not end properly after %.1f s: %s", *what, extra=TOLD)


def compared(found: Differences) -> None:
    """Say how the night differs from the inventory, before anything is asked again."""
    presence = Counter(
        difference.presence.name.lower().replace("_", " ") for difference in found.hosts.values()
    )
    words = ", ".join(f"{number} {name}" for name, number in sorted(presence.items()))
    log.info("compared: %s up; looked at: %s", counted(found.hosts_up, "host"), words or "none")


def held(holds: Iterable[Hold]) -> None:
    for hold in holds:
        log.warning("held: %s", hold.to_problem().headline, extra=TOLD)


def looking_closer(commands: Sequence[LookCommand]) -> None:
    kinds = Counter(command.look.kind.value for command in commands)
    words = ", ".join(f"{number} {name}" for name, number in sorted(kinds.items()))
    log.info("second look: %s (%s)", counted(len(commands), "nmap"), words or "nothing to ask")


def looked_closer(seconds: float) -> None:
    log.info("second look ended, %.1f s", seconds)


def committed(told: Counter[str], hidden: int, problems: Sequence[Problem]) -> None:
    """Say what was written down: from here on nothing is lost."""
    for problem in problems:
        detail = f": {problem.details[0]}" if problem.details else ""
        log.warning("problem: %s%s", problem.headline, detail, extra=TOLD)
    words = ", ".join(f"{number} {name}" for name, number in sorted(told.items()))
    log.info(
        "committed: %s told (%s), %d kept quiet, %s",
        counted(told.total(), "change"),
        words or "none",
        hidden,
        counted(len(problems), "problem"),
    )


def message_made(destination: str, held_until: datetime | None) -> None:
    when = f", leaves at {held_until.isoformat(timespec='minutes')}" if held_until else ""
    log.info("message for %s made%s", destination, when)


def message_tried(entry: OutboxEntry, state: str, delivery: Delivery) -> None:
    """Say what became of a message, to each run that it tells of."""
    for run in entry.runs or (entry.run_id,):
        with about(present().network, run):
            what = (entry.id, entry.destination)
            if delivery.delivered:
                log.info("message %d to %s: sent", *what)
            elif delivery.tried:
                words = {"failed": "failed for good", "given-up": "given up"}.get(state, "waits")
                log.warning("message %d to %s: %s: %s", *what, words, delivery.reason, extra=TOLD)
            else:
                log.info("message %d to %s: not tried: %s", *what, delivery.reason)


def pruned(keep_days: int) -> None:
    log.info("pruned: what is older than %s", counted(keep_days, "day"))


def run_ended(status: str, exit_code: int, began_at: datetime) -> None:
    seconds = (datetime.now(UTC) - began_at).total_seconds()
    log.info("ended: %s, exit code %d, %.1f s", status, exit_code, seconds)


def run_broke(error: BaseException) -> None:
    """Say that and why a run came to no end; stderr has the same line."""
    if isinstance(error, InterruptedRunError):
        log.warning("ended: %s, exit code %d", error, error.exit_code, extra=TOLD)
    elif isinstance(error, NetwatchError):
        log.error("ended: %s, exit code %d", error, error.exit_code, extra=TOLD)
    else:
        log.error("ended: %s", type(error).__name__, exc_info=error, extra=TOLD)
