"""
The nmap options a user may set, and a check that nothing else passes.

netwatch-notify itself sets what is scanned, which ports, and where the output goes; an option
that changed one of these behind its back would make its coverage a lie. So options are allowed
by name, not forbidden: a new nmap may learn a dangerous one.
Source: nmap manual, "Options Summary".
"""

import re
import shlex

_TIME = re.compile(r"\d+(\.\d+)?(ms|s|m|h)?")
_NUMBER = re.compile(r"\d+")
_PORT_LIST = re.compile(r"[\d,TUSC:-]*")
_NAMES = re.compile(r"[A-Za-z0-9_.,:@/*+][A-Za-z0-9_.,:@/*+-]*")
_SCRIPTS = re.compile(r"[A-Za-z0-9_*+][A-Za-z0-9_.,*+() -]*")
_SCRIPT_ARGUMENTS = re.compile(r"[A-Za-z0-9_{][^\x00-\x1f]*")

_FLAGS = re.compile(
    r"-T[0-5]|-s[STAWMNFXUYZCVO]+|-A|-O|-Pn|-P[EPM]|-PR|-f|-v+|-d|"
    r"--(open|privileged|unprivileged|send-eth|send-ip|disable-arp-ping|badsum|reason|"
    r"defeat-rst-ratelimit|defeat-icmp-ratelimit|discovery-ignore-rst|version-light|version-all|"
    r"osscan-limit|osscan-guess|fuzzy|allports|randomize-hosts|system-dns|nsock-engine=\w+)"
)
_DISCOVERY = re.compile(r"-P[SAUYO][\d,-]*")
_SHORT = {"-g": _NUMBER, "-e": re.compile(r"[A-Za-z0-9_.:@-]+"), "-S": _NAMES}
_LONG = {
    **dict.fromkeys(
        ("min-rate", "max-rate", "max-retries", "min-hostgroup", "max-hostgroup"), _NUMBER
    ),
    **dict.fromkeys(
        ("min-parallelism", "max-parallelism", "version-intensity", "data-length"), _NUMBER
    ),
    **dict.fromkeys(("max-os-tries", "ttl", "source-port", "mtu"), _NUMBER),
    **dict.fromkeys(
        ("host-timeout", "scan-delay", "max-scan-delay", "script-timeout", "min-rtt-timeout"), _TIME
    ),
    **dict.fromkeys(("max-rtt-timeout", "initial-rtt-timeout"), _TIME),
    "dns-servers": _NAMES,
    "exclude-ports": _PORT_LIST,
    "script": _SCRIPTS,
    "script-args": _SCRIPT_ARGUMENTS,
}

_OURS = {
    "-p": "NETWATCH_PORTS",
    "-F": "NETWATCH_PORTS=top:100",
    "--top-ports": "NETWATCH_PORTS=top:N",
    "--exclude": "NETWATCH_EXCLUDE",
    "-iL": "NETWATCH_TARGETS",
    "-iR": "NETWATCH_TARGETS",
    "-6": "an IPv6 address in NETWATCH_TARGETS",
    "-oX": "NETWATCH_STATE_DIR, where every scan is kept",
}
_PORT_SPECIFICATION = re.compile(r"[A-Za-z0-9\[*?:-][A-Za-z0-9,:\[\]*?_-]*")


def parse_nmap_arguments(text: str) -> tuple[str, ...]:
    """
    Split `text` as a shell would and check that each word is an allowed nmap option.

    ValueError names the first word that is not. Values are joined to their option with `=`,
    or follow it where nmap's short options want that.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"cannot be split into words: {error}") from error
    checked: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        name, equals, value = word.partition("=")
        if _FLAGS.fullmatch(word) or _DISCOVERY.fullmatch(word):
            checked.append(word)
        elif name in _SHORT or (name.startswith("--") and name[2:] in _LONG):
            if not equals and position < len(words):
                value = words[position]
                position += 1
            pattern = _SHORT[name] if name in _SHORT else _LONG[name[2:]]
            if not pattern.fullmatch(value) or value.startswith("-"):
                raise ValueError(f"{name}: {value!r} is no value for it")
            checked += [name, value] if name in _SHORT else [f"{name}={value}"]
        else:
            instead = _OURS.get(word) or _OURS.get(word[:2])
            raise ValueError(
                f"{word!r} is not among the nmap options that can be set here"
                + (f"; use {instead}" if instead else "")
            )
    return tuple(checked)


def parse_ports(text: str) -> tuple[str, ...]:
    """
    Turn `22,80,8000-8100`, `U:53,T:22`, `-` or `top:100` into nmap's own words.

    Empty text gives no words: nmap's top 1000. ValueError where it is no port specification.
    """
    text = "".join(text.split())
    if not text:
        return ()
    if text.startswith("top:"):
        count = text.removeprefix("top:")
        if not count.isdecimal() or not 1 <= int(count) <= 65535:
            raise ValueError(f"{text!r}: top:N takes a number from 1 to 65535")
        return ("--top-ports", count)
    if not _PORT_SPECIFICATION.fullmatch(text):
        raise ValueError(f"{text!r} is no port specification; examples: 22,80,8000-8100 or top:100")
    for number in re.findall(r"\d+", text):
        if int(number) > 65535:
            raise ValueError(f"{number} is no port; they go from 0 to 65535")
    return (f"-p{text}",)
