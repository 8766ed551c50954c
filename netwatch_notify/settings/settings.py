"""Every setting with its default, its bounds and its description."""

import os
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from netwatch_notify.model.arguments import parse_ports
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import ScanProfile
from netwatch_notify.model.target import AddressSet, Target
from netwatch_notify.settings.fields import (
    AbsolutePath,
    AllWell,
    LogFormat,
    LogLevel,
    MetricsFile,
    NmapArguments,
    NotifyOn,
    PortKeys,
    Processes,
    Scripts,
    Seconds,
    Targets,
    Urgent,
    Urls,
    heartbeat_url_text,
    lower,
    network_name,
    ports_text,
    time_of_day,
)

PREFIX = "NETWATCH_"


def default_state_dir(network: str, environment: Mapping[str, str]) -> Path:
    """
    Return where `network` keeps its state: the machine's folder for root, else the user's.

    The machine's folder also for the user to whom `install --user` gave it.
    """
    system = Path("/var/lib/netwatch", network)
    if os.geteuid() in (0, _owner(system)):
        return system
    # A relative XDG_STATE_HOME is to be ignored (XDG Base Directory Specification 0.8).
    base = Path(environment.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():
        base = Path(environment.get("HOME") or Path.home(), ".local", "state")
    return base / "netwatch" / network


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


class Settings(BaseSettings):
    """
    Every setting, in the order the documentation shows it; made by `load_settings`.

    A field that contradicts another stands after it and is checked as a field, so that the
    contradiction is reported together with everything else that is wrong.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    network: Annotated[str, AfterValidator(network_name)] = Field(
        default="lan",
        description="Name of the network; it stands in every subject and in the state directory.",
    )
    targets: Targets = Field(
        min_length=1,
        description="What to scan, as nmap takes it (addresses, CIDR blocks, octet ranges, "
        "hostnames), separated by spaces or commas. Required.",
    )
    exclude: Targets = Field(
        default=(), description="What never to scan, written like the targets."
    )
    ports: Annotated[str, AfterValidator(ports_text)] = Field(
        default="",
        description="Ports of the fast scan, as nmap's -p takes them (22,80,8000-8100), or top:N. "
        "Empty: nmap's 1000 most common.",
    )
    fast_args: NmapArguments = Field(
        default=("-T4",), description="Further nmap options of the fast scan."
    )
    detail_args: NmapArguments = Field(
        default=("-sV", "-sC"), description="nmap options of the detail scan of what changed."
    )
    nmap_path: AbsolutePath | None = Field(
        default=None, description="Absolute path of nmap. Empty: the one found on PATH."
    )
    scan_timeout_seconds: Seconds = Field(
        default=14_400, description="Seconds the whole fast scan may take."
    )
    second_look_timeout_seconds: Seconds = Field(
        default=1_800,
        description="Seconds that confirming what seems gone and detailing what is new may take.",
    )
    scan_parallel: Processes = Field(
        default=2, description="Number of nmap processes side by side in the fast scan."
    )
    detail_parallel: Processes = Field(
        default=4, description="Number of nmap processes side by side in the second look."
    )
    state_dir: AbsolutePath = Field(
        default_factory=lambda data: default_state_dir(data.get("network", "lan"), os.environ),
        description="Absolute path of the folder for the database and the scans kept. Default: "
        "/var/lib/netwatch/NETWORK for root and the user it belongs to, else netwatch/NETWORK in "
        "$XDG_STATE_HOME or "
        "~/.local/state.",
    )
    notify: Urls = Field(
        default=(),
        description="Destinations: apprise URLs separated by white space. Secret. Empty: the "
        "message is printed.",
    )
    apprise_config: AbsolutePath | None = Field(
        default=None,
        description="Absolute path of an apprise configuration file, instead of NETWATCH_NOTIFY.",
    )
    notify_on: Annotated[NotifyOn, BeforeValidator(lower)] = Field(
        default=NotifyOn.CHANGES,
        description="When to send a message: changes, or always. Problems are always sent.",
    )
    all_well: Annotated[AllWell, BeforeValidator(lower)] = Field(
        default=AllWell.WEEKLY,
        description="After seven days without a message, one that says all is well: weekly, or "
        "never.",
    )
    send_at: Annotated[time, BeforeValidator(time_of_day)] | None = Field(
        default=None,
        description="Time of day (HH:MM, this machine's) at which messages leave. Empty: at once.",
    )
    urgent: Annotated[Urgent, BeforeValidator(lower)] = Field(
        default=Urgent.CRITICAL,
        description="What does not wait for it: changes of this severity and worse (critical, "
        "warning, info), or never. A problem counts as a warning.",
    )
    outbox_days: int = Field(
        default=3,
        ge=1,
        le=365,
        description="Days for which delivery of a message is tried before it is given up.",
    )
    hook: SecretStr | None = Field(
        default=None,
        description="A command that gets each message as JSON on stdin; a destination like the "
        "others. Split into words like a shell's, run without one, ended after a minute. Secret. "
        "Empty: none.",
    )
    names_file: AbsolutePath | None = Field(
        default=None,
        description="Absolute path of a CSV file with what people call the hosts: MAC, address "
        "or CIDR block, then name, owner, site. Empty: none.",
    )
    dynamic: Targets = Field(
        default=(),
        description="Address ranges that a DHCP server hands out, written like the targets: a "
        "host there is its MAC, not its address.",
    )
    gone_after: int = Field(
        default=2,
        ge=1,
        le=365,
        description="Number of runs in a row in which a host or port must be silent to be gone.",
    )
    suspicious_share: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="Share (above 0, up to 1) of a range's known hosts; when more are silent at "
        "once, the range is held back as suspicious.",
    )
    risky_ports: PortKeys = Field(
        default=frozenset(
            map(
                PortKey,
                (23, 445, 512, 513, 514, 873, 2375, 3389, 5900, 5984, 6379, 9200, 11211, 27017),
            )
        ),
        description="Ports whose opening is critical, separated by commas; 23 means 23/tcp, "
        "161/udp is allowed. Empty: none.",
    )
    volatile_scripts: Scripts = Field(
        default=frozenset(),
        description="Scripts whose output differs every time (http-date, say), separated by "
        "commas: a diff does not compare it. nmap's default scripts need not be named.",
    )
    version_refresh_days: int = Field(
        default=7,
        ge=0,
        le=365,
        description="Days within which the version of each known service is looked at again, a "
        "share each night. 0: never.",
    )
    heartbeat_url: Annotated[SecretStr, AfterValidator(heartbeat_url_text)] | None = Field(
        default=None,
        description="URL (http or https) of a dead man's switch that is pinged by each run. "
        "Secret. Empty: none.",
    )
    keep_days: int = Field(
        default=90, ge=1, le=36_500, description="Days for which scans and history are kept."
    )
    log_level: Annotated[LogLevel, BeforeValidator(lower)] | None = Field(
        default=None,
        description="What is logged: debug, info, warning or error. Empty: info in syslog and the "
        "journal, warning on stderr.",
    )
    log_format: Annotated[LogFormat, BeforeValidator(lower)] = Field(
        default=LogFormat.TEXT,
        description="How it is logged: text, or json with one object a line.",
    )
    metrics_file: MetricsFile | None = Field(
        default=None,
        description="Absolute path, ending in .prom, of a file for the textfile collector of "
        "Prometheus' node exporter; each network needs its own. Empty: none.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """
        Take only what `load_settings` hands over.

        pydantic-settings reads env files with python-dotenv's interpolation, which cannot be
        turned off there: a password holding `${X}` would lose it.
        """
        return (init_settings,)

    @field_validator("exclude")
    @classmethod
    def _leaves_something(
        cls, exclude: tuple[Target, ...], info: ValidationInfo
    ) -> tuple[Target, ...]:
        targets: tuple[Target, ...] = info.data.get("targets", ())
        left = AddressSet()
        for target in targets:
            left |= target.addresses
        for target in exclude:
            left -= target.addresses
        if exclude and targets and not left and not any(t.hostname for t in targets):
            raise ValueError(f"leaves nothing of {PREFIX}TARGETS to scan")
        return exclude

    @field_validator("dynamic")
    @classmethod
    def _are_addresses(cls, dynamic: tuple[Target, ...]) -> tuple[Target, ...]:
        names = [target.written for target in dynamic if target.hostname]
        if names:
            raise ValueError(f"{', '.join(names)}: only addresses and ranges can be handed out")
        return dynamic

    @field_validator("fast_args")
    @classmethod
    def _lists_every_host(cls, arguments: tuple[str, ...]) -> tuple[str, ...]:
        if "--open" in arguments:
            raise ValueError(
                "--open cannot be used here: a host without an open port would leave no trace in "
                "the scan, so a new one is missed and a known one looks gone; remove it (only "
                "open ports are told anyway)"
            )
        return arguments

    @field_validator("apprise_config")
    @classmethod
    def _stands_alone(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path and info.data.get("notify"):
            raise ValueError(f"cannot be set together with {PREFIX}NOTIFY; keep one of them")
        return path

    @property
    def port_arguments(self) -> tuple[str, ...]:
        """`PORTS` in nmap's own words; empty is nmap's top 1000."""
        return parse_ports(self.ports)

    @property
    def dynamic_addresses(self) -> AddressSet:
        """What a DHCP server hands out."""
        joined = AddressSet()
        for target in self.dynamic:
            joined |= target.addresses
        return joined

    def to_profile(self, privileged: bool) -> ScanProfile:
        """Return what the fast scan asks for; hostnames among the targets are not resolved."""
        return ScanProfile(
            targets=self.targets,
            exclude=self.exclude,
            port_arguments=self.port_arguments,
            arguments=self.fast_args,
            privileged=privileged,
        )

    def secrets(self) -> list[str]:
        """Return what must stand in no log."""
        others = (self.heartbeat_url, self.hook)
        return [*self.notify_urls(), *(s.get_secret_value() for s in others if s)]

    def notify_urls(self) -> list[str]:
        """Return the destinations' URLs in clear, for apprise and for nobody else."""
        return [url.get_secret_value() for url in self.notify]


def variable_name(field: str) -> str:
    """Return the environment variable that sets `field`."""
    return f"{PREFIX}{field.upper()}"
