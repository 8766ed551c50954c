"""Changes: what differs from the inventory and is told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from netwatch_notify.model.host import Address
from netwatch_notify.model.port import Port, PortKey, PortState, ScriptOutput, Service


def short_hash(*about: str) -> str:
    """Return twelve hexadecimal digits that depend only on what something is about."""
    # A lone surrogate has no bytes of its own; a text that holds one still has its id.
    text = "\0".join(about).encode(errors="surrogatepass")
    return blake2b(text, digest_size=6).hexdigest()


class ChangeKind(StrEnum):
    """What can be told of a host or a port."""

    HOST_NEW = "host-new"
    HOST_GONE = "host-gone"
    HOST_BACK = "host-back"
    HOST_MOVED = "host-moved"
    PORT_OPENED = "port-opened"
    PORT_CLOSED = "port-closed"
    SERVICE_CHANGED = "service-changed"
    MAC_CHANGED = "mac-changed"
    HOSTNAME_CHANGED = "hostname-changed"
    OS_CHANGED = "os-changed"
    SCRIPT_CHANGED = "script-changed"
    FLAPPING = "flapping"


class Severity(StrEnum):
    """How soon somebody should look; `rank` 0 is the worst."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Sort key, worst first."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that is told; carries all that any format says about it."""

    kind: ChangeKind
    severity: Severity
    address: Address
    name: str = ""
    """What DNS calls the host, if anything; shown before the address."""
    label: str = ""
    """What NAMES_FILE calls it, which people see instead of the name."""
    owner: str = ""
    site: str = ""
    mac: str = ""
    vendor: str = ""
    key: PortKey | None = None
    state: PortState | None = None
    """The state now, of a port."""
    was: str = ""
    """The old state, address, MAC, hostname, version, operating system or script output."""
    service: Service | None = None
    was_service: Service | None = None
    """The service before, where more than its version may have changed."""
    scripts: tuple[ScriptOutput, ...] = ()
    """Results worth a line; the one that changed, of a changed script."""
    os_matches: tuple[str, ...] = ()
    """The operating system now, where it changed."""
    ports: tuple[Port, ...] = ()
    """The open ports of a new host."""
    confirmed: bool = False
    """Whether a second look saw it too."""
    first_seen_at: datetime | None = None
    """When we first saw the host or the open port; for what closed, when it opened."""
    last_seen_at: datetime | None = None
    note: str = ""
    """One more thing worth saying, such as why the second look is missing."""
    toggles: int = 0
    """How often something that flaps came or went in its last runs."""
    times: int = 1
    """How often this very change was told within the last 30 days, this time included."""
    planned: str = ""
    """Who announced it, and why; empty if nobody did."""
    group: str = ""
    """Id of the line that tells it together with others; empty where it has its own."""

    @property
    def called(self) -> str:
        """What people call the host; empty where nobody has named it."""
        return self.label or self.name

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that depend only on what the change is about."""
        state = self.state.value if self.state else ""
        now = ""
        if self.kind is ChangeKind.SERVICE_CHANGED and self.service:
            service = self.service
            now = " ".join(filter(None, (service.product, service.version, service.tunnel)))
        elif self.kind is ChangeKind.MAC_CHANGED:
            now = self.mac
        elif self.kind is ChangeKind.HOST_MOVED:
            now = self.was
        elif self.kind is ChangeKind.HOSTNAME_CHANGED:
            now = self.name
        elif self.kind is ChangeKind.OS_CHANGED:
            now = "\0".join(self.os_matches)
        elif self.kind is ChangeKind.SCRIPT_CHANGED:
            now = "\0".join(f"{script.id} {script.output}" for script in self.scripts)
        return short_hash(self.kind.value, str(self.address), str(self.key or ""), state, now)


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Something that broke, told each night while it lasts.

    `key` says what it is about and stays the same from night to night.
    """

    key: str
    headline: str
    """In capitals in the subject, so short: `leeds not scanned`."""
    details: tuple[str, ...] = ()
    nights: int = 1
    since: datetime | None = None
    last_good_at: datetime | None = None
    id: str = ""
    """What `accept` takes for it; empty where there is nothing to accept."""
    not_for: str = ""
    """The destination that does not hear of it: the one that does not work."""
