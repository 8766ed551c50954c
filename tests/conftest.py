"""What more than one test needs: the program in a process of its own, and a fake nmap for it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.synapse import synapse  # noqa: F401  # one homeserver for all tests

FAKE = Path(__file__).parent / "fakes" / "fake_nmap.py"


def coverage_variables() -> dict[str, str]:
    """Return what a process started by a test needs to be measured, if anything is."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


class Program:
    """`netwatch-notify` with its own state directory and a fake nmap, as cron would start it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.scenario = folder / "scenario.json"
        nmap = folder / "nmap"
        nmap.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{FAKE}" "{self.scenario}" "$@"\n')
        nmap.chmod(0o755)
        self.environment = {
            "PATH": os.environ["PATH"],
            **coverage_variables(),
            "HOME": str(folder),
            "NETWATCH_NMAP_PATH": str(nmap),
            "NETWATCH_STATE_DIR": str(self.state),
            "NETWATCH_TARGETS": "192.0.2.0/24",
        }
        self.network({})

    def network(self, hosts: dict[str, list[int]], total: int = 256, **acts: Any) -> None:
        """Say what the fake nmap finds, and how it fails."""
        scenario = {"hosts": hosts, "total": total, **acts}
        self.scenario.write_text(json.dumps(scenario), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "netwatch_notify", *arguments]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            self.command(*arguments),
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in result.stderr, result.stderr
        return result

    def report(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """Make a run and return what `--json` prints."""
        result = self.run("--json", *arguments, **environment)
        assert result.stdout, result.stderr
        report: dict[str, Any] = json.loads(result.stdout)
        return report


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)
