"""
Install the wheel and the clone with pipx and uv by the very commands that
docs/how-to/install-with-pipx.md shows, use what is installed, upgrade it, and remove it.

Run it as `python -m tests.packaging.installers` (`make package`). The page's /opt and /usr/local
lie in a temporary folder; only packages are downloaded. It takes a minute, mostly downloads.
"""

import os
import re
import shlex
import subprocess
import tempfile
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.packaging.distributions import ROOT, build, copy_tree

CONSTRAINTS = ROOT / "constraints.txt"
SECONDS = 600
"""For one command; the longest, a first installation, takes some 20."""
NOT_PINNED = {"netwatch-notify", "pip"}


PAGE = ROOT / "docs" / "how-to" / "install-with-pipx.md"


@dataclass(frozen=True, slots=True)
class Installer:
    """How the page calls one of them, and where it then puts things."""

    name: str
    upgrade: str
    """What stands behind `install` to install what is there already."""
    environment: str
    page: str

    def command(self) -> str:
        """Return what the page says in its section."""
        text = PAGE.read_text(encoding="utf-8")
        found = re.search(rf"^## {self.name}$.*?^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if not found or not found[1].endswith(" .\n"):
            raise SystemExit(f"{PAGE}: has no command for {self.name} that ends with the clone")
        return found[1].strip()


INSTALLERS = (
    Installer(
        "pipx",
        "--force",
        "opt/pipx/venvs/netwatch-notify",
        "usr/local/share/man/man1/netwatch-notify.1",
    ),
    # uv links commands alone; the page stays in the tool's own environment.
    Installer(
        "uv",
        "--reinstall",
        "opt/uv/netwatch-notify",
        "opt/uv/netwatch-notify/share/man/man1/netwatch-notify.1",
    ),
)


def call(command: list[str | Path], folder: Path, more: Mapping[str, str]) -> str:
    """Run a command with all its state below `folder` and return its output."""
    environment = {
        **{name: value for name, value in os.environ.items() if _is_for_downloads(name)},
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "UV_PYTHON_DOWNLOADS": "never",
        **more,
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    if done.returncode:
        raise SystemExit(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _is_for_downloads(name: str) -> bool:
    return name.upper().endswith("_PROXY") or name.startswith(("PIP_", "UV_", "SSL_", "REQUESTS_"))


def try_installed(installer: Installer, folder: Path) -> None:
    """See that the command is whole, with its man page, and made of the tested versions."""
    command = folder / "usr" / "local" / "bin" / "netwatch-notify"
    asked = call([command, "ou"], folder, {"_NETWATCH_NOTIFY_COMPLETE": "words"})
    if not asked.startswith("plain\toutbox\t"):
        raise SystemExit(f"{command}: completes {asked!r}")
    scan = ROOT / "tests" / "data" / "nmap" / "1_hosts.xml"
    call([command, "ingest", "--dry-run", scan], folder, {"NETWATCH_TARGETS": "127.0.0.1"})
    if not (folder / installer.page).exists():
        raise SystemExit(f"{installer.name}: {installer.page} is not there")
    pinned = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    [packages] = (folder / installer.environment).glob("lib/python3*/site-packages")
    found = [f"{d.name}=={d.version}" for d in metadata.distributions(path=[str(packages)])]
    others = [p for p in found if p not in pinned and p.split("==")[0] not in NOT_PINNED]
    if others:
        raise SystemExit(f"{installer.name}: other versions than tested: {', '.join(others)}")


def try_installer(installer: Installer, source: Path, tree: Path, folder: Path, path: str) -> None:
    """Install, use, upgrade and remove it, in the clone, as the page says."""
    text = installer.command()
    for place in ("/opt/", "/usr/local/"):
        text = text.replace(f"={place}", f"={folder}{place}")
    script = f"cd {shlex.quote(str(tree))} && {text.removesuffix(' .')} {shlex.quote(str(source))}"
    again = script.replace(" install ", f" install {installer.upgrade} ")
    away = re.sub(r" install .*", " uninstall netwatch-notify", script)
    for step in (script, again):
        call(["sh", "-ec", step], folder, {"PATH": path})
        try_installed(installer, folder)
    call(["sh", "-ec", away], folder, {"PATH": path})
    if left := list(folder.glob("usr/local/bin/*")):
        raise SystemExit(f"{installer.name}: uninstall left {left[0]} behind")


def main() -> None:
    """Try both, with the wheel and with a clone."""
    with tempfile.TemporaryDirectory(prefix="netwatch-installers-") as name:
        folder = Path(name)
        tree = copy_tree(folder)
        tools = folder / "tools"
        venv.create(tools, with_pip=True)
        pip = [tools / "bin" / "pip", "install", "--quiet", "--constraint", CONSTRAINTS]
        call([*pip, "pipx", "uv"], folder, {})
        # Everything lies in a folder of ours, so nobody else has to be asked.
        sudo = tools / "bin" / "sudo"
        sudo.write_text('#!/bin/sh\nexec "$@"\n', encoding="utf-8")
        sudo.chmod(0o755)
        path = f"{tools / 'bin'}:/usr/bin:/bin"
        for source in (build(tree, folder / "dist", "--wheel").wheel, tree):
            for installer in INSTALLERS:
                own = folder / f"{installer.name}-{source.suffix.lstrip('.') or 'clone'}"
                own.mkdir()
                began = time.monotonic()
                try_installer(installer, source, tree, own, path)
                print(f"{own.name}: installed, used, upgraded, removed", end=" ")
                print(f"in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
