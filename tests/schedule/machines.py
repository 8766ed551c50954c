"""A disposable machine on which netwatch-notify is installed as it stands here."""

import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.machine.machine import Machine

ROOT = Path(__file__).parents[2]
COMMAND = "/usr/local/bin/netwatch-notify"
HOME = "/opt/netwatch"
CLONE = "/root/netwatch-notify"
"""Of the clone, what `make install` needs before it makes anything."""

_LIBRARIES, _SOURCE = "/srv/libraries", "/srv/source"
_SCRIPT = f"""\
#!{HOME}/bin/python
import sys
from netwatch_notify.cli.main import main
sys.exit(main())
"""


@contextmanager
def installed_machine(settings: Mapping[str, str]) -> Iterator[Machine]:
    """
    Yield a machine with the command, and an env file in /etc/netwatch for each of `settings`.

    An environment in /opt as pip would leave it, whose libraries are the tests' own, so that it
    is there within a second. Nothing is scheduled yet.
    """
    libraries = Path(sysconfig.get_path("purelib"))
    folders = {_LIBRARIES: libraries, _SOURCE: ROOT}
    base = Path(sys.base_prefix)
    if not base.is_relative_to("/usr"):
        # A Python of its own, which the machine would not have; it cannot lie anywhere else.
        folders[str(base)] = base
    with Machine(folders=folders) as machine:
        for folder in folders:
            machine.must(["mount", "-o", "remount,bind,ro", folder])
        for parent in base.parents:
            # root's home, perhaps: every user must get through to it.
            machine.must(["chmod", "a+x", str(parent)])
        python = str(Path(sys.executable).resolve())
        machine.must([python, "-m", "venv", "--without-pip", HOME])
        site = libraries.relative_to(sys.prefix)
        machine.write(f"{HOME}/{site}/tests.pth", f"{_SOURCE}\n{_LIBRARIES}\n")
        machine.write(f"{HOME}/bin/netwatch-notify", _SCRIPT, mode="755")
        machine.must(["ln", "-s", f"{HOME}/bin/netwatch-notify", COMMAND])
        machine.must(["mkdir", CLONE])
        machine.must(["cp", "-r", f"{_SOURCE}/tools", f"{_SOURCE}/.env.example", CLONE])
        machine.must(["install", "-d", "-m", "700", "/etc/netwatch"])
        for name, text in settings.items():
            machine.write(f"/etc/netwatch/{name}.env", text, mode="600")
        yield machine
