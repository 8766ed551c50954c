"""
An nmap XML as a byte stream: one `<host>` slice after another, and how the scan ended.

Everything but the hosts goes through expat as it comes, so that what nmap says about itself
is read by a parser and not by patterns. The cut at `<host` is safe on nmap's output, because nmap
escapes `<` in all it quotes. Comments, which other tools add, are recognised before the cut; a
stream in which it might not be safe (CDATA, an internal DTD subset, an encoding that is no
superset of ASCII) is refused.
Source: nmap.dtd, xmloutputversion 1.05.
"""

import codecs
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from xml.parsers import expat

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.port import PortProtocol, ScriptOutput
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import ScanEnding, ScanHeader, ScanInfo
from netwatch_notify.model.text import clean

MAX_HOST_BYTES = 32 << 20
"""A host with 65,535 open ports and scripts on each is about 20 MB."""
MAX_TOKEN_BYTES = 4 << 20
"""Longest single tag outside the hosts; `services="…"` of a full scan is under 400 kB."""
MAX_DEPTH = 100
"""Nested elements outside the hosts; nmap's script tables stay below ten."""
MAX_SCAN_INFOS = 64
"""nmap writes one for each protocol."""
MAX_SKIPPED_TARGETS = 1000
"""More are not kept; three are told."""
MAX_SCRIPTS_BYTES = 32 << 20
"""What `prescript` and `postscript` hold together; it is kept until the end."""
MAX_NUMBER = 10**11
"""Instants (the year 5138), seconds and counts; a larger one is none of nmap's."""
MAX_PORT = 65535
MAX_NAME = 1000
"""Characters of a file's name in a message."""

_HOST_START = re.compile(rb"<host[\s>]")
_NEXT = re.compile(rb"<host[\s>]|<!--")
HOST_END = b"</host>"
_HOST_STOP = re.compile(rb"</host>|<!--|<[!?]")
"""Where reading a host pauses: its end, a comment, or what nmap writes in no host."""
_COMMENT_END = b"-->"
_ASCII_COMPATIBLE = re.compile(
    r"utf-?8|us-ascii|ascii|iso-8859-\d+|latin-?1|windows-125\d", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """nmap's own word on how far it is (`--stats-every`)."""

    task: str
    percent: float


class ScanStream:
    """
    Feed it bytes; it yields `<host>` slices as soon as each element closes.

    `header`, `ending` and `progress` hold what was read so far; `host_start` and `host_end` say
    where in the stream the slice yielded last stands, in bytes. Raises UnreadableInputError,
    naming `name`, line and reason, where the bytes are no nmap XML, broken, or hostile.
    """

    def __init__(self, name: str) -> None:
        self.name = clean(name, MAX_NAME)
        self.header = ScanHeader()
        self.ending = ScanEnding()
        self.progress: TaskProgress | None = None
        self.encoding = "utf-8"
        self.is_complete = False
        """Whether `</nmaprun>` was read; set by `close`."""
        self.root: dict[str, str] = {}
        """The attributes of `<nmaprun>` as they are written."""
        self.pre_scripts: list[ScriptOutput] = []
        self.post_scripts: list[ScriptOutput] = []
        """What `prescript` and `postscript` hold, as it is written, in the file's order."""
        self.host_start = 0
        self.host_end = 0
        self._buffer = bytearray()
        self._position = 0
        self._in_host = False
        self._after_host = False
        self._searched = 0
        self._saw_root = False
        self._depth = 0
        self._scripts: list[ScriptOutput] | None = None
        self._scripts_bytes = 0
        self._host_lines = 0
        """Lines the parser was not given."""
        self._block = b""
        """What is cut at present, up to `_block_done`."""
        self._block_done = 0
        self._since_event = 0
        self._first = True
        parser = self._parser = expat.ParserCreate()
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.EntityDeclHandler = self._on_entity
        parser.StartCdataSectionHandler = self._on_cdata
        parser.XmlDeclHandler = self._on_declaration
        parser.CommentHandler = self._on_event
        parser.ProcessingInstructionHandler = self._on_event

    @property
    def line(self) -> int:
        """The line reading has come to, for messages."""
        passed = self._block.count(b"\n", 0, self._block_done)
        return self._parser.ErrorLineNumber + self._host_lines + passed

    def refuse(self, reason: str) -> UnreadableInputError:
        """Return the error that names this stream, the line, and `reason`."""
        return UnreadableInputError(f"{self.name}: line {self.line}: {reason}")

    def feed(self, data: bytes) -> Iterator[bytes]:
        """
        Take the next bytes of the stream and yield the hosts that are complete with them.

        Comments in a host are left out of its slice.
        """
        if HOST_END in data and self._is_at_host():
            data = yield from self._plain_hosts(bytes(self._buffer) + data)
            self._buffer.clear()
            self._searched = 0
        self._buffer += data
        if self._first and not self._check_beginning():
            return
        while True:
            if not self._in_host and not self._find_host():
                return
            host = self._finish_host()
            if host is None:
                return
            yield host

    def _is_at_host(self) -> bool:
        """Whether the buffer begins with a host, none of it cut out, or behind one."""
        return self._after_host or (self._in_host and self._position == self.host_start)

    def _plain_hosts(self, block: bytes) -> Generator[bytes, None, bytes]:
        """
        Yield hosts that follow each other without a comment, with no search but for their ends.

        It stops at the first thing that needs a closer look, and returns what is left of `block`;
        most of a large scan needs none.
        """
        # One byte is found ten times as fast as two.
        if (b"!" in block and b"<!" in block) or (b"?" in block and b"<?" in block):
            return block
        self._block = block
        begin, done = self._position, 0
        while (end := block.find(HOST_END, done)) >= 0:
            if block.startswith(b"\n<host ", done):
                start = done + 1
            else:
                found = _HOST_START.search(block, done, end)
                if found is None:
                    break
                start = found.start()
                if start != done and not block[done:start].isspace():
                    break
            self._block_done = done = end + len(HOST_END)
            if done - start > MAX_HOST_BYTES:
                raise self._host_too_large()
            self.host_start, self.host_end = begin + start, begin + done
            yield block[start:done]
        self._host_lines += block.count(b"\n", 0, done)
        self._block, self._block_done = b"", 0
        self._position += done
        if done:
            self._in_host, self._after_host = False, True
        return block[done:]

    def _find_host(self) -> bool:
        """Hand what stands before the next host to the parser; return whether one begins."""
        while True:
            if self._buffer.startswith(b"<!--"):
                end = self._buffer.find(_COMMENT_END, max(4, self._searched))
                if end >= 0:
                    self._consume(end + len(_COMMENT_END))
                    continue
                searched = len(self._buffer) - len(_COMMENT_END) + 1
            elif found := _NEXT.search(self._buffer, self._searched):
                is_comment = found[0] == b"<!--"
                self._consume(found.start())
                if is_comment:
                    continue
                if not self._saw_root or self._depth != 1 or self._is_inside_token():
                    raise self.refuse("a <host> where nmap writes none")
                self._in_host, self.host_start = True, self._position
                return True
            else:
                # Whole tags only: newer expats put off an unfinished one until much more came.
                self._consume(self._buffer.rfind(b">", self._searched) + 1)
                searched = len(self._buffer) - len(b"<host")
            self._searched = max(self._searched, searched, 0)
            if len(self._buffer) > MAX_TOKEN_BYTES:
                raise self.refuse(f"a tag of more than {MAX_TOKEN_BYTES >> 20} MB")
            return False

    def _finish_host(self) -> bytes | None:
        """Return the host the buffer begins with, None if its end has not come yet."""
        while found := _HOST_STOP.search(self._buffer, self._searched):
            start, end = found.span()
            if found[0] == HOST_END:
                host = bytes(self._buffer[:end])
                del self._buffer[:end]
                self._position += end
                self.host_end = self._position
                self._host_lines += host.count(b"\n")
                self._in_host, self._after_host, self._searched = False, True, 0
                return host
            if found[0] != b"<!--":
                # `<!` may be a comment whose dashes have not come yet.
                if len(self._buffer) - start < 4 and b"<!--".startswith(self._buffer[start:]):
                    self._searched = start
                    return None
                raise self.refuse("CDATA or a declaration inside a host; nmap writes none")
            closed = self._buffer.find(_COMMENT_END, end)
            if closed < 0:
                self._searched = start
                break
            closed += len(_COMMENT_END)
            self._position += closed - start
            self._host_lines += self._buffer.count(b"\n", start, closed)
            del self._buffer[start:closed]
            self._searched = start
            if self._position - self.host_start > MAX_HOST_BYTES:
                raise self._host_too_large()
        else:
            self._searched = max(self._searched, len(self._buffer) - len(HOST_END) + 1, 0)
        if len(self._buffer) > MAX_HOST_BYTES:
            raise self._host_too_large()
        return None

    def _host_too_large(self) -> UnreadableInputError:
        return self.refuse(f"a host of more than {MAX_HOST_BYTES >> 20} MB")

    def _consume(self, size: int) -> None:
        """Take `size` bytes off the buffer and give them to the parser."""
        self._after_host = False
        if size:
            self._searched = 0
        self._skeleton(bytes(self._buffer[:size]))
        del self._buffer[:size]
        self._position += size

    def close(self) -> None:
        """The stream is over. `is_complete` then says whether it was whole."""
        if self._first and self._buffer:
            self._check_beginning(is_all=True)
        if not self._in_host:
            self._consume(len(self._buffer))
        if not self._saw_root:
            raise UnreadableInputError(f"{self.name}: line 1: is empty or holds no nmap XML")
        self.is_complete = self._depth == 0

    def _check_beginning(self, is_all: bool = False) -> bool:
        """
        Look at the first bytes; return False while there are too few of them.

        A comment before the XML declaration, where XML allows none, is passed over: licence
        tools put one into files they do not understand.
        """
        head = bytes(self._buffer[:4])
        if len(head) < 4 and not is_all:
            return False
        if head.startswith(b"\x1f\x8b"):
            raise UnreadableInputError(
                f"{self.name}: line 1: is compressed with gzip; unpack it first"
            )
        if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
            raise UnreadableInputError(f"{self.name}: line 1: is binary or UTF-16, not nmap XML")
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and head.strip():
            raise UnreadableInputError(f"{self.name}: line 1: is no XML")
        if self._buffer.startswith(b"<!--"):
            end = self._buffer.find(_COMMENT_END) + len(_COMMENT_END)
            behind = self._buffer[end:].lstrip()
            if end < len(_COMMENT_END) or len(behind) < 5:
                if len(self._buffer) > MAX_TOKEN_BYTES:
                    raise self.refuse(f"a comment of more than {MAX_TOKEN_BYTES >> 20} MB")
                if not is_all:
                    return False
            elif behind.startswith(b"<?xml"):
                end = len(self._buffer) - len(behind)
                self._host_lines += self._buffer.count(b"\n", 0, end)
                del self._buffer[:end]
                self._position += end
        self._first = False
        return True

    def _skeleton(self, data: bytes) -> None:
        if not data:
            return
        self._since_event += len(data)
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise self.refuse(reason if self._saw_root else f"is no nmap XML: {reason}") from error
        if self._since_event > MAX_TOKEN_BYTES:
            raise self.refuse(f"a tag of more than {MAX_TOKEN_BYTES >> 20} MB")

    def _is_inside_token(self) -> bool:
        """Whether a comment or a tag is still open, so that a cut here would be wrong."""
        # A processing instruction is reported at once, unless something open swallows it.
        seen: list[str] = []
        self._parser.ProcessingInstructionHandler = lambda target, _data: seen.append(target)
        try:
            self._parser.Parse(b"<?netwatch?>", False)
        except expat.ExpatError:
            return True
        finally:
            self._parser.ProcessingInstructionHandler = self._on_event
        return seen != ["netwatch"]

    def _on_event(self, *_: object) -> None:
        self._since_event = 0

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._since_event = 0
        if encoding and not (_ASCII_COMPATIBLE.fullmatch(encoding) and _is_known(encoding)):
            raise self.refuse(
                f"declares the encoding {clean(encoding, 20)}, which is not supported"
            )
        self.encoding = encoding or "utf-8"

    def _on_doctype(
        self, _name: str, _system: str | None, _public: str | None, has_internal: bool
    ) -> None:
        if has_internal:
            raise self.refuse("has an internal DTD subset; nmap writes none")

    def _on_entity(self, *_: object) -> None:
        raise self.refuse("declares an entity; nmap declares none")

    def _on_cdata(self) -> None:
        raise self.refuse("CDATA; nmap writes none")

    def _on_start(self, tag: str, attributes: dict[str, str]) -> None:
        self._since_event = 0
        if not self._saw_root:
            if tag != "nmaprun":
                raise self.refuse(f"is no nmap XML: its first element is <{clean(tag, 20)}>")
            self._saw_root = True
            self.root = attributes
        elif tag == "host":
            # Such as `<host/>`, or hosts that an endless comment swallowed until the end.
            raise self.refuse("a <host> where nmap writes none")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.refuse(f"more than {MAX_DEPTH} nested elements")
        handler = _HANDLERS.get(tag)
        if handler:
            handler(self, attributes)

    def _on_end(self, _tag: str) -> None:
        self._since_event = 0
        self._depth -= 1
        if self._depth == 1:
            self._scripts = None

    def _nmaprun(self, attributes: dict[str, str]) -> None:
        self.header = replace(
            self.header,
            scanner=clean(attributes.get("scanner", "")),
            arguments=attributes.get("args", ""),
            version=clean(attributes.get("version", "")),
            started_at=_instant(attributes.get("start")),
        )

    def _scaninfo(self, attributes: dict[str, str]) -> None:
        try:
            info = ScanInfo(
                clean(attributes.get("type", "")),
                PortProtocol(attributes.get("protocol", "tcp")),
                Ranges.parse(attributes.get("services", "")),
            )
        except ValueError as error:
            raise self.refuse("a scaninfo that is not nmap's") from error
        if not is_ports(info.ports) or len(self.header.scan_infos) >= MAX_SCAN_INFOS:
            raise self.refuse("a scaninfo that is not nmap's")
        self.header = replace(self.header, scan_infos=(*self.header.scan_infos, info))

    def _task_progress(self, attributes: dict[str, str]) -> None:
        percent = _number(attributes.get("percent"))
        if percent is None:
            return
        self.progress = TaskProgress(clean(attributes.get("task"), 40), min(100.0, percent))

    def _target(self, attributes: dict[str, str]) -> None:
        is_skipped = attributes.get("status") == "skipped"
        if is_skipped and len(self.ending.skipped_targets) < MAX_SKIPPED_TARGETS:
            skipped = clean(attributes.get("specification", ""))
            self.ending = replace(
                self.ending, skipped_targets=(*self.ending.skipped_targets, skipped)
            )

    def _prescript(self, _attributes: dict[str, str]) -> None:
        self._scripts = self.pre_scripts

    def _postscript(self, _attributes: dict[str, str]) -> None:
        self._scripts = self.post_scripts

    def _script(self, attributes: dict[str, str]) -> None:
        if self._scripts is not None and "id" in attributes and "output" in attributes:
            script = ScriptOutput(attributes["id"], attributes["output"])
            # About 200 bytes beside the text: the list must not grow by empty ones either.
            self._scripts_bytes += len(script.id) + len(script.output) + 200
            if self._scripts_bytes > MAX_SCRIPTS_BYTES:
                raise self.refuse(f"prescript results of more than {MAX_SCRIPTS_BYTES >> 20} MB")
            self._scripts.append(script)

    def _finished(self, attributes: dict[str, str]) -> None:
        self.ending = replace(
            self.ending,
            finished=True,
            exit=clean(attributes.get("exit", ""), 20),
            error_message=clean(attributes.get("errormsg", "")),
            ended_at=_instant(attributes.get("time")),
            elapsed_seconds=_number(attributes.get("elapsed")),
        )

    def _hosts(self, attributes: dict[str, str]) -> None:
        up, total = _number(attributes.get("up")), _number(attributes.get("total"))
        self.ending = replace(
            self.ending,
            hosts_up=None if up is None else int(up),
            hosts_total=None if total is None else int(total),
        )


_HANDLERS = {
    "nmaprun": ScanStream._nmaprun,
    "scaninfo": ScanStream._scaninfo,
    "taskprogress": ScanStream._task_progress,
    "target": ScanStream._target,
    "prescript": ScanStream._prescript,
    "postscript": ScanStream._postscript,
    "script": ScanStream._script,
    "finished": ScanStream._finished,
    "hosts": ScanStream._hosts,
}


def is_ports(numbers: Ranges) -> bool:
    """Return whether all numbers are ports'."""
    return all(first >= 0 and last <= MAX_PORT for first, last in numbers.spans)


def _is_known(encoding: str) -> bool:
    """Return whether Python has it: `iso-8859-12` does not exist."""
    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _instant(text: str | None) -> datetime | None:
    number = _number(text)
    return None if number is None else datetime.fromtimestamp(number, UTC)


def _number(text: str | None) -> float | None:
    """Return a number of nmap's; none is negative, infinite or beyond `MAX_NUMBER`."""
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) and 0 <= number <= MAX_NUMBER else None
