"""
Make tests/data/databases anew: the nights of `NIGHTS`, taken in by an earlier version.

`python -m tests.store.make_databases CHECKOUT SCHEMA`, with CHECKOUT a checkout of that version.
The README beside the files says which, and what is in them.
"""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.scan_files import host_xml, scan_xml

FOLDER = Path(__file__).parent.parent / "data" / "databases"
FIRST = datetime(2026, 3, 1, 2, tzinfo=UTC)
ENDING = (
    '<runstats><finished time="{end}" elapsed="60.0" exit="success"/>'
    '<hosts up="{up}" down="{down}" total="256"/></runstats>\n</nmaprun>\n'
)


def night(number: int) -> tuple[str, ...]:
    """Return the hosts of a night: five nights that are taken in, and a sixth for the test."""
    ports: dict[int, tuple[str, ...]] = dict.fromkeys(range(1, 13), ("22",))
    if number >= 1:
        ports |= {1: ("22", "80"), 2: ("22", "443"), 20: ("22", "8443")}
    if number >= 2:
        ports |= {3: ("22", "80")}
        del ports[12]
    if number >= 3:
        ports |= {4: ("22", "8080")}
    if number == 4:
        ports = {host: ports[host] for host in (1, 2, 3, 4, 20)}
    if number >= 5:
        ports |= {5: ("22", "25"), 30: ("22",)}
        ports[2] = ("22",)
    return tuple(
        host_xml(f"192.0.2.{host}", *listed, mac=f"02:00:5E:00:00:{host:02X}")
        for host, listed in sorted(ports.items())
    )


TAKEN_IN = range(5)
NEXT = 5


def write_night(folder: Path, number: int) -> Path:
    """Write a night's scan."""
    start = int((FIRST + timedelta(days=number)).timestamp())
    hosts = night(number)
    ending = ENDING.format(end=start + 60, up=len(hosts), down=256 - len(hosts))
    path = folder / f"night-{number}.xml"
    path.write_text(scan_xml(*hosts, start=start, ending=ending))
    return path


def what_people_say(number: int, database: Path) -> Iterator[list[str]]:
    """Yield the commands that follow a night, for versions that have them."""
    if number == 0:
        yield ["ignore", "add", "192.0.2.3", "80/tcp", "--reason", "a test server"]
        yield ["expect", "192.0.2.99", "--until", "2090-01-01", "--reason", "a printer is coming"]
    if number == 1:
        with closing(sqlite3.connect(database)) as connection:
            query = "SELECT id FROM changes WHERE address = ? AND kind = ?"
            opened = (("192.0.2.2", "2090-01-01"), ("192.0.2.20", None))
            kinds = ("port-opened", "host-new")
            for (address, until), kind in zip(opened, kinds, strict=True):
                (change,) = connection.execute(query, (address, kind)).fetchone()
                yield ["accept", change, *(["--until", until] if until else [])]


class Answers(BaseHTTPRequestHandler):
    """A service that takes what is posted to /taken and knows nothing else."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.posts.append((self.path, body.decode()))  # type: ignore[attr-defined]
        self.send_response(200 if self.path.startswith("/taken") else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Yield the port, and the paths and bodies of what was posted."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        posts: list[tuple[str, str]] = []
        server.posts = posts  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, posts
        finally:
            server.shutdown()
            thread.join()


def environment_of(folder: Path, port: int) -> dict[str, str]:
    """Return an environment in which one message arrives, one is refused, one finds nobody."""
    env_file = folder / "empty.env"
    env_file.touch()
    urls = f"xml://127.0.0.1:{port}/taken form://127.0.0.1:{port}/gone json://127.0.0.1:1/"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TZ": "UTC",
        "LOGNAME": "alice",
        "NETWATCH_NETWORK": "lan",
        "NETWATCH_TARGETS": "192.0.2.0/24",
        "NETWATCH_STATE_DIR": str(folder / "state"),
        "NETWATCH_NMAP_PATH": "/usr/bin/nmap",
        "NETWATCH_NOTIFY": urls,
    }


def take_in(
    command: list[str], environment: Mapping[str, str], folder: Path, code: Path | None = None
) -> None:
    """Take in all nights, and say after each what people say, where the version knows how."""
    words = subprocess.run(
        [*command, "--help"], env=environment, cwd=code, capture_output=True, text=True
    )
    known = set(re.findall(r"^  ([a-z]+) ", words.stdout.partition("Commands:")[2], re.MULTILINE))
    for number in TAKEN_IN:
        path = write_night(folder, number)
        result = subprocess.run(
            [*command, "ingest", path], env=environment, cwd=code, capture_output=True
        )
        assert result.returncode in (0, 4), result.stderr
        for said in what_people_say(number, folder / "state" / "netwatch.db"):
            if said[0] in known:
                subprocess.run(
                    [*command, *said], env=environment, cwd=code, check=True, capture_output=True
                )


def dump_of(path: Path) -> str:
    """Return a database as SQL, its schema's number included."""
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return "\n".join([*connection.iterdump(), f"PRAGMA user_version = {version};", ""])


def main(checkout: Path, schema: int) -> None:
    with tempfile.TemporaryDirectory() as name, serving() as (port, _):
        folder = Path(name)
        environment = environment_of(folder, port)
        command = [sys.executable, "-m", "netwatch_notify", "--env-file", str(folder / "empty.env")]
        take_in(command, environment, folder, checkout)
        text = dump_of(folder / "state" / "netwatch.db")
    assert f"PRAGMA user_version = {schema};" in text
    (FOLDER / f"schema-{schema}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
