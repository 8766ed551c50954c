"""Several networks of one machine: an env file and a fake nmap each, called as cron calls them."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.conftest import FAKE, coverage_variables


class Networks:
    """A folder with the env files, the state and the fake nmaps of several networks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env_dir = folder / "env"
        self.env_dir.mkdir()
        self.together = folder / "state" / "together"
        self.environment = {
            "PATH": os.environ["PATH"],
            **coverage_variables(),
            "HOME": str(folder),
        }

    def add(self, name: str, hosts: dict[str, list[int]] | None = None, **settings: str) -> Path:
        """Write a network's env file and return its path; `settings` have no prefix."""
        self.scans(name, hosts or {"192.0.2.1": [22]})
        nmap = self.folder / f"nmap-{name}"
        scenario = self.folder / f"{name}.json"
        nmap.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{FAKE}" "{scenario}" "$@"\n')
        nmap.chmod(0o755)
        values = {
            "NETWORK": name,
            "TARGETS": "192.0.2.0/24",
            "STATE_DIR": str(self.state(name)),
            "NMAP_PATH": str(nmap),
            **settings,
        }
        path = self.env_file(name)
        lines = [f"NETWATCH_{key}='{value}'\n" for key, value in values.items()]
        path.write_text("".join(lines), encoding="utf-8")
        path.chmod(0o600)
        return path

    def env_file(self, name: str) -> Path:
        return self.env_dir / f"{name}.env"

    def state(self, name: str) -> Path:
        return self.folder / "state" / name

    def scans(self, name: str, hosts: dict[str, list[int]], total: int = 256, **acts: Any) -> None:
        """Say what a network's fake nmap finds, and how it fails."""
        scenario = {"hosts": hosts, "total": total, **acts}
        (self.folder / f"{name}.json").write_text(json.dumps(scenario), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "netwatch_notify", *arguments]

    def all(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Call a command with `--all`."""
        return self.call(*arguments, "--all", "--env-dir", str(self.env_dir), **environment)

    def one(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call a command for one network."""
        return self.call("--env-file", str(self.env_file(name)), *arguments)

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
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

    def query(self, directory: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask, or change, a database."""
        with closing(sqlite3.connect(directory / "netwatch.db")) as database:
            rows = database.execute(sql, values).fetchall()
            database.commit()
        return rows

    def states(self, directory: Path) -> list[str]:
        """Return the states of the rows in an outbox, oldest first."""
        return [row[0] for row in self.query(directory, "SELECT state FROM outbox ORDER BY id")]
