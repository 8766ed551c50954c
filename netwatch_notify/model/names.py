"""What people call their hosts, as NAMES_FILE says it."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from netwatch_notify.model.host import Address
from netwatch_notify.model.text import clean

TEXT_LIMIT = 80
"""Characters of a name, an owner or a site."""
ERRORS_SHOWN = 20

COLUMNS = ("match", "name", "owner", "site")
_MATCH_WORDS = frozenset({"match", "mac", "address", "cidr", "host", "ip", "key"})
_HEX = re.compile(r"[0-9A-F]{12}")
_MAC = re.compile(r"[0-9A-F]{2}([:-]?[0-9A-F]{2}){5}|[0-9A-F]{4}(\.[0-9A-F]{4}){2}")

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Naming:
    """What people call one host, and whose it is."""

    name: str = ""
    owner: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class NameBook:
    """All that NAMES_FILE says; empty where there is none."""

    macs: Mapping[str, Naming] = field(default_factory=dict)
    """By MAC, as nmap writes it."""
    networks: Mapping[tuple[int, int], Mapping[int, Naming]] = field(default_factory=dict)
    """By IP version and prefix length, then by the bits of the prefix; an address is a network."""

    @classmethod
    def parse(cls, text: str) -> "NameBook":
        """
        Read CSV with a MAC, address or CIDR block, then name, owner and site.

        A first line with the columns' names may give another order; blank lines and those that
        begin with `#` are left out. ValueError has a line for each one that is wrong.
        """
        return _Reading().read(text)

    def of(self, address: Address, mac: str) -> Naming:
        """Return each fact from the most specific entry that has it: MAC, address, then range."""
        found = list(self._entries(address, mac))
        return Naming(
            name=next((entry.name for entry in found if entry.name), ""),
            owner=next((entry.owner for entry in found if entry.owner), ""),
            site=next((entry.site for entry in found if entry.site), ""),
        )

    def _entries(self, address: Address, mac: str) -> Iterator[Naming]:
        if mac and mac.upper() in self.macs:
            yield self.macs[mac.upper()]
        for (version, length), entries in self.networks.items():
            if version == address.version:
                entry = entries.get(int(address) >> (address.max_prefixlen - length))
                if entry:
                    yield entry

    def __len__(self) -> int:
        return len(self.macs) + sum(map(len, self.networks.values()))


class _Reading:
    """One file being read; collects what is wrong instead of stopping at the first."""

    def __init__(self) -> None:
        self.macs: dict[str, Naming] = {}
        self.networks: dict[tuple[int, int], dict[int, Naming]] = {}
        self.lines: dict[object, int] = {}
        self.errors: list[str] = []

    def read(self, text: str) -> NameBook:
        lines = text.removeprefix("\ufeff").splitlines()
        columns: Sequence[str] = COLUMNS
        is_first = True
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            cells = self._cells(number, line)
            if is_first and (header := _header(cells)):
                columns = header
                unknown = [word for word in header if word not in COLUMNS]
                if unknown:
                    self._wrong(number, f"no such column: {', '.join(unknown)}")
            elif cells:
                self._row(number, cells, columns)
            is_first = False
        if self.errors:
            more = len(self.errors) - ERRORS_SHOWN
            shown = self.errors[:ERRORS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
            raise ValueError("\n".join(shown))
        # The longest prefix is the most specific; an address is the longest of all.
        ordered = sorted(self.networks, key=lambda key: -key[1])
        return NameBook(self.macs, {key: self.networks[key] for key in ordered})

    def _cells(self, number: int, line: str) -> list[str]:
        # Spreadsheets write semicolons where the comma is the decimal sign.
        delimiter = ";" if ";" in line and "," not in line else ","
        try:
            (cells,) = csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True)
        except (csv.Error, ValueError) as error:
            self.errors.append(f"line {number}: is no CSV: {error}")
            return []
        return [clean(cell, TEXT_LIMIT) for cell in cells]

    def _row(self, number: int, cells: list[str], columns: Sequence[str]) -> None:
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()
        if len(cells) > len(columns):
            self._wrong(number, f"{len(cells)} columns, there are {len(columns)}")
            return
        facts = dict(zip(columns, cells, strict=False))
        naming = Naming(facts.get("name", ""), facts.get("owner", ""), facts.get("site", ""))
        if naming == Naming():
            self._wrong(number, "has neither name, owner nor site")
            return
        self._keep(number, facts.get("match", ""), naming)

    def _keep(self, number: int, match: str, naming: Naming) -> None:
        mac = _mac(match)
        network = None if mac else _network(match)
        if not (mac or network):
            self._wrong(number, f"{match!r} is neither a MAC, an address nor a CIDR block")
            return
        first = self.lines.setdefault(mac or network, number)
        if first != number:
            self._wrong(number, f"{match} stands in line {first} already")
        elif mac:
            self.macs[mac] = naming
        elif network:
            prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
            entries = self.networks.setdefault((network.version, network.prefixlen), {})
            entries[prefix] = naming

    def _wrong(self, number: int, what: str) -> None:
        self.errors.append(f"line {number}: {what}")


def _header(cells: Sequence[str]) -> Sequence[str]:
    """Return the columns that a first line names, in its order; nothing if it names none."""
    words = [cell.strip().lower() for cell in cells]
    if not any(word in _MATCH_WORDS for word in words) or any(
        _mac(word) or _network(word) for word in words
    ):
        return ()
    return ["match" if word in _MATCH_WORDS else word for word in words]


def _mac(text: str) -> str:
    """Return a MAC as nmap writes it; empty where it is none."""
    upper = text.strip().upper()
    digits = re.sub("[:.-]", "", upper)
    if not (_MAC.fullmatch(upper) and _HEX.fullmatch(digits)):
        return ""
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def _network(text: str) -> Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None
