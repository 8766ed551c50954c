"""How a digest ends: what it told is sent, and what is too old to come back is given up."""

from pathlib import Path

from netwatch_notify.model.message import Delivery
from netwatch_notify.store import outbox
from netwatch_notify.store.database import Database
from netwatch_notify.store.failing import untold_given_up
from netwatch_notify.store.outbox_people import listed
from tests.store.test_outbox import DAY, NOW, claim, filled, read_view, record

FOR_GOOD = Delivery(False, "HTTP 403", permanent=True)


def digest_of(directory: Path) -> Database:
    """One digest of two nights, a day apart."""
    database = filled(directory, 2)
    with database.atomic():
        outbox.join(database, [1, 2], outbox.originals(database, [1, 2], read_view), "both")
    return database


def test_a_digest_that_is_sent_as_it_was_takes_what_was_given_up_meanwhile_with_it(
    tmp_path: Path,
) -> None:
    database = digest_of(tmp_path)
    (entry,) = claim(database)
    assert record(database, entry, Delivery(False, "no answer", uncertain=True), 3) == "waiting"
    assert [row.id for row in untold_given_up(database)] == [1]
    (last,) = claim(database, 4000)
    assert record(database, last, Delivery(True), 3.1) == "sent"
    assert listed(database, read_view) == []
    assert untold_given_up(database) == []
    database.close()


def test_a_digest_that_failed_for_good_is_as_old_as_the_youngest_in_it(tmp_path: Path) -> None:
    database = digest_of(tmp_path)
    (entry,) = claim(database)
    assert record(database, entry, FOR_GOOD) == "failed"
    assert outbox.revive(database, {}, NOW + DAY / 2, {"d0"}) == 1
    database.close()


def test_what_failed_for_good_and_is_too_old_is_given_up_where_it_works_again(
    tmp_path: Path,
) -> None:
    database = digest_of(tmp_path)
    (entry,) = claim(database)
    record(database, entry, FOR_GOOD)
    assert outbox.revive(database, {"d0": "beef"}, NOW + 2 * DAY, set()) == 0
    assert untold_given_up(database) == []
    assert outbox.revive(database, {}, NOW + 2 * DAY, {"d0"}) == 0
    assert [row.destination for row in untold_given_up(database)] == ["d0"]
    database.close()
