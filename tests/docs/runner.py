"""A page, executed: its blocks on one machine, top to bottom, as its reader would go."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.docs.blocks import Block
from tests.docs.output import shows
from tests.docs.pages import Page
from tests.machine.machine import CRON_PATH, USER, Machine

PYTHON = "/opt/netwatch/bin/python"
"""Where the pages install the package; Python in a page imports it from there."""

INSTALLED = "/srv/opt-netwatch"
"""A folder that the machines of a test run share, each with its own /opt/netwatch."""

SECONDS = 300
"""For one block."""

_FOLDER = "/tmp/folder-of-the-page"  # noqa: S108  # the machine's own /tmp

# What a terminal shows is both streams; the next block starts where this one went.
_SHELL = f"""
exec 2>&1
trap 'pwd >{_FOLDER}' EXIT
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A block that ran: what it printed, and with what it ended."""

    block: Block
    printed: str
    exit_code: int

    @property
    def problem(self) -> str | None:
        """Why the page is wrong about it, or None."""
        wanted = self.block.proof.exit_code
        if self.exit_code != wanted:
            return f"{self.block.place} ended with {self.exit_code}, not {wanted}:\n{self.printed}"
        return None


def first_problem(machine: Machine, blocks: list[Block], page: Page) -> str | None:
    """Run the blocks of a page and return why one of them is not true, or None."""
    last: Step | None = None
    folder = page.folder
    for block in blocks:
        match block.kind:
            case "file":
                machine.write(block.proof.path, block.text)
            case "run":
                for words, happen in page.meanwhile.items():
                    if words in block.text:
                        happen(machine)
                last, folder = _run(machine, block, page, folder)
                if problem := last.problem:
                    return problem
            case "crontab":
                if problem := _problem_of_jobs(machine, block):
                    return problem
            case "output":
                if last is None:
                    return f"{block.place}: no block that ran stands before it"
                if not shows(block.text, last.printed):
                    return f"{block.place} shows something else than was printed:\n{last.printed}"
    return None


def _run(machine: Machine, block: Block, page: Page, folder: str) -> tuple[Step, str]:
    """Return how it went, and in which folder it ended."""
    user = USER if block.proof.user else "root"
    if block.language == "python":
        argv = [PYTHON, "-c", block.text]
    else:
        argv = ["sh", "-ec", _SHELL + commands_of(block, page)]
    done = machine.run(argv, user=user, folder=folder, seconds=SECONDS)
    # A block that was ended because it took too long has left none.
    went = machine.run(["cat", _FOLDER]).stdout.strip()
    machine.must(["rm", "-f", _FOLDER])
    folder = went or folder
    return Step(block, done.stdout + done.stderr, done.returncode), folder


def _problem_of_jobs(machine: Machine, block: Block) -> str | None:
    """Call the command of each line of root's crontab as cron would."""
    for line in block.text.splitlines():
        _minute, _hour, _day, _month, _weekday, command = line.split(maxsplit=5)
        if "%" in command:
            return f"{block.place}: cron takes % for the end of a line"
        environment = {"HOME": "/root", "LOGNAME": "root", "PATH": CRON_PATH, "SHELL": "/bin/sh"}
        called = [f"{name}={value}" for name, value in environment.items()]
        done = machine.run(["env", "-i", *called, "sh", "-c", command], seconds=SECONDS)
        if done.returncode != 0:
            return f"{block.place}: {command} ended with {done.returncode}:\n{done.stderr}"
    return None


def commands_of(block: Block, page: Page) -> str:
    """Return what its reader types: the last days in the examples will be past one day."""
    lines = [line for line in block.text.splitlines() if line not in page.elsewhere]
    later = datetime.now(UTC).date() + timedelta(days=30)
    return re.sub(r"(?<=--until )\d{4}-\d\d-\d\d", str(later), "\n".join(lines))


def needs_a_machine(blocks: list[Block]) -> bool:
    return any(block.kind in ("run", "output", "crontab") for block in blocks)


def install(machine: Machine, clone: str) -> None:
    """Install from the clone as a page does; a copy of the first time's is as good, and quicker."""
    if machine.run(["test", "-e", f"{INSTALLED}/bin/netwatch-notify"]).returncode == 0:
        machine.must(["cp", "-a", f"{INSTALLED}/.", "/opt/netwatch"])
    else:
        pip = ["/opt/netwatch/bin/pip", "install", "--quiet", "--use-pep517"]
        machine.must(["python3", "-m", "venv", "/opt/netwatch"])
        machine.must([*pip, "-c", "constraints.txt", "."], folder=clone)
        machine.must(["cp", "-a", "/opt/netwatch/.", INSTALLED])
    machine.must(["ln", "-s", "/opt/netwatch/bin/netwatch-notify", "/usr/local/bin/"])
