"""An invented network through a month, and the truth about what happened, for benchmarks.month."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from itertools import chain
from random import Random

from netwatch_notify.model.change import ChangeKind

TARGETS = (IPv4Network("10.20.8.0/24"), IPv4Network("10.20.9.0/25"))
HOSTS = 200
IN_THE_FIRST = 150
"""So many hosts are in the first target, the others in the second."""
NIGHTS = 30
"""After the first one, of which the inventory is taken."""
LAPTOP_SHARE = 0.2
LAPTOP_ABSENT = 0.3
"""How likely a laptop is away on any night."""
PORT_LOST = 0.003
"""How likely the answer of an open port is lost on any night."""
OUTAGE_SHARE = 0.6
DROPPING_SHARE = 0.25
"""Hosts whose firewall answers nothing where no port is open."""
RENAMES = 4

WIDE = range(1, 10_001)
NARROW = range(1, 1025)
"""What is scanned on the night that asks for fewer ports."""

LAST_EVENT_NIGHT = 27
"""Later ones could not be told within the month: what is silent takes two runs."""
SPECIAL_NIGHTS = range(2, 27)
EVENTS: Mapping[ChangeKind, int] = {
    ChangeKind.HOST_NEW: 5,
    ChangeKind.PORT_OPENED: 8,
    ChangeKind.PORT_CLOSED: 10,
    ChangeKind.HOST_GONE: 4,
    ChangeKind.SERVICE_CHANGED: 6,
    ChangeKind.MAC_CHANGED: 2,
    ChangeKind.HOST_MOVED: 4,
}
"""How many of each kind; of the closed ports every second one refuses, the others are silent."""

LAPTOP_MAKER = ("F4:F1:9E", "Wistron InforComm (Zhongshan)")
"""No other host is of this vendor, so that one rule marks all laptops."""
VENDORS = (
    ("00:11:32", "Synology Incorporated"),
    ("00:12:F0", "Intel Corporate"),
    ("00:14:38", "Hewlett Packard Enterprise"),
    ("00:15:6D", "Ubiquiti Networks"),
    ("00:25:90", "Super Micro Computer"),
    ("08:3A:8D", "Espressif"),
    ("28:CD:C1", "Raspberry Pi Trading"),
    ("3C:2A:F4", "Brother Industries"),
)
"""Of nmap-mac-prefixes 7.93; none has the bit of an address that a host made up itself."""


class NightKind(StrEnum):
    """What is special about one night's scan."""

    ORDINARY = "ordinary"
    CUT = "cut"
    """Its file stops within a host."""
    FAILED = "failed"
    """nmap says that it failed, after a few hosts."""
    NARROW = "narrow"
    """Only the ports of `NARROW` are scanned."""
    OUTAGE = "outage"
    """`OUTAGE_SHARE` of the hosts do not answer."""


@dataclass(frozen=True, slots=True)
class Service:
    """What -sV says of one port."""

    words: str
    """The attributes of `<service>`; `{v}` is the version."""
    versions: tuple[str, str]
    """The one at first, and that of the upgrade."""
    cpe: str


SERVICES: Mapping[int, Service] = {
    21: Service(
        'name="ftp" product="vsftpd" version="{v}"', ("3.0.3", "3.0.5"), "vsftpd:vsftpd:{v}"
    ),
    22: Service(
        'name="ssh" product="OpenSSH" version="{v}" extrainfo="protocol 2.0"',
        ("9.2p1 Debian 2+deb12u3", "9.2p1 Debian 2+deb12u5"),
        "openbsd:openssh:9.2p1",
    ),
    53: Service(
        'name="domain" product="ISC BIND" version="{v}"', ("9.18.24", "9.18.28"), "isc:bind:{v}"
    ),
    80: Service(
        'name="http" product="nginx" version="{v}"', ("1.22.1", "1.24.0"), "igor_sysoev:nginx:{v}"
    ),
    110: Service(
        'name="pop3" product="Cyrus pop3d" version="{v}"', ("3.6.1", "3.8.2"), "cmu:cyrus:{v}"
    ),
    139: Service(
        'name="netbios-ssn" product="Samba smbd" version="{v}"',
        ("4.17.12", "4.19.5"),
        "samba:samba:{v}",
    ),
    143: Service(
        'name="imap" product="Cyrus imapd" version="{v}"', ("3.6.1", "3.8.2"), "cmu:cyrus:{v}"
    ),
    443: Service(
        'name="http" product="Apache httpd" version="{v}" extrainfo="(Debian)" tunnel="ssl"',
        ("2.4.57", "2.4.61"),
        "apache:http_server:{v}",
    ),
    631: Service('name="ipp" product="CUPS" version="{v}"', ("2.4", "2.5"), "apple:cups:{v}"),
    3000: Service(
        'name="http" product="Grafana http" version="{v}"', ("10.2.3", "10.4.1"), "grafana:grafana"
    ),
    3306: Service(
        'name="mysql" product="MySQL" version="{v}"', ("8.0.36", "8.0.39"), "mysql:mysql:{v}"
    ),
    5432: Service(
        'name="postgresql" product="PostgreSQL DB" version="{v}"',
        ("15.4", "15.7"),
        "postgresql:postgresql:{v}",
    ),
    8000: Service(
        'name="http" product="uvicorn" version="{v}"', ("0.23.2", "0.29.0"), "encode:uvicorn:{v}"
    ),
    8080: Service(
        'name="http" product="Jetty" version="{v}"', ("9.4.53", "9.4.55"), "mortbay:jetty:{v}"
    ),
    8443: Service(
        'name="http" product="nginx" version="{v}" tunnel="ssl"',
        ("1.22.1", "1.24.0"),
        "igor_sysoev:nginx:{v}",
    ),
    9090: Service(
        'name="http" product="Prometheus" version="{v}"', ("2.45.0", "2.51.2"), "prometheus:{v}"
    ),
}
RISKY: Mapping[int, Service] = {
    23: Service(
        'name="telnet" product="BusyBox telnetd" version="{v}"',
        ("1.14.0", "1.36.1"),
        "busybox:busybox:{v}",
    ),
    6379: Service(
        'name="redis" product="Redis key-value store" version="{v}"',
        ("7.0.15", "7.2.4"),
        "redislabs:redis:{v}",
    ),
}
"""Open on no host at first."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that really happened, and is to be told once."""

    kind: ChangeKind
    night: int
    """The first whose scan can show it."""
    address: str
    """Where the host is from then on."""
    port: int | None = None
    ports: frozenset[int] = frozenset()
    """The open ports of a new host."""

    def __str__(self) -> str:
        port = f" {self.port}/tcp" if self.port else ""
        return f"{self.kind} {self.address}{port} of night {self.night}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One host as it answers on one night."""

    address: IPv4Address
    mac: str
    vendor: str
    name: str
    drops: bool
    """Whether nothing comes back from ports that are not open, instead of a refusal."""
    services: Mapping[int, int]
    """Its open ports in ascending order, each with the index of its version."""
    refused: frozenset[int]
    silent: frozenset[int]
    """Ports of which no answer came, for good or on this night."""


@dataclass(frozen=True, slots=True)
class Night:
    """One night as it was, whatever becomes of its file."""

    number: int
    kind: NightKind
    hosts: tuple[Sighting, ...]
    """Those that answer, by address."""

    @property
    def ports(self) -> range:
        """What is scanned."""
        return NARROW if self.kind is NightKind.NARROW else WIDE

    @property
    def ends_properly(self) -> bool:
        """Whether what its scan does not show is not there."""
        return self.kind not in (NightKind.CUT, NightKind.FAILED)

    def counts(self, port: int | None) -> bool:
        """Whether it is one of the runs within which something has to be told."""
        # In the outage the breaker may hold everything.
        if not self.ends_properly or self.kind is NightKind.OUTAGE:
            return False
        return port is None or port in self.ports


@dataclass(frozen=True, slots=True)
class Month:
    """All nights, and the truth about them."""

    seed: int
    nights: tuple[Night, ...]
    events: tuple[Event, ...]
    """By night."""
    laptops: frozenset[str]
    """Their addresses: none of them moves."""


@dataclass(slots=True)
class _Device:
    address: IPv4Address
    mac: str
    vendor: str
    name: str
    drops: bool
    services: dict[int, int]
    is_laptop: bool = False
    is_here: bool = True
    refused: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Fate:
    """What will happen to one device."""

    kind: ChangeKind
    night: int
    device: _Device
    port: int | None = None
    is_silent: bool = False
    address: IPv4Address | None = None
    mac: str = ""
    vendor: str = ""

    def happen(self) -> Event:
        device, port = self.device, self.port
        match self.kind:
            case ChangeKind.HOST_NEW:
                device.is_here = True
            case ChangeKind.HOST_GONE:
                device.is_here = False
            case ChangeKind.HOST_MOVED:
                assert self.address
                device.address = self.address
            case ChangeKind.MAC_CHANGED:
                device.mac, device.vendor = self.mac, self.vendor
            case ChangeKind.PORT_OPENED:
                assert port
                device.services[port] = 0
            case ChangeKind.PORT_CLOSED:
                assert port
                del device.services[port]
                (device.silent if self.is_silent else device.refused).add(port)
            case ChangeKind.SERVICE_CHANGED:
                assert port
                device.services[port] = 1
        ports = frozenset(device.services) if self.kind is ChangeKind.HOST_NEW else frozenset[int]()
        return Event(self.kind, self.night, str(device.address), port, ports)


class _Maker:
    """Draws one month; equal seeds draw the same."""

    def __init__(self, seed: int) -> None:
        # No secret: equal seeds are to give equal bytes.
        self.random = Random(f"month {seed}")  # noqa: S311
        free = [list(target.hosts()) for target in TARGETS]
        for addresses in free:
            self.random.shuffle(addresses)
        used = [*free[0][:IN_THE_FIRST], *free[1][: HOSTS - IN_THE_FIRST]]
        self.free = [*free[0][IN_THE_FIRST:], *free[1][HOSTS - IN_THE_FIRST :]]
        self.random.shuffle(used)
        self.random.shuffle(self.free)
        self.macs: set[str] = set()
        laptops = round(LAPTOP_SHARE * HOSTS)
        self.devices = [
            self._device(address, is_laptop=number < laptops) for number, address in enumerate(used)
        ]
        self.kinds = dict.fromkeys(range(NIGHTS + 1), NightKind.ORDINARY)
        special = [kind for kind in NightKind if kind is not NightKind.ORDINARY]
        self.kinds |= zip(self.random.sample(SPECIAL_NIGHTS, len(special)), special, strict=True)
        self.renames: dict[int, list[_Device]] = {}
        self.fates = self._fates()

    def _device(self, address: IPv4Address, *, is_laptop: bool = False) -> _Device:
        vendor = LAPTOP_MAKER if is_laptop else self.random.choice(VENDORS)
        count = self.random.randrange(3, 8)
        ports = sorted((22, *self.random.sample([n for n in SERVICES if n != 22], count - 1)))
        return _Device(
            address,
            self._mac(vendor[0]),
            vendor[1],
            f"{'laptop' if is_laptop else 'host'}-{self.random.getrandbits(32):08x}.example.net",
            drops=self.random.random() < DROPPING_SHARE,
            services=dict.fromkeys(ports, 0),
            is_laptop=is_laptop,
        )

    def _mac(self, prefix: str) -> str:
        while True:
            digits = f"{self.random.getrandbits(24):06X}"
            mac = f"{prefix}:{digits[:2]}:{digits[2:4]}:{digits[4:]}"
            if mac not in self.macs:
                self.macs.add(mac)
                return mac

    def _fates(self) -> list[_Fate]:
        """Draw what will happen, to a device each, on any night and on every special one."""
        count = sum(EVENTS.values())
        nights = [night for night, kind in self.kinds.items() if kind is not NightKind.ORDINARY]
        nights += self.random.choices(range(1, LAST_EVENT_NIGHT + 1), k=count - len(nights))
        self.random.shuffle(nights)
        steady = [device for device in self.devices if not device.is_laptop]
        self.random.shuffle(steady)
        for device in steady[-RENAMES:]:
            night = self.random.randrange(1, NIGHTS + 1)
            self.renames.setdefault(night, []).append(device)
        fates = []
        kinds = chain.from_iterable([kind] * number for kind, number in EVENTS.items())
        for number, (kind, night) in enumerate(zip(kinds, nights, strict=True)):
            device = steady[number]
            if kind is ChangeKind.HOST_NEW:
                device = self._device(self.free.pop())
                device.is_here = False
                self.devices.append(device)
            fates.append(self._fate(kind, night, device, number))
        # One of the new ports is a risky one.
        opened = next(fate for fate in fates if fate.kind is ChangeKind.PORT_OPENED)
        opened.port = self.random.choice(list(RISKY))
        return fates

    def _fate(self, kind: ChangeKind, night: int, device: _Device, number: int) -> _Fate:
        fate = _Fate(kind, night, device, is_silent=number % 2 == 1)
        match kind:
            case ChangeKind.HOST_MOVED:
                fate.address = self.free.pop()
            case ChangeKind.MAC_CHANGED:
                prefix, fate.vendor = self.random.choice(VENDORS)
                fate.mac = self._mac(prefix)
            case ChangeKind.PORT_OPENED:
                fate.port = self.random.choice([n for n in SERVICES if n not in device.services])
            case ChangeKind.PORT_CLOSED | ChangeKind.SERVICE_CHANGED:
                fate.port = self.random.choice(list(device.services))
        return fate

    def nights(self, events: list[Event]) -> Iterator[Night]:
        """Yield the nights in order, and add what happens on each to `events`."""
        for number, kind in self.kinds.items():
            tonight = [fate for fate in self.fates if fate.night == number]
            events += [fate.happen() for fate in tonight]
            for device in self.renames.get(number, []):
                device.name = f"host-{self.random.getrandbits(32):08x}.example.net"
            here = [device for device in self.devices if device.is_here]
            if number:
                here = [d for d in here if not self._is_away(d)]
            if kind is NightKind.OUTAGE:
                # A lease is handed only to a host that is up.
                moved = [f.device for f in tonight if f.kind is ChangeKind.HOST_MOVED]
                down = round(OUTAGE_SHARE * len(here))
                hit = self.random.sample([d for d in here if d not in moved], down)
                here = [device for device in here if device not in hit]
            here.sort(key=lambda device: device.address)
            yield Night(number, kind, tuple(self._sighting(device, number) for device in here))

    def _is_away(self, device: _Device) -> bool:
        return device.is_laptop and self.random.random() < LAPTOP_ABSENT

    def _sighting(self, device: _Device, night: int) -> Sighting:
        lost = {p for p in device.services if night and self.random.random() < PORT_LOST}
        open_ports = sorted(device.services.keys() - lost)
        return Sighting(
            device.address,
            device.mac,
            device.vendor,
            device.name,
            device.drops,
            {port: device.services[port] for port in open_ports},
            frozenset(device.refused),
            frozenset(device.silent | lost),
        )


def invent(seed: int) -> Month:
    """Return the month of this seed."""
    maker = _Maker(seed)
    laptops = frozenset(str(device.address) for device in maker.devices if device.is_laptop)
    events: list[Event] = []
    nights = tuple(maker.nights(events))
    return Month(seed, nights, tuple(events), laptops)
