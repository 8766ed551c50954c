"""Destinations side by side: children that hang, crash and die, and what is told of them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netwatch_notify.deliver.dispatch import Send, deliver_side_by_side
from netwatch_notify.model.message import Delivery, OutboxEntry, View
from tests.deliver.servers import eventually


def entry(number: int, destination: str = "a") -> OutboxEntry:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return OutboxEntry(number, 1, destination, View("lan", "s"), 0, now)


class Recorder:
    """What was recorded, and when."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Delivery] = {}
        self.order: list[int] = []
        self.seconds: dict[int, float] = {}
        self._begun = time.monotonic()

    def __call__(self, of: OutboxEntry, delivery: Delivery) -> None:
        assert of.id not in self.outcomes
        self.outcomes[of.id] = delivery
        self.order.append(of.id)
        self.seconds[of.id] = time.monotonic() - self._begun


def not_tried(why: str) -> Delivery:
    return Delivery(False, f"not tried: {why}", tried=False)


def lost(reason: str) -> Delivery:
    """Nobody knows whether it arrived."""
    return Delivery(False, reason, uncertain=True)


def open_files() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208


def children() -> set[str]:
    """Our children, zombies too; servers of other tests may be among them."""
    return set(Path("/proc/thread-self/children").read_text().split())


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No child, no open file is left by any of these."""
    files, processes = open_files(), children()
    yield
    assert open_files() == files
    assert children() <= processes


def dispatch(send: Send, *rows: OutboxEntry, deadline: float = 10) -> Recorder:
    jobs: dict[str, list[OutboxEntry]] = {}
    for row in rows:
        jobs.setdefault(row.destination, []).append(row)
    recorder = Recorder()
    deliver_side_by_side(jobs, send, recorder, deadline_seconds=deadline)
    return recorder


def test_rows_of_one_destination_go_in_order_and_one_that_failed_for_good_stops_no_other() -> None:
    def send(of: OutboxEntry) -> Delivery:
        if of.id == 2:
            return Delivery(False, "HTTP 413\x1b[31m\nx", permanent=True)
        return Delivery(True)

    recorder = dispatch(send, entry(1), entry(2), entry(3))

    assert recorder.order == [1, 2, 3]
    assert recorder.outcomes[2] == Delivery(False, "HTTP 413[31m x", permanent=True)
    assert recorder.outcomes[1] == recorder.outcomes[3] == Delivery(True)


def test_after_a_failure_that_may_pass_the_rest_waits_so_that_nothing_overtakes() -> None:
    failed = Delivery(False, "HTTP 429", uncertain=True, retry_after_seconds=30)

    recorder = dispatch(lambda _: failed, entry(1), entry(2), entry(3, "b"))

    assert recorder.outcomes[1] == recorder.outcomes[3] == failed
    assert recorder.outcomes[2] == not_tried("a message before it failed")


def test_a_slow_destination_delays_no_other_and_each_outcome_is_recorded_at_once() -> None:
    def send(of: OutboxEntry) -> Delivery:
        time.sleep(1 if of.destination == "slow" else 0)
        return Delivery(True)

    recorder = dispatch(send, entry(1, "slow"), entry(2, "slow"), entry(3, "b"), entry(4, "b"))

    assert recorder.order == [3, 4, 1, 2]
    assert recorder.seconds[4] < 0.9
    assert recorder.seconds[1] < 1.9


def test_a_send_that_hangs_is_ended_and_the_rest_is_not_tried() -> None:
    def send(of: OutboxEntry) -> Delivery:
        if of.id == 2:
            time.sleep(60)
        return Delivery(True)

    recorder = dispatch(send, entry(1), entry(2), entry(3), entry(9, "b"), deadline=1)

    assert recorder.outcomes == {
        1: Delivery(True),
        2: lost("no answer within 1 s"),
        3: not_tried("a message before it got no answer"),
        9: Delivery(True),
    }
    assert recorder.seconds[3] < 2


def test_a_send_that_ignores_sigterm_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    def send(of: OutboxEntry) -> Delivery:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        hook = subprocess.Popen(["sleep", "60"])
        pid_file.write_text(str(hook.pid))
        hook.wait()
        time.sleep(60)
        return Delivery(True)

    recorder = dispatch(send, entry(1), deadline=0.5)

    assert recorder.outcomes == {1: lost("no answer within 0 s")}
    status = Path(f"/proc/{pid_file.read_text()}/stat")
    assert not status.exists() or status.read_text().split()[2] in "ZX"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "the sender died: SIGKILL"),
        (lambda: os._exit(7), "the sender died: exit status 7"),
        (lambda: sys.exit(3), "the sender died: exit status 1"),
    ],
    ids=["killed", "exited", "sys.exit"],
)
def test_a_child_that_dies_is_told(end: object, reason: str) -> None:
    def send(of: OutboxEntry) -> Delivery:
        end()  # type: ignore[operator]
        return Delivery(True)

    recorder = dispatch(send, entry(1), entry(2))

    assert recorder.outcomes[1] == lost(reason)
    assert recorder.outcomes[2] == not_tried("the sender died")


def test_an_error_in_a_send_is_told_by_its_type_only() -> None:
    def send(of: OutboxEntry) -> Delivery:
        raise RuntimeError("https://token@example.org")

    recorder = dispatch(send, entry(1), entry(2, "b"))

    assert recorder.outcomes[1] == recorder.outcomes[2] == lost("the sender died: RuntimeError")


def test_a_sender_dies_with_the_process_that_claimed_its_message(tmp_path: Path) -> None:
    """Whoever finds the claim free may be sure that nobody is sending any more."""
    code = (
        "import os, time; from pathlib import Path\n"
        "from tests.deliver.test_dispatch import dispatch, entry\n"
        "def send(of):\n"
        f"    Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(60)\n"
        "dispatch(send, entry(1), deadline=60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    assert eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), 20)
    stat = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")

    parent.kill()
    parent.wait()

    assert eventually(lambda: not stat.exists() or stat.read_text().split()[2] in "ZX")


def test_a_child_has_the_default_signal_handlers() -> None:
    def send(of: OutboxEntry) -> Delivery:
        return Delivery(False, str(signal.getsignal(signal.SIGTERM)))

    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        recorder = dispatch(send, entry(1))
    finally:
        signal.signal(signal.SIGTERM, before)

    assert recorder.outcomes[1].reason == str(signal.SIG_DFL)


def test_when_recording_fails_every_child_is_ended() -> None:
    def send(of: OutboxEntry) -> Delivery:
        time.sleep(60 if of.destination == "slow" else 0)
        return Delivery(True)

    def record(of: OutboxEntry, delivery: Delivery) -> None:
        raise OSError("disk full")

    begun = time.monotonic()
    with pytest.raises(OSError, match="disk full"):
        deliver_side_by_side({"slow": [entry(1, "slow")], "b": [entry(2, "b")]}, send, record)
    assert time.monotonic() - begun < 2


def test_a_thread_beside_it_is_no_reason_for_a_warning() -> None:
    stopped = threading.Event()
    thread = threading.Thread(target=stopped.wait)
    thread.start()
    try:
        recorder = dispatch(lambda _: Delivery(True), entry(1))
    finally:
        stopped.set()
        thread.join()

    assert recorder.outcomes[1] == Delivery(True)


def test_nothing_to_send_starts_nothing() -> None:
    deliver_side_by_side({"a": []}, lambda _: Delivery(True), Recorder())


INTERRUPTED_WHILE_IT_FORKS = """
import os, signal, sys, time
from datetime import UTC, datetime
from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.model.message import OutboxEntry, View

def interrupted(number, frame):
    sys.exit(7)

signal.signal(signal.SIGTERM, interrupted)
os.register_at_fork(before=lambda: os.kill(os.getpid(), signal.SIGTERM))
entry = OutboxEntry(1, 1, "mail", View("lan", "", ()), 0, datetime.now(UTC), "")
deliver_side_by_side({"mail": [entry]}, lambda _: time.sleep(60), print)
"""


def test_an_interruption_while_it_forks_is_not_lost() -> None:
    """Python drops what is raised in a hook of os.fork; a run would go on for a minute."""
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_IT_FORKS],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip

    assert (result.returncode, result.stdout, result.stderr) == (7, "", "")
