"""Each waiting message is claimed by one process at a time, and none is lost."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Delivery, OutboxEntry, View
from netwatch_notify.store import outbox
from netwatch_notify.store.database import Database
from netwatch_notify.store.failing import failing, record_told, untold_given_up
from netwatch_notify.store.outbox_people import drop, listed, retry
from netwatch_notify.store.process import is_alive, this_process
from netwatch_notify.store.pruning import prune
from netwatch_notify.store.runs import begin_run
from tests.builders import night

NOW = night(1)
DAY = timedelta(days=1)


def read_view(text: str) -> View:
    return View("lan", text)


def filled(directory: Path, count: int, destinations: int = 1) -> Database:
    database = Database.open(directory, "lan")
    for number in range(count):
        run = begin_run(database, "run", NOW)
        with database.atomic():
            key = f"d{number % destinations}"
            outbox.add(database, run, key, f"message {number}", NOW + number * DAY)
    return database


def claim(database: Database, seconds: float = 0) -> list[OutboxEntry]:
    """Take all that waits and nobody sends."""
    now = NOW + timedelta(seconds=seconds)
    with database.atomic():
        rows = outbox.waiting_rows(database, now)
        ids = [row.id for row in rows if not row.is_claimed]
        return outbox.take(database, ids, read_view, now)


def record(database: Database, entry: OutboxEntry, delivery: Delivery, days: float = 0) -> str:
    now = NOW + days * DAY
    return outbox.record(
        database,
        entry,
        delivery,
        now,
        next_at=now + timedelta(minutes=1),
        given_up_before=now - 3 * DAY,
        fingerprint="f00d",
    )


def states(database: Database) -> list[str]:
    return [row[0] for row in database.connection.execute("SELECT state FROM outbox ORDER BY id")]


def joined(database: Database, *ids: int) -> int:
    with database.atomic():
        parts = [p for p in outbox.originals(database, ids, read_view) if not p.is_given_up]
        return outbox.join(database, ids, parts, "digest")


def test_a_claim_takes_what_waits_oldest_first(tmp_path: Path) -> None:
    database = filled(tmp_path, 3, destinations=2)
    entries = claim(database)
    assert [entry.view.subject for entry in entries] == ["message 0", "message 1", "message 2"]
    assert [entry.destination for entry in entries] == ["d0", "d1", "d0"]
    assert [entry.runs for entry in entries] == [(1,), (2,), (3,)]
    assert entries[0].created_at == NOW
    assert claim(database) == []
    assert outbox.has_work(database)
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


@pytest.mark.parametrize(
    ("seconds", "free"), [(outbox.LEASE_SECONDS - 1, False), (outbox.LEASE_SECONDS, True)]
)
def test_a_claim_of_a_process_that_hangs_runs_out(
    tmp_path: Path, seconds: float, free: bool
) -> None:
    database = filled(tmp_path, 1)
    claim(database)
    assert bool(claim(database, seconds)) is free
    database.close()


def test_a_claim_from_before_the_clock_was_set_back_is_none(tmp_path: Path) -> None:
    database = filled(tmp_path, 1)
    claim(database, seconds=86_400)
    assert len(claim(database)) == 1
    database.close()


def test_a_claim_of_a_process_that_died_is_free_at_once_and_what_it_sent_is_uncertain(
    tmp_path: Path,
) -> None:
    database = filled(tmp_path, 1)
    claim(database)
    dead = subprocess.run(
        [
            sys.executable,
            "-c",
            "from netwatch_notify.store.process import this_process; print(this_process())",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert is_alive(this_process())
    assert not is_alive(dead)
    database.connection.execute("UPDATE outbox SET lease_holder = ?", (f"{dead} x",))
    (row,) = outbox.waiting_rows(database, NOW)
    assert (row.is_claimed, row.is_uncertain) == (False, True)
    database.close()


def test_of_a_process_in_another_container_nothing_is_known() -> None:
    pid, started, _ = this_process().split(":", 2)
    assert is_alive(f"{pid}0:{started}:pid:[1]")


def test_a_delivered_message_is_never_claimed_again(tmp_path: Path) -> None:
    database = filled(tmp_path, 2)
    first, second = claim(database)
    assert record(database, first, Delivery(True)) == "sent"
    assert record(database, second, Delivery(True)) == "sent"
    assert claim(database, 2 * outbox.LEASE_SECONDS) == []
    assert not outbox.has_work(database)
    database.close()


def test_a_failed_attempt_counts_and_waits_for_its_time(tmp_path: Path) -> None:
    database = filled(tmp_path, 1)
    for attempts in range(3):
        (entry,) = claim(database)
        assert entry.attempts == attempts
        refused = Delivery(False, "refused", retry_after_seconds=90)
        assert record(database, entry, refused) == "waiting"
    (row,) = outbox.waiting_rows(database, NOW)
    assert row.due_at == NOW.timestamp() + 60
    assert row.asked_until == NOW.timestamp() + 90
    assert not row.is_uncertain
    database.close()


def test_what_was_not_tried_counts_as_no_attempt(tmp_path: Path) -> None:
    database = filled(tmp_path, 1)
    (entry,) = claim(database)
    assert record(database, entry, Delivery(False, "not tried", tried=False), days=9) == "waiting"
    (again,) = claim(database)
    assert again.attempts == 0
    database.close()


def test_a_failure_for_good_ends_the_row_and_an_old_one_is_given_up(tmp_path: Path) -> None:
    database = filled(tmp_path, 2)
    first, second = claim(database)
    assert record(database, first, Delivery(False, "HTTP 403", permanent=True)) == "failed"
    assert record(database, second, Delivery(False, "HTTP 500"), days=3.9) == "waiting"
    (again,) = claim(database)
    assert record(database, again, Delivery(False, "HTTP 500"), days=4) == "given-up"
    assert claim(database, 9999) == []
    assert outbox.has_work(database)  # the failed one may come back
    database.close()


def test_a_failed_message_waits_again_when_the_url_is_another_or_a_later_one_got_through(
    tmp_path: Path,
) -> None:
    database = filled(tmp_path, 2, destinations=2)
    for entry in claim(database):
        record(database, entry, Delivery(False, "HTTP 403", permanent=True))
    long_ago = NOW - DAY
    assert outbox.revive(database, {"d0": "f00d", "d1": "f00d"}, long_ago, set()) == 0
    assert outbox.revive(database, {"d0": "beef"}, NOW + DAY, set()) == 0  # too old
    assert outbox.revive(database, {"d0": "beef"}, long_ago, set()) == 1
    assert outbox.revive(database, {}, long_ago, {"d1"}) == 1
    assert [row.is_revived for row in outbox.waiting_rows(database, NOW)] == [True, True]
    database.close()


def test_a_digest_takes_the_place_of_its_messages_and_they_share_its_fate(tmp_path: Path) -> None:
    database = filled(tmp_path, 3)
    digest = joined(database, 1, 2)
    assert states(database) == ["joined", "joined", "waiting", "waiting"]
    bigger = joined(database, 3, digest)
    assert states(database) == ["joined", "joined", "joined", "waiting"]
    (entry,) = claim(database)
    assert (entry.id, entry.runs, entry.run_id) == (bigger, (1, 2, 3), 3)
    assert entry.created_at == NOW
    record(database, entry, Delivery(True))
    assert states(database) == ["sent"] * 4
    database.close()


def test_of_a_digest_only_what_is_too_old_is_given_up(tmp_path: Path) -> None:
    database = filled(tmp_path, 3)
    digest = joined(database, 1, 2, 3)
    (entry,) = claim(database)
    assert record(database, entry, Delivery(False, "HTTP 500"), days=4) == "waiting"
    assert states(database) == ["given-up", "given-up", "joined", "waiting"]
    assert outbox.digests_with_given_up(database) == {digest}
    anew = joined(database, digest)
    assert outbox.runs_of(database, anew) == (3,)
    assert outbox.digests_with_given_up(database) == set()
    assert [row.destination for row in untold_given_up(database)] == ["d0", "d0"]
    (entry,) = claim(database)
    assert record(database, entry, Delivery(False, "HTTP 500"), days=9) == "given-up"
    database.close()


def test_what_fails_is_known_until_it_arrives_or_everybody_was_told(tmp_path: Path) -> None:
    database = filled(tmp_path, 3, destinations=2)
    first, other, third = claim(database)
    assert failing(database) == []
    record(database, other, Delivery(True))
    record(database, first, Delivery(False, "HTTP 403", permanent=True))
    record(database, third, Delivery(False, "HTTP 500"), days=2)
    (found,) = failing(database)
    assert (found.destination, found.messages, found.since) == ("d0", 2, NOW)
    assert (found.is_permanent, found.is_over) == (True, False)
    assert found.reason == "HTTP 500"
    (again,) = claim(database)
    record(database, again, Delivery(True), days=3)
    (found,) = failing(database)
    assert (found.is_over, found.reason) == (True, "HTTP 403")
    assert outbox.revive(database, {}, NOW + DAY, {"d0"}) == 0
    (told,) = untold_given_up(database)
    with database.atomic():
        record_told(database, [told])
    assert failing(database) == []
    database.close()


def test_what_was_given_up_is_told_once(tmp_path: Path) -> None:
    database = filled(tmp_path, 1)
    with database.atomic():
        outbox.give_up(database, 1, "no such destination", NOW)
    (told,) = untold_given_up(database)
    assert (told.runs, told.destination, told.made_at) == ((1,), "d0", NOW)
    with database.atomic():
        record_told(database, [told])
    assert untold_given_up(database) == []
    database.close()


def test_a_person_lists_retries_and_drops(tmp_path: Path) -> None:
    database = filled(tmp_path, 4)
    digest = joined(database, 1, 2)
    first = claim(database)[0]
    record(database, first, Delivery(False, "HTTP 403", permanent=True))
    rows = listed(database, read_view)
    assert [(row.id, row.state, row.runs, row.attempts) for row in rows] == [
        (3, "failed", (3,), 1),
        (4, "waiting", (4,), 0),
        (digest, "waiting", (1, 2), 0),
    ]
    assert rows[0].reason == "HTTP 403"
    with pytest.raises(UsageError, match="1, 77: no such message waits or failed"):
        retry(database, [3, 1, 77])
    assert states(database)[2] == "failed"
    assert retry(database, [3]) == 1
    assert retry(database, None) == 3
    assert drop(database, [digest]) == 1
    assert states(database) == ["dropped", "dropped", "waiting", "waiting", "dropped"]
    database.close()


def test_what_is_dropped_while_it_is_sent_stays_dropped_unless_it_arrived(tmp_path: Path) -> None:
    database = filled(tmp_path, 2)
    first, second = claim(database)
    drop(database, [first.id, second.id])
    assert record(database, first, Delivery(False, "HTTP 500")) == "dropped"
    assert record(database, second, Delivery(True)) == "sent"
    assert states(database) == ["dropped", "sent"]
    database.close()


def test_a_process_that_lost_its_claim_takes_none_from_another(tmp_path: Path) -> None:
    """It hung for longer than a claim lasts; its failure says nothing of the other's attempt."""
    database = filled(tmp_path, 1)
    (slow,) = claim(database)
    (other,) = claim(database, outbox.LEASE_SECONDS)
    assert record(database, slow, Delivery(False, "HTTP 500")) == "waiting"
    (row,) = outbox.waiting_rows(database, NOW + timedelta(seconds=outbox.LEASE_SECONDS))
    assert row.is_claimed
    assert record(database, other, Delivery(True)) == "sent"
    database.close()


def test_claims_that_wait_for_the_database_are_no_claims_from_the_future(tmp_path: Path) -> None:
    """The instant of a claim is read once the database is ours."""
    database = filled(tmp_path, 1)
    claim(database, seconds=2)
    (row,) = outbox.waiting_rows(database, NOW)
    assert row.is_claimed
    database.close()


def test_what_failed_where_nothing_goes_any_more_is_given_up(tmp_path: Path) -> None:
    database = filled(tmp_path, 1)
    (entry,) = claim(database)
    record(database, entry, Delivery(False, "HTTP 403", permanent=True))
    with database.atomic():
        assert outbox.give_up_removed(database, {"d0"}) == []
        assert outbox.give_up_removed(database, {"elsewhere"}) == ["d0"]
    assert states(database) == ["given-up"]
    database.close()


def test_what_nobody_was_told_of_yet_is_not_pruned(tmp_path: Path) -> None:
    database = filled(tmp_path, 5)
    digest = joined(database, 1, 2)
    rows = {entry.id: entry for entry in claim(database)}
    record(database, rows[3], Delivery(False, "HTTP 403", permanent=True))
    record(database, rows[4], Delivery(True))
    with database.atomic():
        outbox.give_up(database, 5, "gone", NOW)
    prune(database, 1, NOW + 90 * DAY)
    assert states(database) == ["joined", "joined", "failed", "given-up", "waiting"]
    assert outbox.runs_of(database, digest) == (1, 2)
    database.close()
