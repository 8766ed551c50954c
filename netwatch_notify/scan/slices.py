"""
What of a `<host>` slice is a fact, and what only differs from night to night.

Two slices that are equal here tell the same facts, so that neither needs parsing.
Source: nmap.dtd, xmloutputversion 1.05.
"""

import re
from hashlib import blake2b

from netwatch_notify.model.scan import ScanHeader

NORMALISER = 1
"""Part of every stored digest: raise it where the expressions below change."""
DIGEST_BYTES = 16
_LARGE = 2500
"""Bytes above which cutting something out costs less than searching it."""

_NIGHTLY = re.compile(
    rb" (?:s(?:tarttime|rtt|econds|ervicefp)|endtime|r(?:eason_ttl|ttvar|tt)|t(?:o|tl)|"
    rb'lastboot|values|index|difficulty|fingerprint)="[^"]*"'
)
"""
Attributes that no fact is taken from: times, round trips, TTLs, uptime, sequence numbers.

nmap escapes quotes in all it quotes, so none of these stands inside another attribute. Names
with the same first letter stand together, which makes it a quarter faster.
"""
_REASON = re.compile(rb' reason="[^"]*"')
_EXTRA_END = b"</extraports>"
_EXTRA_TAGS = frozenset((b"<extraports", b"<extrareasons", b"</extraports", b"</extrareasons"))
_TAG = re.compile(rb"<[^\s/>]*/?[^\s/>]*")
_EXTRA_PORTS = re.compile(
    rb"<extraports[^<>]*(?:/>|>(?:\s*<extrareasons[^<>]*/>)*\s*</extraports>)"
)
"""nmap escapes `<`: with it allowed, a broken host full of tags that never close took hours."""


def facts_of(host: bytes) -> bytes:
    """
    Return a slice without what differs every night.

    A slice with an apostrophe, which nmap escapes, may have attributes quoted with it, and is
    returned as it is.
    """
    if b"'" in host:
        return host
    # The expressions are kept off large extraports: of a real host's 5 kB they are 4.
    if len(host) > _LARGE:
        first = host.find(b"<extraports")
        last = host.rfind(b"</extraports>")
        if first < 0 or last < first:
            return _NIGHTLY.sub(b"", host)
        before, after = _NIGHTLY.sub(b"", host[:first]), _NIGHTLY.sub(b"", host[last:])
        return before + host[first:last] + after
    return _NIGHTLY.sub(b"", host)


def settled_digest(host: bytes, signature: bytes = b"") -> bytes:
    """
    Return `DIGEST_BYTES` that are equal for slices which say the same of the inventory.

    Less than `facts_of` keeps: reasons go, and `<extraports>`, because packet loss changes their
    counts nightly. Under `-Pn` both stay, because there they say whether anybody answered.
    """
    facts = facts_of(host)
    if b"user-set" not in facts and b"'" not in facts:
        facts = _REASON.sub(b"", _without_extra_ports(facts))
    return blake2b(facts, digest_size=DIGEST_BYTES, key=signature).digest()


def _without_extra_ports(facts: bytes) -> bytes:
    first = facts.find(b"<extraports")
    end = facts.rfind(_EXTRA_END) + len(_EXTRA_END)
    # Cut out at once where nothing else stands between: a tenth of the expression's time.
    if 0 <= first < end and _EXTRA_TAGS.issuperset(_TAG.findall(facts, first, end)):
        return facts[:first] + facts[end:]
    return _EXTRA_PORTS.sub(b"", facts)


def signature_of(header: ScanHeader) -> bytes:
    """Return what digests of one way of scanning share: they are void under any other."""
    infos = [f"{info.type} {info.protocol} {info.ports}" for info in header.scan_infos]
    # Another nmap may name the same service otherwise: its first scan is looked at whole.
    text = "\n".join([str(NORMALISER), header.scanner, header.version, *sorted(infos)])
    return blake2b(text.encode(), digest_size=32).digest()
