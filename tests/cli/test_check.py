"""`check` as a whole: each thing that would fail tonight is named, with what to try."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.unprivileged import NOBODY, UID, only, open_folder

LOOPBACK = "127.0.0.0/24"
"""There is always a way to it, also on a machine without a network."""


@pytest.fixture
def program(program: Program) -> Program:
    program.environment["NETWATCH_TARGETS"] = LOOPBACK
    program.network({"127.0.0.1": [22]})
    return program


def findings(program: Program, *words: str, **environment: str) -> dict[str, dict[str, Any]]:
    """Return what `check --json` prints, by item."""
    said = json.loads(program.run(*words, "check", "--json", **environment).stdout)
    return {check["item"]: check for check in said["checks"]}


def entries(folder: Path) -> list[tuple[str, int, bytes]]:
    """Return all that is below a folder: names, modes, contents."""
    return [
        (str(path), path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    ]


ITEMS = [
    *("settings", "nmap", "privileges", "targets", "routes", "duration", "state", "disk"),
    *("clock", "schedule", "last run", "destinations", "heartbeat"),
]


def test_it_says_yes_before_the_first_run_and_writes_nothing(program: Program) -> None:
    before = entries(program.folder)
    result = program.run("check")
    assert result.returncode == 0
    assert "256 addresses" in result.stdout
    assert "Nmap version 7.93" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("lan: will work; ")
    assert list(findings(program)) == ITEMS
    assert entries(program.folder) == before


def test_it_writes_nothing_after_a_run_either(program: Program) -> None:
    assert program.run().returncode == 0
    before = entries(program.folder)
    found = findings(program)
    assert entries(program.folder) == before
    assert {item: check["status"] for item, check in found.items() if item not in ITEMS} == {
        "database": "ok",
        "outbox": "ok",
    }
    assert "is sound" in found["database"]["text"]
    assert "run 1, " in found["last run"]["text"]


def test_json_has_a_schema_and_each_remedy_apart(program: Program) -> None:
    said = json.loads(program.run("check", "--json", NETWATCH_NMAP_PATH="/no/nmap").stdout)
    assert (said["schema"], said["network"], said["ok"]) == (1, "lan", False)
    assert said["summary"].startswith("will not work: 1 failed")
    (nmap,) = (check for check in said["checks"] if check["item"] == "nmap")
    assert nmap == {
        "item": "nmap",
        "status": "failed",
        "text": "/no/nmap: not an executable",
        "remedy": "set NETWATCH_NMAP_PATH to nmap",
    }


def test_a_remedy_has_a_line_of_its_own(program: Program) -> None:
    lines = program.run("check", NETWATCH_NMAP_PATH="/no/nmap").stdout.splitlines()
    at = lines.index("failed   nmap: /no/nmap: not an executable")
    assert lines[at + 1] == "         Try: set NETWATCH_NMAP_PATH to nmap"


def test_a_remedy_names_the_networks_own_env_file(program: Program) -> None:
    """Typed as it stands there, it must not be about the default network."""
    file = program.folder / "dmz.env"
    file.write_text("NETWATCH_TARGETS=127.0.0.1\n")
    result = program.run("--env-file", str(file), "check", "--json")
    remedies = {c["item"]: c["remedy"] for c in json.loads(result.stdout)["checks"]}
    assert remedies["schedule"] == f"netwatch-notify --env-file {file} install"


def test_quiet_says_only_what_is_not_well(program: Program) -> None:
    lines = program.run("-q", "check").stdout.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith("  ")][:-1] == [
        "warning",
        "warning",
    ]
    assert lines[-1] == "lan: will work; 2 warnings"


BROKEN = {
    "nmap": {"NETWATCH_NMAP_PATH": "/nonexistent/nmap"},
    "targets": {"NETWATCH_TARGETS": "no-such-host.invalid"},
    "destinations": {"NETWATCH_NOTIFY": "mailto://user:hunter2secret@"},
    "settings": {"NETWATCH_GONE_AFTER": "never"},
    "duration": {"NETWATCH_TARGETS": "127.0.0.0/8", "NETWATCH_SCAN_TIMEOUT_SECONDS": "3600"},
    "state": {"NETWATCH_STATE_DIR": "/dev/null"},
    "names file": {"NETWATCH_NAMES_FILE": "/nonexistent/names.csv"},
}


@pytest.mark.parametrize("item", BROKEN)
def test_what_would_fail_tonight_is_named_with_a_remedy(program: Program, item: str) -> None:
    result = program.run("check", **BROKEN[item])
    assert result.returncode == 2
    assert f"failed   {item}:" in result.stdout
    assert "hunter2secret" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Nmap version 7.80 ( https://nmap.org )", "failed"),
        ("Nmap version 7.90 ( https://nmap.org )", "ok"),
        ("Nmap version 7.94SVN ( https://nmap.org )", "ok"),
        ("Nmap version 10.01", "ok"),
        ("something else", "warning"),
    ],
)
def test_an_nmap_that_is_too_old_is_named(program: Program, said: str, status: str) -> None:
    nmap = program.folder / "other-nmap"
    nmap.write_text(f"#!/bin/sh\necho '{said}'\n")
    nmap.chmod(0o755)
    assert findings(program, NETWATCH_NMAP_PATH=str(nmap))["nmap"]["status"] == status


def test_a_corrupt_database_is_one_finding_and_costs_no_other(program: Program) -> None:
    program.state.mkdir(mode=0o700)
    (program.state / "netwatch.db").write_bytes(b"no database" * 1000)
    found = findings(program)
    assert found["database"]["status"] == "failed"
    assert "restore a backup" in found["database"]["remedy"]
    assert set(ITEMS) - found.keys() == {"last run"}, "nobody knows when it was"


def test_misspelt_settings_and_readable_secrets_are_warnings(program: Program) -> None:
    env_file = program.folder / "lan.env"
    env_file.write_text("NETWATCH_TARGTES=192.0.2.0/24\n")
    env_file.chmod(0o644)
    result = program.run("--env-file", str(env_file), "check")
    assert result.returncode == 0
    assert "NETWATCH_TARGTES" in result.stdout
    assert f"Try: chmod 600 {env_file}" in result.stdout


def test_others_must_not_look_into_the_state(program: Program) -> None:
    assert program.run().returncode == 0
    program.state.chmod(0o755)
    found = findings(program)["state"]
    assert (found["status"], found["remedy"]) == ("warning", f"chmod 700 {program.state}")


def test_what_another_user_left_in_the_state_is_named() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files to others")
    with open_folder() as folder:
        program = Program(folder)
        program.environment |= {
            "NETWATCH_TARGETS": LOOPBACK,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        program.network({"127.0.0.1": [22]})
        # As after a run by hand as root.
        assert program.run().returncode == 0
        os.chown(program.state, UID, UID)
        command = [*NOBODY, *only(), *program.command("check", "--json")]
        result = subprocess.run(
            command, env=program.environment, capture_output=True, text=True, timeout=60
        )
    assert result.returncode == 2, result.stderr
    (state,) = (c for c in json.loads(result.stdout)["checks"] if c["item"] == "state")
    assert state["status"] == "failed"
    assert "belongs to another user" in state["text"]
    assert state["remedy"].startswith("chown -R ")
