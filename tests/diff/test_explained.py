"""The examples of docs/explanation/how-it-decides.md are what happens."""

import pytest

from netwatch_notify.diff.breaker import FEWEST_APPEARED, FEWEST_SILENT, MOST_RUNS_HELD
from netwatch_notify.diff.groups import FEWEST_HOSTS, MOST_PORTS
from netwatch_notify.diff.ledger import NIGHTLY
from netwatch_notify.diff.patience import (
    DOUBTFUL_TOGGLES,
    MOST_RUNS_WAITED,
    TOGGLES,
    WINDOW_RUNS,
)
from netwatch_notify.settings.settings import Settings
from tests.diff.days import events, story


@pytest.mark.parametrize(
    ("days", "told"),
    [
        pytest.param(
            "--u" + "u" * 17 + "---",
            {1: "host-gone", 2: "host-back", 22: "host-gone"},
            id="a laptop that is away twice, the second time for longer",
        ),
        pytest.param(
            "--uu-" + "-" * 8,
            {1: "host-gone", 2: "host-back", 4: "flapping"},
            id="a laptop that is silent again on night 5",
        ),
    ],
)
def test_the_laptop_of_the_page(days: str, told: dict[int, str]) -> None:
    """Night 1 of the page is day 0 here."""
    assert events(story(), days) == told


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    """Whoever changes one of them finds the page here."""
    assert (WINDOW_RUNS, TOGGLES, MOST_RUNS_WAITED) == (14, 3, 14)
    # Each lost night is two doubtful changes: three nights are enough, two are not.
    assert 4 * TOGGLES < TOGGLES * DOUBTFUL_TOGGLES <= 5 * TOGGLES
    assert (FEWEST_SILENT, FEWEST_APPEARED, MOST_RUNS_HELD) == (5, 20, 7)
    assert (FEWEST_HOSTS, MOST_PORTS, NIGHTLY) == (5, 20, 3)
    fields = Settings.model_fields
    assert fields["gone_after"].default == 2
    assert fields["suspicious_share"].default == 0.3
    assert fields["version_refresh_days"].default == 7
