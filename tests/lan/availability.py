"""Whether a LAN can be made on this machine, and what a test does where it cannot."""

import os
import platform
import secrets
import shutil
import subprocess
from functools import cache

import pytest


@cache
def lan_unavailable() -> str | None:
    """Return why no LAN can be made here, or None. It tries, for a few hundredths of a second."""
    if platform.system() != "Linux":
        return "the test LAN needs Linux network namespaces"
    if os.geteuid() != 0:
        return "the test LAN needs root"
    for program in ("ip", "nft", "nmap"):
        if shutil.which(program) is None:
            return f"the test LAN needs {program}: not found on PATH"

    name = f"netwatch-probe-{os.getpid()}-{secrets.token_hex(2)}"
    inside = ["ip", "netns", "exec", name]
    firewall = (
        "add table inet probe; add chain inet probe output { type filter hook output priority 0; };"
        "add rule inet probe output numgen random mod 1000 < 1 drop;"
        "add table arp probe; add chain arp probe input { type filter hook input priority 0; }"
    )
    # Everything a kernel or a container may refuse: namespaces, veth, macvlan, nftables.
    attempts = (
        ["ip", "netns", "add", name],
        [*inside, "ip", "link", "add", "probe", "type", "veth", "peer", "name", "peer"],
        [*inside, "ip", "link", "add", "link", "peer", "name", "host", "type", "macvlan"],
        [*inside, "nft", firewall],
    )
    try:
        for attempt in attempts:
            result = subprocess.run(attempt, capture_output=True, text=True, timeout=20)
            if result.returncode != 0:
                return f"the test LAN cannot be made: {' '.join(attempt)}: {result.stderr.strip()}"
    finally:
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, timeout=20)
    return None


def require_lan() -> None:
    """Skip the test where no LAN can be made; in CI, fail, so that it never passes unseen."""
    if reason := lan_unavailable():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
