"""The cron file: what cron would stumble over is not in it."""

import re
from pathlib import Path

from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.schedule.job import DELIVER_MINUTES, SPREAD_MINUTES, Job
from netwatch_notify.schedule.privilege import as_user

FOLDER = Path("/etc/cron.d")
SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def cron_path(job: Job) -> Path:
    """Return where the job's file lies. cron skips names with a dot (cron(8), Debian)."""
    if job.env_file == DEFAULT_ENV_FILE:
        return FOLDER / "netwatch"
    return FOLDER / f"netwatch-{re.sub(r'[^A-Za-z0-9_-]', '-', job.instance)}"


def cron_text(job: Job) -> str:
    """Return the file for /etc/cron.d: user field, absolute paths, no `%`, a final newline."""
    settings = str(job.env_file or f"every env file in {DEFAULT_ENV_FILE.parent}")
    before = as_user(job.user)
    run = [*before, *job.words("run"), "--spread", str(SPREAD_MINUTES)]
    deliver = [*before, *job.words("deliver")]
    # What cron runs as root becomes another user by its first word.
    lines = [
        "# netwatch-notify: the nightly scan, and the delivery of what could not be sent at once.",
        "# Written by `netwatch-notify install`; `netwatch-notify uninstall` takes it away again.",
        f"# Settings: {settings}. Mail goes to MAILTO only when something is wrong,",
        "# or when no destination is set; then it is the message itself.",
        "SHELL=/bin/sh",
        f"PATH={SEARCHED}",
        "MAILTO=root",
        "",
        f"{job.at.minute} {job.at.hour} * * * root {' '.join(run)}",
        f"*/{DELIVER_MINUTES} * * * * root {' '.join(deliver)}",
    ]
    return "\n".join(lines) + "\n"
