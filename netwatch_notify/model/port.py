"""Ports and what answers on them."""

from dataclasses import dataclass
from enum import StrEnum


class PortProtocol(StrEnum):
    """The protocols nmap scans ports of."""

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"
    IP = "ip"


class PortState(StrEnum):
    """nmap's port states (nmap manual, "Port scanning basics")."""

    OPEN = "open"
    CLOSED = "closed"
    """Refused: a reset, or the protocol's own "nothing here"."""
    FILTERED = "filtered"
    """No answer, or a firewall's."""
    UNFILTERED = "unfiltered"
    OPEN_OR_FILTERED = "open|filtered"
    CLOSED_OR_FILTERED = "closed|filtered"
    UNKNOWN = "unknown"


class ServiceMethod(StrEnum):
    """How nmap came to the service's name."""

    PROBED = "probed"
    """It answered a probe."""
    TABLE = "table"
    """A guess from the port number; never told as a fact."""


@dataclass(frozen=True, slots=True, order=True)
class PortKey:
    """What makes two observations the same port: 53/tcp is not 53/udp."""

    number: int
    protocol: PortProtocol = PortProtocol.TCP

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol}"

    @classmethod
    def parse(cls, text: str) -> "PortKey":
        """Read `8443/tcp`, or `8443` for TCP; ValueError where it is neither."""
        number, _, protocol = text.partition("/")
        key = cls(int(number), PortProtocol(protocol or "tcp"))
        if not 0 <= key.number <= 65535:
            raise ValueError(f"{text}: port numbers go from 0 to 65535")
        return key


@dataclass(frozen=True, slots=True)
class Service:
    """What nmap says runs on a port."""

    name: str = ""
    product: str = ""
    version: str = ""
    extra_info: str = ""
    tunnel: str = ""
    """`ssl` where the service speaks through TLS."""
    method: ServiceMethod = ServiceMethod.TABLE
    cpes: tuple[str, ...] = ()
    """As nmap prints them: `cpe:/a:nginx:nginx:1.22.1`."""

    @property
    def was_seen(self) -> bool:
        """Whether the service itself answered: probed, and with a product."""
        return (
            self.method is ServiceMethod.PROBED and bool(self.product) and self.name != "tcpwrapped"
        )

    @property
    def probed_name(self) -> str:
        """The name if a probe found it, else nothing: a guess is no fact."""
        if self.method is not ServiceMethod.PROBED or self.name == "tcpwrapped":
            return ""
        return self.name

    @property
    def description(self) -> str:
        """`OpenSSH 9.6p1`, or nothing where the service was not seen."""
        return f"{self.product} {self.version}".strip() if self.was_seen else ""

    @property
    def full_description(self) -> str:
        """`ssl/http nginx 1.22.1 (Debian)`: all that was seen of it, TLS included."""
        name = "/".join(filter(None, (self.tunnel, self.probed_name)))
        extra = f"({self.extra_info})" if self.extra_info and self.was_seen else ""
        return " ".join(filter(None, (name, self.description, extra)))


@dataclass(frozen=True, slots=True)
class ScriptOutput:
    """One NSE result, as nmap prints it."""

    id: str
    output: str


@dataclass(frozen=True, slots=True)
class Port:
    """One port as one scan saw it."""

    key: PortKey
    state: PortState
    reason: str = ""
    service: Service | None = None
    scripts: tuple[ScriptOutput, ...] = ()

    @property
    def is_open(self) -> bool:
        """Open for certain: `open|filtered` is no opening."""
        return self.state is PortState.OPEN
