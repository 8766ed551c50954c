"""What people, or else DNS, call the hosts of one run."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from netwatch_notify.diff.policy import Verdict
from netwatch_notify.model.change import Change, Problem
from netwatch_notify.model.host import Address, Host
from netwatch_notify.model.names import NameBook
from netwatch_notify.pipeline.plan import Scan
from netwatch_notify.scan.names import reverse_names


def read_names(path: Path | None) -> NameBook:
    """Read NAMES_FILE; ValueError names the file and every line that is wrong."""
    if path is None:
        return NameBook()
    try:
        return NameBook.parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 (byte {error.start})") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


class Names:
    """NAMES_FILE and DNS; only hosts that are told are looked up, and each only once."""

    def __init__(self, path: Path | None, scan: Scan) -> None:
        self.problem: Problem | None = None
        """A names file that cannot be used; the run goes on without it."""
        try:
            self.book = read_names(path)
        except ValueError as error:
            self.book = NameBook()
            lines = str(error).splitlines()
            self.problem = Problem("names", "the names file cannot be used", tuple(lines[:3]))
        self._asked_for = scan.names
        # Where nmap asked DNS itself, a host without a name has none.
        self._may_ask = not scan.resolved_names
        self._found: dict[Address, str] = {}

    def of_changes(self, changes: Iterable[Change]) -> list[Change]:
        """Give each change the name people call its host by, and whose it is."""
        labelled = []
        for change in changes:
            naming = self.book.of(change.address, change.mac)
            labelled.append(
                replace(change, label=naming.name, owner=naming.owner, site=naming.site)
            )
        self._look_up(change.address for change in labelled if not change.name)
        return [
            replace(c, name=self._asked_for.get(c.address) or c.name or self._dns(c.address))
            for c in labelled
        ]

    def of_hosts(self, hosts: Sequence[Host]) -> dict[Address, str]:
        """Return what people call some hosts of the scan; those nobody has named are missing."""
        named = {host.address: self.book.of(host.address, host.mac).name for host in hosts}
        named |= {h.address: named[h.address] or next(iter(h.hostnames), "") for h in hosts}
        self._look_up(address for address, name in named.items() if not name)
        named = {address: name or self._dns(address) for address, name in named.items()}
        return {address: name for address, name in named.items() if name}

    def keep(self, verdict: Verdict) -> Verdict:
        """Keep in the inventory what was looked up, for hosts that have no name there yet."""
        hosts = {
            address: host if host.name else replace(host, name=self._dns(address))
            for address, host in verdict.settled.hosts.items()
        }
        return replace(verdict, settled=replace(verdict.settled, hosts=hosts))

    def _look_up(self, addresses: Iterable[Address]) -> None:
        wanted = set(addresses) - self._asked_for.keys() - self._found.keys()
        if wanted and self._may_ask:
            self._found |= dict.fromkeys(wanted, "") | reverse_names(wanted)

    def _dns(self, address: Address) -> str:
        return self._asked_for.get(address) or self._found.get(address, "")
