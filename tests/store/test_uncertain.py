"""What may have arrived stays known as that: where repetitions are known it then goes as it was."""

from pathlib import Path

import pytest

from netwatch_notify.model.message import Delivery
from netwatch_notify.store import outbox
from netwatch_notify.store.database import Database
from tests.store.test_outbox import NOW, claim, filled, record

REFUSED = Delivery(False, "connection refused")
SILENT = Delivery(False, "no answer", uncertain=True)
UNTRIED = Delivery(False, "not tried", tried=False)


def is_uncertain(database: Database) -> bool:
    (row,) = outbox.waiting_rows(database, NOW)
    return row.is_uncertain


@pytest.mark.parametrize(
    ("attempts", "may_have_arrived"),
    [
        pytest.param([], False, id="never tried"),
        pytest.param([UNTRIED], False, id="claimed but not tried"),
        pytest.param([REFUSED], False, id="refused"),
        pytest.param([REFUSED, UNTRIED, REFUSED], False, id="refused again"),
        pytest.param([SILENT], True, id="no answer"),
        pytest.param([SILENT, REFUSED], True, id="no answer, then refused"),
        pytest.param([SILENT, UNTRIED, REFUSED], True, id="no answer, then not tried, refused"),
        pytest.param([REFUSED, SILENT, REFUSED], True, id="in the middle"),
        pytest.param([None], True, id="killed"),
        pytest.param([None, REFUSED], True, id="killed, then refused"),
        pytest.param([None, None, REFUSED, UNTRIED], True, id="killed twice, then refused"),
    ],
)
def test_a_later_attempt_that_surely_failed_says_nothing_of_earlier_ones(
    tmp_path: Path, attempts: list[Delivery | None], may_have_arrived: bool
) -> None:
    """None: the process was killed before it could record how it went."""
    database = filled(tmp_path, 1)
    for number, delivery in enumerate(attempts):
        (entry,) = claim(database, seconds=number * (outbox.LEASE_SECONDS + 1))
        if delivery:
            record(database, entry, delivery)
    assert is_uncertain(database) is may_have_arrived
    database.close()
