"""Nights of scans made elsewhere: the real program, a file a night, and weeks pass in a moment."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from netwatch_notify.report.words import day
from tests.conftest import Program, coverage_variables
from tests.scan_files import host_xml, scan_xml

DAY = 86_400
ENDING = (
    '<runstats><finished time="{end}" elapsed="60.0" exit="success"/>'
    '<hosts up="{up}" down="{down}" total="256"/></runstats>\n</nmaprun>\n'
)


def host(number: int, *ports: str, mac: str = "", names: tuple[str, ...] = ()) -> str:
    """The host 192.0.2.NUMBER with its open ports."""
    return host_xml(f"192.0.2.{number}", *ports, mac=mac, names=names)


QUIET = {number: host(number, "22") for number in range(1, 13)}


def hosts(**others: str) -> list[str]:
    """The hosts of a quiet night, but for others: `n3=host(3, "80")`, or empty if it is silent."""
    changed = {int(name[1:]): xml for name, xml in others.items()}
    return [xml for xml in {**QUIET, **changed}.values() if xml]


class Nights:
    """
    One network, night by night; the first is today, because `--until` takes no day that is over.

    Its hosts have no names in DNS: the scans say that nmap itself asked for them.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        program.environment["TZ"] = "UTC"
        # Weeks are hundreds of processes; to measure what each covers takes half as long again.
        for name in coverage_variables():
            program.environment.pop(name, None)
        self.first = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)

    def at(self, night: float) -> datetime:
        return self.first + timedelta(days=night)

    def day(self, night: float) -> str:
        """The day of a night, as `--until` takes it."""
        return self.at(night).date().isoformat()

    def said(self, night: float) -> str:
        """The day of a night, as a message says it."""
        return day(self.at(night), UTC, None)

    def file(self, night: float, *hosts: str, **parts: Any) -> Path:
        start = int(self.at(night).timestamp())
        ending = ENDING.format(end=start + 60, up=len(hosts), down=256 - len(hosts))
        path = self.program.folder / f"night-{night}.xml"
        path.write_text(scan_xml(*hosts, start=start, **{"ending": ending, **parts}))
        return path

    def text(self, night: float, *hosts: str, **environment: str) -> str:
        """Take in one night's scan and return the message, empty if there is none."""
        result = self.program.run("ingest", str(self.file(night, *hosts)), **environment)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        return result.stdout

    def report(self, night: float, *hosts: str, **environment: str) -> dict[str, Any]:
        """Take in one night's scan and return what `--json` prints."""
        path = self.file(night, *hosts)
        return self.program.report("ingest", str(path), **environment)

    def done(self, *arguments: str, **environment: str) -> str:
        """Run a command that must succeed, and return what it printed."""
        result = self.program.run(*arguments, **environment)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        return result.stdout

    def refused(self, *arguments: str, **environment: str) -> str:
        """Run a command that must exit 2, and return its one line on stderr."""
        result = self.program.run(*arguments, **environment)
        assert (result.returncode, result.stdout) == (2, ""), result.stderr
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.program.state / "netwatch.db")) as database:
            return database.execute(query).fetchall()


def short_id(text: str, headline: str) -> str:
    """The id in brackets that ends the fact with these words."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if headline in line)
    found = next(m for line in lines[start:] if (m := re.search(r"\[([0-9a-f]{4,})\]$", line)))
    return found[1]


def told(report: dict[str, Any]) -> list[str]:
    """What is told, such as `port-opened 192.0.2.1 80/tcp`."""
    return [
        " ".join(
            filter(
                None,
                (c["kind"], c["address"], f"{c['port']}/{c['protocol']}" if c["port"] else ""),
            )
        )
        for c in report["changes"]
    ]
