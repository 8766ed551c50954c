"""What a command line asked for: its addresses, and its names where DNS had to answer."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.target import AddressSet, parse_target

_TAKES_A_WORD = frozenset(
    "-p -T -oX -oN -oG -oA -oS -oM -D -S -e -g -b -M -m -sI --top-ports --port-ratio "
    "--exclude --exclude-ports --excludefile --script --script-args --script-args-file "
    "--script-help --script-timeout --host-timeout --min-rate --max-rate --max-retries "
    "--min-hostgroup --max-hostgroup --min-parallelism --max-parallelism --min-rtt-timeout "
    "--max-rtt-timeout --initial-rtt-timeout --scan-delay --max-scan-delay --stats-every "
    "--version-intensity --dns-servers --datadir --servicedb --versiondb --stylesheet --ttl "
    "--data-length --data --data-string --ip-options --source-port --mtu --proxies --spoof-mac "
    "--max-os-tries --scanflags --nsock-engine --route-dst --resume".split()
)
"""nmap options whose value is the next word, so that it is not taken for a target."""
_LONG = _TAKES_A_WORD | {"--open", "--disable-arp-ping", "--send-ip"}
_ELSEWHERE = ("-iL", "-iR", "--excludefile", "--resume")
"""Options after which the command line does not say what was asked for."""
MAX_QUOTED = 1 << 16
"""Characters given to shlex, which takes a time quadratic in the longest word."""
MAX_BLOCKS = 1 << 18
"""Separate blocks that the targets may be in all; `10.*.*.1` alone is 65,536."""
_CLUSTER = re.compile(r"-[46AFRnv]{2,}")
"""Flags written together, such as `-nvv`."""
_NO_DISCOVERY = "-Pn"
_OLD_WORDS = dict.fromkeys(("-P0", "-PN", "-PD"), _NO_DISCOVERY)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one command line asked for."""

    addresses: AddressSet = field(default_factory=AddressSet)
    """The targets written as addresses, less what was excluded."""
    names: frozenset[str] = frozenset()
    """Targets that are hostnames, in lower case: whatever they resolved to was asked too."""
    written: tuple[str, ...] = ()
    """All targets as they stand in the command line; none where they are not known."""
    is_known: bool = False
    """False where targets stand in a file, or are no targets we can read."""
    open_only: bool = False
    """`--open`: a host that is not listed proves only that it shows no open port."""
    scripts: frozenset[str] = frozenset()
    """Which scripts it ran: `default` for `-sC` and `-A`, and what `--script` names."""
    detects_versions: bool = False
    """`-sV` or `-A`."""
    detects_os: bool = False
    """`-O` or `-A`."""
    discovery: frozenset[str] = frozenset()
    """How it looked for hosts, where that is not nmap's default: `-Pn`, `-PS22`."""
    resolves_names: bool = False
    """Without `-n`, nmap looks up the names of all hosts that answer."""


def read_arguments(arguments: str) -> Asked:
    """Read the `args` of an nmap XML; what cannot be read makes the targets unknown."""
    try:
        words = _words(arguments)[1:]
    except ValueError:
        return Asked()
    given = list(_options(words))
    names = {name for name, _ in given}
    # `-sCV` is `-sC -sV`.
    kinds = {letter for name in names if name[:2] == "-s" for letter in name[2:]}
    scripts = {value for name, value in given if name == "--script"}
    if "C" in kinds or "-A" in names:
        scripts.add("default")
    asked = Asked(
        open_only="--open" in names,
        scripts=frozenset(scripts),
        detects_versions="V" in kinds or "-A" in names,
        detects_os="-A" in names or any(name.startswith("-O") for name in names),
        discovery=frozenset(
            _OLD_WORDS.get(name, name)
            for name in names
            if name.startswith("-P") or name in ("--disable-arp-ping", "--send-ip")
        ),
        resolves_names=bool(words) and "-n" not in names,
    )
    targets = _targets(given)
    if targets is None:
        return asked
    addresses, hostnames, written = targets
    known = bool(addresses or hostnames)
    return replace(asked, addresses=addresses, names=hostnames, written=written, is_known=known)


def _words(arguments: str) -> list[str]:
    """Split as a shell would; ValueError where it could not."""
    if not any(quote in arguments for quote in "'\"\\"):
        return arguments.split()
    if len(arguments) > MAX_QUOTED:
        raise ValueError("too long to be split")
    return shlex.split(arguments)


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each option with its value, if it has any, and each target after an empty one."""
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("-"):
            yield "", word
            continue
        if _CLUSTER.fullmatch(word):
            yield from ((f"-{letter}", "") for letter in word[1:])
            continue
        name, equals, value = word.partition("=")
        name = _as_in_the_manual(name)
        if not equals and name in _TAKES_A_WORD and position < len(words):
            value = words[position]
            position += 1
        yield name, value


def _as_in_the_manual(name: str) -> str:
    """nmap takes `-open` and `--max_retries`, too (getopt_long_only)."""
    long = name if name.startswith("--") else f"-{name}"
    long = long.replace("_", "-")
    return long if name.startswith("--") or long in _LONG else name


def _targets(
    given: list[tuple[str, str]],
) -> tuple[AddressSet, frozenset[str], tuple[str, ...]] | None:
    addresses: list[AddressSet] = []
    excluded: list[AddressSet] = []
    names: set[str] = set()
    written: list[str] = []
    blocks = 0
    for name, value in given:
        if name.startswith(_ELSEWHERE):
            return None
        if name == "--exclude":
            for piece in filter(None, value.split(",")):
                more = _addresses(piece)
                if not more:
                    return None
                excluded.append(more)
                blocks += len(more.ipv4.spans)
        elif not name:
            more = _addresses(value)
            if more is None:
                return None
            written.append(value)
            addresses.append(more)
            blocks += len(more.ipv4.spans)
            if not more:
                names.add(value.lower())
        if blocks > MAX_BLOCKS:
            return None
    return _joined(addresses) - _joined(excluded), frozenset(names), tuple(written)


def _joined(sets: list[AddressSet]) -> AddressSet:
    """Return the union, sorted once: one after another takes a time quadratic in their number."""
    ipv4 = Ranges.of(span for addresses in sets for span in addresses.ipv4.spans)
    ipv6 = Ranges.of(span for addresses in sets for span in addresses.ipv6.spans)
    return AddressSet(ipv4, ipv6)


def _addresses(word: str) -> AddressSet | None:
    """Return what a target stands for: nothing for a name, None where it is no target."""
    try:
        return parse_target(word).addresses
    except ValueError:
        return None
