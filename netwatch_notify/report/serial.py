"""A view as it waits in the outbox: JSON, read back exactly as it was."""

import json
from dataclasses import asdict

from netwatch_notify.errors import StateError
from netwatch_notify.model.message import Item, Section, View


def view_to_json(view: View) -> str:
    """Return the view as one line of JSON, ASCII only."""
    return json.dumps(asdict(view))


def view_from_json(text: str) -> View:
    """Return the view `view_to_json` wrote; StateError where it is none."""
    try:
        return _view(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(f"a stored message cannot be read ({error}); drop it") from error


def _view(stored: dict[str, object]) -> View:
    values = dict(stored)
    sections = values.pop("sections")
    footer = values.pop("footer")
    return View(
        **values,  # type: ignore[arg-type]
        sections=tuple(_section(dict(section)) for section in sections),  # type: ignore[attr-defined]
        footer=tuple(footer),  # type: ignore[arg-type]
    )


def _section(values: dict[str, object]) -> Section:
    items = values.pop("items")
    # What waited through an upgrade may have none.
    kinds = values.pop("left_out_kinds", ())
    return Section(
        **values,  # type: ignore[arg-type]
        items=tuple(_item(dict(item)) for item in items),  # type: ignore[attr-defined]
        left_out_kinds=tuple((str(kind), int(number)) for kind, number in kinds),  # type: ignore[attr-defined]
    )


def _item(values: dict[str, object]) -> Item:
    details = values.pop("details")
    return Item(**values, details=tuple(details))  # type: ignore[arg-type]
