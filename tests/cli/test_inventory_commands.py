"""`hosts`, `show`, `history` as users meet them: after real runs, in a pipe, on a terminal."""

import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program

BASE = {f"192.0.2.{n}": [22, 80] for n in range(1, 12)}
EVIL = "\x1b[31mnas\u202e[bold red]x[/] <!channel>"


def told(program: Program, *arguments: str, **environment: str) -> str:
    result = program.run(*arguments, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout


def facts(program: Program, *arguments: str) -> Any:
    return json.loads(told(program, *arguments, "--json"))


def rows(text: str) -> list[list[str]]:
    """Return the cells of plain columns."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]


@pytest.fixture(scope="module")
def history_of_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs: a group of ports, a new device with telnet, a closed port, a host that left."""
    program = Program(tmp_path_factory.mktemp("nights"))
    program.network(BASE)
    program.run()
    hosts = {**BASE, "192.0.2.77": [23]}
    for n in range(1, 8):
        hosts[f"192.0.2.{n}"] = [22, 80, 443]
    program.network(hosts)
    program.run()
    del hosts["192.0.2.3"]
    hosts["192.0.2.4"] = [22, 443]
    program.network(hosts)
    program.run()
    program.run()
    return program.state


@pytest.fixture
def nights(program: Program, history_of_nights: Path) -> Program:
    """The program after these runs, with a state of its own."""
    shutil.copytree(history_of_nights, program.state, symlinks=True)
    return program


def change(database: Path, statement: str, *values: object) -> None:
    """Write to the state what a fake nmap cannot say."""
    connection = sqlite3.connect(database)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("command", [["hosts"], ["show", "192.0.2.1"], ["history"]], ids=str)
def test_before_the_first_run_one_line_says_so(program: Program, command: list[str]) -> None:
    result = program.run(*command)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "no run was made yet" in result.stderr
    assert not program.state.exists()


def test_hosts_lists_those_that_are_here(nights: Program) -> None:
    lines = rows(told(nights, "hosts"))

    assert lines[0][0] == "ADDRESS"
    assert [line[0] for line in lines[1:]][:4] == [f"192.0.2.{n}" for n in (1, 2, 4, 5)]
    assert lines[3][-2:] == ["here", "22/tcp 443/tcp"]
    gone = [line for line in rows(told(nights, "hosts", "--gone")) if line[0] == "192.0.2.3"]
    assert gone[0][-2].startswith("gone since ")


@pytest.mark.parametrize(
    ("match", "count"),
    [("192.0.2.0/29", 6), ("192.0.2.77", 1), ("Espress*", 0), ("192.0.2.4-5", 2)],
)
def test_hosts_takes_what_rules_take(nights: Program, match: str, count: int) -> None:
    assert len(facts(nights, "hosts", match)["hosts"]) == count


def test_hosts_for_machines(nights: Program) -> None:
    report = facts(nights, "hosts", "192.0.2.3", "--gone")

    assert (report["schema"], report["network"]) == (1, "lan")
    (host,) = report["hosts"]
    assert host["state"] == "gone"
    assert host["gone_since"].endswith("Z")
    assert host["open_ports"] == ["22/tcp", "80/tcp", "443/tcp"]
    assert (host["name"], host["mac"], host["silent_runs"]) == (None, None, None)


def test_a_match_of_gone_hosts_says_how_to_see_them(nights: Program) -> None:
    result = nights.run("hosts", "192.0.2.3")

    assert (result.returncode, result.stdout) == (0, "")
    assert "1 host gone; --gone lists them" in result.stderr
    assert nights.run("-q", "hosts", "192.0.2.3").stderr == ""


def test_show_run_has_every_change_with_its_id(nights: Program) -> None:
    text = told(nights, "show", "2")

    assert "443/tcp opened on 7 hosts in 192.0.2.0/29" in text
    for n in range(1, 8):
        assert re.search(
            rf"^[0-9a-f]{{4,12}} +\+ 192\.0\.2\.{n}: 443/tcp opened$", text, re.MULTILINE
        )
    assert re.search(r"^[0-9a-f]{4,12} +! new device 192\.0\.2\.77$", text, re.MULTILINE)
    assert "192.0.2.0/24 (256 addresses), 1,000 TCP ports (syn)" in text
    assert told(nights, "show", "run:2") == text


def test_the_ids_it_shows_are_taken(nights: Program) -> None:
    """A group's, and a change's."""
    ids = re.findall(r"^([0-9a-f]{4,12}) ", told(nights, "show", "2"), re.MULTILINE)

    assert nights.run("accept", *ids).returncode == 0


def test_show_run_marks_what_a_rule_kept_quiet(program: Program) -> None:
    program.network(BASE)
    program.run()
    told(program, "ignore", "add", "192.0.2.5", "80/tcp", "--reason", "lab")
    program.network({**BASE, "192.0.2.5": [22]})
    program.run()

    text = told(program, "show", "2")
    assert "Kept quiet (1)" in text
    assert re.search(r"kept quiet by ignore 1: 192\.0\.2\.5 80/tcp \(lab, ", text)
    (hidden,) = facts(program, "show", "2")["changes"]
    assert (hidden["hidden_by"]["id"], hidden["hidden_by"]["reason"]) == (1, "lab")


def test_the_first_run_took_everything_as_known(nights: Program) -> None:
    assert "taken as known" in told(nights, "show", "1")


def test_show_host_tells_all(nights: Program) -> None:
    told(nights, "ignore", "add", "192.0.2.4", "--gone-only", "--reason", "sleeps")
    text = told(nights, "show", "192.0.2.4")

    assert re.search(r"^state: +here$", text, re.MULTILINE)
    assert re.search(r"^80/tcp +closed since ", text, re.MULTILINE)
    assert re.search(r"^443/tcp +open ", text, re.MULTILINE)
    assert "ignore 1: 192.0.2.4 (sleeps, " in text
    assert "192.0.2.4: 443/tcp since" in text, "still open"
    assert "- 192.0.2.4: 80/tcp closed" in text
    host = facts(nights, "show", "192.0.2.4")["host"]
    assert [(port["port"], port["state"]) for port in host["ports"]] == [
        (22, "open"),
        (80, "closed"),
        (443, "open"),
    ]
    assert [rule["rule"] for rule in host["rules"]] == ["192.0.2.4"]
    assert [one["kind"] for one in host["changes"]] == ["port-closed", "port-opened"]


def test_what_is_silent_is_pending(program: Program) -> None:
    program.network(BASE)
    program.run()
    program.network({a: ports for a, ports in BASE.items() if a != "192.0.2.9"})
    program.run()

    assert [line[-2] for line in rows(told(program, "hosts", "192.0.2.9"))] == [
        "STATE",
        "silent 1 run",
    ]
    assert "silent for 1 run, last seen " in told(program, "show", "192.0.2.9")
    assert facts(program, "show", "192.0.2.9")["host"]["silent_runs"] == 1


def test_unknown_hosts_runs_and_ports_are_exit_2(nights: Program) -> None:
    for arguments, said in {
        ("show", "192.0.2.99"): "no such host is known",
        ("show", "99"): "there are 1 to 4",
        ("show", "192.0.2.0/24"): "is more than one host",
        ("show", "2001:db8::/32"): "2001:db8::/32",
        ("history", "nobody"): "no such host is known",
        ("history", "192.0.2.1", "http"): "is no port",
        ("history", "192.0.2.1", "99999/tcp"): "0 to 65535",
        ("history", "--since", "monday"): "is no date",
    }.items():
        result = nights.run(*arguments)
        assert (result.returncode, result.stdout) == (2, ""), arguments
        assert said in result.stderr


def test_a_name_means_one_host_or_is_refused(nights: Program) -> None:
    names = nights.folder / "names.csv"
    names.write_text(
        "192.0.2.1,nas.example.org,alice,rack 2\n192.0.2.2,nas-old\n"
        "192.0.2.5,tv.a.example\n192.0.2.6,tv.b.example\n192.0.2.3,printer\n"
    )
    nights.environment["NETWATCH_NAMES_FILE"] = str(names)

    text = told(nights, "show", "NAS")
    assert re.search(r"^address: +192\.0\.2\.1$", text, re.MULTILINE), (
        "the first label before a beginning"
    )
    assert re.search(r"^owner: +alice$", text, re.MULTILINE)
    assert re.search(r"^address: +192\.0\.2\.2$", told(nights, "show", "nas-o"), re.MULTILINE)
    assert re.search(r"^state: +gone since", told(nights, "show", "printer"), re.MULTILINE)
    several = nights.run("show", "tv")
    assert several.returncode == 2
    assert "192.0.2.5 tv.a.example" in several.stderr
    assert "192.0.2.6 tv.b.example" in several.stderr
    assert "nas.example.org" in told(nights, "hosts", "nas*")


def test_names_that_cannot_be_read_hide_nothing(nights: Program) -> None:
    missing = str(nights.folder / "none.csv")
    result = nights.run("hosts", NETWATCH_NAMES_FILE=missing)

    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 12
    assert "none.csv" in result.stderr


def test_history_answers_when_it_opened_and_who_accepted_it(nights: Program) -> None:
    told(nights, "accept", "run:2", "--reason", "CHG12", "--until", "2099-12-31")
    opened = facts(nights, "history", "192.0.2.4", "443/tcp")

    (one,) = opened["changes"]
    assert (one["run"], one["kind"]) == (2, "port-opened")
    assert one["accepted"]["reason"] == "CHG12"
    assert opened["known_before"] is None
    assert re.search(r"accepted by \S+, .*: CHG12", told(nights, "history", "192.0.2.4", "443"))


def test_history_ends_with_what_was_there_from_the_beginning(nights: Program) -> None:
    assert told(nights, "history", "192.0.2.4", "22/tcp").startswith(
        "22/tcp open since the first scan, "
    )
    assert "80/tcp open since the first scan" in told(nights, "history", "192.0.2.4", "80")
    lines = told(nights, "history", "192.0.2.4").splitlines()
    assert re.fullmatch(
        r"known since the first scan, .*; open since then: 22/tcp 80/tcp", lines[-1]
    )


def test_history_is_newest_first_and_limited(nights: Program) -> None:
    everything = facts(nights, "history", "--limit", "0")["changes"]

    assert [one["run"] for one in everything] == sorted(
        (one["run"] for one in everything), reverse=True
    )
    assert len(everything) == 10
    result = nights.run("history", "--limit", "3")
    assert len(result.stdout.splitlines()) == 4
    assert "--limit 0 lists all" in result.stderr
    assert facts(nights, "history", "--since", "2099-01-01")["changes"] == []
    ports = facts(nights, "history", "443/tcp")["changes"]
    assert {one["port"] for one in ports} == {443}
    assert len(ports) == 7


def test_history_open_is_the_ledger(nights: Program) -> None:
    before = facts(nights, "history", "--open")["changes"]
    assert {one["severity"] for one in before} == {"critical", "warning"}
    assert all(one["open_since"] for one in before)
    told(nights, "accept", "run:2")
    assert facts(nights, "history", "--open")["changes"] == []
    assert "nothing waits for a word" in nights.run("history", "--open").stderr


def test_nothing_is_written_and_no_lock_is_taken(nights: Program) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in nights.state.rglob("*")}

    before = state()
    with (nights.state / "lock").open() as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (["hosts"], ["show", "2"], ["show", "192.0.2.1"], ["history"]):
            told(nights, *command, NETWATCH_TARGETS="")
    assert state() == before


def test_a_read_only_state_directory_is_enough(nights: Program) -> None:
    nights.state.chmod(0o500)
    (nights.state / "netwatch.db").chmod(0o400)
    try:
        assert "192.0.2.1" in told(nights, "hosts")
    finally:
        nights.state.chmod(0o700)


def test_hostile_names_are_text_and_no_more(nights: Program) -> None:
    """Neither markup nor an escape nor a mark that turns the line around reaches the reader."""
    database = nights.state / "netwatch.db"
    change(database, "UPDATE hosts SET name = ?1, vendor = ?1 WHERE address = '192.0.2.1'", EVIL)
    note = json.dumps({"note": EVIL})[1:-1]
    change(database, "UPDATE changes SET body = replace(body, '\"note\": null', ?)", note)

    for command in (["hosts"], ["show", "192.0.2.1"], ["show", "2"], ["history"]):
        text = told(nights, *command)
        assert "[bold red]x[/]" in text
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert "\x1b[31m" not in on_terminal(nights, "hosts")
    assert "[bold red]x[/]" in on_terminal(nights, "hosts")


def on_terminal(program: Program, *arguments: str, columns: int = 120) -> str:
    """Return what a terminal of that width shows."""
    ours, theirs = pty.openpty()
    environment = {**program.environment, "COLUMNS": str(columns), "TERM": "xterm"}
    process = subprocess.Popen(
        program.command(*arguments), env=environment, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        # The terminal's other end has closed (EIO).
        pass
    os.close(ours)
    assert process.wait(20) == 0
    return shown.decode()


def test_a_terminal_gets_a_table_that_fits_it(nights: Program) -> None:
    shown = on_terminal(nights, "history", columns=70)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)

    assert "\x1b[1m" in shown, "headings stand out"
    assert max(len(line) for line in plain.replace("\r", "").splitlines()) <= 70
    assert max(len(line) for line in told(nights, "history").splitlines()) > 70


def test_a_reader_that_has_seen_enough_is_no_failure(nights: Program) -> None:
    command = nights.command("hosts")
    process = subprocess.Popen(
        command, env=nights.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")


def test_an_encoding_without_the_letters_stops_nothing(nights: Program) -> None:
    change(nights.state / "netwatch.db", "UPDATE hosts SET name = '設備→nas'")
    assert "\\u2192" in told(nights, "hosts", PYTHONIOENCODING="latin-1")


def test_people_see_local_time_and_machines_utc(nights: Program) -> None:
    database = nights.state / "netwatch.db"
    change(database, "UPDATE runs SET started_at = '2026-07-01T22:30:00+00:00' WHERE id = 4")
    text = told(nights, "history", "--limit", "1", TZ="Europe/Berlin")
    assert "Wed 1 Jul" not in text
    assert facts(nights, "show", "4")["run"]["started_at"] == "2026-07-01T22:30:00Z"
    assert "Thu 2 Jul 00:30" in told(nights, "show", "4", TZ="Europe/Berlin").replace(" 2026", "")
