"""What the history keeps of a change can be told again."""

import json

import pytest
from hypothesis import given

from netwatch_notify.model.change import Change
from netwatch_notify.report.change_of import change_of
from netwatch_notify.report.items import change_item
from netwatch_notify.report.json_report import change_json
from tests.report import stories
from tests.report.strategies import changes, relaxed


@relaxed
@given(changes)
def test_what_is_read_back_is_written_the_same(change: Change) -> None:
    body = json.loads(json.dumps(change_json(change)))

    again = change_json(change_of(body))
    # The id is made of facts that JSON leaves out, such as guessed services.
    assert {**again, "id": body["id"]} == body


@pytest.mark.parametrize("change", stories.KINDS.changes, ids=lambda change: change.kind.value)
def test_it_is_told_in_the_same_words(change: Change) -> None:
    """All but what scripts said, which the history does not keep."""
    told = change_item(change, "1234", stories.RUN_AT, stories.BERLIN)
    again = change_of(json.loads(json.dumps(change_json(change))))
    item = change_item(again, "1234", stories.RUN_AT, stories.BERLIN)

    assert again.id == change.id
    assert (item.headline, item.mark) == (told.headline, told.mark)
    scripts = [one.scripts for one in (change, *change.ports)]
    if not any(scripts):
        assert item.details == told.details
    assert set(item.details) <= set(told.details)


def test_what_an_older_version_did_not_write_is_not_known() -> None:
    body = {"kind": "port-opened", "severity": "warning", "address": "192.0.2.1", "id": "12"}

    change = change_of(body)
    assert (change.key, change.service, change.times, change.label) == (None, None, 1, "")
