"""The metrics file: written by every run, whole or not at all, and never in a run's way."""

import os
import signal
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from netwatch_notify.pipeline.metrics import write_metrics
from netwatch_notify.store.database import Database
from tests.conftest import Program
from tests.deliver.servers import http_server
from tests.report.test_metrics import read
from tests.servers.promtool import assert_clean

REFUSED = "json://127.0.0.1:1/TOKEN-that-is-secret"


@pytest.fixture
def file(program: Program) -> Path:
    """The file that the program writes, and a network with something in it."""
    folder = program.folder / "collected"
    folder.mkdir()
    path = folder / "lan.prom"
    program.environment["NETWATCH_METRICS_FILE"] = str(path)
    program.network({"192.0.2.1": [22]})
    return path


def samples(file: Path) -> dict[tuple[str, ...], float]:
    """Read the file; it must please promtool, be for all to read, and have no draft beside it."""
    text = file.read_text(encoding="utf-8")
    assert_clean(text)
    assert "TOKEN" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(file.parent.iterdir()) == [file]
    return read(text)


def test_a_run_writes_it_and_a_delivery_renews_it(program: Program, file: Path) -> None:
    """What was refused counts as waiting until it has arrived."""
    program.run("run", NETWATCH_NOTIFY=REFUSED)
    first = samples(file)
    program.network({"192.0.2.1": [22, 23], "192.0.2.2": [80]})
    program.run("run", NETWATCH_NOTIFY=REFUSED)
    second = samples(file)
    before = file.stat()
    program.run("deliver", NETWATCH_NOTIFY=REFUSED)
    idle = file.stat()
    program.run("accept", "2")
    program.run("outbox", "retry", "--all")
    with http_server() as server:
        program.run("deliver", NETWATCH_NOTIFY=f"json://127.0.0.1:{server.port}/x")
    third = samples(file)

    assert first["last_run_status", "done"] == first["hosts_up",] == 1
    assert first["last_scan_parts", "properly"] == 1
    assert second["runs_total",] == second["hosts_up",] == 2
    assert second["last_run_changes", "host-new"] == second["changes_total", "host-new"] == 1
    assert second["changes_total", "port-opened"] == 1
    assert second["outbox_messages", "json", "waiting"] == 1
    assert second["outbox_failing_messages", "json"] == 1
    assert second["still_open_changes", "critical"] == 1
    # Nothing was due, so nothing changed, and nothing was written.
    assert (idle.st_ino, idle.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert third["outbox_messages", "json", "waiting"] == 0
    assert third["outbox_failing_messages", "json"] == 0
    # What a person did shows with the next delivery.
    assert third["still_open_changes", "critical"] == 0
    assert third["last_delivery_timestamp_seconds", "json"] > 0


def test_counters_go_on_where_the_history_forgets(program: Program, file: Path) -> None:
    """A counter that fell would count as begun anew, and a rate would show all of it again."""
    program.run("run")
    program.network({"192.0.2.1": [22, 80]})
    program.run("run")
    database = Database.open(program.state, "lan")
    with database.atomic():
        database.connection.execute("DELETE FROM changes")
    database.close()
    program.network({"192.0.2.1": [22, 80, 443]})
    program.run("run")

    assert samples(file)["changes_total", "port-opened"] == 2


def test_a_failed_run_writes_it_too(program: Program, file: Path) -> None:
    """The last good run stands beside the one that failed."""
    program.run("run")
    good = samples(file)["last_good_run_timestamp_seconds",]
    program.network({"192.0.2.1": [22]}, fast={"exit_text": "error", "errormsg": "no route"})

    assert program.run("run").returncode == 3

    now = samples(file)
    assert now["last_run_status", "failed"] == now["last_scan_parts", "badly"] == 1
    assert now["last_run_problems",] == 1
    assert now["last_good_run_timestamp_seconds",] == good
    assert now["last_run_end_timestamp_seconds",] > good


def test_a_clock_that_was_wrong_does_not_stay_the_last_good_run(
    program: Program, file: Path
) -> None:
    """Else no alert on its age would come until that year."""
    program.run("run")
    database = Database.open(program.state, "lan")
    with database.atomic():
        database.connection.execute("UPDATE runs SET ended_at = '2099' || substr(ended_at, 5)")
    database.close()
    program.run("run")

    now = samples(file)
    assert now["last_good_run_timestamp_seconds",] == now["last_run_end_timestamp_seconds",]


def test_an_interrupted_run_writes_it_too(program: Program, file: Path) -> None:
    """SIGTERM, as at a shutdown."""
    started = program.folder / "started"
    os.mkfifo(started)
    program.network({"192.0.2.1": [22]}, fast={"started": str(started), "sleep": 60})
    process = subprocess.Popen(
        program.command("run"), env=program.environment, stderr=subprocess.DEVNULL
    )
    started.read_text()  # until nmap is at work
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 3
    assert samples(file)["last_run_status", "interrupted"] == 1


def test_a_state_that_cannot_be_used_is_a_sample(program: Program, file: Path) -> None:
    """What cannot be read is left out, rather than told wrongly."""
    program.run("run")
    database = program.state / "netwatch.db"
    database.write_bytes(b"no database" * 1000)

    assert program.run("run").returncode == 6

    assert samples(file)["state_usable",] == 0
    assert ("hosts_up",) not in samples(file)


def test_a_preview_and_a_second_run_leave_it_alone(program: Program, file: Path) -> None:
    """Neither of them is the last run."""
    started = program.folder / "started"
    os.mkfifo(started)
    program.run("--dry-run")
    assert not file.exists()
    program.network({"192.0.2.1": [22]}, fast={"started": str(started), "sleep": 60})
    process = subprocess.Popen(
        program.command("run"), env=program.environment, stderr=subprocess.DEVNULL
    )
    started.read_text()
    try:
        assert program.run("run").returncode == 5
        assert not file.exists()
    finally:
        process.terminate()
        process.wait(30)


def test_a_folder_that_is_not_there_fails_no_run(program: Program, file: Path) -> None:
    """It is a warning; `deliver` does not repeat it every ten minutes."""
    file.parent.rmdir()

    run = program.run("run", NETWATCH_NOTIFY=f"{REFUSED}?retry=0")
    deliver = program.run("deliver", NETWATCH_NOTIFY=REFUSED)

    assert run.returncode == 4
    assert "lan.prom: the metrics could not be written: No such file or directory; set" in (
        run.stderr
    )
    assert (deliver.returncode, deliver.stderr) == (0, "")


def test_two_networks_do_not_share_a_file(program: Program, file: Path) -> None:
    """The second leaves the first one's alone and says what to do; one file each is fine."""
    program.run("run")
    before = file.read_text()
    other = {"NETWATCH_NETWORK": "dmz", "NETWATCH_STATE_DIR": str(program.folder / "dmz")}

    result = program.run("run", **other)

    assert result.returncode == 0
    assert "lan.prom: not written, because it is not a file of the network dmz; " in result.stderr
    assert file.read_text() == before
    own = file.with_name("dmz.prom")
    program.run("run", **other, NETWATCH_METRICS_FILE=str(own))
    assert_clean(own.read_text())
    assert "# netwatch-notify, network dmz\n" in own.read_text()
    # As the collector hands them on: one after the other, no sample twice.
    both = read(before) | read(own.read_text())
    assert set(both) == set(read(own.read_text()))


def test_a_fifo_in_its_place_holds_nothing_up(tmp_path: Path) -> None:
    """Who may write to the folder cannot stop a run."""
    file = tmp_path / "lan.prom"
    os.mkfifo(file)

    write_metrics(file, tmp_path / "no-state", "lan")

    assert samples(file)["state_usable",] == 0


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """The collector reads whenever it likes."""
    file = tmp_path / "lan.prom"
    state = tmp_path / "state"
    Database.open(state, "lan").close()
    write_metrics(file, state, "lan")
    seen: set[str] = set()
    is_over = threading.Event()

    def collect() -> None:
        while not is_over.is_set():
            seen.add(file.read_text(encoding="utf-8"))

    reader = threading.Thread(target=collect)
    reader.start()
    try:
        for usable in [False, True] * 50:
            write_metrics(file, state, "lan", usable=usable)
    finally:
        is_over.set()
        reader.join()
    assert len(seen) == 2
    assert all(text.splitlines()[-1].startswith("netwatch_database_size_bytes{") for text in seen)


def test_a_draft_that_cannot_be_finished_is_taken_away(tmp_path: Path) -> None:
    """A directory in the file's place cannot be replaced; nothing is left beside it."""
    file = tmp_path / "lan.prom"
    file.mkdir()

    write_metrics(file, tmp_path / "no-state", "lan")

    assert list(tmp_path.iterdir()) == [file]
