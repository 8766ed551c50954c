"""Nights of one host and its port 80, a letter each; for tests only."""

from netwatch_notify.model.host import Host
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.scan import PartResult
from tests.builders import NO_LOOK, Nights, at, host, inventory, look, scan

HERE = "192.0.2.1"
SUBJECT = (at(HERE), None)
OTHERS = [host(f"192.0.2.{n}") for n in (50, 51, 52)]
UP = [host(HERE, "22", "80")]
WITHOUT = [host(HERE, "22", "80=filtered")]
REFUSED = [host(HERE, "22", "80=closed")]
ASKED = look(host(HERE, "80=filtered"), asked=[(HERE, "80")])
"""The port was asked again, and was silent."""


def seen(hosts: list[Host]) -> PartResult:
    return scan(*hosts, *OTHERS)


def story(gone_after: int = 2, risky: tuple[str, ...] = ()) -> Nights:
    return Nights(inventory(*UP, *OTHERS), gone_after=gone_after, risky=risky)


def play(nights: Nights, days: str, second: SecondLook = NO_LOOK) -> list[list[str]]:
    """
    What each night tells of the host or its port, one letter a night.

    `u` up, `-` away, `f` 80/tcp filtered, `c` 80/tcp refused, `x` the scan broke, `n` a narrow
    scan that asks about other hosts only, `p` one that asks about 22/tcp only.
    """
    shown = {"u": UP, "-": [], "f": WITHOUT, "c": REFUSED}
    lines = []
    for day in days:
        if day == "x":
            result = scan(*OTHERS, problem="cut")
        elif day == "n":
            result = scan(*OTHERS, targets="192.0.2.48/29")
        elif day == "p":
            result = scan(host(HERE, "22"), *OTHERS, tcp="22")
        else:
            result = seen(shown[day])
        told = nights.told(result, look=second if day in "fp" else NO_LOOK)
        lines.append([line.replace(HERE, "").replace("  ", " ").strip() for line in told])
    return lines


def events(nights: Nights, days: str, second: SecondLook = NO_LOOK) -> dict[int, str]:
    """What is told by the place of the night in `days`, counted from 0."""
    told = enumerate(play(nights, days, second))
    return {number: "+".join(lines) for number, lines in told if lines}
