"""What a command line asked for: its addresses, and its names where DNS had to answer."""

import shlex
from dataclasses import dataclass, field, replace

from netwatch_notify.model.target import AddressSet, parse_target

_TAKES_A_WORD = frozenset(
    "-p -T -oX -oN -oG -oA -oS -D -S -e -g -b -sI --top-ports --port-ratio --exclude-ports "
    "--script --script-args --script-timeout --host-timeout --min-rate --max-rate --max-retries "
    "--min-hostgroup --max-hostgroup --min-parallelism --max-parallelism --min-rtt-timeout "
    "--max-rtt-timeout --initial-rtt-timeout --scan-delay --max-scan-delay --stats-every "
    "--version-intensity --dns-servers --datadir --servicedb --versiondb --stylesheet --ttl "
    "--data-length --source-port --mtu --proxies --spoof-mac --max-os-tries".split()
)
"""nmap options whose value is the next word, so that it is not taken for a target."""
_ELSEWHERE = ("-iL", "-iR", "--excludefile", "--resume")
"""Options after which the command line does not say what was asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The targets of one command line."""

    addresses: AddressSet = field(default_factory=AddressSet)
    """Those written as addresses, less what was excluded."""
    names: frozenset[str] = frozenset()
    """Targets that are hostnames, in lower case: whatever they resolved to was asked too."""
    written: tuple[str, ...] = ()
    """All targets as they stand in the command line; none where they are not known."""
    is_known: bool = False
    """False where targets stand in a file, or are no targets we can read."""
    open_only: bool = False
    """`--open`: a host that is not listed proves only that it shows no open port."""
    runs_scripts: bool = False
    """`-sC`, `-A` or `--script`: a script that is not listed had nothing to say."""
    detects_os: bool = False
    """`-O` or `-A`."""
    resolves_names: bool = False
    """Without `-n`, nmap looks up the names of all hosts that answer."""


def read_arguments(arguments: str) -> Asked:
    """Read the `args` of an nmap XML; what cannot be read makes the targets unknown."""
    try:
        words = shlex.split(arguments)[1:]
    except ValueError:
        return Asked()
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    asked = Asked(
        open_only="--open" in options,
        runs_scripts=bool(options & {"-sC", "-A", "--script"}),
        detects_os=bool(options & {"-O", "-A"}),
        resolves_names=bool(words) and "-n" not in options,
    )
    targets = _targets(words)
    if targets is None:
        return asked
    addresses, names, written = targets
    known = bool(addresses or names)
    return replace(asked, addresses=addresses, names=names, written=written, is_known=known)


def _targets(words: list[str]) -> tuple[AddressSet, frozenset[str], tuple[str, ...]] | None:
    addresses, excluded, names, written = AddressSet(), AddressSet(), set(), []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        name, _, value = word.partition("=")
        if name in _ELSEWHERE or word.startswith(("-iL", "-iR")):
            return None
        if name == "--exclude":
            if not value and position < len(words):
                value = words[position]
                position += 1
            for piece in filter(None, value.split(",")):
                more = _addresses(piece)
                if not more:
                    return None
                excluded |= more
        elif word.startswith("-"):
            position += 1 if word in _TAKES_A_WORD else 0
        else:
            more = _addresses(word)
            if more is None:
                return None
            written.append(word)
            addresses |= more
            if not more:
                names.add(word.lower())
    return addresses - excluded, frozenset(names), tuple(written)


def _addresses(word: str) -> AddressSet | None:
    """Return what a target stands for: nothing for a name, None where it is no target."""
    try:
        return parse_target(word).addresses
    except ValueError:
        return None
