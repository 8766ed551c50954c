"""
Messages through apprise: the only module that knows it.

apprise reports success where nothing arrived in a number of cases; each guard here names its
case. Destinations are checked once, when they are read, and every send makes a fresh service.
"""

import html
import importlib
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from apprise import Apprise, AppriseAsset, ConfigBase
from apprise.plugins import url_to_dict

from netwatch_notify.deliver.reasons import LIMIT, failure_reason, mask, overhear
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Delivery, Destination, Format, Message
from netwatch_notify.model.text import clean

with warnings.catch_warnings():
    # apprise 2.2 does so to see whether a module that Python 3.13 dropped is there.
    warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
    importlib.import_module("apprise.plugins.email")

MAIL_BUDGET = 200_000
"""A size every mail server takes; a phone shows it, too."""
SLACK_BUDGET = 3_000
"""Slack's limit of a text section; longer texts fold behind "Show more" or are refused.
https://docs.slack.dev/reference/block-kit/blocks/section-block, 2026-01."""
MATRIX_BUDGET = 12_000
"""An event has 65,536 bytes; plain text and HTML share them, up to 4 bytes a character, and JSON
and markup take theirs. https://spec.matrix.org/v1.11/client-server-api/#size-limits, 2026-01."""
OTHER_BUDGET = 30_000
"""Where a service names no limit, or a larger one, nobody reads more."""
SUBJECT_LIMIT = 200
"""Characters of a subject; the report keeps far below."""

MAIL = ("mailto", "mailtos")
MATRIX = ("matrix", "matrixs")
SLACK = ("slack",)

# apprise's own line format for text files: optional tags, then the URL.
_TEXT_LINE = re.compile(r"^(?:[a-z0-9,_:\- \t]*=)?\s*(?P<url>[a-z0-9]{1,32}://.*)$", re.IGNORECASE)
_YAML_URLS = re.compile(r"^urls:[^\n]*\n((?:[ \t#-][^\n]*(?:\n|\Z)|\n)*)", re.MULTILINE)
_YAML_ENTRY = re.compile(r"^[ \t]*-[ \t]*\S", re.MULTILINE)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~@-])")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A URL as apprise took it."""

    schema: str
    service: Any
    format: str
    """What `format=` asks for, if anything."""
    template: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a URL was written: `NETWATCH_NOTIFY, 2nd URL`."""

    place: str
    url: str

    @property
    def label(self) -> str:
        schema = re.match(r"([A-Za-z0-9]{1,12})://", self.url)
        return f"{self.place} ({schema[1].lower() if schema else 'no schema'})"

    def refused(self, reason: str) -> UsageError:
        return UsageError(f"{self.label}: {reason}")


def read_destinations(urls: Sequence[str], config: Path | None) -> tuple[Destination, ...]:
    """
    Return the destinations behind apprise URLs and an apprise configuration file.

    UsageError says which one cannot be used, and why, without a piece of its URL. A file is
    taken whole or not at all: apprise itself skips what it cannot load and reports success.
    """
    sources = [
        _Source(f"NETWATCH_NOTIFY, {_ordinal(number)} URL", url)
        for number, url in enumerate(urls, start=1)
    ]
    if config is not None:
        sources += _read_config(config)
    destinations = []
    seen: Counter[str] = Counter()
    for source in sources:
        destination = _destination(source)
        seen[destination.key] += 1
        if (count := seen[destination.key]) > 1:
            destination = Destination(
                f"{destination.key} ({count})",
                destination.url,
                destination.format,
                destination.budget,
            )
        destinations.append(destination)
    return tuple(destinations)


def send(
    destination: Destination, message: Message, *, entry_id: int, run_id: int, network: str
) -> Delivery:
    """
    Send one message, and return how that went.

    The entry's id marks the message: where the service can tell a repetition (Matrix with an
    access token), sending the same entry twice shows it once.
    """
    with overhear() as overheard:
        try:
            delivered = _notify(destination, message, entry_id, run_id, network)
        except UsageError:
            return Delivery(
                False, "the destination's URL cannot be used; see netwatch-notify check"
            )
        except Exception as error:  # a plugin's bug must not cost the other messages
            reason = clean(mask(str(error), destination.url), LIMIT // 2)
            return Delivery(False, clean(f"{type(error).__name__}: {reason}", LIMIT))
    if delivered:
        return Delivery(True)
    return Delivery(False, failure_reason(overheard, destination.url))


def _notify(
    destination: Destination, message: Message, entry_id: int, run_id: int, network: str
) -> bool:
    loaded = _load(destination.url)
    schema, service = loaded.schema, loaded.service
    name = re.sub(r"[^A-Za-z0-9._-]", "_", network)[:60]
    if schema in MAIL:
        service.headers.update(
            {
                "Auto-Submitted": "auto-generated",
                # Message-ID is apprise's own, and another one at each attempt.
                "X-Netwatch-Message": f"{name}-{run_id}-{entry_id}",
            }
        )
    if schema in MATRIX and service.mode == "off" and service.password and not service.user:
        # apprise would draw a new transaction id; with one of ours a retry is no second event.
        service.access_token = service.password
        service.transaction_id = _transaction_id(message, entry_id, network)
    # Not through Apprise.notify(): its pool of threads lets slow servers hold up healthy ones.
    # body_format must be given: without it the body is raw HTML in mail, mentions in Slack.
    return bool(
        service.notify(
            body=message.body,
            title=_title(message, service),
            body_format=message.format.value,
        )
    )


def _transaction_id(message: Message, entry_id: int, network: str) -> str:
    # The text is part of it: a new database counts its entries from 1 again, and Matrix would
    # take its first message for one it has already, and say so with a success.
    text = "\0".join((network, message.subject, message.body))
    return (
        f"netwatch-{entry_id}-{blake2b(text.encode(errors='replace'), digest_size=8).hexdigest()}"
    )


def _title(message: Message, service: Any) -> str:
    title = clean(message.subject, SUBJECT_LIMIT)
    if service.title_maxlen > 0:
        return title
    # apprise puts the title into the body of such a service, and takes it for the body's format.
    if message.format is Format.HTML:
        return html.escape(title)
    return _MARKDOWN.sub(r"\\\1", title) if message.format is Format.MARKDOWN else title


def _asset() -> AppriseAsset:
    # A redirect turns a POST into a GET, and the answer to that counts as sent.
    return AppriseAsset(
        app_id="netwatch-notify",
        app_desc="netwatch-notify",
        http_redirects=False,
        storage_mode="memory",
        allow_templates=False,
    )


def _load(url: str) -> _Loaded:
    """Return what the URL stands for; UsageError, in apprise's masked words, if it is not whole."""
    with overhear() as overheard:
        loaded = _instantiate(url)
    # A recipient that apprise dropped with a warning is one that would never hear of anything.
    if loaded is None or overheard.complaints:
        said = next((text for text in overheard.complaints if "URL" not in text), "")
        raise UsageError(clean(mask(said, url), LIMIT) or "apprise knows no such URL")
    return loaded


def _instantiate(url: str) -> _Loaded | None:
    settings: dict[str, Any] | None = url_to_dict(url)  # type: ignore[no-untyped-call]
    if not settings:
        return None
    schema = str(settings["schema"]).lower()
    asked, template = str(settings.get("format", "")), bool(settings.get("template"))
    # The view was shortened to the budget; a split Matrix message loses its other pieces.
    settings |= {"overflow": "upstream", "retry": 0}
    if schema in MATRIX:
        settings |= {"hsreq": False, "include_image": False}
    if schema in SLACK:
        # Markdown and HTML let a hostile text mention a channel; blocks are cut at 35,000.
        settings |= {"format": "text", "redirect": False}
        settings |= {"include_image": False, "use_blocks": False}
    try:
        service = Apprise.instantiate(settings, asset=_asset(), suppress_exceptions=False)
    except Exception:  # whatever a plugin raises; what it was stands in the log
        return None
    return _Loaded(schema, service, asked, template) if service is not None else None


def _destination(source: _Source) -> Destination:
    try:
        loaded = _load(source.url)
    except UsageError as error:
        # `from None`: apprise's errors quote the URL.
        raise source.refused(f"cannot be used: {error}") from None
    for reason in _objections(loaded):
        raise source.refused(reason)
    return Destination(clean(_key(loaded)), source.url, _format(loaded), _budget(loaded))


def _objections(loaded: _Loaded) -> Iterator[str]:
    """Yield what would make this destination report a success that is none."""
    schema, service = loaded.schema, loaded.service
    if service.optional:
        yield "optional=yes reports failures as success; take it out"
    if schema in MATRIX:
        yield from _matrix_objections(service)
    if schema in SLACK and loaded.template:
        yield "Slack templates turn hostile text into mentions; take template= out"
    if schema in MAIL and (service.cc or service.bcc):
        yield (
            "cc and bcc are not supported: when one of them is refused, every retry reaches the "
            "others again; write one URL for each recipient"
        )
    if len(service) > 1:
        yield (
            f"it names {len(service)} targets; write one URL for each, so that a retry does not "
            "reach again those that have the message"
        )


def _matrix_objections(service: Any) -> Iterator[str]:
    if not service.secure and service.mode != "t2bot" and not _is_loopback(service.host):
        yield "matrix:// sends token and message in clear over http; use matrixs://"
    if service.mode != "off":
        return
    if not (service.rooms or service.users):
        yield "it names no room, which means every joined room; add the room's id (!room:host)"
    if service.users or not all(room.startswith("!") for room in service.rooms):
        yield (
            "rooms by id only (!room:host, under the room's advanced settings): for an unknown "
            "#alias or @user apprise creates a private room and reports success"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _key(loaded: _Loaded) -> str:
    """Return what names the destination, made of its public target only."""
    schema, service = loaded.schema, loaded.service
    if schema in MAIL:
        return f"mail to {service.targets[0][1]}"
    if schema in MATRIX:
        return f"matrix {service.rooms[0]}" if service.mode == "off" else "matrix"
    if schema in SLACK:
        channel = service.channels[0] if service.mode == "bot" else None
        if channel:
            channel = channel if channel[0] in "#@+" or "@" in channel else f"#{channel}"
        return f"slack {channel}" if channel else "slack"
    return schema


def _format(loaded: _Loaded) -> Format:
    if loaded.schema in SLACK:
        return Format.TEXT
    if loaded.format in set(Format):
        return Format(loaded.format)
    return Format.HTML if loaded.schema in MAIL + MATRIX else Format.TEXT


def _budget(loaded: _Loaded) -> int:
    schema, service = loaded.schema, loaded.service
    if schema in MAIL:
        return MAIL_BUDGET
    if schema in SLACK:
        return SLACK_BUDGET
    if schema in MATRIX:
        return MATRIX_BUDGET
    # Without a title of its own, the service carries the subject in the body.
    subject = SUBJECT_LIMIT if service.title_maxlen <= 0 else 0
    return max(min(int(service.body_maxlen) - subject, OTHER_BUDGET), 100)


def _read_config(path: Path) -> list[_Source]:
    """Return the URLs of an apprise file, text or YAML."""
    name = "NETWATCH_APPRISE_CONFIG"
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{name}: {path}: cannot be read: {why}") from error
    with overhear() as overheard:
        # Not AppriseConfig: it would follow `include`, and keep the file's text in its cache.
        found, includes = ConfigBase.config_parse(content, asset=_asset())
    services = cast("list[Any]", found)
    if includes:
        raise UsageError(f"{name}: includes are not followed; write their URLs into the file")
    written = [
        (number, line["url"])
        for number, text in enumerate(content.splitlines(), start=1)
        if (line := _TEXT_LINE.match(text.strip()))
    ]
    is_text = len(written) > 0
    entries = len(written) if is_text else _yaml_entries(content)
    if overheard.complaints or len(services) < max(entries, 1):
        where = re.search(r"(?:on line|entry #?|item #?) ?(\d+)", " ".join(overheard.complaints))
        what = f"{'line' if is_text else 'entry'} {where[1]}" if where else "the file"
        raise UsageError(
            f"{name}: {what} cannot be used; {len(services)} of {max(entries, len(services))} "
            "destinations loaded, and a part is not enough"
        )
    if is_text:
        sources = [_Source(f"{name}, line {number}", url) for number, url in written]
    else:
        sources = [
            _Source(f"{name}, {_ordinal(number)} service", service.url(privacy=False))
            for number, service in enumerate(services, start=1)
        ]
    for source, service in zip(sources, services, strict=True):
        if any(getattr(tag, "has_priority", False) for tag in service.tags):
            raise source.refused(
                "a tag with a number (1:ops) means escalation: apprise would skip the later "
                "groups without a word; take the number out"
            )
    return sources


def _yaml_entries(content: str) -> int:
    """Return how many services the `urls:` list names at least: its outermost dashes."""
    listed = _YAML_URLS.search(content)
    dashes = [match[0].index("-") for match in _YAML_ENTRY.finditer(listed[1] if listed else "")]
    return dashes.count(min(dashes)) if dashes else 0


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
