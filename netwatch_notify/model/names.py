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
_WORDS = _MATCH_WORDS.union(COLUMNS)
_MAC = re.compile(
    r"[0-9A-Fa-f]{2}([:-]?)[0-9A-Fa-f]{2}(\1[0-9A-Fa-f]{2}){4}|[0-9A-Fa-f]{4}(\.[0-9A-Fa-f]{4}){2}"
)
_NETWORK = re.compile(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?")
"""Keeps out zones and netmasks, which targets may not have either."""
_LINE_END = re.compile(r"\r\n|\n|\r")
"""What an editor counts as one; `splitlines` also splits at form feeds and the like."""

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
        begin with `#` are left out. A row is one line, also where a field is quoted. ValueError
        has a line for each one that is wrong, the first twenty of them, and how many more.
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
        self.rows: dict[str | Network, tuple[int, Naming]] = {}
        """By what a row is about: its line, and what it says."""
        self.delimiter = ""
        self.errors: list[str] = []

    def read(self, text: str) -> NameBook:
        columns: Sequence[str] = ()
        for number, line in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), 1):
            # A spreadsheet quotes a comment that holds a separator.
            if not line.strip() or line.lstrip(' \t"').startswith("#"):
                continue
            self.delimiter = self.delimiter or _delimiter(line)
            cells = self._cells(number, line)
            if not any(cells):
                # Spreadsheets write an empty row as separators alone.
                continue
            if columns:
                self._row(number, cells, columns)
            elif header := _header(cells):
                if not self._is_usable(number, header):
                    # Every row would be wrong, too, for the same reason.
                    break
                columns = header
            else:
                columns = COLUMNS
                self._row(number, cells, columns)
        if self.errors:
            more = len(self.errors) - ERRORS_SHOWN
            shown = self.errors[:ERRORS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
            raise ValueError("\n".join(shown))
        # The longest prefix is the most specific; an address is the longest of all.
        ordered = sorted(self.networks, key=lambda key: -key[1])
        return NameBook(self.macs, {key: self.networks[key] for key in ordered})

    def _is_usable(self, number: int, header: Sequence[str]) -> bool:
        """Whether rows can be read by the header; an unknown column does not keep them from it."""
        unknown = [word for word in header if word not in COLUMNS]
        twice = [word for word in COLUMNS if header.count(word) > 1]
        if unknown:
            self._wrong(number, f"no such column: {clean(', '.join(map(repr, unknown)))}")
        if twice:
            self._wrong(number, f"more than one column is the {', '.join(twice)}")
        elif "match" not in header:
            self._wrong(number, "no column is the match (MAC, address or CIDR block)")
        elif not set(header) & set(COLUMNS[1:]):
            self._wrong(number, "no column is the name, owner or site")
        else:
            return True
        return False

    def _cells(self, number: int, line: str) -> list[str]:
        try:
            (cells,) = csv.reader(
                [line], delimiter=self.delimiter, strict=True, skipinitialspace=True
            )
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
        subject = _mac(match) or _network(match)
        if not subject:
            self._wrong(number, f"{match!r} is neither a MAC, an address nor a CIDR block")
            return
        line, said = self.rows.setdefault(subject, (number, naming))
        if said != naming:
            self._wrong(number, f"{match!r} stands in line {line} already, with other values")
        elif isinstance(subject, str):
            self.macs[subject] = naming
        else:
            prefix = int(subject.network_address) >> (subject.max_prefixlen - subject.prefixlen)
            entries = self.networks.setdefault((subject.version, subject.prefixlen), {})
            entries[prefix] = naming

    def _wrong(self, number: int, what: str) -> None:
        self.errors.append(f"line {number}: {what}")


def _delimiter(line: str) -> str:
    """
    Return the separator of a file by its first line: the one that comes first.

    Neither a match nor a column's name holds one. Spreadsheets write semicolons where the comma
    is the decimal sign; csv.Sniffer takes any letter for a separator.
    """
    found = re.search("[,;]", line)
    return found[0] if found else ","


def _header(cells: Sequence[str]) -> Sequence[str]:
    """Return the columns that a first line names, in its order; nothing if it is no header."""
    words = [cell.lower() for cell in cells]
    while words and not words[-1]:
        words.pop()
    # One known word may be somebody's name: "10.0.0.300,host" is a wrong row, no header.
    known = sum(word in _WORDS for word in words)
    if (words[0] not in _WORDS and known < 2) or any(_mac(w) or _network(w) for w in words):
        return ()
    return ["match" if word in _MATCH_WORDS else word for word in words]


def _mac(text: str) -> str:
    """Return a MAC as nmap writes it; empty where it is none."""
    if not _MAC.fullmatch(text):
        return ""
    digits = re.sub("[:.-]", "", text).upper()
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def _network(text: str) -> Network | None:
    if not _NETWORK.fullmatch(text):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
