"""Nights of any number of changes, the same each time, as varied as a real network's worst."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from random import Random

from netwatch_notify.diff.groups import with_groups
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.port import PortState
from tests.report.stories import (
    FACTS,
    HOSTILE_TEXT,
    PROBLEMS,
    RUN_AT,
    SATURDAY,
    Story,
    change,
    open_port,
    probed,
)

_NAMES = ("nas", "tv", "desk", "cam", "lab", "till", "door", "press", "scale", "badge")
_MAKERS = ("Espressif", "Synology", "Dell", "Hewlett Packard", "Raspberry Pi", "")
_SERVERS = (
    probed("http", "nginx", "1.22.1"),
    probed("http", "Apache httpd", "2.4.58"),
    probed("ssh", "OpenSSH", "9.6p1"),
    probed("mqtt"),
    probed("http", "A product whose name somebody made far too long to be read on a phone", "1"),
    None,
)
_RISKY = (("telnet", 23), ("ftp", 21), ("microsoft-ds", 445), ("ms-wbt-server", 3389))
_LONG = "the-very-long-name-that-the-building-management-gave-it.floor-3.example.com"


class _Network:
    """Draws hosts, each once, and what happened to them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.last = 0

    def host(self) -> dict[str, str]:
        """Return an address and who is there: named or not, known maker or not."""
        self.last += self.random.randint(1, 7)
        name = f"{self.random.choice(_NAMES)}-{self.last}" if self.random.random() < 0.5 else ""
        if self.random.random() < 0.01:
            name = _LONG
        address = ip_address("10.20.0.0") + self.last
        return {"address": str(address), "name": name, "vendor": self.random.choice(_MAKERS)}

    def critical(self) -> Change:
        name, port = self.random.choice(_RISKY)
        return change(
            ChangeKind.PORT_OPENED,
            severity=Severity.CRITICAL,
            port=f"{port}/tcp",
            state=PortState.OPEN,
            service=probed(name),
            first_seen_at=RUN_AT,
            **self.host(),
        )

    def opened(self) -> Change:
        return change(
            ChangeKind.PORT_OPENED,
            severity=Severity.WARNING,
            port=f"{self.random.choice((22, 80, 443, self.random.randint(1024, 65535)))}/tcp",
            state=PortState.OPEN,
            service=self.random.choice(_SERVERS),
            first_seen_at=RUN_AT,
            confirmed=self.random.random() < 0.9,
            **self.host(),
        )

    def device(self) -> Change:
        numbers = sorted(self.random.sample(range(1024, 65535), self.random.randint(0, 4)))
        ports = tuple(open_port(f"{n}/tcp", self.random.choice(_SERVERS)) for n in numbers)
        return change(
            ChangeKind.HOST_NEW,
            severity=Severity.WARNING,
            ports=ports,
            first_seen_at=RUN_AT,
            **self.host(),
        )

    def closed(self) -> Change:
        return change(
            ChangeKind.PORT_CLOSED,
            severity=Severity.INFO,
            port=f"{self.random.randint(1024, 65535)}/tcp",
            state=PortState.CLOSED,
            first_seen_at=RUN_AT - timedelta(days=self.random.randint(1, 400)),
            **self.host(),
        )

    def gone(self) -> Change:
        return change(
            ChangeKind.HOST_GONE,
            severity=Severity.INFO,
            note="" if self.random.random() < 0.8 else "it slept before",
            last_seen_at=SATURDAY,
            **self.host(),
        )

    def updated(self) -> Change:
        return change(
            ChangeKind.SERVICE_CHANGED,
            severity=Severity.INFO,
            port="22/tcp",
            was=f"OpenSSH 8.{self.random.randint(0, 9)}p1",
            service=probed("ssh", "OpenSSH", "9.6p1"),
            **self.host(),
        )

    def hostile(self) -> Change:
        return replace(self.opened(), name=HOSTILE_TEXT, label="", service=probed(HOSTILE_TEXT))


def night(number: int) -> Story:
    """Return a night with so many changes; the largest has problems as well."""
    network = _Network(number)
    draw: list[tuple[Callable[[], Change], int]] = [
        (network.critical, 2),
        (network.opened, 30),
        (network.device, 25),
        (network.closed, 25),
        (network.gone, 8),
        (network.updated, 10),
    ]
    makers, weights = zip(*draw, strict=True)
    changes = [network.critical()] if number else []
    if number > 1:
        changes.append(network.hostile())
    changes += [make() for make in network.random.choices(makers, weights, k=max(number - 2, 0))]
    size = {"addresses": 65536, "hosts_up": 2911, "usual_hosts_up": 3004} if number > 99 else {}
    facts = replace(
        FACTS,
        network="corp" if size else "lan",
        whole_report="netwatch-notify show 412",
        **size,
    )
    return Story(facts, with_groups(changes), PROBLEMS.problems if number > 999 else ())
