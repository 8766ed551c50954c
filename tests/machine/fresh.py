"""
A Debian of nothing but its smallest set of packages, and the clock: `make fresh`, as root.

It takes packages from this machine's own sources of apt and pip, from the network, and fails
where the README's promise is not kept: the first preview within two minutes of one command, and
a nightly run scheduled within three.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.machine.clone import clone_to
from tests.machine.kit import CLONE, ORIGIN
from tests.machine.machine import Machine

PREVIEW_SECONDS = 120
SCHEDULED_SECONDS = 180

BEFORE = ("ca-certificates", "git", "make")
"""What a reader needs for `git clone` and `make`."""

ASKED = ("git", "make", "sudo", "python3", "nmap", "cron", "systemctl", "ip")

HANDED_ON = ("PIP_CERT", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy")
"""How this machine reaches the network, if not directly."""

CERTIFICATES = Path("/usr/local/share/ca-certificates")
"""Authorities that this machine trusts besides Debian's."""


def sources() -> list[tuple[str, str, str]]:
    """Return this machine's own sources of Debian's packages: site, release, component."""
    found: dict[tuple[str, str, str], None] = {}
    for label in ("Debian", "Debian-Security"):
        listed = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(SITE)\t$(RELEASE)\t$(COMPONENT)",
             "Created-By: Packages", f"Label: {label}", "Component: main"],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
        for line in listed.splitlines():
            site, release, component = line.split("\t")
            found[site, release, component] = None
    return list(found)


def codename() -> str:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("VERSION_CODENAME="))


def bootstrap(root: Path) -> None:
    """Unpack the smallest Debian into `root`, if it is not there yet."""
    if (root / "etc" / "os-release").exists():
        return
    site = next(site for site, release, _ in sources() if release == codename())
    with timed("debootstrap --variant=minbase"):
        subprocess.run(
            ["debootstrap", "--variant=minbase", codename(), str(root), site],
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=1800,
        )


@contextmanager
def timed(what: str) -> Iterator[list[float]]:
    """Say how long it took, and hand that on."""
    took: list[float] = []
    began = time.monotonic()
    yield took
    took.append(time.monotonic() - began)
    print(f"{took[0]:7.1f} s  {what}", flush=True)


@contextmanager
def fresh_machine(system: Path, clone: Path) -> Iterator[Machine]:
    """A machine of that system with git and make, which can reach its packages."""
    folders = {ORIGIN: clone}
    if CERTIFICATES.is_dir():
        folders[str(CERTIFICATES)] = CERTIFICATES
    with Machine(system=system, online=True, folders=folders) as machine:
        machine.environment = {n: os.environ[n] for n in HANDED_ON if n in os.environ}
        lines = [f"deb {site} {release} {part}\n" for site, release, part in sources()]
        machine.write("/etc/apt/sources.list", "".join(lines))
        # It has no init, so Debian's scripts would leave cron alone after installing it.
        machine.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 0\n", mode="755")
        machine.environment["DEBIAN_FRONTEND"] = "noninteractive"
        lacking = [tool for tool in ASKED if machine.run(["which", tool]).returncode != 0]
        print(f"           lacks {', '.join(lacking)}")
        with timed(f"before: apt-get install {' '.join(BEFORE)}"):
            call(machine, ["apt-get", "-q", "update"], "/")
            call(
                machine, ["apt-get", "-q", "install", "-y", "--no-install-recommends", *BEFORE], "/"
            )
        del machine.environment["DEBIAN_FRONTEND"]
        yield machine


def call(machine: Machine, argv: list[str], folder: str) -> str:
    """Run it and return what it printed; end with its words if it fails."""
    done = machine.run(argv, folder=folder, seconds=900)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", type=Path, help="keep the Debian here, for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        system = options.system or Path(folder, "debian")
        clone = Path(folder, "clone")
        clone_to(clone)
        bootstrap(system)

        with fresh_machine(system, clone) as machine:
            began = time.monotonic()
            with timed("git clone"):
                call(machine, ["git", "clone", "-q", ORIGIN], "/root")
            with timed("make run TARGETS=127.0.0.1 ARGS=--dry-run") as preview:
                shown = call(machine, ["make", "run", "TARGETS=127.0.0.1", "ARGS=--dry-run"], CLONE)
            with timed("make install TARGETS=127.0.0.1"):
                call(machine, ["make", "install", "TARGETS=127.0.0.1"], CLONE)
            scheduled = time.monotonic() - began
            print(f"{scheduled:7.1f} s  from git clone to a nightly run, preview included")
            checked = machine.run(["netwatch-notify", "check"])
            print(checked.stdout + machine.read("/etc/cron.d/netwatch"))

        with fresh_machine(system, clone) as machine, timed("make install alone") as alone:
            call(machine, ["git", "clone", "-q", ORIGIN], "/root")
            call(machine, ["make", "install", "TARGETS=127.0.0.1"], CLONE)

    problems = []
    if "Subject: lan: first scan" not in shown:
        problems.append(f"the preview shows no message:\n{shown}")
    if preview[0] > PREVIEW_SECONDS:
        problems.append(f"the preview took more than {PREVIEW_SECONDS} s")
    if max(scheduled, *alone) > SCHEDULED_SECONDS:
        problems.append(f"the nightly run took more than {SCHEDULED_SECONDS} s")
    # An empty text would be exit status 1.
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
