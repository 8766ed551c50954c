"""The global options, as one value."""

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What stood before the command, and what a command repeats."""

    env_file: Path | None = None
    verbose: bool = False
    quiet: bool = False
    as_json: bool = False
    dry_run: bool = False
    keep_for: Path | None = None
    """Where the run's messages are told together with other networks'."""
    shared: Path | None = None
    """For the outbox that several networks share, not for one network."""

    def also(self, *, dry_run: bool = False, as_json: bool = False) -> "Options":
        """Return the options with those given after the command added."""
        return replace(self, dry_run=self.dry_run or dry_run, as_json=self.as_json or as_json)
