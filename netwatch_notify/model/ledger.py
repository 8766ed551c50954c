"""The ledger: warnings and criticals that are still true and that nobody has accepted."""

from dataclasses import dataclass
from datetime import datetime

from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.host import Address
from netwatch_notify.model.port import PortKey


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One change that was told and still waits for somebody's word."""

    change_id: str
    kind: ChangeKind
    severity: Severity
    address: Address
    key: PortKey | None
    name: str
    """What people called the host when it was told."""
    told_at: datetime
    shown: int = 0
    """How many messages have reminded of it."""
    shown_at: datetime | None = None
    """When the last of them was made."""
