"""An invented network through a year of nights, as nmap 7.93 XML; equal seeds give equal bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from random import Random

FIRST_NIGHT = 1_735_696_800
"""2025-01-01T02:00:00Z."""
NIGHT_SECONDS = 86_400
FEWEST_PORTS, MOST_PORTS = 3, 8
CHANGED_SHARE = 0.005
"""Of the hosts, so many change a night."""
LAPTOP_SHARE = 0.1
"""Of the hosts, so many come and go."""
LAPTOP_HERE = 0.7
"""A laptop is here on so many nights; that is no change of the network."""
SERVICES = {
    21: 'name="ftp" product="vsftpd" version="3.0.{v}"',
    22: 'name="ssh" product="OpenSSH" version="9.{v}p1 Debian" extrainfo="protocol 2.0"',
    25: 'name="smtp" product="Postfix smtpd"',
    53: 'name="domain" product="ISC BIND" version="9.18.{v}"',
    80: 'name="http" product="nginx" version="1.2{v}.1"',
    110: 'name="pop3" product="Dovecot pop3d"',
    139: 'name="netbios-ssn" product="Samba smbd" version="4.{v}"',
    143: 'name="imap" product="Dovecot imapd"',
    389: 'name="ldap" product="OpenLDAP" version="2.{v}"',
    443: 'name="http" product="Apache httpd" version="2.4.{v}" tunnel="ssl"',
    445: 'name="netbios-ssn" product="Samba smbd" version="4.{v}"',
    587: 'name="smtp" product="Postfix smtpd"',
    631: 'name="ipp" product="CUPS" version="2.{v}"',
    993: 'name="imap" product="Dovecot imapd" tunnel="ssl"',
}


@dataclass(slots=True)
class Device:
    """A host as it is now."""

    number: int
    ports: dict[int, int]
    """Its open ports, with the version of what listens."""
    is_laptop: bool = False


@dataclass(slots=True)
class Network:
    """The network; each night changes it a little."""

    hosts: int
    seed: int = 1
    night: int = -1
    devices: dict[int, Device] = field(default_factory=dict)
    here: list[Device] = field(default_factory=list)
    _draw: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        # No secret: equal seeds are to give equal bytes.
        self._draw = Random(f"year {self.seed}")  # noqa: S311
        for number in range(self.hosts):
            self._add(number, is_laptop=number % round(1 / LAPTOP_SHARE) == 0)

    @property
    def targets(self) -> str:
        return "10.30.0.0/21"

    def next_night(self) -> str:
        """Let a night pass and return what a scan of it shows."""
        self.night += 1
        if self.night:
            for _ in range(max(1, round(self.hosts * CHANGED_SHARE))):
                self._change()
        self.here = [
            device
            for _, device in sorted(self.devices.items())
            if not device.is_laptop or self._draw.random() < LAPTOP_HERE
        ]
        return "".join(self._xml())

    def _add(self, number: int, *, is_laptop: bool = False) -> None:
        count = self._draw.randint(FEWEST_PORTS, MOST_PORTS)
        ports = self._draw.sample(sorted(SERVICES), count)
        versions = {port: self._draw.randrange(9) for port in ports}
        self.devices[number] = Device(number, versions, is_laptop)

    def _change(self) -> None:
        """Open, close or upgrade something, or let a host come where another went."""
        device = self._draw.choice([d for d in self.devices.values() if not d.is_laptop])
        closed = sorted(SERVICES.keys() - device.ports.keys())
        kind = self._draw.choice(("open", "close", "upgrade", "leave", "come"))
        if kind == "come" and len(self.devices) < self.hosts:
            self._add(next(n for n in range(2 * self.hosts) if n not in self.devices))
        elif kind == "leave" and len(self.devices) > self.hosts * 0.99:
            del self.devices[device.number]
        elif kind == "close" and len(device.ports) > FEWEST_PORTS:
            del device.ports[self._draw.choice(sorted(device.ports))]
        elif kind == "upgrade":
            device.ports[self._draw.choice(sorted(device.ports))] += 1
        elif len(device.ports) < MOST_PORTS:
            device.ports[self._draw.choice(closed)] = self._draw.randrange(9)

    def _xml(self) -> Iterator[str]:
        start = FIRST_NIGHT + self.night * NIGHT_SECONDS
        yield (
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
            f'<nmaprun scanner="nmap" args="nmap -sS -sV -p 1-1000 {self.targets}" '
            f'start="{start}" version="7.93" xmloutputversion="1.05">\n'
            '<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>\n'
        )
        for device in self.here:
            yield from self._host(device, start)
        up, total = len(self.here), 2048
        yield (
            f'<runstats><finished time="{start + 900}" elapsed="900.00" exit="success"/>'
            f'<hosts up="{up}" down="{total - up}" total="{total}"/></runstats>\n</nmaprun>\n'
        )

    def _host(self, device: Device, start: int) -> Iterator[str]:
        number = device.number
        rest = 1000 - len(device.ports)
        ports = ",".join(_gaps(sorted(device.ports)))
        begun = start + self._draw.randrange(600)
        yield (
            f'<host starttime="{begun}" endtime="{begun + 9}">'
            '<status state="up" reason="arp-response" reason_ttl="0"/>\n'
            f'<address addr="{ip_address("10.30.0.0") + number}" addrtype="ipv4"/>\n'
            f'<address addr="02:30:00:00:{number >> 8:02X}:{number & 255:02X}" addrtype="mac" '
            'vendor="Dell"/>\n<hostnames>\n</hostnames>\n'
            f'<ports><extraports state="closed" count="{rest}">\n'
            f'<extrareasons reason="reset" count="{rest}" proto="tcp" ports="{ports}"/>\n'
            "</extraports>\n"
        )
        for port, version in sorted(device.ports.items()):
            yield (
                f'<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack" '
                f'reason_ttl="64"/><service {SERVICES[port].format(v=version)} method="probed" '
                'conf="10"/></port>\n'
            )
        trip = self._draw.randrange(300, 30_000)
        yield f'</ports>\n<times srtt="{trip}" rttvar="{trip}" to="100000"/>\n</host>\n'


def _gaps(ports: list[int]) -> Iterator[str]:
    """Yield the ranges of 1 to 1000 between `ports`, which are sorted."""
    for before, after in zip([0, *ports], [*ports, 1001], strict=True):
        if after - before > 1:
            yield f"{before + 1}-{after - 1}" if after - before > 2 else f"{before + 1}"
