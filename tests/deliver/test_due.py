"""What is sent when: holds, back-off, rest that a server asked for, and what goes together."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.deliver.backoff import next_attempt_at
from netwatch_notify.deliver.due import MOST_AT_ONCE, due_rows, next_time, removed_rows
from netwatch_notify.model.message import Destination, Waiting

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
AT = NOW.timestamp()
HOUR = 3600.0
MAIL, MATRIX = Destination("mail", "m"), Destination("matrix", "x", knows_repetitions=True)
HOOK = Destination("hook", "h", command=("true",))
KNOWN = {d.key: d for d in (MAIL, MATRIX, HOOK)}


def row(number: int, destination: str = "mail", **facts: object) -> Waiting:
    return replace(Waiting(number, destination, 0, 0, 0, False, False, False), **facts)  # type: ignore[arg-type]


def due(*rows: Waiting) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    return [(d.destination, d.alone, d.together) for d in due_rows(rows, KNOWN, NOW)]


def test_all_that_is_due_for_one_destination_goes_together() -> None:
    assert due(row(1), row(2, "matrix"), row(3)) == [
        ("mail", (), (1, 3)),
        ("matrix", (), (2,)),
    ]


@pytest.mark.parametrize(
    ("facts", "is_due"),
    [
        ({"due_at": AT + 1}, False),
        ({"due_at": AT}, True),
        ({"held_until": AT + 1}, False),
        ({"held_until": AT}, True),
        ({"asked_until": AT + 1}, False),
        ({"is_claimed": True}, False),
        ({"due_at": AT + 2 * HOUR}, True),
        ({"held_until": AT + 30 * HOUR}, True),
        ({"asked_until": AT + 7 * HOUR}, True),
    ],
    ids=[
        *("backs off", "backed off", "held", "its time has come", "rests", "is being sent"),
        *("backs off, clock set back", "held, clock set back", "rests, clock set back"),
    ],
)
def test_a_row_waits_for_its_time_and_no_longer(facts: dict[str, object], is_due: bool) -> None:
    assert bool(due(row(1, **facts))) is is_due


def test_a_new_message_takes_along_what_backs_off_but_not_what_is_held() -> None:
    rows = row(1, due_at=AT + 60), row(2, held_until=AT + 60), row(3)
    assert due(*rows) == [("mail", (), (1, 3))]


@pytest.mark.parametrize("facts", [{"asked_until": AT + 60}, {"is_claimed": True}], ids=str)
def test_rest_and_a_claim_hold_for_all_that_goes_to_the_destination(
    facts: dict[str, object],
) -> None:
    assert due(row(1, **facts), row(2), row(3, "matrix")) == [("matrix", (), (3,))]


def test_what_may_have_arrived_goes_alone_where_a_repetition_is_known() -> None:
    rows = [row(n, d, is_uncertain=n == 1) for d in ("mail", "matrix") for n in (1, 2, 3)]
    assert due(*rows) == [("mail", (), (1, 2, 3)), ("matrix", (1,), (2, 3))]


def test_what_failed_for_good_before_takes_no_other_message_down() -> None:
    assert due(row(1, is_revived=True), row(2), row(3)) == [("mail", (1,), (2, 3))]


def test_a_command_gets_each_report_by_itself() -> None:
    assert due(*(row(n, "hook") for n in range(1, 9))) == [
        ("hook", tuple(range(1, MOST_AT_ONCE + 1)), ())
    ]


def test_what_goes_nowhere_any_more_is_found() -> None:
    rows = row(1, "gone"), row(2, "gone", is_claimed=True), row(3)
    assert [r.id for r in removed_rows(rows, KNOWN)] == [1]
    assert due(row(1, "gone")) == []


# Back-off


def test_waits_double_up_to_an_hour() -> None:
    waits = [next_attempt_at(n, NOW, 0) - NOW for n in (1, 2, 3, 6, 7, 100, 10**9)]
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 2, 4, 32, 60, 60, 60]


@given(st.integers(0, 10**6), st.floats(0, 1), st.none() | st.floats(0, 1e9))
def test_jitter_takes_at_most_half_and_what_was_asked_is_the_least(
    failures: int, jitter: float, asked: float | None
) -> None:
    wait = (next_attempt_at(failures, NOW, jitter, asked) - NOW).total_seconds()
    assert 29.9 <= wait <= 6 * HOUR + 0.1
    assert wait >= min(asked or 0, 6 * HOUR) - 0.1


# SEND_AT

BERLIN = ZoneInfo("Europe/Berlin")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("after", "at", "expected"),
    [
        ("2026-11-24T03:00", "07:00", "2026-11-24T06:00+00:00"),
        ("2026-11-24T07:00", "07:00", "2026-11-25T06:00+00:00"),
        ("2026-11-24T23:30", "00:15", "2026-11-24T23:15+00:00"),
        ("2026-03-28T20:00", "07:00", "2026-03-29T05:00+00:00"),
        ("2026-10-24T20:00", "07:00", "2026-10-25T06:00+00:00"),
        ("2026-03-29T00:30", "02:30", "2026-03-29T01:30+00:00"),
        ("2026-10-25T00:30", "02:30", "2026-10-25T00:30+00:00"),
        ("2026-12-31T23:00", "07:00", "2027-01-01T06:00+00:00"),
    ],
    ids=[
        *("this morning", "that very minute is over", "after midnight", "the night spring begins"),
        *("the night it ends", "an hour that is left out", "an hour that comes twice", "new year"),
    ],
)
def test_messages_leave_when_the_clocks_here_say_so(after: str, at: str, expected: str) -> None:
    found = next_time(local(after).astimezone(UTC), time.fromisoformat(at), BERLIN)
    assert found == datetime.fromisoformat(expected)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001  # made UTC below
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_the_time_is_always_to_come_and_within_a_day_and_two_hours(
    after: datetime, at: time, zone: str
) -> None:
    start = after.replace(tzinfo=UTC)
    found = next_time(start, at, ZoneInfo(zone))
    assert timedelta(0) < found - start <= timedelta(hours=26)
