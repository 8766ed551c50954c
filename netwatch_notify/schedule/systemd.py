"""
The systemd units: a timer and a hardened service, an instance for each env file.

The templates are the same for all instances; what an instance has of its own (another time,
user or folder) stands in a drop-in beside them, which `systemctl cat` shows with the template.
"""

from datetime import time
from pathlib import Path

from netwatch_notify.model.paths import ENV_DIRECTORY
from netwatch_notify.schedule.job import (
    DEFAULT_COMMAND,
    DELIVER_MINUTES,
    SPREAD_MINUTES,
    Job,
)

FOLDER = Path("/etc/systemd/system")
STATE_FOLDER = Path("/var/lib/netwatch")
DROP_IN = "netwatch.conf"

_HEAD = """\
# Written by `netwatch-notify install`; `netwatch-notify uninstall` takes it away again.
# Changes go into a drop-in: systemctl edit {unit}
"""

# Each line is tried on a test network or held by `systemd-analyze security`. Left out on purpose:
# PrivateNetwork, IPAddressDeny (it scans networks), PrivateUsers (raw sockets need the machine's
# own user namespace), MemoryDenyWriteExecute (NETWATCH_HOOK may call anything), ProtectProc (who
# holds the lock or a message must be seen). strace showed 82 system calls of a run with nmap
# 7.93, all of them in @system-service (systemd 252, 2026-11).
_SERVICE = """\
[Unit]
Description=netwatch-notify: {description}
Documentation=man:netwatch-notify(1)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command}
# It ends its nmaps itself, within seconds; what is left after that is killed.
KillMode=mixed
TimeoutStopSec=60
StateDirectory=netwatch
UMask=0077
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK{packets}
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""

_TIMER = """\
[Unit]
Description=netwatch-notify: {description}

[Timer]
OnCalendar={calendar}
{more}
[Install]
WantedBy=timers.target
"""

RUN, DELIVER = "netwatch-notify", "netwatch-notify-deliver"
_SAYS = {
    RUN: "scan network %i and tell what changed",
    DELIVER: "send what network %i could not send at once",
}
_SAYS_TIMER = {RUN: "every night, network %i", DELIVER: "deliveries of network %i"}


def unit_files(job: Job) -> dict[Path, str]:
    """Return every file of the job by its path: four templates and its drop-ins."""
    return {**_templates(job.command), **_drop_ins(job)}


def timers(job: Job) -> tuple[str, ...]:
    """Return the timers to be enabled."""
    return tuple(f"{name}@{job.instance}.timer" for name in (RUN, DELIVER))


def _templates(command: Path) -> dict[Path, str]:
    """Return the four templates, which are for env files in the settings' folder."""
    files = {}
    for name, verb in ((RUN, "run"), (DELIVER, "deliver")):
        line = f"{command} --env-file {ENV_DIRECTORY}/%i.env {verb}"
        # A delivery has no use for raw sockets.
        scans = name == RUN
        service = _SERVICE.format(
            description=_SAYS[name],
            command=line,
            capabilities="CAP_NET_RAW" if scans else "",
            packets=" AF_PACKET" if scans else "",
        )
        more = ""
        if scans:
            more = f"RandomizedDelaySec={SPREAD_MINUTES}min\nFixedRandomDelay=yes\nPersistent=yes\n"
        calendar = _calendar(time(3)) if scans else f"*:0/{DELIVER_MINUTES}"
        timer = _TIMER.format(description=_SAYS_TIMER[name], calendar=calendar, more=more)
        for kind, text in (("service", service), ("timer", timer)):
            unit = f"{name}@.{kind}"
            files[FOLDER / unit] = _HEAD.format(unit=unit.replace("@.", "@NAME.")) + text
    return files


def _drop_ins(job: Job) -> dict[Path, str]:
    files = {}
    for name, verb in ((RUN, "run"), (DELIVER, "deliver")):
        own = _own_service_lines(job, verb)
        if own:
            folder = FOLDER / f"{name}@{job.instance}.service.d"
            files[folder / DROP_IN] = "\n".join(["[Service]", *own]) + "\n"
    if job.at != time(3):
        # The empty line takes back the template's time, which would count besides.
        lines = ["[Timer]", "OnCalendar=", f"OnCalendar={_calendar(job.at)}"]
        files[FOLDER / f"{RUN}@{job.instance}.timer.d" / DROP_IN] = "\n".join(lines) + "\n"
    return files


def _own_service_lines(job: Job, verb: str) -> list[str]:
    """Return what this instance has otherwise than the template."""
    lines = []
    if job.env_file is None or job.env_file.parent != ENV_DIRECTORY:
        lines += ["ExecStart=", f"ExecStart={' '.join(job.words(verb))}"]
    if job.env_file is None:
        # Each network goes on as the user to whom its state belongs, and keeps CAP_NET_RAW, also
        # in a delivery; --together reads them all.
        names = "CAP_NET_RAW CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_DAC_OVERRIDE"
        lines.append(f"CapabilityBoundingSet={names}")
    if job.user != "root":
        # StateDirectory would hand the folder of all networks to this one's user.
        lines += [f"User={job.user}", "StateDirectory=", f"ReadWritePaths={STATE_FOLDER}"]
    # One that is not there keeps no service from starting; the run says what it cannot write.
    lines += [f"ReadWritePaths=-{path}" for path in job.writes]
    return lines


def _calendar(at: time) -> str:
    return f"*-*-* {at:%H:%M}:00"


DEFAULTS = Job(command=DEFAULT_COMMAND)
"""What contrib/systemd/ and contrib/cron.d/ are made of."""
