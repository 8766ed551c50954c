"""
All destinations side by side, each in a process of its own that can be killed.

A thread cannot be stopped, and a server that drips one byte a second keeps any socket timeout
from ending it; six of those in one pool of threads made a healthy destination time out.
"""

import ctypes
import json
import os
import selectors
import signal
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from math import ceil

from netwatch_notify.model.message import Delivery, OutboxEntry
from netwatch_notify.model.text import clean

DEADLINE_SECONDS = 60.0
"""For one message: apprise's own limits are 4 s to connect and 4 s a read; mail has 15 s."""
GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL."""
REASON_LIMIT = 300
_INTERRUPTIONS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1
"""linux/prctl.h."""

Send = Callable[[OutboxEntry], Delivery]
Record = Callable[[OutboxEntry, Delivery], None]


@dataclass(slots=True)
class _Sender:
    """One child and what it still owes."""

    pid: int
    pipe: int
    waiting: list[OutboxEntry]
    deadline_seconds: float
    started_at: float
    """When it began its present message; monotonic, like the others."""
    received: bytes = b""
    ended_by_us_at: float | None = None
    hung: OutboxEntry | None = None
    """The message it was ended for."""
    killed: bool = False

    @property
    def due_at(self) -> float:
        """When something has to be done about it, should nothing come in."""
        if self.killed:
            return time.monotonic() + 1  # the end of its pipe is all there is to come
        if self.ended_by_us_at is not None:
            return self.ended_by_us_at + GRACE_SECONDS
        return self.started_at + self.deadline_seconds


def deliver_side_by_side(
    jobs: Mapping[str, Sequence[OutboxEntry]],
    send: Send,
    record: Record,
    *,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> None:
    """
    Send each destination's rows in their order, all destinations at once.

    After a failure that may pass, the destination's other rows are not tried: what came after
    would arrive before. After one for good they are: it may be about that row alone.
    `send` runs in a forked child; `record` runs here, as soon as each outcome is known, once for
    every row. Whatever a child does becomes a Delivery; only `record` can raise. When it does,
    or a signal's handler does, every child is ended before this returns.
    """
    senders: list[_Sender] = []
    try:
        with selectors.DefaultSelector() as selector:
            for entries in jobs.values():
                if entries:
                    _start(list(entries), send, record, senders, selector, deadline_seconds)
            while selector.get_map():
                _step(senders, selector, record)
    finally:
        for sender in senders:
            _end(sender, signal.SIGKILL)
            _reap(sender)


def _start(
    entries: list[OutboxEntry],
    send: Send,
    record: Record,
    senders: list[_Sender],
    selector: selectors.BaseSelector,
    deadline_seconds: float,
) -> None:
    reading, writing = os.pipe()
    parent = os.getpid()
    # A handler's exception is dropped where it is raised in a hook of os.fork (logging has one),
    # and the interruption with it; and until the child is listed, nobody would end it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of a fork beside threads, for a child that takes a lock which a
            # thread held. Ours waits for no thread of the parent's, and a child that did hang
            # is killed at its deadline and told.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", Warning)
            pid = os.fork()
        if pid == 0:
            pipes = [reading, *(s.pipe for s in senders)]
            _child(entries, send, writing, parent, pipes, deadline_seconds)
        os.close(writing)
        sender = _Sender(pid, reading, entries, deadline_seconds, time.monotonic())
        senders.append(sender)
    except OSError as error:
        os.close(reading)
        os.close(writing)
        # The first counts as tried, or nobody would ever hear that nothing leaves.
        for number, entry in enumerate(entries):
            reason = f"no process for the sender: {error.strerror}"
            record(entry, Delivery(False, reason, tried=number == 0))
        return
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with suppress(OSError):  # the child does it, too; whoever comes first
        os.setpgid(pid, pid)
    selector.register(reading, selectors.EVENT_READ, sender)


def _step(
    senders: list[_Sender],
    selector: selectors.BaseSelector,
    record: Record,
) -> None:
    """Take what has come in, then end who is late."""
    open_senders = [key.data for key in selector.get_map().values()]
    due = min(sender.due_at for sender in open_senders)
    ready = {key.data.pid for key, _ in selector.select(timeout=max(due - time.monotonic(), 0.001))}
    for sender in open_senders:
        if sender.pid in ready:
            _receive(sender, selector, record)
        elif time.monotonic() >= sender.due_at:
            _hurry(sender)
    senders[:] = [sender for sender in senders if sender.pipe >= 0]


def _receive(sender: _Sender, selector: selectors.BaseSelector, record: Record) -> None:
    chunk = os.read(sender.pipe, 65536)
    *lines, sender.received = (sender.received + chunk).split(b"\n")
    for line in lines:
        sender.started_at = time.monotonic()
        record(sender.waiting.pop(0), Delivery(**json.loads(line)))
    if chunk:
        return
    selector.unregister(sender.pipe)
    status = _reap(sender)
    for number, entry in enumerate(sender.waiting):
        record(entry, _left_over(sender, entry, number, status))


def _left_over(sender: _Sender, entry: OutboxEntry, number: int, status: int) -> Delivery:
    """Return what became of an entry that has no outcome of its own."""
    if sender.ended_by_us_at is not None:
        if entry is sender.hung:
            reason = f"no answer within {sender.deadline_seconds:.0f} s"
            return Delivery(False, reason, uncertain=True)
        return _not_tried("a message before it got no answer")
    if number:
        return _not_tried("the sender died")
    return Delivery(False, f"the sender died: {_how(status)}", uncertain=True)


def _not_tried(why: str) -> Delivery:
    return Delivery(False, f"not tried: {why}", tried=False)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit status {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _hurry(sender: _Sender) -> None:
    if sender.ended_by_us_at is None:
        sender.ended_by_us_at = time.monotonic()
        sender.hung = sender.waiting[0] if sender.waiting else None
        _end(sender, signal.SIGTERM)
    else:
        sender.killed = True
        _end(sender, signal.SIGKILL)


def _end(sender: _Sender, number: signal.Signals) -> None:
    """Signal the child and what it started (a hook): its group bears its own pid."""
    with suppress(OSError):
        os.killpg(sender.pid, number)
    with suppress(OSError):
        os.kill(sender.pid, number)


def _reap(sender: _Sender) -> int:
    """Close the pipe and wait for the child, which has ended or is about to."""
    os.close(sender.pipe)
    sender.pipe = -1
    status = 0
    with suppress(ChildProcessError):
        # It closed its pipe by ending; if it closed it otherwise, it is not waited for long.
        for _ in range(100):
            pid, status = os.waitpid(sender.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.01)
        else:
            _end(sender, signal.SIGKILL)
            _, status = os.waitpid(sender.pid, 0)
    with suppress(OSError):
        os.killpg(sender.pid, signal.SIGKILL)
    return status


def _child(
    entries: Sequence[OutboxEntry],
    send: Send,
    pipe: int,
    parent: int,
    foreign_pipes: Sequence[int],
    deadline_seconds: float,
) -> None:
    """Send and report row by row, then end without any of the parent's farewells."""
    status = 1
    try:
        _forget_the_parent(parent, foreign_pipes)
        is_passing = False
        for entry in entries:
            # Should the parent be gone, nobody else ends a send that hangs.
            signal.alarm(ceil(deadline_seconds + 2 * GRACE_SECONDS) + 1)
            failed_before = _not_tried("a message before it failed")
            outcome = failed_before if is_passing else _send_one(entry, send)
            is_passing = not (outcome.delivered or outcome.permanent)
            outcome = replace(outcome, reason=clean(outcome.reason, REASON_LIMIT))
            os.write(pipe, json.dumps(asdict(outcome)).encode() + b"\n")
        status = 0
    finally:
        # Not sys.exit: buffers, atexit handlers and database connections are the parent's.
        os._exit(status)


def _send_one(entry: OutboxEntry, send: Send) -> Delivery:
    try:
        return send(entry)
    except Exception as error:
        # The type only: the text of a foreign error may quote the URL.
        return Delivery(False, f"the sender died: {type(error).__name__}", uncertain=True)


def _die_with_the_parent(parent: int) -> None:
    """
    Have the kernel end us when the parent dies, however it dies.

    Its claim is then free at once, and nobody may be sending under it any more.
    """
    with suppress(OSError, AttributeError):  # not every libc has it; the alarm ends us, too
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it died before we asked


def _forget_the_parent(parent: int, foreign_pipes: Sequence[int]) -> None:
    with suppress(OSError):
        os.setpgid(0, 0)
    _die_with_the_parent(parent)
    signal.set_wakeup_fd(-1)
    # SIGPIPE stays ignored, as Python has it: a server that hangs up is an error, not our end.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for pipe in foreign_pipes:
        os.close(pipe)
