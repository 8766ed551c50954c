"""`status`: what went on, whatever else goes on."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from netwatch_notify.model.change import Severity
from netwatch_notify.model.figures import Figures, Waiting
from netwatch_notify.report.status import outbox_rows, runs_table, status_lines
from netwatch_notify.store.database import Database, run_lock
from netwatch_notify.store.running import Running, running
from netwatch_notify.store.summaries import RunSummary, last_runs
from tests.conftest import Program

REFUSED = "json://127.0.0.1:1/TOKEN-that-is-secret"
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
HOSTILE = "\x1b[2J\u202eevil\nforged row"


def run_of(number: int, status: str = "done", **facts: object) -> RunSummary:
    given: dict[str, object] = {
        "kind": "run",
        "started_at": NOW - timedelta(hours=5),
        "ended_at": NOW - timedelta(hours=5) + timedelta(seconds=75),
        "fast_seconds": 60.0,
        "detail_seconds": 12.0,
        "hosts_up": 59,
        "changes": {},
        "problems": (),
    }
    return RunSummary(id=number, status=status, **(given | facts))  # type: ignore[arg-type]


def test_the_last_runs_and_what_waits_are_one_page(program: Program) -> None:
    """Newest first, with what each told; then the outbox, the ledger and the disk."""
    program.network({"192.0.2.1": [22]})
    program.run("run", NETWATCH_NOTIFY=REFUSED)
    program.network({"192.0.2.1": [22, 23], "192.0.2.2": [80]})
    program.run("run", NETWATCH_NOTIFY=REFUSED)

    # It needs neither targets nor a destination that can be read.
    del program.environment["NETWATCH_TARGETS"]
    shown = program.run("status", TZ="Europe/Berlin")
    only = program.run("status", "-n", "1")
    body = json.loads(program.run("status", "--json").stdout)

    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0].split() == [
        *("RUN", "BEGAN", "KIND", "ENDED", "TOOK", "UP", "TOLD", "PROBLEMS")
    ]
    assert lines[1].startswith("2    ")
    assert "1 new device, 1 port opened" in lines[1]
    assert lines[2].startswith("1    ")
    assert any(line.startswith("json ") and "connection refused" in line for line in lines)
    assert "Outbox: 1 message, the oldest less than a day old; netwatch-notify outbox list" in lines
    assert "Not accepted yet: 2 changes (1 critical, 1 warning)" in lines
    assert "TOKEN" not in shown.stdout + json.dumps(body)
    assert [line.split()[0] for line in only.stdout.splitlines()[:2]] == ["RUN", "2"]
    assert "\n1    " not in only.stdout
    assert [run["id"] for run in body["runs"]] == [2, 1]
    assert body["runs"][0]["changes"] == {"host-new": 1, "port-opened": 1}
    assert body["running"] is None
    (outbox,) = body["outbox"]
    assert (outbox["waiting"], outbox["reason"]) == (1, "connection refused")
    assert body["still_open"] == {"critical": 1, "warning": 1, "info": 0}
    assert body["disk_bytes"] > body["database_bytes"] > 0


def test_it_works_while_a_run_goes_on_and_says_so(program: Program) -> None:
    """It takes no lock, holds nobody up, and names the pid."""
    program.network({"192.0.2.1": [22]})
    started = program.folder / "started"
    os.mkfifo(started)
    program.network({"192.0.2.1": [22]}, fast={"started": str(started), "sleep": 60})
    process = subprocess.Popen(
        program.command("run"), env=program.environment, stderr=subprocess.DEVNULL
    )
    started.read_text()  # until nmap is at work
    try:
        shown = program.run("status")
        body = json.loads(program.run("status", "--json").stdout)
        mode = program.state.stat().st_mode
        before = sorted(path.name for path in program.state.iterdir())
    finally:
        process.kill()
        process.wait(30)
    after = program.run("status")

    assert f"Running now: pid {process.pid}, since " in shown.stdout
    assert "  running" in shown.stdout
    assert body["running"]["pid"] == process.pid
    assert "Running now" not in after.stdout
    assert "  killed" in after.stdout
    assert mode == program.state.stat().st_mode
    assert before == sorted(path.name for path in program.state.iterdir())


def test_before_the_first_run_it_says_so(program: Program) -> None:
    """There is nothing to show, and nothing is made."""
    result = program.run("status")

    assert result.returncode == 2
    assert "no run was made yet" in result.stderr
    assert not program.state.exists()


def test_only_the_newest_unfinished_run_is_running() -> None:
    """An older one was killed, whatever runs now."""
    runs = [run_of(3, "running", ended_at=None), run_of(2, "running", ended_at=None), run_of(1)]
    process = Running(4711, NOW - timedelta(minutes=5))

    def ended(process: Running | None) -> list[str]:
        return [row[3] for row in runs_table(runs, process, NOW, UTC).rows]

    assert ended(process) == ["running", "killed", "done"]
    assert ended(None) == ["killed", "killed", "done"]


def test_a_row_says_in_few_words_what_a_run_told() -> None:
    """Problems by the first; a told interruption is an interruption; `ingest` took no time."""
    problems = ("192.0.2.0/24 was not scanned: no route to host; " + "x" * 200, "another")
    rows = runs_table(
        [
            run_of(9, "partial", problems=problems, changes={"port-opened": 2000, "host-new": 1}),
            run_of(8, "interrupted-told", hosts_up=None),
            run_of(7, kind="ingest"),
        ],
        None,
        NOW,
        UTC,
    ).rows

    assert rows[0][:7] == (
        *("9", "Tue 24 Nov 03:30", "run", "partial", "1 min", "59"),
        "2,000 ports opened, 1 new device",
    )
    assert rows[0][7].startswith("192.0.2.0/24 was not scanned: no route to host; xx")
    assert rows[0][7].endswith("x… (and 1 more)")
    assert rows[1][3:6] == ("interrupted", "1 min", "")
    assert rows[2][4] == ""


def test_lines_name_what_is_held_and_what_never_ended_well() -> None:
    """Nothing is said of what is not there."""
    figures = Figures(
        "lan",
        held_ranges=2,
        destinations=(Waiting("slack", failed=2, oldest_at=NOW - timedelta(days=3)),),
        still_open={Severity.INFO: 1},
        database_bytes=52_000_000,
    )

    assert list(status_lines(figures, 1_240_000_000, None, NOW, UTC)) == [
        "Last good run: none yet",
        "Outbox: 2 messages, the oldest 3 days old; netwatch-notify outbox list",
        "Not accepted yet: 1 change (1 info)",
        "Held back: 2 ranges",
        "Disk: 1,240 MB, of it the database 52 MB",
    ]
    assert list(status_lines(Figures("lan"), 0, None, NOW, UTC))[1:3] == [
        "Outbox: every message has arrived",
        "Not accepted yet: 0 changes",
    ]


def test_hostile_text_stays_in_its_cell(tmp_path: Path) -> None:
    """A problem quotes nmap, and a reason a server."""
    tables = (
        runs_table([run_of(1, problems=(HOSTILE,))], None, NOW, UTC),
        outbox_rows([Waiting(HOSTILE, waiting=1, failing=1, reason=HOSTILE)], NOW, UTC),
    )
    code = (
        "import sys, pickle; from netwatch_notify.cli.tables import print_tables; "
        "print_tables(pickle.load(sys.stdin.buffer))"
    )
    import pickle

    printed = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(tables), capture_output=True, check=True
    ).stdout.decode()

    assert not set("\x1b\u202e") & set(printed)
    assert not any(line.startswith("forged") for line in printed.splitlines())
    assert "evil forged row" in printed


def test_the_holder_of_the_lock_is_found_without_touching_it(tmp_path: Path) -> None:
    """A look never makes a run give up that begins in that moment."""
    assert running(tmp_path) is None
    with run_lock(tmp_path):
        found = running(tmp_path)
        assert found is not None
        assert found.pid == os.getpid()
        assert abs(found.since - datetime.now(UTC)) < timedelta(minutes=1)
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    assert running(tmp_path) is None


@pytest.mark.parametrize("text", ["", "nonsense", "99999999999999999999\n"])
def test_a_lock_file_that_says_nothing_is_nobodys(tmp_path: Path, text: str) -> None:
    """It is empty between two lines of the run that takes it."""
    (tmp_path / "lock").write_text(text)

    assert running(tmp_path) is None


def test_summaries_count_what_was_told(tmp_path: Path) -> None:
    """Newest first, as many as asked for; what a rule kept quiet is not counted."""
    database = Database.open(tmp_path, "lan")
    with database.atomic():
        for number in (1, 2, 3):
            database.connection.execute(
                "INSERT INTO runs (id, kind, status, started_at, problems) "
                "VALUES (?, 'run', 'done', '2026-11-24T03:00:00+00:00', '[\"p\"]')",
                (number,),
            )
        for run, change, kind, hidden in (
            *((1, "a", "host-new", None), (3, "b", "host-new", None)),
            *((3, "c", "host-new", None), (3, "d", "port-opened", None)),
            (3, "e", "port-opened", 7),
        ):
            database.connection.execute(
                "INSERT INTO changes (run_id, id, kind, severity, address, body, hidden_by) "
                "VALUES (?, ?, ?, 'info', '192.0.2.1', '{}', ?)",
                (run, change, kind, hidden),
            )
    try:
        assert [run.id for run in last_runs(database, 0)] == [3, 2, 1]
        newest, middle = last_runs(database, 2)
    finally:
        database.close()
    assert newest.changes == {"host-new": 2, "port-opened": 1}
    assert (middle.changes, middle.problems, middle.seconds) == ({}, ("p",), None)
