"""
Debian's exim4 with a configuration of ours: SMTP on a free port of 127.0.0.1, one Maildir.

It needs root, because exim lets nobody else start a daemon; it then runs as Debian's own
user for it, who must be able to reach its folder, so pytest's (0700) will not do. Nothing of
/etc/exim4 is read, nothing outside the folder is written, no mail leaves.
"""

import mailbox
import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.lan.mail_server import REFUSALS
from tests.servers.mail import parse

EXIM_USER = "Debian-exim"
START_SECONDS = 20
DELIVERY_SECONDS = 10

# A name that came with the mail may not be part of a path (exim calls it tainted): one Maildir
# for all. ${{ and }} are exim's braces.
CONFIGURATION = """\
primary_hostname = mail.example
spool_directory = {folder}/spool
log_file_path = {folder}/spool/%s.log
pid_file_path = {folder}/spool/daemon.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
daemon_startup_retries = 0
keep_environment =
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
deliver_drop_privilege
domainlist here = example.org
acl_smtp_rcpt = rcpt
acl_smtp_data = data

begin acl
rcpt:
{refusals_at_rcpt}
  deny    !domains = +here
  accept
data:
{refusals_at_data}
  accept

begin routers
all:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = {folder}/maildir
  maildir_format
  create_directory
  envelope_to_add
  return_path_add
"""

REFUSAL = """\
  {verb}  condition = ${{if eq{{${{readfile{{{folder}/refuse}}{{}}}}}}{{{stage} {code}}}}}
          message = {code} {words}
"""


@dataclass(frozen=True, slots=True)
class Exim:
    """A running exim and what it delivered."""

    folder: Path
    port: int

    def url(self, query: str = "") -> str:
        return (
            f"mailto://127.0.0.1:{self.port}?from=watch@example.org&to=ops@example.org"
            f"&smtp=127.0.0.1&mode=insecure{query}"
        )

    def refuse(self, stage: str, code: str) -> None:
        """Answer so at `rcpt` or `data` from now on; with two empty texts, accept again."""
        partial = self.folder / "refuse.new"
        partial.write_text(f"{stage} {code}".strip())
        partial.chmod(0o644)
        partial.rename(self.folder / "refuse")

    def log(self) -> str:
        """Return what exim wrote down."""
        logs = sorted((self.folder / "spool").glob("*.log"))
        return "\n".join(path.read_text(errors="replace") for path in logs)

    def take(self, count: int) -> list[EmailMessage]:
        """Wait until `count` messages were delivered, then return and remove them."""
        inbox = self.folder / "maildir" / "new"
        ends_at = time.monotonic() + DELIVERY_SECONDS
        while not inbox.is_dir() or len(list(inbox.iterdir())) < count:
            assert time.monotonic() < ends_at, self.log()
            time.sleep(0.02)
        box = mailbox.Maildir(self.folder / "maildir", factory=None)
        raw = [box.get_bytes(key) for key in sorted(box.keys())]
        box.clear()
        assert len(raw) == count
        return [parse(message) for message in raw]


def require_exim() -> str:
    """Return the program; without it the test is skipped, and fails in CI."""
    program = shutil.which("exim4", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    reason = ""
    if program is None:
        reason = "exim4 is not installed (Debian: exim4-daemon-light)"
    elif os.geteuid() != 0:
        reason = "exim4 lets only root start a daemon"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return str(program)


@contextmanager
def exim() -> Iterator[Exim]:
    """Run exim until the block ends."""
    program = require_exim()
    with tempfile.TemporaryDirectory(prefix="netwatch-exim-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "spool").mkdir()
        (folder / "maildir").mkdir()
        for owned in ("spool", "maildir"):
            shutil.chown(folder / owned, EXIM_USER, EXIM_USER)
        running = Exim(folder, _free_port())
        running.refuse("", "")
        (folder / "exim.conf").write_text(_configuration(running))
        with (folder / "stderr").open("wb") as errors:
            daemon = subprocess.Popen(
                [program, "-C", str(folder / "exim.conf"), "-bdf"],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        try:
            _wait_until_it_greets(running, daemon)
            yield running
        finally:
            daemon.terminate()
            daemon.wait(10)


def _configuration(running: Exim) -> str:
    folder = running.folder
    refusals = {
        stage: "".join(
            REFUSAL.format(
                verb="defer" if code.startswith("4") else "deny ",
                folder=folder,
                stage=stage,
                code=code,
                words=words,
            )
            for code, words in REFUSALS.items()
        )
        for stage in ("rcpt", "data")
    }
    return CONFIGURATION.format(
        folder=folder,
        port=running.port,
        refusals_at_rcpt=refusals["rcpt"],
        refusals_at_data=refusals["data"],
    )


def _wait_until_it_greets(running: Exim, daemon: "subprocess.Popen[bytes]") -> None:
    ends_at = time.monotonic() + START_SECONDS
    while True:
        said = (running.folder / "stderr").read_text(errors="replace")
        assert daemon.poll() is None, f"exim ended: {said}{running.log()}"
        try:
            with smtplib.SMTP("127.0.0.1", running.port, timeout=5):
                return
        except OSError:
            assert time.monotonic() < ends_at, f"exim does not answer: {said}{running.log()}"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
