"""Each waiting message is claimed by one process at a time, and none is lost."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from netwatch_notify.model.message import Delivery, OutboxEntry, View
from netwatch_notify.store import outbox
from netwatch_notify.store.database import Database
from netwatch_notify.store.runs import begin_run
from tests.builders import night

NOW = night(1)


def read_view(text: str) -> View:
    return View("lan", text)


def filled(directory: Path, count: int) -> Database:
    database = Database.open(directory, "lan")
    run = begin_run(database, "run", NOW)
    with database.atomic():
        for number in range(count):
            outbox.add(database, run, f"d{number % 2}", f"message {number}", NOW)
    return database


def claim(database: Database, seconds: float = 0) -> list[OutboxEntry]:
    return outbox.claim(database, read_view, NOW + timedelta(seconds=seconds))


def test_a_claim_takes_all_that_waits_oldest_first(tmp_path: Path) -> None:
    database = filled(tmp_path, 3)
    entries = claim(database)
    assert [entry.view.subject for entry in entries] == ["message 0", "message 1", "message 2"]
    assert [entry.destination for entry in entries] == ["d0", "d1", "d0"]
    assert {entry.created_at for entry in entries} == {NOW}
    assert claim(database) == []
    assert outbox.waiting(database) == 3
    database.close()


def test_claims_at_once_get_different_rows(tmp_path: Path) -> None:
    filled(tmp_path, 40).close()
    ready = threading.Barrier(4)
    taken: list[list[int]] = []
    errors: list[Exception] = []

    def work() -> None:
        database = Database.open(tmp_path, "lan")
        try:
            ready.wait(10)
            taken.append([entry.id for entry in claim(database)])
        except Exception as error:
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    everything = [number for one in taken for number in one]
    assert sorted(everything) == list(range(1, 41))


def test_a_row_added_after_a_claim_goes_to_the_next_one(tmp_path: Path) -> None:
    first, second = filled(tmp_path, 2), Database.open(tmp_path, "lan")
    claim(first)
    with second.atomic():
        outbox.add(second, 1, "d0", "late", NOW)
    assert [entry.view.subject for entry in claim(second)] == ["late"]
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("seconds", "free"), [(outbox.LEASE_SECONDS - 1, False), (outbox.LEASE_SECONDS, True)]
)
def test_a_claim_of_a_process_that_died_runs_out(
    tmp_path: Path, seconds: float, free: bool
) -> None:
    database = filled(tmp_path, 1)
    claim(database)
    assert bool(claim(database, seconds)) is free
    database.close()


def test_a_delivered_message_is_sent_and_never_claimed_again(tmp_path: Path) -> None:
    database = filled(tmp_path, 2)
    first, _ = claim(database)
    outbox.record(database, first, Delivery(True), NOW)
    assert outbox.waiting(database) == 1
    late = claim(database, 2 * outbox.LEASE_SECONDS)
    assert [entry.view.subject for entry in late] == ["message 1"]
    database.close()


def test_a_failed_attempt_waits_counts_and_can_be_claimed_at_once(tmp_path: Path) -> None:
    database = filled(tmp_path, 1)
    for attempts in range(3):
        (entry,) = claim(database)
        assert entry.attempts == attempts
        outbox.record(database, entry, Delivery(False, "refused"), NOW)
    assert outbox.waiting(database) == 1
    row = database.connection.execute("SELECT attempts, last_error, sent_at FROM outbox").fetchone()
    assert row == (3, "refused", None)
    database.close()


def test_a_message_given_up_stays_with_its_reason_and_waits_no_more(tmp_path: Path) -> None:
    database = filled(tmp_path, 1)
    (entry,) = claim(database)
    outbox.give_up(database, entry, "no such destination")
    assert outbox.waiting(database) == 0
    assert claim(database, 9999) == []
    row = database.connection.execute("SELECT state, last_error FROM outbox").fetchone()
    assert row == ("given-up", "no such destination")
    database.close()
