"""`--all`: every network in a process of its own, side by side, none in another's way."""

import json
import os
import shutil
import signal
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.deliver.servers import eventually
from tests.networks import Networks


@pytest.fixture
def networks(tmp_path: Path) -> Networks:
    return Networks(tmp_path)


def test_each_network_is_printed_whole_under_its_name(networks: Networks) -> None:
    """In the order of the env files, on a first night without destinations."""
    networks.add("dmz")
    networks.add("lan", {"192.0.2.1": [22], "192.0.2.2": [80]})
    result = networks.all("run")
    assert (result.returncode, result.stderr) == (0, "")
    blocks = result.stdout.split("== ")
    assert [block.splitlines()[:2] for block in blocks[1:]] == [
        ["dmz", next(line for line in blocks[1].splitlines() if line.startswith("Subject: dmz"))],
        ["lan", next(line for line in blocks[2].splitlines() if line.startswith("Subject: lan"))],
    ]
    quiet = networks.all("run")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_what_fails_in_one_network_stops_no_other(networks: Networks) -> None:
    """Wrong settings, a scan that fails and one that is killed: the highest exit code counts."""
    networks.add("good")
    networks.add("killed")
    networks.scans("killed", {"192.0.2.1": [22]}, fast={"kill": True})
    networks.add("wrong", GONE_AFTER="soon")
    networks.env_file("garbled").write_text("NETWATCH_NETWORK='lan\n")
    result = networks.all("run", "--json")
    assert result.returncode == 3
    body = json.loads(result.stdout)
    assert body["schema"] == 1
    codes = {entry["network"]: entry["exit_code"] for entry in body["networks"]}
    assert codes == {"good": 0, "killed": 3, "wrong": 2, "garbled.env": 2}
    by_name = {entry["network"]: entry for entry in body["networks"]}
    assert by_name["good"]["report"]["run"]["status"] == "done"
    assert by_name["wrong"]["report"] is None
    assert "NETWATCH_GONE_AFTER" in by_name["wrong"]["errors"][0]
    assert all(
        line.startswith(
            (
                "netwatch-notify: killed: ",
                "netwatch-notify: wrong: ",
                "netwatch-notify: garbled.env: ",
            )
        )
        for line in result.stderr.splitlines()
    )
    assert networks.query(networks.state("good"), "SELECT count(*) FROM runs") == [(1,)]


def test_a_network_whose_run_is_in_progress_is_left_alone(networks: Networks) -> None:
    networks.add("busy")
    networks.add("free")
    started = networks.folder / "started"
    networks.scans("busy", {"192.0.2.1": [22]}, fast={"sleep": 30, "started": str(started)})
    first = subprocess.Popen(
        networks.command("--env-file", str(networks.env_file("busy")), "run"),
        env=networks.environment,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert eventually(started.exists)
        result = networks.all("run")
        assert result.returncode == 5
        assert f"busy: another run is in progress (pid {first.pid})" in result.stderr
        assert "Subject: free" in result.stdout
    finally:
        first.terminate()
        first.wait(20)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=str)
def test_when_it_is_ended_so_is_everything_it_started(networks: Networks, how: int) -> None:
    """The runs end their nmaps themselves, as interrupted; of SIGKILL the kernel tells them."""
    pids = []
    for name in ("dmz", "lan"):
        networks.add(name)
        started = networks.folder / f"{name}.pid"
        pids.append(started)
        networks.scans(name, {"192.0.2.1": [22]}, fast={"sleep": 60, "started": str(started)})
    arguments = networks.command("run", "--all", "--env-dir", str(networks.env_dir))
    parent = subprocess.Popen(
        arguments,
        env=networks.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert eventually(lambda: all(path.exists() and path.read_text() for path in pids))
    children = [int(pid) for pid in children_of(parent.pid)]
    parent.send_signal(how)
    _, stderr = parent.communicate(timeout=40)
    if how == signal.SIGKILL:
        assert eventually(lambda: not any(map(is_alive, children)))
    else:
        assert parent.returncode == 3
        assert "netwatch-notify: lan: interrupted by SIGTERM" in stderr
        assert f"netwatch-notify: interrupted by {signal.Signals(how).name}" in stderr
    assert not any(map(is_alive, children))
    assert eventually(lambda: not any(is_alive(int(path.read_text())) for path in pids))
    for name in ("dmz", "lan"):
        (status,) = networks.query(networks.state(name), "SELECT status FROM runs")
        assert status == ("interrupted",)


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_no_more_run_side_by_side_than_was_asked_for(networks: Networks) -> None:
    for name in ("one", "three", "two"):
        networks.add(name)
    result = networks.all("run", "--json", "--parallel", "1")
    assert result.returncode == 0
    times = [
        (entry["report"]["run"]["started_at"], entry["report"]["run"]["ended_at"])
        for entry in json.loads(result.stdout)["networks"]
    ]
    assert all(before[1] <= after[0] for before, after in pairwise(times))


def test_two_env_files_of_one_network_are_refused_before_anything_starts(
    networks: Networks,
) -> None:
    networks.add("lan")
    networks.env_file("copy").write_text(networks.env_file("lan").read_text())
    networks.add("other", STATE_DIR=str(networks.state("lan")))
    result = networks.all("run")
    assert result.returncode == 2
    assert "copy.env and" in result.stderr
    assert "are both the network lan; give one another NETWATCH_NETWORK" in result.stderr
    assert "have the same state directory" in result.stderr
    assert not networks.state("lan").exists()


def test_the_environment_may_not_make_all_networks_one(networks: Networks) -> None:
    networks.add("lan")
    names = [f"NETWATCH_{name}" for name in ("NETWORK", "TARGETS", "STATE_DIR")]
    result = networks.all("run", **dict.fromkeys(names, "/192.0.2.0"))
    assert result.returncode == 2
    said = f"{', '.join(names)}: set in the environment, which wins over every env file"
    assert said in result.stderr
    assert not networks.state("lan").exists()


def test_a_directory_without_env_files_is_an_error(networks: Networks) -> None:
    result = networks.all("check")
    assert result.returncode == 2
    assert f"{networks.env_dir}: no env file (*.env) is there" in result.stderr
    networks.env_dir.rmdir()
    gone = networks.all("check")
    assert gone.returncode == 2
    assert f"{networks.env_dir}: No such file or directory; name the" in gone.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--env-file", "x.env", "run", "--all"], "--env-file names one network"),
        (["run", "--parallel", "3"], "--parallel means nothing without --all"),
        (["run", "--together"], "--together means nothing without --all"),
        (["deliver", "--env-dir", "x"], "--env-dir means nothing without --all"),
        (["run", "--all", "--keep-for", "x"], "--keep-for is for one network"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_options_that_contradict_each_other_are_refused(
    networks: Networks, arguments: list[str], said: str
) -> None:
    result = networks.call(*arguments)
    assert result.returncode == 2
    assert said in result.stderr


def test_a_preview_of_all_networks_writes_nothing(networks: Networks) -> None:
    networks.add("dmz")
    networks.add("lan")
    result = networks.all("--dry-run", "run", "--together")
    assert result.returncode == 0
    assert result.stdout.count("To: standard output") == 2
    assert not (networks.folder / "state").exists()


def test_check_and_status_answer_for_every_network(networks: Networks) -> None:
    networks.add("dmz")
    networks.add("lan", TARGETS="no-such-name.invalid")
    networks.all("run")
    checked = networks.all("check", "--json")
    assert checked.returncode == 2
    by_name = {entry["network"]: entry for entry in json.loads(checked.stdout)["networks"]}
    assert (by_name["dmz"]["exit_code"], by_name["lan"]["exit_code"]) == (0, 2)
    status = networks.all("status")
    assert status.returncode == 0
    assert [line for line in status.stdout.splitlines() if line.startswith("==")] == [
        "== dmz",
        "== lan",
    ]


def test_verbose_and_quiet_reach_every_network(networks: Networks) -> None:
    networks.add("lan")
    assert "netwatch-notify: lan: network lan, exit 0" in networks.all("-v", "run").stderr
    networks.scans("lan", {"192.0.2.1": [22]}, fast={"exit": 1})
    assert networks.all("-q", "run").returncode == 3


def test_a_reader_that_goes_away_stops_no_network(networks: Networks) -> None:
    """`run --all | head -1`: all networks are scanned all the same."""
    for name in ("a", "b", "c"):
        networks.add(name)
    networks.scans("c", {"192.0.2.1": [22]}, fast={"exit": 1})
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            networks.command("run", "--all", "--env-dir", str(networks.env_dir), "--parallel", "1"),
            env=networks.environment,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert ended.returncode == 3
    query = "SELECT status FROM runs"
    told = [networks.query(networks.state(name), query) for name in ("a", "b", "c")]
    assert told == [[("done",)], [("done",)], [("failed",)]]


def test_a_full_disk_keeps_no_network_from_being_called(networks: Networks) -> None:
    """What they print is kept in memory: no file can be made in any folder for temporary ones."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        if os.environ.get("CI"):
            pytest.fail("mounting needs root and unshare")
        pytest.skip("mounting needs root and unshare")
    networks.add("lan")
    words = networks.command("--json", "status", "--all", "--env-dir", str(networks.env_dir))
    read_only = "mount --bind $each $each && mount -o remount,bind,ro $each"
    script = f'for each in /tmp /var/tmp; do {read_only}; done; cd /proc; exec "$@"'
    result = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *words],
        env=networks.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in result.stderr
    assert [entry["network"] for entry in json.loads(result.stdout)["networks"]] == ["lan"]
