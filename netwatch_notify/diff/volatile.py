"""
Script output that differs without anything having changed; pure.

Dates, uptimes, nonces, counters, and keys in another order, for the scripts that nmap runs by
default (`-sC`) or with `-sV`. Others can be declared, and are then left out whole.
Source: the scripts of nmap 7.93 in the categories default and version.
"""

import re
from collections.abc import Callable, Collection

SameOutput = Callable[[str, str, str], bool]
"""Script id, output before, output after: whether they say the same."""

_ALL = re.compile("")


def _lines(*names: str) -> re.Pattern[str]:
    """Match a line that begins with one of these keys, whatever nmap indents it by."""
    return re.compile(rf"\s*(?:{'|'.join(names)})\b", re.IGNORECASE)


_DROPPED = {
    "bitcoin-info": _lines("timestamp"),
    "clock-skew": _ALL,
    "fingerprint-strings": _lines("date", "expires", "last-modified", "set-cookie", "etag"),
    "ftp-syst": _lines("at session startup, client count"),
    "hddtemp-info": _ALL,
    "irc-info": _lines("uptime", "servers", "ops", "chans", "users", "lservers", "lusers"),
    "mongodb-info": _lines(
        *("uptime\\w*", "localtime", "pid", "current", "available", "active\\w*", "totalCreated"),
        *("insert", "query", "update", "delete", "getmore", "command", "resident", "virtual"),
        *("mapped\\w*", "ratio", "lockTime", "totalTime", "heap_usage_bytes", "page_faults"),
        *("bytes\\w*", "numRequests"),
    ),
    "mysql-info": _lines("thread id", "salt"),
    "ntp-info": _lines(
        *("receive time stamp", "clock", "offset", "reftime", "peer", "rootdelay", "rootdisp\\w*"),
        *("delay", "frequency", "(?:sys_|clk_)?jitter", "clk_wander", "noise", "stability", "poll"),
    ),
    "openlookup-info": _lines("timestamp", "your address"),
    "rdp-ntlm-info": _lines("system_time"),
    "rfc868-time": _ALL,
    "rpcap-info": _lines("uptime"),
    "smb-os-discovery": _lines("system time"),
    "smb2-time": _lines("date"),
    "snmp-info": _lines("snmpenginetime"),
    "snmp-interfaces": _lines("traffic stats"),
    "snmp-sysdescr": _lines("system uptime"),
    "ssl-date": _ALL,
    "ubiquiti-discovery": _lines("uptime\\w*"),
    "upnp-info": _lines("date"),
    "xmpp-info": _lines("stream_id"),
}
"""Lines of a script's output that are left out before it is compared."""


_BLANKED = {"http-auth": re.compile(r"\b(?:nonce|opaque)=\S*")}
"""What is left out within a line."""


def _by_lines(output: str) -> str:
    return "\n".join(sorted(line.strip() for line in output.splitlines()))


def _by_words(output: str) -> str:
    return " ".join(sorted(re.findall(r"[^\s,]+", output)))


_REORDERED: dict[str, Callable[[str], str]] = {
    "http-auth": _by_words,
    "imap-capabilities": _by_words,
    "mysql-info": _by_words,
    "pop3-capabilities": _by_words,
    "ssh-hostkey": _by_lines,
    "ssl-known-key": _by_lines,
    "tls-alpn": _by_lines,
    "tls-nextprotoneg": _by_lines,
    "xmlrpc-methods": _by_lines,
}
"""Scripts whose keys come in any order."""


def same_output(script: str, before: str, after: str, declared: Collection[str] = ()) -> bool:
    """Return whether two results of one script say the same but for what changes by itself."""
    if before == after or script in declared:
        return True
    return _settled(script, before) == _settled(script, after)


def _settled(script: str, output: str) -> str:
    dropped = _DROPPED.get(script)
    if dropped is not None:
        output = "\n".join(line for line in output.splitlines() if not dropped.match(line))
    blanked = _BLANKED.get(script)
    if blanked is not None:
        output = blanked.sub("", output)
    reorder = _REORDERED.get(script)
    return reorder(output) if reorder else output
