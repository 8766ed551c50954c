"""What ndiff's output shows of two sightings of a host, free of text or XML."""

from dataclasses import dataclass

from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.verbatim import VerbatimHost, VerbatimPort

Edit = tuple[str, int, int, int, int]
"""One of difflib's opcodes: what, from where to where before, from where to where after."""


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """One script's results before and after; None where it did not run."""

    before: ScriptOutput | None
    after: ScriptOutput | None
    differs: bool
    """Whether in more than what changes by itself."""


@dataclass(frozen=True, slots=True)
class PortRow:
    """One port before and after; on the side that does not list it, its state is None."""

    before: VerbatimPort
    after: VerbatimPort
    scripts: tuple[ScriptRow, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class HostRows:
    """One host before and after; None on the side that does not list it."""

    before: VerbatimHost | None
    after: VerbatimHost | None
    state_changed: bool
    names_changed: bool
    """Whether the addresses or the hostnames are others."""
    extra_ports_changed: bool
    ports: tuple[PortRow, ...]
    os: tuple[Edit, ...]
    scripts: tuple[ScriptRow, ...]
    differs: bool

    @property
    def os_changed(self) -> bool:
        """Whether nmap names other operating systems, or in another order."""
        return any(edit[0] != "equal" for edit in self.os)
