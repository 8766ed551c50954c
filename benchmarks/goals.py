"""A goal, and whether it was met."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure beside what it should be."""

    name: str
    value: float
    limit: float
    at_least: bool = False
    """Whether more is better."""

    @property
    def is_met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        side = "at least" if self.at_least else "at most"
        verdict = "met" if self.is_met else "MISSED"
        return f"{self.name}: {self.value:.3g} (goal {side} {self.limit:.3g}: {verdict})"
