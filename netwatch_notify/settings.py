"""
What a user may set, read from the environment and one env file, checked all at once.

Stages never see `Settings`; they receive small frozen values made here. This is the only module
that knows pydantic and python-dotenv.
"""

import io
import os
import re
import stat
from collections.abc import Callable, Collection, Mapping
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from netwatch_notify.errors import UsageError
from netwatch_notify.model.arguments import parse_nmap_arguments, parse_ports
from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import ScanProfile
from netwatch_notify.model.target import AddressSet, Target, parse_target, split_targets
from netwatch_notify.model.text import clean

PREFIX = "NETWATCH_"
EXAMPLE_TARGETS = "192.168.1.0/24"
ERROR_LIMIT = 500
"""Characters of one variable's error that are shown."""

_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_URL = re.compile(r"([A-Za-z0-9,_:.-]+=)?[A-Za-z][A-Za-z0-9+._-]*://\S+")
"""Tags may stand before it."""
_JOINED_URLS = re.compile(r",(?=$|[A-Za-z][A-Za-z0-9]*://)")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_SCRIPT = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_SECRET_FIELDS = frozenset({"notify", "heartbeat_url", "hook"})
_T = TypeVar("_T")


class NotifyOn(StrEnum):
    """When a run sends a message; problems are sent always."""

    CHANGES = "changes"
    ALWAYS = "always"


class AllWell(StrEnum):
    """How often a quiet network says that all is well."""

    WEEKLY = "weekly"
    NEVER = "never"


class Urgent(StrEnum):
    """From which severity on a message does not wait."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


class LogLevel(StrEnum):
    """How much is logged to stderr."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def default_state_dir(network: str, environment: Mapping[str, str]) -> Path:
    """Return where `network` keeps its state: the system's folder for root, else the user's."""
    if os.geteuid() == 0:
        return Path("/var/lib/netwatch", network)
    # A relative XDG_STATE_HOME is to be ignored (XDG Base Directory Specification 0.8).
    base = Path(environment.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():
        base = Path(environment.get("HOME") or Path.home(), ".local", "state")
    return base / "netwatch" / network


def _each(parse: Callable[[str], _T], words: list[str]) -> tuple[_T, ...]:
    """Parse every word and report all that are wrong, not only the first."""
    parsed: list[_T] = []
    errors: list[str] = []
    for word in words:
        try:
            parsed.append(parse(word))
        except ValueError as error:
            errors.append(str(error))
    if errors:
        raise ValueError("; ".join(errors))
    return tuple(parsed)


def _targets(value: object) -> object:
    return _each(parse_target, split_targets(value)) if isinstance(value, str) else value


def _nmap_arguments(value: object) -> object:
    return parse_nmap_arguments(value) if isinstance(value, str) else value


def _ports(value: str) -> str:
    parse_ports(value)
    return "".join(value.split())


def _port_key(text: str) -> PortKey:
    try:
        key = PortKey.parse(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no port; examples: 23 or 161/udp") from error
    return key


def _port_keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    return frozenset(_each(_port_key, value.replace(",", " ").split()))


def _script(text: str) -> str:
    if not _SCRIPT.fullmatch(text):
        raise ValueError(f"{text!r} is no script; examples: ssl-cert or http-headers")
    return text


def _scripts(value: object) -> object:
    if not isinstance(value, str):
        return value
    return frozenset(_each(_script, value.replace(",", " ").split()))


def _time_of_day(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _TIME.fullmatch(value.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f"{value!r} is no time of day; example: 07:00")
    return time(int(found[1]), int(found[2]))


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _network(value: str) -> str:
    if not _NETWORK.fullmatch(value):
        raise ValueError(
            f"{value!r} is no network name; it takes up to 32 letters, digits, dots, dashes and "
            "underscores, a letter or digit first"
        )
    return value


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{str(path)!r} is not an absolute path; it must start with /")
    return path


def _urls(value: object) -> object:
    """Split at white space; the errors count entries, because an entry is a secret."""
    if not isinstance(value, str):
        return value
    urls = value.split()
    for number, url in enumerate(urls, start=1):
        if _JOINED_URLS.search(url):
            raise ValueError(f"entry {number}: URLs are separated by white space, not by commas")
        if not _URL.fullmatch(url):
            raise ValueError(
                f"entry {number} is no apprise URL (scheme://…); write a space inside one as %20"
            )
    return tuple(SecretStr(url) for url in urls)


def _heartbeat(value: SecretStr) -> SecretStr:
    try:
        url = urlsplit(value.get_secret_value())
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", value.get_secret_value()):
        # Raised here and not above: urlsplit's own error quotes the URL.
        raise ValueError("is no http:// or https:// URL")
    return value


Targets = Annotated[tuple[Target, ...], NoDecode, BeforeValidator(_targets)]
NmapArguments = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_nmap_arguments)]
PortKeys = Annotated[frozenset[PortKey], NoDecode, BeforeValidator(_port_keys)]
Scripts = Annotated[frozenset[str], NoDecode, BeforeValidator(_scripts)]
Urls = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_urls)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Seconds = Annotated[int, Field(ge=1, le=30 * 86_400)]
Processes = Annotated[int, Field(ge=1, le=64)]


class Settings(BaseSettings):
    """
    Every setting, in the order the documentation shows it; made by `load_settings`.

    A field that contradicts another stands after it and is checked as a field, so that the
    contradiction is reported together with everything else that is wrong.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    network: Annotated[str, AfterValidator(_network)] = Field(
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
    ports: Annotated[str, AfterValidator(_ports)] = Field(
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
        "/var/lib/netwatch/NETWORK for root, else netwatch/NETWORK in $XDG_STATE_HOME or "
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
    notify_on: Annotated[NotifyOn, BeforeValidator(_lower)] = Field(
        default=NotifyOn.CHANGES,
        description="When to send a message: changes, or always. Problems are always sent.",
    )
    all_well: Annotated[AllWell, BeforeValidator(_lower)] = Field(
        default=AllWell.WEEKLY,
        description="After seven days without a message, one that says all is well: weekly, or "
        "never.",
    )
    send_at: Annotated[time, BeforeValidator(_time_of_day)] | None = Field(
        default=None,
        description="Time of day (HH:MM, this machine's) at which messages leave. Empty: at once.",
    )
    urgent: Annotated[Urgent, BeforeValidator(_lower)] = Field(
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
    heartbeat_url: Annotated[SecretStr, AfterValidator(_heartbeat)] | None = Field(
        default=None,
        description="URL (http or https) of a dead man's switch that is pinged by each run. "
        "Secret. Empty: none.",
    )
    keep_days: int = Field(
        default=90, ge=1, le=36_500, description="Days for which scans and history are kept."
    )
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field(
        default=LogLevel.WARNING,
        description="What is logged to stderr: debug, info, warning or error.",
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


_MAY_BE_EMPTY = frozenset(
    {
        "exclude",
        "ports",
        "fast_args",
        "detail_args",
        "notify",
        "dynamic",
        "risky_ports",
        "volatile_scripts",
    }
)
"""Where an empty value means "none"; elsewhere it means the default."""


def variable_name(field: str) -> str:
    """Return the environment variable that sets `field`."""
    return f"{PREFIX}{field.upper()}"


def load_settings(env_file: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """
    Read the env file, then the environment, which wins, and check both.

    Without `env_file`, `DEFAULT_ENV_FILE` is read where it exists and may be read. UsageError
    has one line per variable that is wrong, sorted, and holds no secret.
    """
    environment = os.environ if environment is None else environment
    variables = {**_file_variables(env_file), **environment}
    given = {
        name: value.strip()
        for field in Settings.model_fields
        if (value := variables.get(name := variable_name(field))) is not None
        and (value.strip() or field in _MAY_BE_EMPTY)
    }
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    values = source()
    if "state_dir" not in values:
        network = values.get("network", "lan")
        values["state_dir"] = default_state_dir(network, environment)
    try:
        return Settings(**values)
    except ValidationError as error:
        lines = _error_lines(error, env_file or DEFAULT_ENV_FILE)
    # Outside of `except`, so that no traceback carries pydantic's error with the values in it.
    raise UsageError("\n".join(lines))


def load_fields(
    names: Collection[str], env_file: Path | None, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """
    Read a few settings alone, for what needs no network: no other has to be there, or be right.

    Returns each by its name; `network` must come before `state_dir`. UsageError has one line per
    variable that is wrong.
    """
    environment = os.environ if environment is None else environment
    variables = {**_file_variables(env_file), **environment}
    values: dict[str, Any] = {}
    lines: list[str] = []
    for name in names:
        field = Settings.model_fields[name]
        text = variables.get(variable_name(name), "").strip()
        given = variable_name(name) in variables and (text or name in _MAY_BE_EMPTY)
        if not given:
            values[name] = field.get_default()
            if name == "state_dir":
                values[name] = default_state_dir(values["network"], environment)
            continue
        kind: Any = field.annotation
        if field.metadata:
            kind = Annotated[kind, *field.metadata]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        try:
            values[name] = adapter.validate_python(text)
        except ValidationError as error:
            lines.append(f"{variable_name(name)}: {error.errors()[0]['ctx']['error']}")
    if lines:
        raise UsageError("\n".join(sorted(lines)))
    return values


def unknown_variables(
    env_file: Path | None, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Return the `NETWATCH_` variables that no setting has, sorted: mostly slips of the pen."""
    environment = os.environ if environment is None else environment
    known = {variable_name(field) for field in Settings.model_fields}
    names = {*_file_variables(env_file), *environment}
    return sorted(clean(n) for n in names - known if n.upper().startswith(PREFIX))


def env_file_is_exposed(path: Path) -> bool:
    """Whether every user of the machine may read `path`, and the secrets in it."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def _file_variables(env_file: Path | None) -> dict[str, str]:
    path = env_file
    if path is None:
        if not os.access(DEFAULT_ENV_FILE, os.R_OK):
            return {}
        path = DEFAULT_ENV_FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; name an env file that exists and can be read"
        ) from error
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise UsageError(f"{path}: is not UTF-8 text; save it as UTF-8")
    variables: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key and binding.value is None):
            # The line itself is not shown: it may hold a password.
            line = binding.original.line + _blank_lines(binding.original.string)
            raise UsageError(
                f"{path}: line {line} is not NAME=value, or has a quote that is not closed"
            )
        if binding.key and binding.value is not None:
            variables[binding.key] = binding.value
    return variables


def _blank_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _error_lines(error: ValidationError, env_file: Path) -> list[str]:
    messages: dict[str, list[str]] = {}
    for details in error.errors(include_url=False):
        field = str(details["loc"][0])
        messages.setdefault(field, []).append(_error_message(field, dict(details), env_file))
    return sorted(
        f"{variable_name(field)}: {clean('; '.join(dict.fromkeys(texts)), ERROR_LIMIT)}"
        for field, texts in messages.items()
    )


def _error_message(field: str, details: dict[str, Any], env_file: Path) -> str:
    context = details.get("ctx", {})
    value = "the value" if field in _SECRET_FIELDS else repr(details["input"])
    match details["type"]:
        case "missing":
            return (
                f"not set; say what to scan, such as {variable_name(field)}={EXAMPLE_TARGETS}, "
                f"in {env_file} or the environment"
            )
        case "too_short":
            return "names nothing"
        case "value_error":
            return str(context["error"])
        case "int_parsing" | "int_from_float" | "int_parsing_size":
            return f"{value} is no whole number"
        case "float_parsing" | "finite_number":
            return f"{value} is no number"
        case "greater_than_equal":
            return f"{value} is too small; at least {context['ge']}"
        case "greater_than":
            return f"{value} is too small; it must be more than {context['gt']:g}"
        case "less_than_equal":
            return f"{value} is too large; at most {context['le']:g}"
        case "enum":
            return f"{value} is none of {context['expected'].replace(' or ', ', ')}"
        case _:
            return "cannot be used" if field in _SECRET_FIELDS else str(details["msg"])
