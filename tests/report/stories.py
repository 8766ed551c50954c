"""Nights worth telling, as the values a message is built from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from zoneinfo import ZoneInfo

from netwatch_notify.model.change import Change, ChangeKind, Problem, Severity
from netwatch_notify.model.message import View
from netwatch_notify.model.port import (
    Port,
    PortKey,
    PortProtocol,
    PortState,
    ScriptOutput,
    Service,
    ServiceMethod,
)
from netwatch_notify.report.facts import FirstInventory, RunFacts
from netwatch_notify.report.view import build_view

BERLIN = ZoneInfo("Europe/Berlin")
RUN_AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)

FACTS = RunFacts(
    network="lan",
    run_id=412,
    kind="run",
    status="done",
    started_at=RUN_AT,
    ended_at=RUN_AT + timedelta(minutes=4),
    fast_seconds=190.0,
    detail_seconds=50.0,
    addresses=254,
    ports={PortProtocol.TCP: 1000},
    hosts_up=38,
    usual_hosts_up=37,
    whole_report="/var/lib/netwatch/scans/412/report.txt",
)


@dataclass(frozen=True)
class Story:
    """What one night brought."""

    facts: RunFacts = FACTS
    changes: Sequence[Change] = ()
    problems: Sequence[Problem] = field(default=())

    @property
    def view(self) -> View:
        """The whole message, as read in Berlin."""
        return build_view(self.facts, self.changes, self.problems, BERLIN)


def change(kind: ChangeKind, address: str, severity: Severity, **more: Any) -> Change:
    """Build a change; `port` takes `8443/tcp`, confirmed is the rule."""
    if "port" in more:
        more["key"] = PortKey.parse(more.pop("port"))
    return Change(kind, severity, ip_address(address), **{"confirmed": True, **more})


def probed(name: str, product: str = "", version: str = "", **more: Any) -> Service:
    """Build a service that answered a probe."""
    return Service(name, product, version, method=ServiceMethod.PROBED, **more)


def open_port(text: str, service: Service | None = None, *scripts: ScriptOutput) -> Port:
    """Build an open port."""
    return Port(PortKey.parse(text), PortState.OPEN, "syn-ack", service, scripts)


TELNET = change(
    ChangeKind.PORT_OPENED,
    "192.168.1.40",
    Severity.CRITICAL,
    name="printer-2",
    port="23/tcp",
    state=PortState.OPEN,
    service=probed("telnet"),
    first_seen_at=RUN_AT,
)
NEW_DEVICE = change(
    ChangeKind.HOST_NEW,
    "192.168.1.77",
    Severity.WARNING,
    mac="24:0A:C4:00:00:01",
    vendor="Espressif",
    first_seen_at=RUN_AT,
)
NEW_PORT = change(
    ChangeKind.PORT_OPENED,
    "192.168.1.10",
    Severity.WARNING,
    name="nas",
    port="8443/tcp",
    state=PortState.OPEN,
    service=probed("http", "nginx", "1.22.1", tunnel="ssl"),
    first_seen_at=RUN_AT,
)
SSH_UPDATED = change(
    ChangeKind.SERVICE_CHANGED,
    "192.168.1.1",
    Severity.INFO,
    name="gateway",
    port="22/tcp",
    was="OpenSSH 9.2p1",
    service=probed("ssh", "OpenSSH", "9.6p1"),
)
FTP_CLOSED = change(
    ChangeKind.PORT_CLOSED,
    "192.168.1.10",
    Severity.INFO,
    name="nas",
    port="21/tcp",
    state=PortState.CLOSED,
    was="open",
    first_seen_at=RUN_AT - timedelta(days=43),
)

SAMPLE = Story(changes=(FTP_CLOSED, NEW_PORT, SSH_UPDATED, NEW_DEVICE, TELNET))
"""DESIGN's first sample, in no particular order."""

QUIET = Story()

FIRST_RUN = Story(
    replace(
        FACTS,
        run_id=1,
        usual_hosts_up=None,
        first_run=True,
        inventory=FirstInventory(
            hosts=38,
            hosts_with_open_ports=21,
            ports_open=97,
            risky=(
                ("printer-2 (192.168.1.40)", PortKey(23), "telnet"),
                ("192.168.1.61", PortKey(3389), ""),
            ),
            busiest=((PortKey(22), 18), (PortKey(443), 12), (PortKey(80), 1)),
        ),
    )
)

PROBLEMS = Story(
    replace(
        FACTS,
        network="corp",
        addresses=65536,
        hosts_up=2911,
        usual_hosts_up=3004,
        parts_total=5,
        parts_good=4,
        fast_seconds=7200.0,
        detail_seconds=600.0,
        notes=("Newly covered, taken as known: 14 hosts in 192.168.2.0/24",),
    ),
    (TELNET, FTP_CLOSED),
    (
        Problem(
            "part:leeds",
            "leeds not scanned",
            (
                "10.40.0.0/16: no route from the scanner",
                "Nothing below is about it.",
                "Try: ip route get 10.40.0.1",
            ),
            nights=3,
            last_good_at=SATURDAY,
        ),
        Problem(
            "held:10.30.4.0/24",
            "10.30.4.0/24: 88 of 91 hosts silent",
            ("night 1, held, not counted as gone",),
        ),
    ),
)

KINDS = Story(
    changes=(
        change(
            ChangeKind.HOST_NEW,
            "192.168.1.90",
            Severity.WARNING,
            name="tv.lan",
            mac="02:11:22:33:44:55",
            vendor="Whoever",
            confirmed=False,
            note="seen once: the second look did not find it open",
            ports=(
                open_port("80/tcp", probed("http", "lighttpd", "1.4.69")),
                open_port("443/tcp", Service("https")),
                *(open_port(f"{number}/tcp", probed("http")) for number in range(8000, 8006)),
            ),
        ),
        change(
            ChangeKind.PORT_OPENED,
            "192.168.1.61",
            Severity.WARNING,
            vendor="Dell",
            port="80/tcp",
            service=probed("http", "Microsoft IIS httpd", "10.0"),
            scripts=(
                ScriptOutput("http-title", "Intranet\nRequested resource was http://x/"),
                ScriptOutput(
                    "ssl-cert",
                    "Subject: commonName=intranet.lan/organizationName=Us\nIssuer: commonName=CA",
                ),
                ScriptOutput("smb-os-discovery", "\n  OS: Windows Server 2016\n  Workgroup: WG"),
            ),
        ),
        change(
            ChangeKind.PORT_OPENED,
            "192.168.1.62",
            Severity.WARNING,
            port="2222/tcp",
            service=Service("EtherNetIP-1"),
            first_seen_at=datetime(2025, 3, 1, tzinfo=UTC),
            confirmed=False,
        ),
        change(
            ChangeKind.MAC_CHANGED,
            "192.168.1.10",
            Severity.WARNING,
            name="nas",
            mac="00:11:32:00:00:02",
            vendor="Synology",
            was="00:11:32:00:00:01",
        ),
        change(
            ChangeKind.SERVICE_CHANGED,
            "192.168.1.61",
            Severity.INFO,
            port="8080/tcp",
            was="nginx 1.22.1",
            service=probed("http", "Apache httpd", "2.4.58"),
        ),
        change(
            ChangeKind.PORT_CLOSED,
            "192.168.1.20",
            Severity.INFO,
            name="desk",
            port="21/tcp",
            state=PortState.FILTERED,
            first_seen_at=RUN_AT - timedelta(days=1),
            last_seen_at=SATURDAY,
        ),
        change(
            ChangeKind.HOST_GONE, "192.168.1.30", Severity.INFO, name="cam", last_seen_at=SATURDAY
        ),
        change(ChangeKind.HOST_BACK, "2001:db8::31", Severity.INFO, last_seen_at=SATURDAY),
    )
)
"""Every kind of change, with the wordings the sample does not show."""

HOSTILE_TEXT = " ".join(
    (
        "<script>alert(1)</script>",
        "<!channel> @room",
        "[x](http://evil.example)",
        "`id` **b** www.evil.example",
    )
)
HOSTILE = Story(
    changes=(
        change(
            ChangeKind.PORT_OPENED,
            "192.168.1.66",
            Severity.CRITICAL,
            name=HOSTILE_TEXT,
            port="23/tcp",
            service=probed("<!here>", "# heading", HOSTILE_TEXT),
            scripts=(ScriptOutput("http-title", "- > 1. <img src=x>\n@everyone"),),
        ),
        change(
            ChangeKind.HOST_NEW,
            "192.168.1.67",
            Severity.WARNING,
            vendor="\x1b[31m\u202eevil <b>& ~~co~~",
            ports=(open_port("80/tcp", probed("http", "1. | $x$ _y_", "~~~")),),
        ),
    ),
)

MANY = Story(
    replace(FACTS, network="corp", addresses=65536, hosts_up=2911, usual_hosts_up=3004),
    (
        TELNET,
        *(
            change(
                ChangeKind.PORT_OPENED,
                f"10.20.{number // 250}.{number % 250 + 1}",
                Severity.WARNING if number % 2 else Severity.INFO,
                port="8080/tcp",
                service=probed("http", "nginx", f"1.22.{number}"),
            )
            for number in range(4999)
        ),
    ),
    PROBLEMS.problems,
)
"""5,000 changes and two problems in one night."""
