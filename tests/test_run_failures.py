"""The ways a night can go wrong: each is told, costs nothing that was known, and ends clearly."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.conftest import Program

NET = {f"192.0.2.{n}": [22, 80] for n in range(1, 21)}


@pytest.fixture
def known(program: Program) -> Program:
    """A network whose inventory was taken."""
    program.network(NET)
    assert program.run().returncode == 0
    return program


def kinds(report: dict[str, object]) -> list[str]:
    changes = report["changes"]
    assert isinstance(changes, list)
    return [change["kind"] for change in changes]


def test_a_missing_nmap_is_one_line_and_exit_3(program: Program) -> None:
    result = program.run(NETWATCH_NMAP_PATH="/nonexistent/nmap")
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    assert "NETWATCH_NMAP_PATH" in result.stderr


FAILURES = {
    "no permission": (
        {
            "fast": {
                "exit": 1,
                "stderr": "socket troubles: Operation not permitted (1)\nQUITTING!\n",
            }
        },
        "exit code 1",
    ),
    "exits 1": ({"fast": {"exit": 1}}, "exit code 1"),
    "is killed": ({"fast": {"kill": True}}, "killed by signal 9"),
    "half an XML": ({"fast": {"half": True}}, "stops in the middle"),
    "says error": (
        {"fast": {"exit_text": "error", "errormsg": "no buffer space"}},
        "no buffer space",
    ),
    "missing route": (
        {"fast": {"total": 0, "stderr": "setup_target: failed to determine route to 192.0.2.1\n"}},
        "failed to determine route",
    ),
    "interface down": ({"fast": {"total": 12}}, "12 of 256 addresses"),
    "route lost in mid-scan": (
        {
            "fast": {
                "stderr": "sendto in send_ip_packet_sd: sendto(5, packet, 44, 0, 192.0.2.9, 16) "
                "=> Network is unreachable\n"
            }
        },
        "Network is unreachable",
    ),
    "skipped target": (
        {"fast": {"extra": '<target specification="x" status="skipped" reason="invalid"/>'}},
        "skipped x",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_scan_is_a_problem_and_never_an_empty_network(known: Program, name: str) -> None:
    acts, words = FAILURES[name]
    known.network({}, **acts)
    result = known.run("--json")
    report = json.loads(result.stdout)
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    assert words in " ".join(report["problems"])
    assert report["changes"] == []
    assert (known.state / "latest").resolve().name == "1", "not re-pointed to a bad scan"
    known.network(NET)
    assert known.report()["changes"] == [], "nothing was forgotten"
    assert (known.state / "latest").resolve().name == "3"


def test_a_hanging_nmap_is_stopped_at_the_time_limit(known: Program) -> None:
    known.network(NET, fast={"sleep": 30})
    started = time.monotonic()
    result = known.run("--json", NETWATCH_SCAN_TIMEOUT_SECONDS="1")
    assert time.monotonic() - started < 10
    assert result.returncode == 3
    assert "time limit" in json.loads(result.stdout)["problems"][0]


def test_ten_megabytes_on_stderr_do_not_stop_a_run(known: Program) -> None:
    known.network(NET, fast={"stderr_bytes": 10_000_000})
    assert known.run().returncode == 0


def test_an_old_nmap_without_exit_attribute_ends_properly(known: Program) -> None:
    known.network({**NET, "192.0.2.30": [22]}, fast={"old": True, "version": "5.51"})
    assert kinds(known.report()) == ["host-new"]


def test_a_name_that_does_not_resolve_does_not_cost_the_others_news(known: Program) -> None:
    known.network({**NET, "192.0.2.30": [22]})
    result = known.run("--json", NETWATCH_TARGETS="192.0.2.0/24 no-such-host.invalid")
    report = json.loads(result.stdout)
    assert result.returncode == 3
    assert "no-such-host.invalid" in report["problems"][0]
    assert kinds(report) == ["host-new"]


def test_ipv6_and_ipv4_are_parts_of_their_own(program: Program) -> None:
    both = {"192.0.2.1": [22], "2001:db8::5": [80]}
    targets = "192.0.2.0/24 2001:db8::/120"
    program.network(both)
    assert program.run(NETWATCH_TARGETS=targets).returncode == 0
    folder = program.state / "latest"
    assert sorted(p.name for p in folder.glob("fast-[0-9].xml")) == ["fast-1.xml", "fast-2.xml"]
    program.network({**both, "2001:db8::6": [22]})
    report = program.report(NETWATCH_TARGETS=targets)
    assert [change["address"] for change in report["changes"]] == ["2001:db8::6"]


def test_one_dead_part_does_not_cost_the_news_of_the_other(program: Program) -> None:
    targets = "192.0.2.0/24 198.51.100.0/24"
    both = {"192.0.2.1": [22], "198.51.100.1": [22]}
    program.network(both)
    assert program.run(NETWATCH_TARGETS=targets).returncode == 0
    dead = {"fast": {"for": {"198.51.100.0/24": {"total": 0}}}}
    program.network({"192.0.2.1": [22], "192.0.2.9": [22]}, **dead)
    report = program.report(NETWATCH_TARGETS=targets)
    assert kinds(report) == ["host-new"]
    assert "198.51.100.0/24" in report["problems"][0]


def test_a_full_disk_under_the_detail_scan_is_no_confirmation(known: Program) -> None:
    known.network({**NET, "192.0.2.30": [22]}, second={"half": True})
    (change,) = known.report()["changes"]
    assert change["confirmed"] is False
    assert "not looked at" in change["note"]


def test_silence_is_told_on_the_second_night_and_refusal_on_the_first(known: Program) -> None:
    silent = {a: p for a, p in NET.items() if a != "192.0.2.7"}
    known.network({**silent, "192.0.2.1": [22]})
    first = known.report()
    assert [(c["kind"], c["port"], c["state"]) for c in first["changes"]] == [
        ("port-closed", 80, "closed")
    ]
    second = known.report()
    assert [(c["kind"], c["address"]) for c in second["changes"]] == [("host-gone", "192.0.2.7")]
    known.network({**NET, "192.0.2.1": [22]})
    assert kinds(known.report()) == ["host-back"]


def test_most_hosts_silent_at_once_is_held_and_not_gone(known: Program) -> None:
    known.network(dict(list(NET.items())[:5]))
    for night in range(1, 8):
        result = known.run("--json")
        report = json.loads(result.stdout)
        assert result.returncode == 0
        assert report["changes"] == []
        assert f"night {night}, held" in report["problems"][0]
    assert set(kinds(known.report())) == {"host-gone"}


def test_an_unchanged_night_prints_nothing_and_writes_no_message(known: Program) -> None:
    result = known.run()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_preview_writes_nothing(program: Program) -> None:
    program.network(NET)
    result = program.run("--dry-run")
    assert result.returncode == 0
    assert "first scan, 20 hosts known" in result.stdout
    assert not program.state.exists()


def test_a_preview_shows_what_the_run_then_tells(known: Program) -> None:
    known.network({**NET, "192.0.2.30": [23]})
    before = sorted((p, p.stat().st_mtime_ns) for p in known.state.rglob("*"))
    preview = known.report("--dry-run")
    assert sorted((p, p.stat().st_mtime_ns) for p in known.state.rglob("*")) == before
    told = known.report()
    assert [c["id"] for c in preview["changes"]] == [c["id"] for c in told["changes"]]
    assert told["changes"][0]["severity"] == "critical"


def wait_for(path: Path) -> int:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{path} did not appear")


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_nmap_outlives_us_and_the_next_run_says_so(
    known: Program, tmp_path: Path, number: signal.Signals
) -> None:
    started = tmp_path / "started"
    known.network(NET, fast={"sleep": 60, "started": str(started)})
    process = subprocess.Popen(
        known.command("run"), env=known.environment, stderr=subprocess.PIPE, text=True
    )
    nmap = wait_for(started)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    end = time.monotonic() + 5
    while is_running(nmap) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(nmap)
    if number is not signal.SIGKILL:
        assert process.returncode == 3
        assert stderr.count("\n") == 1
    known.network(NET)
    report = known.report()
    assert report["changes"] == []
    assert "interrupted" in report["problems"][0]
    assert known.report()["problems"] == [], "told once"


def test_a_second_run_exits_5_at_once(known: Program, tmp_path: Path) -> None:
    started = tmp_path / "started"
    known.network(NET, fast={"sleep": 60, "started": str(started)})
    process = subprocess.Popen(known.command("run"), env=known.environment, stderr=subprocess.PIPE)
    try:
        wait_for(started)
        result = known.run("run")
        assert result.returncode == 5
        assert str(process.pid) in result.stderr
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_bad_settings_are_told_all_at_once(program: Program) -> None:
    result = program.run(NETWATCH_TARGETS="-oX", NETWATCH_GONE_AFTER="0", NETWATCH_PORTS="http;")
    assert result.returncode == 2
    for name in ("NETWATCH_TARGETS", "NETWATCH_GONE_AFTER", "NETWATCH_PORTS"):
        assert name in result.stderr
    assert not program.state.exists()


def test_a_corrupt_database_is_exit_6_and_left_alone(known: Program) -> None:
    path = known.state / "netwatch.db"
    path.write_bytes(b"this is no database" * 500)
    result = known.run()
    assert result.returncode == 6
    assert result.stderr.count("\n") == 1
    assert path.read_bytes() == b"this is no database" * 500


def test_a_state_directory_that_cannot_be_made_is_exit_6(program: Program) -> None:
    (program.folder / "file").write_text("")
    result = program.run(NETWATCH_STATE_DIR=str(program.folder / "file" / "state"))
    assert result.returncode == 6
    assert result.stderr.count("\n") == 1


def test_a_full_disk_is_exit_6_and_loses_nothing(known: Program) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    small = known.folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)], check=True)
    try:
        known.network(NET)
        state = str(small / "state")
        assert known.run(NETWATCH_STATE_DIR=state).returncode == 0
        (small / "ballast").write_bytes(b"")
        with (small / "ballast").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        known.network({**NET, "192.0.2.30": [22]})
        result = known.run(NETWATCH_STATE_DIR=state)
        assert result.returncode == 6
        assert result.stderr.count("\n") == 1
        (small / "ballast").unlink()
        report = known.report(NETWATCH_STATE_DIR=state)
        assert kinds(report) == ["host-new"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_an_excluded_name_that_does_not_resolve_is_told_and_scans_nothing(known: Program) -> None:
    result = known.run(NETWATCH_EXCLUDE="no-such-host.invalid")
    assert result.returncode == 3
    assert "NOTHING WAS SCANNED" in result.stdout, "without a destination the message is printed"
    assert known.report()["problems"] == [], "it was no interruption"


class Pings(BaseHTTPRequestHandler):
    """A heartbeat server that remembers what it was asked."""

    seen: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the test reads `seen`."""


def test_the_heartbeat_tells_broken_from_changed(known: Program) -> None:
    Pings.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pings)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        beat = {"NETWATCH_HEARTBEAT_URL": f"http://127.0.0.1:{server.server_port}/secret-check"}
        known.network({**NET, "192.0.2.30": [23]})
        assert kinds(known.report(**beat)) == ["host-new"]
        known.network({}, fast={"exit": 1})
        assert known.run(**beat).returncode == 3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    paths = [path.partition("?")[0].removeprefix("/secret-check") for path in Pings.seen]
    assert paths == ["/start", "", "/start", "/fail"]
    runs = [path.partition("rid=")[2] for path in Pings.seen]
    assert runs[0] == runs[1] != runs[2] == runs[3]


def test_a_dead_heartbeat_never_fails_a_run(known: Program) -> None:
    result = known.run(NETWATCH_HEARTBEAT_URL="http://127.0.0.1:9/secret-check")
    assert result.returncode == 0
    assert "secret-check" not in result.stdout + result.stderr


def test_old_runs_files_go_but_never_the_latest(known: Program) -> None:
    assert known.run().returncode == 0
    with closing(sqlite3.connect(known.state / "netwatch.db")) as database:
        database.execute("UPDATE runs SET started_at = '2020-01-01T00:00:00+00:00'")
        database.commit()
    known.network({}, fast={"exit": 1})
    assert known.run(NETWATCH_KEEP_DAYS="30").returncode == 3
    with closing(sqlite3.connect(known.state / "netwatch.db")) as database:
        database.execute(
            "UPDATE runs SET started_at = ? WHERE id = 3",
            ((datetime.now(UTC) - timedelta(days=1)).isoformat(),),
        )
        database.commit()
    assert known.run(NETWATCH_KEEP_DAYS="30").returncode == 3
    assert sorted(path.name for path in (known.state / "scans").iterdir()) == ["2", "3", "4"]
    assert (known.state / "latest" / "fast.xml").exists()


def test_files_are_for_us_alone(known: Program) -> None:
    for path in known.state.rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_file_that_breaks_off_in_a_host_is_refused_and_changes_nothing(known: Program) -> None:
    start = int(time.time()) + 60
    path = known.folder / "scan.xml"
    path.write_text(
        f'<nmaprun scanner="nmap" args="nmap 192.0.2.0/24" start="{start}">'
        '<host><status state="up"/></hos></host></nmaprun>'
    )
    result = known.run("ingest", str(path))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "scan.xml: line 1: a broken host" in result.stderr
    report = known.report()
    assert (report["changes"], report["problems"]) == ([], []), "it was no interruption"
