"""contrib/hooks/hand_over.py, the hook that docs/how-to/hand-over.md shows."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from lxml import etree

from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.port import Port, PortKey, PortState
from netwatch_notify.report.json_report import change_json

ROOT = Path(__file__).parents[2]
HOOK = ROOT / "contrib" / "hooks" / "hand_over.py"
HOSTILE = "';reboot;'$(id)`id`\u202e<x>&\n--script=evil {targets}"

SCANNER = """\
import json, os, sys
from ipaddress import ip_address
from pathlib import Path

Path(sys.argv[1]).write_text(json.dumps(sys.argv[2:]))
print("cannot: told by the scanner")
sys.exit(int(os.environ.get("SCANNER_EXIT", "0")))
"""


def told(kind: ChangeKind, address: str, **facts: Any) -> dict[str, Any]:
    """Return a change as a hook gets it, from a device that is out for harm."""
    change = Change(kind, Severity.WARNING, ip_address(address), HOSTILE, **facts)
    return change_json(change)


def opened(*keys: str) -> tuple[Port, ...]:
    return tuple(Port(PortKey.parse(key), PortState.OPEN) for key in keys)


CHANGES = [
    told(ChangeKind.HOST_NEW, "192.168.1.77", ports=opened("80/tcp", "161/udp")),
    told(ChangeKind.PORT_OPENED, "192.168.1.40", key=PortKey(23)),
    told(ChangeKind.SERVICE_CHANGED, "fd77::9", key=PortKey(22)),
    told(ChangeKind.PORT_CLOSED, "192.168.1.10", key=PortKey(21)),
    told(ChangeKind.HOST_GONE, "192.168.1.11"),
]


def call(
    changes: list[dict[str, Any]], *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Start the hook as netwatch-notify does."""
    return subprocess.run(
        [sys.executable, HOOK, *words],
        input=json.dumps({"schema": 1, "changes": changes}),
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "NETWATCH_MESSAGE": "lan-412-1", **environment},
    )


def test_what_is_new_is_written_as_addresses_and_ports(tmp_path: Path) -> None:
    """New hosts, opened ports and other versions; not what closed or went."""
    done = call(CHANGES, str(tmp_path / "new"))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    files = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    assert files == {
        "lan-412-1.targets": "192.168.1.40\n192.168.1.77\nfd77::9\n",
        "lan-412-1.ports": "T:22,23,80,U:161\n",
    }
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_command_gets_addresses_and_ports_and_nothing_else(tmp_path: Path) -> None:
    """No word of a device reaches it, and no shell reads what does."""
    scanner = tmp_path / "scanner.py"
    scanner.write_text(SCANNER)
    seen = tmp_path / "seen.json"
    command = [sys.executable, str(scanner), str(seen), "<hosts>{targets}</hosts>", "{ports}"]

    done = call(CHANGES, str(tmp_path / "new"), *command, "{message}")

    assert done.returncode == 0
    assert json.loads(seen.read_text()) == [
        "<hosts>192.168.1.40,192.168.1.77,fd77::9</hosts>",
        "T:22,23,80,U:161",
        "lan-412-1",
    ]


def test_a_quiet_night_starts_nothing(tmp_path: Path) -> None:
    """Also not one on which something only went away."""
    done = call(CHANGES[3:], str(tmp_path / "new"), "/nonexistent/scanner")

    assert done.returncode == 0
    assert not (tmp_path / "new").exists()


def test_a_scanner_that_fails_is_tried_again(tmp_path: Path) -> None:
    """Its exit status and last line are the hook's."""
    scanner = tmp_path / "scanner.py"
    scanner.write_text(SCANNER)
    command = [sys.executable, str(scanner), str(tmp_path / "seen.json")]

    done = call(CHANGES, str(tmp_path), *command, SCANNER_EXIT="7")

    assert (done.returncode, done.stdout) == (7, "cannot: told by the scanner\n")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "usage: hand-over FOLDER [COMMAND [WORD...]]"),
        (("/dev/null/new",), "/dev/null/new: Not a directory"),
        (("new", "/nonexistent/scanner"), "/nonexistent/scanner: cannot be started: No such file"),
    ],
    ids=["no folder", "folder is none", "no such scanner"],
)
def test_what_goes_wrong_is_one_line(
    words: tuple[str, ...], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the reason that netwatch-notify tells."""
    monkeypatch.chdir(tmp_path)

    done = call(CHANGES, *words)

    assert done.returncode == 1
    assert done.stderr.startswith(reason)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "host-new", "address": "192.168.1.1; id", "ports": []},
        {"kind": "port-opened", "address": "192.168.1.1", "port": "23 --evil", "protocol": "tcp"},
    ],
    ids=["address", "port"],
)
def test_what_is_no_address_or_port_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """Whoever wrote the report: nothing is written and nothing starts."""
    done = call([{"ports": None, **change}], str(tmp_path / "new"), "/nonexistent/scanner")

    assert done.returncode == 1
    assert not (tmp_path / "new").exists()


def test_the_page_hands_openvas_a_target(tmp_path: Path) -> None:
    """Its NETWATCH_HOOK, letter for letter, ends in one word of XML with addresses and ports."""
    page = (ROOT / "docs" / "how-to" / "hand-over.md").read_text(encoding="utf-8")
    block = re.search(r"^NETWATCH_HOOK='[^']*gvm-cli[^']*'\n", page, re.MULTILINE)
    assert block
    hook = dotenv_values(stream=io.StringIO(block[0]))["NETWATCH_HOOK"]
    _, _, *command = shlex.split(hook or "")
    seen, runuser = tmp_path / "seen.json", tmp_path / "runuser"
    runuser.write_text(f"#!{sys.executable}\n{SCANNER.replace('sys.argv[1]', repr(str(seen)))}")
    runuser.chmod(0o755)

    done = call(CHANGES, str(tmp_path), *command, PATH=str(tmp_path))

    assert done.returncode == 0, done.stderr
    *words, xml = json.loads(seen.read_text())
    assert words == ["openvas", "--", "gvm-cli", "socket", "--xml"]
    target = {element.tag: element.text for element in etree.fromstring(xml)}
    assert target == {
        "name": "lan-412-1",
        "hosts": "192.168.1.40,192.168.1.77,fd77::9",
        "port_range": "T:22,23,80,U:161",
    }
