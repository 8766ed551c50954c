"""Whether a disposable machine can be made here, and what a test does where it cannot."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache

import pytest

TOOLS = ("unshare", "nsenter", "setpriv", "useradd", "ip", "git", "make", "cron")

TRIAL = """
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
touch "$1/root/etc/netwatch-trial"
"""


@cache
def machine_unavailable() -> str | None:
    """Return why no machine can be made here, or None. It tries, for a twentieth of a second."""
    if platform.system() != "Linux":
        return "a disposable machine needs Linux namespaces"
    if os.geteuid() != 0:
        return "a disposable machine needs root"
    for tool in TOOLS:
        if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"a disposable machine needs {tool}: not found on PATH"
    with tempfile.TemporaryDirectory() as folder:
        trial = subprocess.run(
            ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork",
             "sh", "-ec", TRIAL, "sh", folder],
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
    if trial.returncode != 0:
        return f"a disposable machine cannot be made: {trial.stderr.strip()}"
    return None


@cache
def system_python_unavailable() -> str | None:
    """Return why the wheels of the tests' Python do not fit the system's `python3`, or None."""
    wanted = "{}.{}".format(*sys.version_info)
    asked = subprocess.run(
        ["python3", "-c", "import ensurepip, sys; print('{}.{}'.format(*sys.version_info))"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    found = asked.stdout.strip() or asked.stderr.strip()
    if found != wanted:
        return f"the tests run in Python {wanted}, and the system's python3 with venv is: {found}"
    return None


def require_machine() -> None:
    """Skip the test where no machine can be made; in CI, fail, so that it never passes unseen."""
    if reason := machine_unavailable() or system_python_unavailable():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
