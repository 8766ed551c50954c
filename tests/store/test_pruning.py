"""What is older than it is to be kept goes, and nothing else."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from netwatch_notify.diff.patience import WINDOW_RUNS, covering_runs
from netwatch_notify.model.inventory import PastRun, Subject, held_id
from netwatch_notify.model.rule import Acceptance
from netwatch_notify.model.scan import Coverage
from netwatch_notify.store import history, outbox, pruning, rules, runs
from netwatch_notify.store.codec import instant_text
from netwatch_notify.store.database import Database
from netwatch_notify.store.listing import first_scan_at
from netwatch_notify.store.pruning import history_since, prune
from tests.builders import at, coverage, night

NET = coverage("192.0.2.0/24")


class Network:
    """A history that is written night by night."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sql = database.connection.execute

    def run(
        self,
        number: int,
        *told: str,
        status: str = "done",
        covered: tuple[Coverage, ...] = (NET,),
        hosts_up: int | None = 5,
    ) -> int:
        """A night's run, which told changes of these ids."""
        run_id = runs.begin_run(self.database, "run", night(number))
        with self.database.atomic():
            runs.complete_run(
                self.database,
                run_id,
                status=status,
                ended_at=night(number),
                fast_seconds=1,
                detail_seconds=0,
                hosts_up=hosts_up,
                coverages=covered,
                content="",
                problems=[],
                told_interruptions=[],
            )
            for change in told:
                self.sql(
                    "INSERT INTO changes (run_id, id, kind, severity, address, body) "
                    "VALUES (?, ?, 'port-opened', 'warning', '192.0.2.1', '{}')",
                    (run_id, change),
                )
        return run_id

    def quiet(self, *numbers: int) -> None:
        for number in numbers:
            self.run(number)

    def opens(self, change: str) -> None:
        """Somebody's word is waited for."""
        self.sql(
            "INSERT INTO ledger (change_id, kind, severity, address, port, name, told_at) "
            "VALUES (?, 'port-opened', 'warning', '192.0.2.1', '22/tcp', '', ?)",
            (change, instant_text(night(1))),
        )

    def accepts(self, change: str, number: int, until: datetime | None = None) -> None:
        rules.accept(self.database, [Acceptance(change, "alice", night(number), "", until)])

    def sends(self, run_id: int, state: str) -> int:
        """A message of a run that stands like this."""
        with self.database.atomic():
            number = runs_night(self.database, run_id)
            row = outbox.add(self.database, run_id, "mail", "{}", number)
            self.sql("UPDATE outbox SET state = ? WHERE id = ?", (state, row))
        return row

    def changes(self) -> list[tuple[int, str]]:
        return self.sql("SELECT run_id, id FROM changes ORDER BY run_id, id").fetchall()

    def runs(self) -> list[int]:
        return [row[0] for row in self.sql("SELECT id FROM runs ORDER BY id")]


def runs_night(database: Database, run_id: int) -> datetime:
    query = "SELECT started_at FROM runs WHERE id = ?"
    return datetime.fromisoformat(database.connection.execute(query, (run_id,)).fetchone()[0])


@pytest.fixture
def network() -> Iterator[Network]:
    database = Database.in_memory(None, "lan")
    yield Network(database)
    assert database.connection.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()


def test_changes_and_runs_are_kept_for_so_many_days(network: Network) -> None:
    """To the night: with 40 days, that of 40 days ago is kept."""
    for number in range(1, 101):
        network.run(number, f"a{number}")
    kept = prune(network.database, 40, night(100))

    assert kept == set(range(60, 101))
    assert network.runs() == list(range(60, 101))
    assert [run_id for run_id, _ in network.changes()] == list(range(60, 101))


def test_thirty_days_are_kept_at_least(network: Network) -> None:
    """A message says how often a change was told within them; files and messages go sooner."""
    for number in range(1, 101):
        network.sends(network.run(number, "aaaa"), "sent")
    month = night(100) - timedelta(days=30)
    before = history.times_told(network.database, ["aaaa"], month)

    assert prune(network.database, 1, night(100)) == {99, 100}
    assert network.runs() == list(range(70, 101))
    assert history.times_told(network.database, ["aaaa"], month) == before == {"aaaa": 30}
    assert network.sql("SELECT count(*) FROM outbox").fetchone() == (2,)


def test_what_is_open_keeps_its_last_telling(network: Network) -> None:
    network.run(1, "aaaa", "bbbb")
    last = network.run(2, "aaaa", "bbbb")
    network.opens("aaaa")
    network.quiet(*range(3, 101))
    prune(network.database, 40, night(100))

    assert network.changes() == [(last, "aaaa")]
    assert network.runs()[0] == last


def test_what_was_accepted_is_kept_for_as_long_again(network: Network) -> None:
    """Who called it known yesterday finds it in the history; in the end both go."""
    told = network.run(1, "aaaa")
    network.opens("aaaa")
    network.quiet(*range(2, 101))
    network.accepts("aaaa", 99)
    prune(network.database, 40, night(100))
    assert network.changes() == [(told, "aaaa")]

    network.quiet(*range(101, 161))
    prune(network.database, 40, night(160))
    assert network.changes() == []
    assert network.sql("SELECT count(*) FROM acceptances").fetchone() == (0,)


def test_what_was_accepted_for_a_time_is_kept_until_it_is_told_again(network: Network) -> None:
    told = network.run(1, "aaaa")
    network.accepts("aaaa", 2, until=night(300))
    network.quiet(*range(3, 201))
    prune(network.database, 40, night(200))
    assert network.changes() == [(told, "aaaa")]

    (expired,) = rules.expired_acceptances(network.database, night(301))
    rules.record_expired(network.database, [expired])
    prune(network.database, 40, night(301))
    assert network.changes() == []


def test_the_word_on_a_range_that_is_held_stays(network: Network) -> None:
    """It has no change under its id; with weekly runs it is held for seven weeks."""
    network.sql("INSERT INTO held VALUES ('192.0.2.0/24', 3, ?)", (instant_text(night(2)),))
    network.accepts(held_id("192.0.2.0/24", night(2)), 3)
    network.accepts("not-held", 3)
    network.run(100)
    prune(network.database, 40, night(100))

    left = network.sql("SELECT change_id FROM acceptances").fetchall()
    assert left == [(held_id("192.0.2.0/24", night(2)),)]


@pytest.mark.parametrize("state", ["waiting", "failed", "given-up"])
def test_what_a_message_tells_stays_until_it_has_arrived(network: Network, state: str) -> None:
    """It says `netwatch-notify show RUN`; of a message that was given up, nobody knows yet."""
    told = network.run(1, "aaaa", "bbbb")
    network.sends(told, "sent")
    row = network.sends(told, state)
    network.quiet(*range(2, 101))
    prune(network.database, 40, night(100))
    assert network.changes() == [(told, "aaaa"), (told, "bbbb")]
    assert network.sql("SELECT id FROM outbox").fetchall() == [(row,)]

    network.sql("UPDATE outbox SET state = 'sent'")
    prune(network.database, 40, night(100))
    assert network.changes() == []
    assert told not in network.runs()


def test_messages_joined_to_one_that_waits_stay_with_it(network: Network) -> None:
    told = [network.run(1, "aaaa"), network.run(2, "bbbb")]
    parts = [network.sends(run_id, "joined") for run_id in told]
    digest = network.sends(told[-1], "waiting")
    network.sql("UPDATE outbox SET digest = ? WHERE state = 'joined'", (digest,))
    network.quiet(*range(3, 101))
    prune(network.database, 40, night(100))

    assert [row[0] for row in network.sql("SELECT id FROM outbox ORDER BY id")] == [*parts, digest]
    assert network.changes() == [(told[0], "aaaa"), (told[1], "bbbb")]


def test_an_interruption_stays_until_it_was_told(network: Network) -> None:
    cut = runs.begin_run(network.database, "run", night(1))
    network.quiet(*range(2, 101))
    prune(network.database, 40, night(100))
    assert [run.id for run in runs.interrupted_runs(network.database, None)] == [cut]


def test_the_last_good_run_stays_however_long_ago(network: Network) -> None:
    """And with it what is usual; the failed runs since go."""
    network.quiet(*range(1, 31))
    for number in range(31, 201):
        network.run(number, status="failed", covered=(), hosts_up=None)
    usual = runs.usual_hosts_up(network.database)
    last = runs.last_done(network.database)
    settled = runs.last_settled_at(network.database)
    prune(network.database, 40, night(200))

    assert network.runs() == [*range(30 - runs.USUAL_RUNS + 1, 31), *range(160, 201)]
    assert runs.last_done(network.database) == last
    assert runs.last_settled_at(network.database) == settled == night(30)
    assert runs.usual_hosts_up(network.database) == usual == 5


def counted(past: tuple[PastRun, ...], subject: Subject, since: datetime) -> int:
    """As habits and patience count: 14 are as good as any number more."""
    return min(covering_runs(past, subject, since), WINDOW_RUNS)


@pytest.mark.parametrize("seed", range(5))
def test_what_habits_are_counted_by_stays(network: Network, seed: int) -> None:
    """Whatever covered what: every host's and port's count since any night is the same after."""
    draw = Random(seed)
    kinds = [
        (NET,),
        (coverage("192.0.2.0/25"),),
        (coverage("192.0.2.0/24", tcp="1-100"), coverage("198.51.100.0/24")),
        (),
    ]
    weights = [draw.random() ** 3 + 0.02 for _ in kinds]
    for number in range(1, 301):
        network.run(number, covered=draw.choices(kinds, weights)[0])
    subjects: list[Subject] = [(at(host), None) for host in ("192.0.2.1", "192.0.2.200")]
    subjects += [(at("198.51.100.7"), None), (at("203.0.113.1"), None)]
    now = night(301)
    sinces = [night(number) for number in range(0, 301, 7)]
    before = {since: runs.past_runs(network.database, since, now) for since in sinces}
    expected = [counted(before[since], s, since) for since in sinces for s in subjects]

    prune(network.database, 40, night(300))

    after = {since: runs.past_runs(network.database, since, now) for since in sinces}
    assert [counted(after[since], s, since) for since in sinces for s in subjects] == expected
    assert len(network.runs()) <= 41 + len(kinds) * runs.USUAL_RUNS
    assert runs.past_runs(network.database, None, now) == before[sinces[-1]][: runs.USUAL_RUNS]


def test_runs_that_each_cover_something_else_stay_in_bounded_number(network: Network) -> None:
    """A host that times out each night, another one each time, makes each coverage its own."""
    for number in range(1, 601):
        network.run(number, covered=(coverage(f"10.0.{number >> 8}.{number & 255}"),))
    prune(network.database, 40, night(600))
    assert len(network.runs()) <= runs.MOST_PAST_RUNS


def test_where_the_past_ends_is_known_and_goes_forward_only(network: Network) -> None:
    network.quiet(*range(1, 41))
    prune(network.database, 40, night(40))
    assert history_since(network.database) is None

    network.quiet(*range(41, 101))
    prune(network.database, 40, night(100))
    assert history_since(network.database) == night(60)
    prune(network.database, 90, night(100))
    assert history_since(network.database) == night(60)


def test_when_the_inventory_was_taken_is_remembered(network: Network) -> None:
    """`show` and `history` say of what was there from the beginning that it was."""
    network.run(1, status="failed", covered=(), hosts_up=None)
    network.quiet(*range(2, 101))
    assert first_scan_at(network.database) == night(2)
    prune(network.database, 40, night(100))
    assert first_scan_at(network.database) == night(2)
    prune(network.database, 40, night(100))
    assert first_scan_at(network.database) == night(2)


def test_what_is_of_last_year_counts_from_the_run_that_took_it_in(network: Network) -> None:
    """Scans of long ago, taken in today, are not thrown away at once."""
    assert prune(network.database, 40, night(network.run(1, "aaaa"))) == {1}
    assert network.changes() == [(1, "aaaa")]


def test_a_clock_set_back_loses_nothing(network: Network) -> None:
    network.run(1, "aaaa")
    network.run(100, "bbbb")
    prune(network.database, 40, night(5))
    assert network.runs() == [1, 2]


def test_a_run_dated_too_early_is_kept_as_those_around_it(network: Network) -> None:
    """A machine without a clock begins in 1970; the next night it has the time from the network."""
    network.quiet(*range(1, 51))
    early = network.run(-10_000, "aaaa")
    prune(network.database, 40, night(-10_000))
    for number in range(51, 90):
        network.run(number)
        assert early in prune(network.database, 40, night(number))
        assert network.changes() == [(early, "aaaa")]

    network.quiet(*range(90, 95))
    assert early not in prune(network.database, 40, night(94))
    assert network.changes() == []


def test_runs_of_a_wrong_clock_do_not_stand_in_for_good_ones(network: Network) -> None:
    """Fourteen of the future, and the clock is right again: what is usual is as it was."""
    network.run(1)
    network.quiet(*range(5000, 5015))
    for number in range(100, 103):
        network.run(number, status="failed", covered=(), hosts_up=None)
    now = night(102)
    before = runs.past_runs(network.database, None, now)
    prune(network.database, 40, now)
    assert runs.past_runs(network.database, None, now) == before != ()
    assert runs.last_settled_at(network.database, now) == night(1)


def test_the_files_of_a_message_that_waits_are_kept(network: Network) -> None:
    """It is sent with the whole report."""
    told = network.run(1, "aaaa")
    network.sends(told, "waiting")
    network.quiet(2, 3, 4, 5)
    assert prune(network.database, 2, night(5)) == {told, 3, 4, 5}
    network.sql("UPDATE outbox SET state = 'sent'")
    assert prune(network.database, 2, night(5)) == {3, 4, 5}


def test_what_networks_share_is_pruned_whatever_their_numbers(network: Network) -> None:
    """Its runs have the numbers that they have in their networks, and came in any order."""
    for run_id, number in ((900, 1), (3, 60), (901, 2), (0, 99)):
        network.sql(
            "INSERT INTO runs (id, kind, status, started_at) VALUES (?, 'together', 'done', ?)",
            (run_id, instant_text(night(number))),
        )
        network.sends(run_id, "sent")
    prune(network.database, 90, night(100))
    assert network.runs() == [0, 3]


def test_changes_that_stay_are_not_read(network: Network) -> None:
    """Of a large network there are millions."""
    for number in range(1, 41):
        network.run(number, *(f"{number:02}{other:03}" for other in range(100)))
    steps: list[None] = []
    network.database.connection.set_progress_handler(lambda: steps.append(None), 100)
    prune(network.database, 40, night(40))
    assert len(steps) < 40


def test_a_long_past_goes_in_pieces(network: Network) -> None:
    """As after an upgrade: nobody waits for all of it at once, and what is left goes later."""
    network.run(1, *(f"{number:06x}" for number in range(3 * pruning.CHANGES_AT_ONCE)))
    network.quiet(*range(2, 101))
    commits: list[str] = []
    network.database.connection.set_trace_callback(
        lambda statement: commits.append(statement) if statement == "COMMIT" else None
    )
    prune(network.database, 40, night(100))

    assert len(commits) >= 4
    assert network.changes() == []
    assert network.runs() == list(range(60, 101))


def test_where_nothing_is_old_nothing_is_written(network: Network) -> None:
    network.quiet(*range(1, 41))
    network.opens("aaaa")
    before = network.database.connection.total_changes
    prune(network.database, 40, night(40))
    assert network.database.connection.total_changes == before
