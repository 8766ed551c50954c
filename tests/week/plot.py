"""Which destination fails how and when: drawn from a seed."""

import random
from collections.abc import Sequence

from tests.servers.gate import Fault
from tests.week import faults
from tests.week.places import Place

NIGHTS = 7
ALL_HANG = 2
"""The night on which every one of them hangs at once."""
OUTAGE = range(1, 5)
"""The nights for which one of them is away: the first one's message gets too old."""


class Plot:
    """A week's failures."""

    def __init__(self, seed: int, places: Sequence[Place]) -> None:
        self._random = random.Random(seed)
        self._away = self._random.choice(places).key
        self._nights = {place.key: self._drawn(place) for place in places}

    def _drawn(self, place: Place) -> list[Fault]:
        known = list(place.repertoire)
        drawn: list[Fault] = []
        while len(drawn) < NIGHTS:
            drawn += self._random.sample(known, len(known))
        drawn[ALL_HANG - 1] = faults.HANG
        if place.key == self._away:
            passing = [f for f in known if not f.is_permanent and not f.rest_seconds]
            away = faults.REFUSE if faults.REFUSE in passing else passing[0]
            drawn[: len(OUTAGE)] = [away] * len(OUTAGE)
        return drawn[:NIGHTS]

    def at_night(self, place: Place, night: int) -> Fault:
        return self._nights[place.key][night - 1]

    def by_day(self, place: Place, night: int) -> Fault | None:
        """Return how it fails some hours later: as before, or not any more."""
        is_away = place.key == self._away and night in OUTAGE
        return place.fault if is_away or self._random.random() < 0.5 else None
