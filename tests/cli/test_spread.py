"""`run --spread`: who begins when."""

import pytest

from netwatch_notify.cli.spread import share_of

MACHINES = [f"{number:032x}" for number in range(1000)]


@pytest.mark.parametrize("minutes", [1, 5, 720])
def test_a_share_is_within_the_minutes(minutes: int) -> None:
    shares = [share_of(minutes, machine, "/etc/netwatch/netwatch.env") for machine in MACHINES]

    assert min(shares) >= 0
    assert max(shares) <= minutes * 60


def test_it_is_the_same_each_night_and_another_elsewhere() -> None:
    """Of a thousand machines with five minutes no second has a tenth; nor of two networks."""
    shares = [share_of(5, machine, "/etc/netwatch/netwatch.env") for machine in MACHINES]
    again = [share_of(5, machine, "/etc/netwatch/netwatch.env") for machine in MACHINES]
    others = [share_of(5, machine, "/etc/netwatch/dmz.env") for machine in MACHINES]

    assert shares == again
    assert max(shares.count(second) for second in set(shares)) < 100
    assert sum(a == b for a, b in zip(shares, others, strict=True)) < 100
