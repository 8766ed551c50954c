"""When it starts next: as Debian's cron and systemd have it, changes of the clock included."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from netwatch_notify.schedule.found import Schedule
from netwatch_notify.schedule.next import next_start, usual_interval

BERLIN = ZoneInfo("Europe/Berlin")


def cron(when: str, kind: str = "cron") -> Schedule:
    """Return a schedule at these times."""
    return Schedule(kind, Path("/etc/cron.d/netwatch"), "run", "root", when, "/x")


@pytest.mark.parametrize(
    ("when", "now", "expected"),
    [
        ("0 3 * * *", (2026, 11, 24, 2, 59), (2026, 11, 24, 3, 0)),
        ("0 3 * * *", (2026, 11, 24, 3, 0), (2026, 11, 25, 3, 0)),
        ("@daily", (2026, 12, 31, 12, 0), (2027, 1, 1, 0, 0)),
        ("*/10 * * * *", (2026, 11, 24, 3, 1), (2026, 11, 24, 3, 10)),
        ("0 3 * * 1-5", (2026, 11, 27, 12, 0), (2026, 11, 30, 3, 0)),
        # The clock goes from 02:00 to 03:00 on 29 March: what was due at 02:30 starts at 03:00.
        ("30 2 * * *", (2026, 3, 28, 12, 0), (2026, 3, 29, 3, 0)),
        # It goes from 03:00 to 02:00 on 25 October: 02:30 is there twice, and starts once.
        ("30 2 * * *", (2026, 10, 24, 12, 0), (2026, 10, 25, 2, 30)),
    ],
)
def test_cron_starts_next(when: str, now: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """By the clock on the wall."""
    found = next_start(cron(when), datetime(*now, tzinfo=BERLIN))  # type: ignore[misc,arg-type]

    assert found is not None
    assert found.replace(tzinfo=None) == datetime(*expected)  # type: ignore[misc,arg-type] # noqa: DTZ001


def test_the_hour_that_is_there_twice_starts_it_once() -> None:
    """In the night of 25 October after 02:30 the next start is on the 26th."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)

    found = next_start(cron("30 2 * * *"), first)

    assert found is not None
    assert found.date().isoformat() == "2026-10-26"


@pytest.mark.parametrize("when", ["61 3 * * *", "nonsense", "@reboot", ""])
def test_what_cannot_be_known_is_not_guessed(when: str) -> None:
    """A broken line starts nothing, and @reboot has no time."""
    assert next_start(cron(when), datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert usual_interval(cron(when), datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_longest_time_between_two_starts() -> None:
    """A day, also where one has 25 hours; from Friday to Monday for weekdays."""
    autumn = datetime(2026, 10, 24, 1, tzinfo=BERLIN)

    assert usual_interval(cron("0 3 * * *"), autumn) == timedelta(hours=25)
    assert usual_interval(cron("0 3 * * 1-5"), autumn) == timedelta(days=3)


@pytest.mark.usefixtures("systemd_analyze")
@pytest.mark.parametrize("when", ["*-*-* 04:05:00", "*-*-* 02:30:00", "*:0/10"])
@pytest.mark.parametrize("base", ["2026-11-24 12:03:00", "2026-03-28 20:00:00"])
def test_systemd_says_the_same(when: str, base: str) -> None:
    """`systemd-analyze calendar` is asked for the same moment."""
    result = subprocess.run(
        ["systemd-analyze", "calendar", f"--base-time={base}", when],
        env={"TZ": "Europe/Berlin", "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True, text=True, check=True, timeout=30,
    ).stdout  # fmt: skip
    line = next(line for line in result.splitlines() if "Next elapse" in line)
    theirs = " ".join(line.split()[3:5])

    now = datetime.fromisoformat(base).replace(tzinfo=BERLIN)
    ours = next_start(cron(when, "systemd"), now)

    assert ours is not None
    assert f"{ours:%Y-%m-%d %H:%M:%S}" == theirs
