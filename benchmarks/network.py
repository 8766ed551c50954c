"""An invented network on two nights, for benchmarks.pairs: its hosts and what becomes of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from random import Random

ONE_CHANGED_IN = 100
"""Of so many hosts in a row one changes; a rest that is shorter stays as it is."""


class Fate(Enum):
    """What becomes of a host from the first night to the second."""

    SAME = "same"
    OPENED = "opened"
    CLOSED = "closed"
    VERSION = "version"
    GONE = "gone"
    NEW = "new"


FATES = (Fate.OPENED, Fate.CLOSED, Fate.VERSION, Fate.GONE, Fate.NEW)
"""The changes, in the order in which they take turns."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A port that nmap lists, in the words of -sV."""

    service: str
    """What stands in `<service>`; `{v}` is the version."""
    versions: tuple[str, ...] = ("",)
    """The second one is that of a host whose service changed."""
    cpe: str = ""
    state: str = "open"


SSH = 22
"""Every host has it."""
LISTED: Mapping[int, Listed] = {
    21: Listed(
        'name="ftp" product="vsftpd" version="{v}" ostype="Unix"',
        ("3.0.3", "3.0.5"),
        "cpe:/a:vsftpd:vsftpd:{v}",
    ),
    SSH: Listed(
        'name="ssh" product="OpenSSH" version="{v}" extrainfo="protocol 2.0" ostype="Linux"',
        ("9.2p1 Debian 2+deb12u3", "9.2p1 Debian 2+deb12u5"),
        "cpe:/a:openbsd:openssh:9.2p1",
    ),
    25: Listed('name="smtp" product="Postfix smtpd"', cpe="cpe:/a:postfix:postfix"),
    53: Listed(
        'name="domain" product="ISC BIND" version="{v}" extrainfo="Debian Linux" ostype="Linux"',
        ("9.18.24-1", "9.18.28-1~deb12u2"),
        "cpe:/a:isc:bind:{v}",
    ),
    80: Listed(
        'name="http" product="nginx" version="{v}"',
        ("1.22.1", "1.24.0"),
        "cpe:/a:igor_sysoev:nginx:{v}",
    ),
    111: Listed('name="rpcbind" version="2-4" extrainfo="RPC #100000"'),
    143: Listed('name="imap" product="Dovecot imapd"', cpe="cpe:/a:dovecot:dovecot"),
    443: Listed(
        'name="http" product="Apache httpd" version="{v}" extrainfo="(Debian)" tunnel="ssl"',
        ("2.4.57", "2.4.61"),
        "cpe:/a:apache:http_server:{v}",
    ),
    445: Listed('name="microsoft-ds"', state="filtered"),
    3306: Listed(
        'name="mysql" product="MySQL" version="{v}"', ("8.0.36", "8.0.39"), "cpe:/a:mysql:mysql:{v}"
    ),
    3389: Listed('name="ms-wbt-server" product="xrdp"', cpe="cpe:/a:jay_sorg:xrdp"),
    5432: Listed(
        'name="postgresql" product="PostgreSQL DB" version="{v}"',
        ("15.4", "15.7"),
        "cpe:/a:postgresql:postgresql:{v}",
    ),
    8080: Listed(
        'name="http" product="Jetty" version="{v}"',
        ("9.4.53", "9.4.55"),
        "cpe:/a:eclipse:jetty:{v}",
    ),
}
OTHERS = tuple(number for number in LISTED if number != SSH)

VENDORS = (
    ("00:16:3E", "Xensource"),
    ("00:1B:21", "Intel Corporate"),
    ("52:54:00", "QEMU virtual NIC"),
    ("B8:27:EB", "Raspberry Pi Foundation"),
)


@dataclass(frozen=True, slots=True)
class NetworkHost:
    """One host as it is on both nights; what nmap measures anew each night is not here."""

    number: int
    """Counted from 0, as the addresses are from the first one."""
    fate: Fate
    before: Mapping[int, int]
    """Its ports in ascending order, each with the index of its version."""
    after: Mapping[int, int]
    ttl: int
    has_name: bool
    mac: str
    """Empty for three hosts in four: those behind a router."""
    vendor: str

    def ports(self, *, is_after: bool) -> Mapping[int, int] | None:
        """Return its ports before or after; None where it does not answer."""
        if self.fate is (Fate.GONE if is_after else Fate.NEW):
            return None
        return self.after if is_after else self.before


def network(hosts: int, random: Random) -> Iterator[NetworkHost]:
    """Yield `hosts` hosts; the first ones are the same however many follow."""
    unlucky = -1
    for number in range(hosts):
        if number % ONE_CHANGED_IN == 0:
            drawn = number + random.randrange(ONE_CHANGED_IN)
            unlucky = drawn if number + ONE_CHANGED_IN <= hosts else -1
        fate = FATES[number // ONE_CHANGED_IN % len(FATES)] if number == unlucky else Fate.SAME
        ports = dict.fromkeys(sorted((SSH, *random.sample(OTHERS, random.randrange(2, 5)))), 0)
        oui, vendor = random.choice(VENDORS) if random.random() < 0.25 else ("", "")
        digits = f"{random.getrandbits(24):06X}"
        yield NetworkHost(
            number,
            fate,
            before=ports,
            after=_changed(ports, fate, random),
            ttl=random.choice((64, 128)),
            has_name=random.random() < 0.4,
            mac=f"{oui}:{digits[:2]}:{digits[2:4]}:{digits[4:]}" if oui else "",
            vendor=vendor,
        )


def _changed(ports: Mapping[int, int], fate: Fate, random: Random) -> Mapping[int, int]:
    if fate not in (Fate.OPENED, Fate.CLOSED, Fate.VERSION):
        return ports
    after = dict(ports)
    if fate is Fate.OPENED:
        after[random.choice([n for n in OTHERS if n not in ports and _is_open(n)])] = 0
    elif fate is Fate.CLOSED:
        del after[random.choice([n for n in ports if _is_open(n)])]
    else:
        after[random.choice([n for n in ports if len(LISTED[n].versions) > 1])] = 1
    return dict(sorted(after.items()))


def _is_open(number: int) -> bool:
    return LISTED[number].state == "open"
