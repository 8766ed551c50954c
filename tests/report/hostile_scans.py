"""Two scan files of a hostile network, as nmap would write them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.scan.documents import TAIL

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write; C1 controls are not among them."""
PER_HOST = 11


def write_hostile_scans(folder: Path, texts: Sequence[str]) -> tuple[Path, Path]:
    """Write an old scan and a new one, of the same hosts with other words; return their paths."""
    middle = len(texts) // 2
    paths = folder / "old.xml", folder / "new.xml"
    for path, half in zip(paths, (texts[:middle], texts[middle:]), strict=True):
        path.write_text(_document(half), encoding="utf-8")
    return paths


def _document(texts: Sequence[str]) -> str:
    hosts = range(0, len(texts) - PER_HOST + 1, PER_HOST)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
        f'<nmaprun scanner="nmap" args={_attribute(texts[0])} start="1767225600" version="7.93" '
        'xmloutputversion="1.05">\n'
        '<scaninfo type="syn" protocol="tcp" numservices="2" services="22,80"/>\n'
    )
    said = "".join(
        _host(number, texts[first : first + PER_HOST]) for number, first in enumerate(hosts)
    )
    return f"{head}{said}{TAIL}"


def _host(number: int, texts: Sequence[str]) -> str:
    words: Iterator[str] = map(_attribute, texts)
    return (
        '<host><status state="up" reason="syn-ack"/>'
        f'<address addr="10.1.{number // 250}.{number % 250}" addrtype="ipv4"/>'
        f'<address addr="00:11:22:33:44:{number % 256:02X}" addrtype="mac" vendor={next(words)}/>'
        f'<hostnames><hostname name={next(words)} type="PTR"/></hostnames>'
        '<ports><port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/>'
        f"<service name={next(words)} product={next(words)} version={next(words)} "
        f'extrainfo={next(words)} method="probed" conf="10"/>'
        f"<script id={next(words)} output={next(words)}/></port></ports>"
        f'<os><osmatch name={next(words)} accuracy="100" line="1"/></os>'
        f"<hostscript><script id={next(words)} output={next(words)}/></hostscript></host>\n"
    )


def _attribute(text: str) -> str:
    return quoteattr(_NOT_IN_XML.sub("", text), {"\x0b": "", "\x0c": ""})
