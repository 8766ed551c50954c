"""
Destinations, checked once, before any scan: what is wrong is named by its place alone.

apprise reports success where nothing arrived in a number of cases, and skips what it cannot
load; here each is refused.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.channels import open_channel
from netwatch_notify.deliver.service import Loaded, services_in
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import TAGS, Destination
from netwatch_notify.model.text import clean

FOR_NETWORK = "network:"
"""A tag that begins so names a network that the destination is for."""

# apprise's own line format for text files: optional tags, then the URL.
_TEXT_LINE = re.compile(r"^(?:[a-z0-9,_:\- \t]*=)?\s*(?P<url>[a-z0-9]{1,32}://.*)$", re.IGNORECASE)
_TAGGED = re.compile(r"^(?P<tags>[A-Za-z0-9,_:.-]+)=(?P<url>[A-Za-z][A-Za-z0-9+._-]*://.*)$")
_YAML_URLS = re.compile(r"^urls:[^\n]*\n((?:[ \t#-][^\n]*(?:\n|\Z)|\n)*)", re.MULTILINE)
_YAML_ENTRY = re.compile(r"^[ \t]*-[ \t]*\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a URL was written: `NETWATCH_NOTIFY, 2nd URL`."""

    place: str
    url: str
    tags: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        schema = re.match(r"([A-Za-z0-9]{1,12})://", self.url)
        return f"{self.place} ({schema[1].lower() if schema else 'no schema'})"

    def refused(self, reason: str) -> UsageError:
        return UsageError(f"{self.label}: {reason}")


def read_destinations(
    urls: Sequence[str], config: Path | None, network: str
) -> tuple[Destination, ...]:
    """
    Return the destinations of `network` behind apprise URLs and an apprise configuration file.

    A URL may stand behind its tags, `critical,network:lan=mailto://…`, as in apprise's files.
    UsageError says which one cannot be used, and why, without a piece of its URL. A file is
    taken whole or not at all: apprise itself skips what it cannot load and reports success.
    """
    sources = [_source(number, url) for number, url in enumerate(urls, start=1)]
    if config is not None:
        sources += _read_config(config)
    destinations = []
    seen: Counter[str] = Counter()
    for source in sources:
        destination = _destination(source)
        networks = {tag.removeprefix(FOR_NETWORK) for tag in source.tags if _is_network(tag)}
        if networks and network not in networks:
            continue
        seen[destination.key] += 1
        if (count := seen[destination.key]) > 1:
            destination = replace(destination, key=f"{destination.key} ({count})")
        destinations.append(destination)
    return tuple(destinations)


def _source(number: int, text: str) -> _Source:
    """Return what stands in NETWATCH_NOTIFY at this place."""
    tags, url = "", text
    if found := _TAGGED.match(text):
        tags, url = found["tags"], found["url"]
    place = f"NETWATCH_NOTIFY, {_ordinal(number)} URL"
    return _Source(place, url, frozenset(tag for tag in tags.split(",") if tag))


def _is_network(tag: str) -> bool:
    return tag.startswith(FOR_NETWORK)


def _destination(source: _Source) -> Destination:
    for tag in sorted(source.tags):
        if tag not in TAGS and not _is_network(tag):
            raise source.refused(
                f"the tag {clean(tag, 40)!r} means nothing here; there are "
                f"{', '.join(sorted(TAGS))} and {FOR_NETWORK}NAME"
            )
    try:
        channel, loaded = open_channel(source.url)
    except UsageError as error:
        # `from None`: apprise's errors quote the URL.
        raise source.refused(f"cannot be used: {error}") from None
    for reason in _objections(channel, loaded):
        raise source.refused(reason)
    return Destination(
        clean(channel.key(loaded)),
        source.url,
        channel.format(loaded),
        channel.budget(loaded),
        tags=source.tags & TAGS,
        takes_files=channel.takes_files(loaded),
        knows_repetitions=channel.knows_repetitions(loaded),
    )


def _objections(channel: Channel, loaded: Loaded) -> Iterator[str]:
    """Yield what would make this destination report a success that is none."""
    if loaded.service.optional:
        yield "optional=yes reports failures as success; take it out"
    yield from channel.objections(loaded)
    if len(loaded.service) > 1:
        yield (
            f"it names {len(loaded.service)} targets; write one URL for each, so that a retry "
            "does not reach again those that have the message"
        )


def _read_config(path: Path) -> list[_Source]:
    """Return the URLs of an apprise file, text or YAML."""
    name = "NETWATCH_APPRISE_CONFIG"
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{name}: {path}: cannot be read: {why}") from error
    services, includes, complaints = services_in(content)
    if includes:
        raise UsageError(f"{name}: includes are not followed; write their URLs into the file")
    written = [
        (number, line["url"])
        for number, text in enumerate(content.splitlines(), start=1)
        if (line := _TEXT_LINE.match(text.strip()))
    ]
    is_text = len(written) > 0
    entries = len(written) if is_text else _yaml_entries(content)
    if complaints or len(services) < max(entries, 1):
        where = re.search(r"(?:on line|entry #?|item #?) ?(\d+)", " ".join(complaints))
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
                "a tag with a number (1:critical) means escalation: apprise would skip the later "
                "groups without a word; take the number out"
            )
    return [
        replace(source, tags=frozenset(map(str, service.tags)))
        for source, service in zip(sources, services, strict=True)
    ]


def _yaml_entries(content: str) -> int:
    """Return how many services the `urls:` list names at least: its outermost dashes."""
    listed = _YAML_URLS.search(content)
    dashes = [match[0].index("-") for match in _YAML_ENTRY.finditer(listed[1] if listed else "")]
    return dashes.count(min(dashes)) if dashes else 0


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
