"""The history of runs, and the folders of their files."""

from datetime import timedelta
from pathlib import Path

import pytest

from netwatch_notify.errors import StateError
from netwatch_notify.model.change import Problem
from netwatch_notify.store import outbox, runs
from netwatch_notify.store.database import Database
from netwatch_notify.store.folders import point_latest, remove_folders, run_folder, write_private
from netwatch_notify.store.pruning import prune
from tests.builders import coverage, night


def complete(
    database: Database,
    number: int,
    *,
    status: str = "done",
    hosts_up: int | None = 5,
    content: str = "",
    interrupted: list[runs.RunRecord] | None = None,
) -> int:
    run = runs.begin_run(database, "run", night(number))
    with database.atomic():
        runs.complete_run(
            database,
            run,
            status=status,
            ended_at=night(number),
            fast_seconds=1,
            detail_seconds=2,
            hosts_up=hosts_up,
            coverages=[coverage("192.0.2.0/24")],
            content=content,
            problems=[],
            told_interruptions=interrupted or [],
        )
    return run


@pytest.fixture
def database(tmp_path: Path):
    opened = Database.open(tmp_path, "lan")
    yield opened
    opened.close()


def test_a_run_that_never_ended_is_told_once(database: Database) -> None:
    cut = runs.begin_run(database, "run", night(1))
    this = runs.begin_run(database, "run", night(2))
    found = runs.interrupted_runs(database, this)
    assert [(run.id, run.started_at) for run in found] == [(cut, night(1))]
    complete(database, 3, interrupted=found)
    assert runs.status_of(database, cut) == "interrupted-told"
    assert runs.interrupted_runs(database, this) == []


def test_the_last_done_run_is_no_failed_or_partial_one(database: Database) -> None:
    assert runs.last_done(database) is None
    assert runs.last_settled_at(database) is None
    done = complete(database, 1)
    complete(database, 2, status="partial")
    failed = runs.begin_run(database, "run", night(3))
    runs.mark_run(database, failed, "failed", night(3))
    last = runs.last_done(database)
    assert last
    assert last.id == done
    assert runs.last_settled_at(database) == night(2)


def test_the_very_same_scan_is_recognised(database: Database) -> None:
    first = complete(database, 1, content="abc")
    complete(database, 2)
    assert runs.run_with_content(database, "abc") == first
    assert runs.run_with_content(database, "abd") is None
    assert runs.run_with_content(database, "") is None


def test_how_many_hosts_are_usual_is_a_median_of_three_or_more(database: Database) -> None:
    for number, hosts_up in enumerate([10, 1000], 1):
        complete(database, number, hosts_up=hosts_up)
    assert runs.usual_hosts_up(database) is None
    complete(database, 3, hosts_up=12)
    complete(database, 4, hosts_up=None)
    complete(database, 5, hosts_up=1, status="partial")
    assert runs.usual_hosts_up(database) == 12
    for number in range(6, 6 + runs.USUAL_RUNS):
        complete(database, number, hosts_up=7)
    assert runs.usual_hosts_up(database) == 7


def test_a_problem_counts_its_nights_and_starts_anew_after_a_good_one(database: Database) -> None:
    problem = Problem("part:leeds", "leeds not scanned")

    def one_night(number: int, *problems: Problem) -> list[tuple[int, object, object]]:
        counted = runs.count_problems(database, problems, night(number))
        with database.atomic():
            runs.record_problems(database, counted, night(number))
        return [(p.nights, p.since, p.last_good_at) for p in counted]

    with database.atomic():
        runs.record_good_parts(database, {"leeds": "scans/1/fast.xml"}, night(1))
    assert one_night(2, problem) == [(1, night(2), night(1))]
    assert one_night(3, problem) == [(2, night(2), night(1))]
    assert one_night(4) == []
    assert one_night(5, problem) == [(1, night(5), night(1))]


def test_pruning_forgets_old_sent_messages_but_none_that_wait(database: Database) -> None:
    old, new = complete(database, 1), complete(database, 40)
    with database.atomic():
        for run, number in ((old, 1), (old, 1), (new, 40)):
            outbox.add(database, run, "d", "x", night(number))
        database.connection.execute("UPDATE outbox SET state = 'sent' WHERE id IN (1, 3)")
    # Of the one that waits, the report is sent with it.
    assert prune(database, 30, night(40) + timedelta(hours=1)) == {old, new}
    rows = database.connection.execute("SELECT id FROM outbox ORDER BY id").fetchall()
    assert rows == [(2,), (3,)]


def test_the_run_before_is_of_another_night_and_was_not_skipped(database: Database) -> None:
    """Else a run that is begun again would vouch for its own wrong clock."""
    usual = complete(database, 1)
    ahead = complete(database, 5000)
    again = runs.begin_run(database, "run", night(5000) + timedelta(hours=1))
    old_file = runs.begin_run(database, "ingest", night(-300))
    runs.mark_run(database, old_file, "skipped", night(2))
    after = complete(database, 2)
    assert runs.started_before(database, usual) is None
    assert runs.started_before(database, ahead) == night(1)
    assert runs.started_before(database, again) == night(1)
    assert runs.started_before(database, after) == night(5000) + timedelta(hours=1)
    assert runs.started_before(database, complete(database, 3)) == night(2)


def test_old_folders_go_but_never_the_latest(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (run_folder(tmp_path, number) / "fast.xml").write_text("x")
    point_latest(tmp_path, 1)
    point_latest(tmp_path, 2)
    assert (tmp_path / "latest" / "fast.xml").exists()
    assert (tmp_path / "latest").resolve().name == "2"
    remove_folders(tmp_path, [3])
    assert sorted(path.name for path in (tmp_path / "scans").iterdir()) == ["2", "3"]


def test_a_written_file_is_for_us_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "a", "ü")
    assert (tmp_path / "a").read_bytes() == "ü".encode()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StateError, match="none"):
        write_private(tmp_path / "none" / "a", "x")


def test_past_runs_are_the_latest_and_all_since(database: Database) -> None:
    for number in range(1, 31):
        complete(database, number)
    assert len(runs.past_runs(database, None, night(31))) == runs.USUAL_RUNS
    assert len(runs.past_runs(database, night(5), night(31))) == 26
    assert len(runs.past_runs(database, night(25), night(31))) == runs.USUAL_RUNS
    newest = runs.past_runs(database, None, night(20))[0]
    assert newest.started_at == night(19)
    assert newest.coverages == (coverage("192.0.2.0/24"),)
