"""Whether what is to start the schedules is at work."""

import shutil
import subprocess
from pathlib import Path

from netwatch_notify.schedule.system import CRON_DAEMONS, SYSTEMD_RUNS


def cron_is_running(processes: Path = Path("/proc")) -> bool:
    """Whether a cron daemon is among the processes."""
    for name in processes.glob("[0-9]*/comm"):
        try:
            if name.read_text(encoding="ascii", errors="replace").strip() in CRON_DAEMONS:
                return True
        except OSError:
            continue  # It has ended meanwhile.
    return False


def timer_is_active(timer: str, booted: Path = SYSTEMD_RUNS) -> bool:
    """Whether systemd waits for the time of `timer`, as `NAME.timer`."""
    program = shutil.which("systemctl")
    if program is None or not booted.exists():
        return False
    try:
        asked = subprocess.run([program, "is-active", "--quiet", timer], timeout=10)
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.returncode == 0
