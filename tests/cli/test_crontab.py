"""What cron does not read is named: the faults that its own log alone would tell."""

import os
from pathlib import Path

import pytest

from netwatch_notify.cli.checks.crontab import fault_of, why_unread
from netwatch_notify.schedule.cron import cron_text
from netwatch_notify.schedule.job import Job

TEXT = cron_text(Job())
RUN = "0 3 * * * root /usr/local/bin/netwatch-notify run\n"


def fault(text: str, *, has_users: bool = True) -> str:
    found = fault_of(text, has_users=has_users, is_user=lambda name: name == "root")
    return " | ".join(found) if found else ""


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "",
        "\n \t\n  # a comment\n'A' = 'b'\n",
        "* * * jan-dec Mon root true\n0~5 3,4 1-31/2 * 7 root true\n@daily root true\n",
        f"{RUN}0 3 31 2 * root true\n",
        RUN.replace(" run", r" run >/tmp/$(date +\%F)"),
        "0 3 * * * root date +%F\n",
    ],
)
def test_what_cron_reads_has_no_fault(text: str) -> None:
    """Each was run by Debian's cron; a % in somebody else's line is theirs."""
    assert fault(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT[:-1], "last line does not end"),
        (RUN + "61 3 * * * root true\n", "line 2 is no entry"),
        (RUN + "0 3 * * xyz root true\n", "line 2 is no entry"),
        (RUN + "@every root true\n", "line 2 is no entry"),
        ("MAILTO root\n" + RUN, "line 1 is no entry"),
        (RUN + "0 3 * * * root\n", "line 2 is no entry"),
        (RUN + "0 3 * * * nobody-here true\n", "line 2 names a user, nobody-here"),
        (RUN.replace("\n", "\r\n"), r"line 1 ends as on Windows, and so does its last word | sed"),
        (RUN.replace(" run", " run >$(date +%F)"), "line 1 has a %"),
        ("SHELL=/bin/shh\n" + RUN, "line 1 names a shell, /bin/shh"),
    ],
)
def test_what_cron_does_not_read_is_named_with_its_line(text: str, words: str) -> None:
    """Of a file with one such line Debian's cron reads none."""
    assert words in fault(text)


def test_a_users_own_crontab_names_no_users() -> None:
    """Its sixth word is the command's."""
    assert fault("0 3 * * * netwatch-notify\n", has_users=False) == ""
    assert fault("0 3 * * *\n", has_users=False)


def test_the_owner_and_the_mode_count(tmp_path: Path) -> None:
    """cron reads no file in /etc/cron.d that others than root may change."""
    path = tmp_path / "netwatch"
    path.write_text(TEXT)
    if os.geteuid() == 0:
        assert why_unread(path) is None
        path.chmod(0o664)
        assert why_unread(path) == (
            "others than root may write to it, so cron does not read it",
            f"chmod 644 {path}",
        )
        os.chown(path, 4242, 0)
    assert why_unread(path) == (
        "does not belong to root, and cron reads no other",
        f"chown -h root: {path}",
    )
    assert why_unread(tmp_path / "none") is None
