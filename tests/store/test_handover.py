"""A message changes its outbox in one step, whenever the process that moves it is killed."""

import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netwatch_notify.store import handover, outbox
from netwatch_notify.store.database import Database, run_lock
from netwatch_notify.store.gathering import gathering, is_gathering
from netwatch_notify.store.handover import NETWORK, hand_over, record_quiet
from netwatch_notify.store.runs import begin_run

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
MESSAGES, ATTEMPTS = 40, 40


def open_both(folder: Path) -> tuple[Database, Database]:
    """Return a network's database with messages for both, and the shared one."""
    lan = Database.open(folder / "lan", "lan")
    shared = Database.open(folder / "together", NETWORK)
    run = begin_run(lan, "run", NOW)
    with lan.atomic():
        for number in range(MESSAGES):
            outbox.add(lan, run, "mail", f"view {number}", NOW, together=folder / "together")
    return lan, shared


def move(folder: Path) -> None:
    lan = Database.open(folder / "lan", "lan")
    hand_over(lan, folder / "together" / "netwatch.db", lambda _: True, {"mail"}, NOW)
    lan.close()


def where(lan: Database, shared: Database) -> Counter[str]:
    """Return how often each message is still to be sent, over both outboxes."""
    return Counter(
        view
        for database in (lan, shared)
        for (view,) in database.connection.execute(
            "SELECT view FROM outbox WHERE state = 'waiting'"
        )
    )


def test_killed_at_any_moment_each_message_lies_in_one_outbox(tmp_path: Path) -> None:
    """And the next attempt moves what is left."""
    lan, shared = open_both(tmp_path / "whole")
    began_at = time.monotonic()
    move(tmp_path / "whole")
    whole_seconds = time.monotonic() - began_at
    assert set(where(lan, shared).values()) == {1}
    killed = 0
    for attempt in range(ATTEMPTS):
        folder = tmp_path / str(attempt)
        lan, shared = open_both(folder)
        pid = os.fork()
        if pid == 0:
            try:
                move(folder)
            finally:
                os._exit(0)
        # Not a wait for something: the moments to kill it at, spread over what it does.
        time.sleep(1.5 * whole_seconds * attempt / ATTEMPTS)
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        killed += os.WIFSIGNALED(status)
        found = where(lan, shared)
        assert set(found.values()) == {1}
        assert len(found) == MESSAGES
        (there,) = shared.connection.execute("SELECT count(*) FROM outbox").fetchone()
        assert there in (0, MESSAGES)
        move(folder)
        (there,) = shared.connection.execute("SELECT count(*) FROM outbox").fetchone()
        assert there == MESSAGES
        lan.close()
        shared.close()
    assert killed


@pytest.mark.parametrize("statement", range(1, 8))
def test_killed_before_a_statement_nothing_was_moved(tmp_path: Path, statement: int) -> None:
    lan, shared = open_both(tmp_path)
    pid = os.fork()
    if pid == 0:
        _die_before(statement, tmp_path)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status)
    assert where(lan, shared) == Counter(f"view {number}" for number in range(MESSAGES))
    assert shared.connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    lan.close()
    shared.close()


def _die_before(statement: int, folder: Path) -> None:
    try:
        lan = Database.open(folder / "lan", "lan")
        left = [statement]

        def count(_sql: str) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        lan.connection.set_trace_callback(count)
        hand_over(lan, folder / "together" / "netwatch.db", lambda _: True, {"mail"}, NOW)
    finally:
        os._exit(0)


def test_what_is_for_others_is_left_and_may_be_sent_by_its_network(tmp_path: Path) -> None:
    lan, shared = open_both(tmp_path)
    with lan.atomic():
        outbox.add(lan, 1, "slack", "for slack", NOW, together=tmp_path / "together")
        outbox.add(lan, 1, "mail", "not shared", NOW)
    path = tmp_path / "together" / "netwatch.db"
    assert hand_over(lan, path, lambda row: row.id != 1, {"mail"}, NOW) == ["slack"]
    waiting = {row.id: row for row in outbox.waiting_rows(lan, NOW)}
    assert [(row.destination, row.is_shared) for row in waiting.values()] == [
        ("mail", True),
        ("slack", False),
        ("mail", False),
    ]
    assert len(outbox.waiting_rows(shared, NOW)) == MESSAGES - 1


def test_who_was_quiet_is_kept_for_each_destination_until_the_next_time(tmp_path: Path) -> None:
    shared = Database.open(tmp_path, NETWORK)
    with shared.atomic():
        record_quiet(shared, {"mail": ["dmz", "lab"], "slack": []})
    assert handover.quiet_networks(shared, "mail") == ("dmz", "lab")
    assert handover.quiet_networks(shared, "slack") == ()
    with shared.atomic():
        record_quiet(shared, {"slack": ["dmz"]})
    assert handover.quiet_networks(shared, "mail") == ()


def test_who_gathered_in_another_container_and_was_killed_gathers_no_more(tmp_path: Path) -> None:
    """Whether that process lives cannot be known; that nobody holds the lock can."""
    (tmp_path / "gathering").write_text("7:7:pid:[1]", encoding="ascii")
    with run_lock(tmp_path):
        assert is_gathering(tmp_path)
    assert not is_gathering(tmp_path)
    with gathering(tmp_path):
        assert is_gathering(tmp_path)
