"""How the words of one setting become values, and what is said where they do not."""

import re
from collections.abc import Callable
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from netwatch_notify.model.arguments import parse_nmap_arguments, parse_ports
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.target import Target, parse_target, split_targets

_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_URL = re.compile(r"([A-Za-z0-9,_:.-]+=)?[A-Za-z][A-Za-z0-9+._-]*://\S+")
"""Tags may stand before it."""
_JOINED_URLS = re.compile(r",(?=$|[A-Za-z][A-Za-z0-9]*://)")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_SCRIPT = re.compile(r"[A-Za-z0-9_.-]{1,60}")
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


class LogFormat(StrEnum):
    """What a record in the log looks like."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


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


def ports_text(value: str) -> str:
    """Return ports as nmap takes them, without blanks."""
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


def time_of_day(value: object) -> object:
    """Parse HH:MM."""
    if not isinstance(value, str):
        return value
    found = _TIME.fullmatch(value.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f"{value!r} is no time of day; example: 07:00")
    return time(int(found[1]), int(found[2]))


def lower(value: object) -> object:
    """Let people write words of a choice in capitals."""
    return value.strip().lower() if isinstance(value, str) else value


def network_name(value: str) -> str:
    """Check the name of a network."""
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


def _prom_file(path: Path) -> Path:
    if path.suffix != ".prom" or path.name.startswith("."):
        raise ValueError(
            f"{str(path)!r} is not read by the textfile collector; its name must end in .prom"
        )
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


def heartbeat_url_text(value: SecretStr) -> SecretStr:
    """Check a heartbeat's URL without quoting it."""
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
MetricsFile = Annotated[Path, AfterValidator(_absolute), AfterValidator(_prom_file)]
Seconds = Annotated[int, Field(ge=1, le=30 * 86_400)]
Processes = Annotated[int, Field(ge=1, le=64)]
