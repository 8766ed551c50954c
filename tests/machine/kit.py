"""What a machine without a network is given: a clone of this repository, and a wheelhouse."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.machine.clone import ROOT, clone_to
from tests.machine.machine import Machine
from tests.machine.wheelhouse import PIP_CONF, build_wheelhouse

CLONE = "/root/netwatch-notify"
WHEELS = "/srv/wheels"
ORIGIN = "/srv/netwatch-notify"
"""Where `git clone` would have it from."""


@dataclass(frozen=True, slots=True)
class Kit:
    """Folders of the host."""

    wheels: Path
    clone: Path


def make_kit(folder: Path) -> Kit:
    """Make both inside `folder`, for any number of machines, which only read them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kit = Kit(folder / "wheels", folder / "clone")
    kit.wheels.mkdir()
    build_wheelhouse(
        kit.wheels,
        # hatchling asks for editables when it builds an editable install.
        [
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["matrix"],
            *project["build-system"]["requires"],
            "editables",
        ],
    )
    clone_to(kit.clone)
    return kit


@contextmanager
def machine_with(kit: Kit, folders: Mapping[str, Path] | None = None) -> Iterator[Machine]:
    """A machine with cron whose root has just cloned this; pip takes wheels from the kit."""
    binds = {WHEELS: kit.wheels, ORIGIN: kit.clone, **(folders or {})}
    with Machine(folders=binds) as machine:
        machine.write("/etc/pip.conf", PIP_CONF.format(folder=WHEELS))
        machine.must(["git", "clone", "--quiet", ORIGIN, CLONE])
        machine.start(["cron", "-f"])
        yield machine
