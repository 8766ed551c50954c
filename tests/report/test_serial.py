"""What waits in the outbox is sent as it was built."""

import pytest
from hypothesis import given

from netwatch_notify.errors import StateError
from netwatch_notify.model.message import View
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
