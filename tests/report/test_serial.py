"""What waits in the outbox is sent as it was built."""

import json

import pytest
from hypothesis import given

from netwatch_notify.errors import StateError
from netwatch_notify.model.message import Item, View
from netwatch_notify.report.serial import view_from_json, view_to_json
from tests.report.strategies import relaxed, views


@relaxed
@given(views)
def test_a_view_survives_storage(view: View) -> None:
    """Stored and loaded, it is the same; stored, it is one line of ASCII."""
    text = view_to_json(view)

    assert view_from_json(text) == view
    assert text.isascii()
    assert "\n" not in text


@pytest.mark.parametrize("text", ["", "[]", "1", "{}", '{"network": "lan"}', '{"sections": 1}'])
def test_what_is_no_view_is_refused(text: str) -> None:
    """A damaged row says so instead of sending half a message."""
    with pytest.raises(StateError):
        view_from_json(text)


def test_a_message_of_an_older_version_is_read() -> None:
    """What waited while netwatch-notify was upgraded is sent all the same."""
    item = {"headline": "nas gone", "mark": "-", "details": ["host down"], "id": "9711"}
    section = {"title": "FOR INFORMATION", "items": [item], "left_out": 3, "stays": False}
    view = {"network": "lan", "subject": "lan: nas gone", "sections": [section], "footer": ["1 up"]}

    read = view_from_json(json.dumps({**view, "rest": "show 1", "hint": ""}))

    assert read.sections[0].items[0] == Item("nas gone", "-", ("host down",), "9711")
    assert (read.sections[0].left_out, read.sections[0].rank) == (3, 0)
    assert not read.attached
