"""nmap's process: streamed, bounded, and ended with all it started."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netwatch_notify.errors import ScanError
from netwatch_notify.scan.runner import (
    STDERR_KEPT_BYTES,
    NmapRunner,
    end_leftovers,
    find_nmap,
    nmap_version,
)


def program(tmp_path: Path, script: str, shell: str = "/bin/sh") -> str:
    """An executable that stands in for nmap."""
    path = tmp_path / "nmap"
    path.write_text(f"#!{shell}\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def soon(seconds: float = 30) -> float:
    return time.monotonic() + seconds


def is_running(pid: int) -> bool:
    """Zombies do not count: nothing of them runs."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def eventually(fact: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fact():
            return True
        time.sleep(0.02)
    return fact()


def pid_in(path: Path) -> int:
    assert eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def test_stdout_is_handed_on_and_the_outcome_told(tmp_path: Path) -> None:
    nmap = program(tmp_path, 'echo "$1"; echo oops >&2; exit 3')
    chunks: list[bytes] = []
    outcome = NmapRunner().run([nmap, "<nmaprun>"], chunks.append, deadline=soon())
    assert b"".join(chunks) == b"<nmaprun>\n"
    assert (outcome.returncode, outcome.stderr, outcome.timed_out) == (3, "oops\n", False)


def test_output_comes_while_the_program_still_runs(tmp_path: Path) -> None:
    nmap = program(tmp_path, f"echo one; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done")
    outcome = NmapRunner().run([nmap], lambda _chunk: (tmp_path / "go").touch(), deadline=soon(10))
    assert not outcome.timed_out


def test_at_the_time_limit_the_program_and_its_child_are_ended(tmp_path: Path) -> None:
    nmap = program(
        tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; wait"
    )
    started = time.monotonic()
    outcome = NmapRunner().run([nmap], lambda _chunk: None, deadline=soon(0.5))
    assert outcome.timed_out
    assert time.monotonic() - started < 5
    assert not is_running(pid_in(tmp_path / "own"))
    assert eventually(lambda: not is_running(pid_in(tmp_path / "child")))


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    nmap = program(tmp_path, "trap '' TERM; echo x; while :; do sleep 0.1; done")
    outcome = NmapRunner().run([nmap], lambda _chunk: None, deadline=soon(0.5))
    assert outcome.timed_out
    assert outcome.returncode == -signal.SIGKILL


def test_a_child_that_ignores_sigterm_does_not_hold_up_the_time_limit(tmp_path: Path) -> None:
    child = "trap '' TERM; i=0; while [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done"
    nmap = program(tmp_path, f'sh -c "{child.replace("$", chr(92) + "$")}" & wait')
    started = time.monotonic()
    assert NmapRunner().run([nmap], lambda _chunk: None, deadline=soon(0.5)).timed_out
    assert time.monotonic() - started < 4


def test_ten_megabytes_of_stderr_neither_block_nor_fill_memory(tmp_path: Path) -> None:
    script = (
        "import sys; sys.stderr.write('first\\n' + 'x' * (10 << 20) + '\\nlast\\n'); print('ok')"
    )
    chunks: list[bytes] = []
    outcome = NmapRunner().run([sys.executable, "-c", script], chunks.append, deadline=soon())
    assert b"".join(chunks) == b"ok\n"
    assert len(outcome.stderr) < 3 * STDERR_KEPT_BYTES
    assert outcome.stderr.startswith("first\n")
    assert outcome.stderr.endswith("\nlast\n")


def test_what_the_consumer_raises_ends_the_program(tmp_path: Path) -> None:
    nmap = program(tmp_path, f"echo $$ > {tmp_path}/own; echo x; exec sleep 60")

    def refuse(_chunk: bytes) -> None:
        raise ValueError("no nmap XML")

    with pytest.raises(ValueError, match="no nmap XML"):
        NmapRunner().run([nmap], refuse, deadline=soon())
    assert not is_running(pid_in(tmp_path / "own"))


def test_a_program_that_is_not_there_is_a_scan_error(tmp_path: Path) -> None:
    runner = NmapRunner()
    runner._prefix = []
    with pytest.raises(ScanError, match="did not start"):
        runner.run([str(tmp_path / "none")], deadline=soon())


def test_stop_ends_all_and_starts_no_more(tmp_path: Path) -> None:
    nmap = program(tmp_path, f"echo $$ > {tmp_path}/$1; exec sleep 60")
    runner = NmapRunner()
    codes: list[int] = []

    def run(name: str) -> None:
        codes.append(runner.run([nmap, name], deadline=soon()).returncode)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    pids = [pid_in(tmp_path / name) for name in ("a", "b", "c")]
    runner.stop()
    for thread in threads:
        thread.join(10)
    assert codes == [-signal.SIGTERM] * 3
    assert not any(map(is_running, pids))
    assert runner.is_stopped
    with pytest.raises(ScanError, match="not started"):
        runner.run([nmap, "d"], deadline=soon())


def test_the_pids_of_running_programs_are_recorded(tmp_path: Path) -> None:
    record = tmp_path / "pids"
    nmap = program(tmp_path, f"cat {record}")
    chunks: list[bytes] = []
    runner = NmapRunner(record)
    nmap = program(tmp_path, f"sleep 0.2; cat {record}; echo $$")
    runner.run([nmap], chunks.append, deadline=soon())
    recorded, own = b"".join(chunks).decode().splitlines()
    assert recorded.split()[0] == own
    assert recorded.split()[1].isdecimal()
    assert record.read_text() == ""
    assert runner.seconds >= 0.2


def ticks_of(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return stat.rpartition(")")[2].split()[19]


def test_only_the_recorded_process_is_ended_by_the_next_run(tmp_path: Path) -> None:
    left, stranger = (
        subprocess.Popen(["sleep", "60"], process_group=0),
        subprocess.Popen(["sleep", "60"], process_group=0),
    )
    record = tmp_path / "pids"
    try:
        # The stranger got the number of an nmap that started a tick earlier.
        earlier = int(ticks_of(stranger.pid)) - 1
        record.write_text(
            f"{left.pid} {ticks_of(left.pid)}\n{stranger.pid} {earlier}\n"
            f"{stranger.pid}\nx y\n-1 5\n",
            encoding="ascii",
        )
        assert end_leftovers(record) == 1
        assert left.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None
        assert not record.exists()
    finally:
        for process in (left, stranger):
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe 1\n", b"garbage"])
def test_a_record_that_holds_nothing_ends_nothing(tmp_path: Path, content: bytes | None) -> None:
    record = tmp_path / "pids"
    if content is not None:
        record.write_bytes(content)
    assert end_leftovers(record) == 0


PARENT = """
import sys, time
from pathlib import Path
from netwatch_notify.scan.runner import NmapRunner
runner = NmapRunner(Path(sys.argv[2]))
runner.run([sys.argv[1]], lambda chunk: None, deadline=time.monotonic() + 60)
"""


def test_an_nmap_does_not_outlive_a_killed_run(tmp_path: Path) -> None:
    nmap = program(tmp_path, f"echo $$ > {tmp_path}/own; exec sleep 60")
    record = tmp_path / "pids"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, nmap, str(record)])
    try:
        own = pid_in(tmp_path / "own")
        assert is_running(own)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(5)
        assert eventually(lambda: not is_running(own), 2)
    finally:
        parent.kill()
        parent.wait()
        end_leftovers(record)


def test_nmap_is_the_configured_one_or_the_first_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nmap = program(tmp_path, "echo Nmap version 7.93 '( https://nmap.org )'; echo more")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert find_nmap(None) == nmap
    assert find_nmap(Path("/bin/sh")) == "/bin/sh"
    assert nmap_version(nmap) == "Nmap version 7.93 ( https://nmap.org )"


def test_a_missing_nmap_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScanError, match="install it or set NETWATCH_NMAP_PATH"):
        find_nmap(None)
    for wrong in (tmp_path, tmp_path / "none"):
        with pytest.raises(ScanError, match="not an executable"):
            find_nmap(wrong)
    with pytest.raises(ScanError, match="does not run"):
        nmap_version(program(tmp_path, "exit 1"))
