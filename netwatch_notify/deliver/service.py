"""
apprise's URLs and what they stand for: where apprise is loaded, checked and asked.

A channel's own file names only what of a plugin it extends. Failures are told in apprise's own
words, with every piece of the URL masked.
"""

import importlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from apprise import Apprise, AppriseAsset, ConfigBase
from apprise.plugins import url_to_dict

from netwatch_notify.deliver.reasons import LIMIT, mask, overhear
from netwatch_notify.errors import UsageError
from netwatch_notify.model.text import clean

with warnings.catch_warnings():
    # apprise 2.2 does so to see whether a module that Python 3.13 dropped is there.
    warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
    importlib.import_module("apprise.plugins.email")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A URL as apprise took it."""

    schema: str
    service: Any
    format: str
    """What `format=` asks for, if anything."""
    template: bool
    again: Callable[[], "Loaded"] = field(repr=False)
    """The same anew, as what the service keeps between runs is now."""


def schema_of(url: str) -> str:
    """Return the service that a URL asks for, in small letters; empty if apprise knows none."""
    with overhear():
        settings: dict[str, Any] | None = url_to_dict(url)  # type: ignore[no-untyped-call]
    return str(settings["schema"]).lower() if settings else ""


def load(
    url: str,
    ours: Mapping[str, Any],
    storage: Path | None = None,
    plugin: type[Any] | None = None,
    defaults: Mapping[str, Any] = MappingProxyType({}),
) -> Loaded:
    """
    Return what the URL stands for, with `ours` in place of what it says itself.

    `storage`: where services keep what they need to know the next time; None: nowhere. `plugin`:
    the class to make the service of, if it is not apprise's own. `defaults`: what the URL might
    have said itself.
    UsageError, in apprise's masked words, if the URL is not whole.
    """
    with overhear() as overheard:
        loaded = _instantiate(url, ours, storage, plugin, defaults)
    # A recipient that apprise dropped with a warning is one that would never hear of anything.
    if loaded is None or overheard.complaints:
        said = next((text for text in overheard.complaints if "URL" not in text), "")
        raise UsageError(clean(mask(said, url), LIMIT) or "apprise knows no such URL")
    return loaded


def services_in(content: str) -> tuple[list[Any], list[str], list[str]]:
    """Return the services of an apprise file's text, its includes, and apprise's complaints."""
    with overhear() as overheard:
        # Not AppriseConfig: it would follow `include`, and keep the file's text in its cache.
        found, includes = ConfigBase.config_parse(content, asset=_asset())
    return cast("list[Any]", found), includes, overheard.complaints


def _asset(storage: Path | None = None) -> AppriseAsset:
    """Return apprise's own settings, as every service of ours has them."""
    # A redirect turns a POST into a GET, and the answer to that counts as sent.
    return AppriseAsset(
        app_id="netwatch-notify",
        app_desc="netwatch-notify",
        http_redirects=False,
        storage_mode="flush" if storage else "memory",
        storage_path=str(storage) if storage else None,
        allow_templates=False,
    )


def _instantiate(
    url: str,
    ours: Mapping[str, Any],
    storage: Path | None,
    plugin: type[Any] | None,
    defaults: Mapping[str, Any],
) -> Loaded | None:
    settings: dict[str, Any] | None = url_to_dict(url)  # type: ignore[no-untyped-call]
    if not settings:
        return None
    schema = str(settings["schema"]).lower()
    asked, template = str(settings.get("format", "")), bool(settings.get("template"))
    # The view was shortened to the budget; a split Matrix message loses its other pieces.
    settings = {**defaults, **settings, "overflow": "upstream", "retry": 0, **ours}
    asset = _asset(storage)
    try:
        if plugin:
            service = plugin(**settings, asset=asset)
        else:
            service = Apprise.instantiate(settings, asset=asset, suppress_exceptions=False)
    except Exception:  # whatever a plugin raises; what it was stands in the log
        return None
    if service is None:
        return None
    again = partial(load, url, ours, storage, plugin, defaults)
    return Loaded(schema, service, asked, template, again)
