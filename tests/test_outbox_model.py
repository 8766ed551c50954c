"""
The outbox against any channel, any clock and any person: what holds whatever happens.

Runs, deliveries side by side, crashes, holders that hang, answers of every kind, retries, drops
and days that pass, in an order that hypothesis picks; the channel is a list of what arrived.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from netwatch_notify.deliver.backoff import LONGEST_ASKED_SECONDS, next_attempt_at
from netwatch_notify.deliver.due import LONGEST_HOLD_SECONDS, due_rows, removed_rows
from netwatch_notify.model.message import Delivery, Destination, OutboxEntry, View
from netwatch_notify.store import outbox, outbox_people
from netwatch_notify.store.database import Database
from netwatch_notify.store.runs import begin_run

PLAIN, ROOM = Destination("plain", "x://"), Destination("room", "y://", knows_repetitions=True)
EVERYWHERE = (PLAIN, ROOM)
KEPT = timedelta(days=3)
DEAD = "1:0:" + outbox.this_process().rpartition(":")[2]
"""Names a process of this machine that is none."""
LONGEST = timedelta(seconds=LONGEST_ASKED_SECONDS + LONGEST_HOLD_SECONDS)
ENDED = {"sent", "failed", "given-up", "dropped"}

answers = st.one_of(
    st.builds(Delivery, st.just(True)),
    st.builds(
        Delivery,
        st.just(False),
        st.just("not now"),
        uncertain=st.booleans(),
        retry_after_seconds=st.none() | st.floats(0, LONGEST_ASKED_SECONDS),
    ),
    st.just(Delivery(False, "no such room", permanent=True)),
    st.just(Delivery(False, "not tried", tried=False)),
)


def read_view(text: str) -> View:
    return View("lan", text)


def told_by(view: View) -> list[int]:
    """The runs' messages that a view tells, by the number each was given when it was made."""
    return [int(number) for number in view.subject.split()]


@dataclass
class Sender:
    """A process that holds claims and still owes their outcomes."""

    destination: Destination
    entries: list[OutboxEntry]
    claimed_at: datetime
    is_passing: bool = False


class OutboxMachine(RuleBasedStateMachine):
    """The rules are what may happen; the invariants what must hold."""

    @initialize()
    def begin(self) -> None:
        self.database = Database.in_memory(None, "lan")
        self.now = datetime(2026, 11, 24, 2, tzinfo=UTC)
        self.run = begin_run(self.database, "run", self.now)
        self.senders: list[Sender] = []
        self.latest = self.now
        self.made: dict[int, int] = {}
        """Row by message."""
        self.made_at: dict[int, datetime] = {}
        self.refused: set[int] = set()
        """Messages that the channel refused for good."""
        self.before: dict[int, str] = {}
        """How each message stood a step ago."""
        self.arrived: dict[str, list[tuple[int, tuple[int, ...]]]] = {d.key: [] for d in EVERYWHERE}
        """Entry and messages, in the order in which the channel took them."""
        self.excused: Counter[int] = Counter()
        """How often each message may have arrived unknown to us: crash, no answer, lost claim."""
        self.disturbed: set[int] = set()
        """Messages that failed for good, were retried or held: no order is promised for them."""
        self.asked: set[int] = set()
        """Messages that a person had retried, while they were being sent or out of a digest."""

    # What happens

    @rule(destination=st.sampled_from(EVERYWHERE), hours=st.sampled_from((None, None, None, 5, 24)))
    def run_ends(self, destination: Destination, hours: int | None) -> None:
        number = len(self.made) + 1
        held = None if hours is None else self.now + timedelta(hours=hours)
        with self.database.atomic():
            self.made[number] = outbox.add(
                self.database, self.run, destination.key, str(number), self.now, held_until=held
            )
        self.made_at[number] = self.now
        if hours is not None:
            self.disturbed.add(number)

    @rule()
    def deliver(self) -> None:
        oldest = self.now - KEPT
        outbox.revive(self.database, {d.key: "f00d" for d in EVERYWHERE}, oldest, set())
        known = {d.key: d for d in EVERYWHERE}
        with self.database.atomic():
            rows = outbox.waiting_rows(self.database, self.now)
            assert removed_rows(rows, known) == []
            outdated = outbox.digests_with_given_up(self.database)
            for due in due_rows(rows, known, self.now):
                together = self.joined(due.together, outdated)
                entries = outbox.take(self.database, [*due.alone, *together], read_view, self.now)
                self.senders.append(Sender(known[due.destination], entries, self.now))
                for row_id in together:
                    self.is_fresh(next(entry for entry in entries if entry.id == row_id))
        for destination in EVERYWHERE:
            under_way = Counter(self.under_way(destination))
            twice = [n for n, holders in under_way.items() if holders > 1 and n not in self.asked]
            assert twice == [], "two send it at once"

    def is_fresh(self, entry: OutboxEntry) -> None:
        """It tells what is its own: nothing given up, dropped or sent by itself since."""
        rows = self.database.connection.execute(
            "SELECT id FROM outbox WHERE digest = ?1 AND state IN ('joined', 'sent') OR id = ?1",
            (entry.id,),
        )
        own = {row[0] for row in rows}
        assert {self.made[number] for number in told_by(entry.view)} <= own

    def joined(self, ids: Sequence[int], outdated: set[int]) -> Sequence[int]:
        if len(ids) < 2 and not outdated.intersection(ids):
            return ids
        parts = outbox.originals(self.database, ids, read_view)
        alive = [part for part in parts if not part.is_given_up]
        assert alive
        assert not self.refused.intersection(n for part in parts for n in told_by(part.view))
        text = " ".join(part.view.subject for part in alive)
        return [outbox.join(self.database, ids, alive, text)]

    def under_way(self, destination: Destination) -> list[int]:
        """Return the messages that those who hold a claim are sending."""
        at_work = [s for s in self.senders if s.destination is destination and self.holds(s)]
        return [n for sender in at_work for entry in sender.entries for n in told_by(entry.view)]

    def holds(self, sender: Sender) -> bool:
        age = (self.now - sender.claimed_at).total_seconds()
        return -outbox.LEASE_SECONDS <= age < outbox.LEASE_SECONDS and bool(sender.entries)

    @rule(answer=answers, arrives=st.booleans())
    def deliver_and_be_answered(self, answer: Delivery, arrives: bool) -> None:
        """As it goes on most days."""
        self.deliver()
        for sender in list(self.senders):
            while sender.entries and self.holds(sender):
                self.answers(sender, answer, arrives=arrives)

    @rule(destination=st.sampled_from(EVERYWHERE), uncertain=st.booleans())
    def nights_without_an_answer(self, destination: Destination, uncertain: bool) -> None:
        """Long enough that the first is given up within a digest of the others."""
        for _ in range(4):
            self.run_ends(destination, None)
            self.deliver_and_be_answered(Delivery(False, "not now", uncertain=uncertain), False)
            self.time_passes(60 * 26)

    @precondition(lambda self: self.senders)
    @rule(data=st.data(), answer=answers, arrives=st.booleans())
    def channel_answers(self, data: st.DataObject, answer: Delivery, arrives: bool) -> None:
        """One message of one sender; without a sure answer it may have arrived, or not."""
        self.answers(data.draw(st.sampled_from(self.senders)), answer, arrives=arrives)

    def answers(self, sender: Sender, answer: Delivery, *, arrives: bool) -> None:
        entry = sender.entries.pop(0)
        if sender.is_passing:
            answer = Delivery(False, "not tried: a message before it failed", tried=False)
        sender.is_passing = not (answer.delivered or answer.permanent)
        if answer.delivered or (answer.uncertain and arrives):
            self.arrives(sender.destination, entry)
        lost_claim = not self.holds(Sender(sender.destination, [entry], sender.claimed_at))
        if answer.uncertain or lost_claim:
            self.excused.update(told_by(entry.view))
        if answer.permanent:
            self.disturbed.update(told_by(entry.view))
            self.refused.update(told_by(entry.view))
        outbox.record(
            self.database,
            entry,
            answer,
            self.now,
            next_at=next_attempt_at(entry.attempts + 1, self.now, 0.5, answer.retry_after_seconds),
            given_up_before=self.now - KEPT,
            fingerprint="f00d",
        )
        if answer.delivered:
            got_through = {entry.destination}
            outbox.revive(self.database, {}, self.now - KEPT, got_through)
        self.senders = [each for each in self.senders if each.entries]

    @precondition(lambda self: self.senders)
    @rule(data=st.data(), arrives=st.booleans())
    def sender_is_killed(self, data: st.DataObject, arrives: bool) -> None:
        sender = data.draw(st.sampled_from(self.senders))
        self.senders.remove(sender)
        if arrives:
            self.arrives(sender.destination, sender.entries[0])
        for entry in sender.entries:
            self.excused.update(told_by(entry.view))
            self.database.connection.execute(
                "UPDATE outbox SET lease_holder = ? WHERE lease_holder = ? AND id = ?",
                (DEAD, entry.holder, entry.id),
            )

    @rule(minutes=st.sampled_from((1, 4, 6, 61, 60 * 26, 60 * 26, 60 * 80, -1, -60 * 24)))
    def time_passes(self, minutes: int) -> None:
        """Or the clock is set back."""
        self.now += timedelta(minutes=minutes)
        self.latest = max(self.latest, self.now)

    @rule(data=st.data())
    def person_retries(self, data: st.DataObject) -> None:
        self.disturbed.update(self.made)
        self.asked.update(n for d in EVERYWHERE for n in self.under_way(d))
        if ids := self.pick(data):
            # A digest that may have arrived is sent again as it was, with this one in it.
            self.asked.update(n for n, row_id in self.made.items() if row_id in ids)
            outbox_people.retry(self.database, ids)

    @rule(data=st.data())
    def person_drops(self, data: st.DataObject) -> None:
        if not (ids := self.pick(data)):
            return
        before = self.standing()
        outbox_people.drop(self.database, ids)
        after = self.standing()
        for number in self.made:
            if before[number] != after[number]:
                assert after[number] == "dropped"

    def pick(self, data: st.DataObject) -> list[int]:
        ids = [row.id for row in outbox_people.listed(self.database, read_view)]
        return [data.draw(st.sampled_from(ids))] if ids else []

    def arrives(self, destination: Destination, entry: OutboxEntry) -> None:
        self.arrived[destination.key].append((entry.id, tuple(told_by(entry.view))))

    # What must hold

    def standing(self) -> dict[int, str]:
        """Return how each message stands: by its own row, or by the digest that tells it."""
        rows = {
            i: (state, digest, view)
            for i, state, digest, view in self.database.connection.execute(
                "SELECT id, state, digest, view FROM outbox"
            )
        }
        found = {}
        for number, row_id in self.made.items():
            assert row_id in rows, f"message {number} is gone"
            state, digest, _ = rows[row_id]
            if state == "joined":
                assert digest in rows, f"the digest of message {number} is gone"
                state, _, view = rows[digest]
                assert state in {"waiting", "failed", "given-up"}, "its digest ended without it"
                assert number in told_by(read_view(view)), f"its digest forgot message {number}"
            found[number] = state
        return found

    @invariant()
    def no_message_is_lost(self) -> None:
        arrived = {n for taken in self.arrived.values() for _, told in taken for n in told}
        for number, state in self.standing().items():
            assert state in {"waiting", *ENDED}
            assert state != "sent" or number in arrived, f"{number} is sent and never arrived"
            assert state != "failed" or number in self.refused, f"nobody refused {number}"
            is_old = self.latest - self.made_at[number] >= KEPT
            assert state != "given-up" or is_old, f"{number} was given up too early"

    @invariant()
    def what_ended_stays_so(self) -> None:
        standing = self.standing()
        for number, state in self.before.items():
            assert state != "sent" or standing[number] == "sent"
            assert state != "dropped" or standing[number] in {"dropped", "sent"}
        self.before = standing

    @invariant()
    def none_arrives_twice_but_for_what_could_not_be_known(self) -> None:
        for destination in EVERYWHERE:
            taken = self.arrived[destination.key]
            if destination.knows_repetitions:
                taken = list(dict.fromkeys(taken))
            times = Counter(number for _, told in taken for number in told)
            for number, count in times.items():
                if number in self.asked:
                    continue
                excused = 0 if destination.knows_repetitions else self.excused[number]
                assert count <= 1 + excused, f"{number} arrived {count} times at {destination.key}"

    @invariant()
    def the_order_is_kept(self) -> None:
        for taken in self.arrived.values():
            first = list(dict.fromkeys(n for _, told in taken for n in told))
            first = [number for number in first if number not in self.disturbed]
            assert first == sorted(first)

    @invariant()
    def no_message_waits_for_ever(self) -> None:
        """
        Within the longest waits each is due, or goes with one that is.

        Twice that where the clock was set back: a hold may begin anew then, once.
        """
        known = {d.key: d for d in EVERYWHERE}
        due = set()
        for longest in range(3):
            later = self.now + longest * LONGEST
            rows = outbox.waiting_rows(self.database, later)
            due |= {found.destination for found in due_rows(rows, known, later)}
        assert due == {row.destination for row in rows}

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()


OutboxMachine.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_whatever_happens_no_message_is_lost_or_repeated = OutboxMachine.TestCase
