"""What is scheduled, whoever starts it."""

import re
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from netwatch_notify.errors import UsageError
from netwatch_notify.model.paths import DEFAULT_ENV_FILE

DEFAULT_COMMAND = Path("/usr/local/bin/netwatch-notify")
SPREAD_MINUTES = 5
"""Machines that share a network, a mail server or a hypervisor do not all begin at 03:00:00."""
DELIVER_MINUTES = 10
ALL = "all"
"""The instance that runs every network of `ENV_DIRECTORY`."""

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+@:,=-]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Job:
    """A network's nightly run and its deliveries, or those of all networks."""

    env_file: Path | None = DEFAULT_ENV_FILE
    """None: all of `ENV_DIRECTORY`, by `--all`."""
    command: Path = DEFAULT_COMMAND
    at: time = time(3)
    """By the machine's clock."""
    user: str = "root"
    writes: tuple[Path, ...] = ()
    """Folders outside of /var/lib/netwatch that a run writes to."""
    together: bool = False
    """With all networks: one message for each recipient."""

    @property
    def instance(self) -> str:
        """What tells it from other jobs: the env file's name without its ending."""
        return self.env_file.stem if self.env_file else ALL

    def words(self, command: str) -> list[str]:
        """Return the command line of `run` or `deliver`, whoever calls it."""
        words = [str(self.command)]
        if self.env_file:
            return [*words, "--env-file", str(self.env_file), command]
        together = ["--together"] if self.together and command == "run" else []
        return [*words, command, "--all", *together]


def check_job(job: Job) -> None:
    """
    Raise UsageError where cron or systemd would read a path or name otherwise than we wrote it.

    `%` means newline to cron and a specifier to systemd; blanks and quotes part words in both.
    """
    for path in (job.command, *job.writes, *([job.env_file] if job.env_file else [])):
        if not _PLAIN_PATH.fullmatch(str(path)):
            raise UsageError(
                f"{str(path)!r}: cannot stand in a schedule; use a path of letters, digits and "
                "._+@:,=- that starts with /"
            )
    if not _NAME.fullmatch(job.instance):
        raise UsageError(
            f"{job.instance!r}: cannot name a schedule; rename the env file to letters, digits, "
            "dots, dashes and underscores, such as /etc/netwatch/lan.env"
        )
    if job.env_file and job.instance == ALL:
        raise UsageError(
            f"{job.env_file}: its name is that of the schedule of all networks; rename it"
        )
