"""The command line as its users meet it: check, the bar on a terminal, two deliveries at once."""

import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from netwatch_notify import __version__
from tests.conftest import Program

HEAVY = ("apprise", "httpx", "libnmap", "pydantic", "pydantic_settings", "rich", "sqlite3")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['netwatch-notify', '--help']\n"
        "from netwatch_notify.cli.main import main\n"
        "try: main()\n"
        f"except SystemExit: print([m for m in {HEAVY} if m in sys.modules])"
    )
    # Without coverage's variables: measuring imports sqlite3 itself.
    bare = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env=bare, capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_help_is_there_at_once(program: Program) -> None:
    seconds = []
    for _ in range(5):
        started = time.monotonic()
        subprocess.run(program.command("--help"), capture_output=True, check=True)
        seconds.append(time.monotonic() - started)
    # 0.06 s on an idle machine; the bound leaves room for a loaded one.
    assert median(seconds) < 0.5


def test_the_version_is_the_package_s(program: Program) -> None:
    assert __version__ in program.run("--version").stdout


def test_an_unknown_command_is_exit_2(program: Program) -> None:
    assert program.run("scam").returncode == 2


def test_a_terminal_sees_how_far_the_scan_is(program: Program) -> None:
    progress = '<taskprogress task="SYN Stealth Scan" time="1" percent="42.00" etc="2"/>'
    program.network({"192.0.2.1": [22]}, fast={"extra": progress, "sleep": 0.5})
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        program.command("run"), env=program.environment, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    drawn = b""
    try:
        while piece := os.read(ours, 4096):
            drawn += piece
    except OSError:
        # The terminal's other end has closed (EIO).
        pass
    os.close(ours)
    assert process.wait(20) == 0
    text = drawn.decode()
    assert " 42% SYN Stealth Scan, 1 hosts up" in text
    assert text.endswith("\r"), "the bar is taken off again"


class Mailbox:
    """Takes every mail, or refuses all while `refusing`."""

    def __init__(self) -> None:
        self.refusing = True
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refusing:
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def mailbox(program: Program) -> Iterator[Mailbox]:
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        program.environment["NETWATCH_NOTIFY"] = (
            f"mailto://127.0.0.1:{port}/?from=a@lan.example&to=ops@lan.example&mode=insecure"
        )
        yield box
    finally:
        controller.stop()


def test_two_deliveries_at_once_send_one_row_once(program: Program, mailbox: Mailbox) -> None:
    program.network({"192.0.2.1": [22]})
    result = program.run()
    assert result.returncode == 4
    assert "mail to ops@lan.example: not delivered" in result.stderr
    mailbox.refusing = False
    assert program.run("outbox", "retry", "--all").returncode == 0
    both = [subprocess.Popen(program.command("deliver"), env=program.environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(mailbox.mails) == 1


def test_a_preview_sends_nothing(program: Program, mailbox: Mailbox) -> None:
    mailbox.refusing = False
    program.network({"192.0.2.1": [22]})
    result = program.run("--dry-run")
    assert result.returncode == 0
    assert "To: mail to ops@lan.example (html)" in result.stdout
    assert mailbox.mails == []


def test_a_removed_destination_s_row_is_given_up_visibly(
    program: Program, mailbox: Mailbox
) -> None:
    program.network({"192.0.2.1": [22]})
    assert program.run().returncode == 4
    program.environment["NETWATCH_NOTIFY"] += "&format=text"
    program.environment["NETWATCH_NOTIFY"] = program.environment["NETWATCH_NOTIFY"].replace(
        "ops@", "other@"
    )
    result = program.run("deliver")
    assert result.returncode == 4
    assert "not configured any more" in result.stderr
    assert program.run("deliver").returncode == 0, "it is told once"


def test_an_unusable_state_is_told_past_the_outbox(program: Program, mailbox: Mailbox) -> None:
    mailbox.refusing = False
    (program.folder / "file").write_text("")
    result = program.run(NETWATCH_STATE_DIR=str(program.folder / "file" / "state"))
    assert result.returncode == 6
    assert len(mailbox.mails) == 1
    assert b"STATE DIRECTORY" in mailbox.mails[0].upper()
