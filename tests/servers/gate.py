"""
A gate before a real server: it passes on what clients say, writes it down, and plays failures.

One mechanism for HTTP and SMTP: what a client says is held until it is whole (a request, a line,
a message), and then passed on, answered in the server's place, or left without an answer.
"""

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST_SECONDS = 120.0
"""No connection lives longer."""
DRIP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail."""

    name: str
    manner: str = "answer"
    """`answer`: in the server's place; `hang`: say nothing; `drip`: a piece at a time, without
    end; `close`: hang up before the server had it; `lose`: let the server have it, keep its answer
    back and hang up; `refuse`: nobody listens."""
    stage: str = ""
    """At which of the client's words; empty: at the first whole one."""
    answer: bytes = b""
    is_permanent: bool = False
    rest_seconds: float = 0.0
    """How long the answer asks for patience."""


@dataclass(frozen=True, slots=True)
class Said:
    """One whole word of a client: what it was, and what came of it."""

    at: float
    """Seconds since 1970."""
    words: bytes
    stage: str
    fault: Fault | None
    is_taken: bool
    """Whether the server had it."""


class HttpTalk:
    """A request with its body is one word; its stage is its method."""

    stages = frozenset({"GET", "POST", "PUT"})
    drip = b"X"
    # No status: with one, a head that ends in the middle would count as an answer.
    first_drip = b"HTTP/1.1 "

    def stage(self, words: bytes) -> str | None:
        """Return which stage the words are; None while they are not whole."""
        head, end, body = words.partition(b"\r\n\r\n")
        length = re.search(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
        if not end or len(body) < int(length[1] if length else 0):
            return None
        return words.split(b" ", 1)[0].decode()


class MailTalk:
    """A command is one word, and so is the message; commands' stages are their names."""

    stages = frozenset({"RCPT", "MESSAGE"})
    drip = b"250-still thinking\r\n"
    first_drip = drip

    def __init__(self) -> None:
        self.is_message = False

    def stage(self, words: bytes) -> str | None:
        """Return which stage the words are; None while they are not whole."""
        if not words.endswith(b"\r\n.\r\n" if self.is_message else b"\r\n"):
            return None
        name = "MESSAGE" if self.is_message else words[:4].decode("latin-1").strip().upper()
        self.is_message = name == "DATA"
        return name


@dataclass
class Gate:
    """
    Serves a port of its own until its block ends; what it is told holds for new connections.

    `may_go` ends a hang or a drip: it is asked again and again, with the second it began.
    """

    upstream: int
    talk: Callable[[], HttpTalk | MailTalk]
    may_go: Callable[[float], bool] = lambda began: time.time() - began > 1
    said: list[Said] = field(default_factory=list)
    """The words that matter, by the talk's stages; of connections that end before, the end."""
    _fault: Fault | None = None

    def __enter__(self) -> "Gate":
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._serve()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._close()
        for thread in self._threads:
            thread.join(10)

    @property
    def fault(self) -> Fault | None:
        return self._fault

    def play(self, fault: Fault | None) -> None:
        """Fail so from now on; None: be as good as the server."""
        was_closed = self._is_closed
        self._fault = fault
        if self._is_closed != was_closed:
            self._close()
            self._socket = socket.socket()
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", self.port))  # bound but not listening, it refuses
            if was_closed:
                self._socket.listen()
                self._serve()

    @property
    def _is_closed(self) -> bool:
        return self._fault is not None and self._fault.manner == "refuse"

    def _serve(self) -> None:
        thread = threading.Thread(target=self._accept, args=(self._socket,))
        self._threads.append(thread)
        thread.start()

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # one that never listened
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._pass, args=(client, self._fault))
            self._threads.append(thread)
            thread.start()

    def _pass(self, client: socket.socket, fault: Fault | None) -> None:
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(("127.0.0.1", self.upstream)) as server,
        ):
            self._relay(client, server, fault)

    def _relay(self, client: socket.socket, server: socket.socket, fault: Fault | None) -> None:
        """Pass words on in both directions until one side, or the fault, ends it."""
        talk, held, is_lost = self.talk(), b"", False
        ends_at = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < ends_at and not self._stopped.is_set():
            ready, _, _ = select.select([client, server], [], [], 0.1)
            if server in ready:
                answer = server.recv(65536)
                if not answer or is_lost:
                    return
                client.sendall(answer)
            if client not in ready:
                continue
            heard = client.recv(65536)
            if not heard:
                return
            held += heard
            stage = talk.stage(held)
            if stage is None:
                continue
            plays = fault if fault and fault.stage in ("", stage) else None
            is_taken = plays is None or plays.manner == "lose"
            if stage in talk.stages or plays:
                self._note(held, stage, plays, is_taken)
            if is_taken:
                server.sendall(held)
            held, is_lost = b"", is_taken and plays is not None
            if plays and not is_lost and not self._play(client, plays, talk):
                return

    def _note(self, words: bytes, stage: str, fault: Fault | None, is_taken: bool) -> None:
        with self._lock:
            self.said.append(Said(time.time(), words, stage, fault, is_taken))

    def _play(self, client: socket.socket, fault: Fault, talk: HttpTalk | MailTalk) -> bool:
        """Do what the fault says, and return whether the talk goes on."""
        if fault.manner == "answer":
            client.sendall(fault.answer)
            # After a command the server goes on; of a message it still waits for the end.
            return isinstance(talk, MailTalk) and fault.stage != "MESSAGE"
        if fault.manner in ("hang", "drip"):
            began, piece = time.time(), talk.first_drip
            while not self.may_go(began) and not self._stopped.wait(DRIP_SECONDS):
                if fault.manner == "drip":
                    client.sendall(piece)
                    piece = talk.drip
                elif select.select([client], [], [], 0)[0] and not client.recv(65536):
                    break  # the client has lost its patience
        return False
