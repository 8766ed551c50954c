"""What the documents show of the program's own texts, made by the program."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import click

from netwatch_notify.cli.main import cli
from netwatch_notify.errors import UsageError
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.message import Format
from netwatch_notify.model.port import PortKey, PortProtocol, PortState, ScriptOutput
from netwatch_notify.report.render import render
from netwatch_notify.settings.reading import load_settings
from tests.conftest import Program
from tests.docs.blocks import ROOT
from tests.docs.output import DAY
from tests.report import stories
from tests.report.stories import RUN_AT, Story, change, open_port, probed


def message_of(story: Story) -> str:
    """Return a story as standard output has it."""
    message = render(story.view, Format.TEXT)
    return f"Subject: {message.subject}\n\n{message.body}\n"


NIGHT = Story(
    replace(stories.FACTS, addresses=176, ports={PortProtocol.TCP: 110}, hosts_up=59,
            usual_hosts_up=None, fast_seconds=9.0, detail_seconds=8.0,
            ended_at=RUN_AT + timedelta(seconds=17)),
    (
        change(ChangeKind.PORT_OPENED, "10.77.1.5", Severity.CRITICAL, port="23/tcp",
               state=PortState.OPEN, service=probed("telnet", "Linux telnetd")),
        change(ChangeKind.PORT_OPENED, "10.77.1.5", Severity.CRITICAL, port="6379/tcp",
               state=PortState.OPEN, service=probed("redis", "Redis key-value store", "7.0.15")),
        change(ChangeKind.HOST_NEW, "10.77.1.100", Severity.WARNING,
               ports=(open_port("21/tcp", probed("ftp", "vsftpd", "3.0.3")),)),
        change(ChangeKind.HOST_NEW, "10.77.1.101", Severity.WARNING),
        change(ChangeKind.HOST_NEW, "10.78.0.20", Severity.WARNING, mac="24:0A:C4:00:00:20",
               vendor="Espressif"),
        change(ChangeKind.HOST_NEW, "fd77::9", Severity.WARNING,
               ports=(open_port("80/tcp", probed("http", "Apache httpd", "2.4.57"),
                                ScriptOutput("http-title",
                                             "Apache2 Debian Default Page: It works")),)),
        change(ChangeKind.PORT_CLOSED, "10.77.1.6", Severity.INFO, port="80/tcp",
               state=PortState.CLOSED, was="open", first_seen_at=RUN_AT),
    ),
)  # fmt: skip
"""The night that tests/test_nights.py plays on a real network."""

STILL_OPEN = replace(
    stories.SAMPLE,
    facts=replace(
        stories.FACTS,
        still_open=(
            OpenItem("e0d4", ChangeKind.PORT_OPENED, Severity.WARNING, ip_address("192.168.1.30"),
                     PortKey(8009), "tv", stories.SATURDAY),
        ),
    ),
)  # fmt: skip


def usage(*words: str) -> str:
    """Return the usage line of a command, as `--help` begins."""
    command: click.Command = cli
    context = click.Context(cli, info_name="netwatch-notify")
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
        context = click.Context(command, info_name=word, parent=context)
    return f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n"


def settings_errors() -> str:
    """Return what is said of three wrong settings."""
    wrong = {
        "NETWATCH_APPRISE_CONFIG": "/etc/netwatch/apprise.conf",
        "NETWATCH_NOTIFY": "mailto://localhost?to=admin@example.org",
        "NETWATCH_GONE_AFTER": "0",
    }
    try:
        load_settings(None, wrong)
    except UsageError as error:
        return f"{error}\n"
    raise AssertionError("they were taken")


def not_scanned(program: Program) -> str:
    """Return the message of a third night on which a range was not reached."""
    program.environment["NETWATCH_TARGETS"] = "10.40.0.0/16 2001:db8::9"
    other = {"2001:db8::9": [22]}
    for hosts, total in (({"10.40.0.9": [22], **other}, 65536), *[(other, 0)] * 3):
        totals = {"10.40.0.0/16": {"total": total}, "2001:db8::9": {"total": 1}}
        program.network(hosts, fast={"for": totals})
        printed = program.run().stdout
    return printed


def held(program: Program) -> str:
    """Return the message of the first night on which 88 of 91 hosts are silent."""
    program.environment["NETWATCH_TARGETS"] = "10.30.4.0/24"
    hosts = {f"10.30.4.{number}": [22] for number in range(1, 92)}
    program.network(hosts)
    program.run()
    program.network({address: hosts[address] for address in list(hosts)[:3]})
    # The id of a range that is held is of the night on which that began.
    return re.sub(r"\[[0-9a-f]{4}\]", "[e4f0]", program.run().stdout)


def _made(make: Callable[..., str], *arguments: object) -> Callable[[Program], str]:
    """Return a sample for which no program has to run."""
    return lambda _: make(*arguments)


SAMPLES: dict[str, Callable[[Program], str]] = {
    "message": _made(message_of, stories.SAMPLE),
    "night": _made(message_of, NIGHT),
    "still-open": _made(message_of, STILL_OPEN),
    "not-scanned": not_scanned,
    "held": held,
    "together": _made((ROOT / "tests/data/messages/together.txt").read_text, "utf-8"),
    "settings-errors": _made(settings_errors),
    "usage": _made(usage),
    **{f"usage:{name}": _made(usage, name) for name in cli.commands},
}
"""By the name that a page gives after `proof: sample`."""


def is_shown(written: str, made: str) -> bool:
    """Whether the lines of a page stand in what was made, one after the other, whatever the day."""
    lines, wanted = (re.sub(DAY, "DAY", text).splitlines() for text in (made, written))
    return any(
        lines[start : start + len(wanted)] == wanted
        for start in range(len(lines) - len(wanted) + 1)
    )
