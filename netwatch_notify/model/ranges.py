"""Sets of whole numbers kept as ranges: port lists and address blocks alike."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ranges:
    """
    A set of integers as sorted, disjoint, non-adjacent inclusive ranges.

    Build it with `Ranges.of`; the bare constructor trusts that `spans` are already in order.
    """

    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> "Ranges":
        """Return the set holding every number of the inclusive `spans`, in any order."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(spans):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            elif first <= last:
                merged.append((first, last))
        return cls(tuple(merged))

    @classmethod
    def of_numbers(cls, numbers: Iterable[int]) -> "Ranges":
        """Return the set holding `numbers`, in any order."""
        spans: list[tuple[int, int]] = []
        first = last = None
        for number in sorted(numbers):
            if first is None or last is None:
                first = number
            elif number > last + 1:
                spans.append((first, last))
                first = number
            last = number
        if first is not None and last is not None:
            spans.append((first, last))
        return cls(tuple(spans))

    @classmethod
    def parse(cls, text: str) -> "Ranges":
        """Read nmap's list form, `22,80,8000-8010`; ValueError where it is none."""
        spans = []
        for piece in filter(None, text.split(",")):
            first, _, last = piece.partition("-")
            spans.append((int(first), int(last or first)))
        return cls.of(spans)

    def __contains__(self, number: int) -> bool:
        low, high = 0, len(self.spans)
        while low < high:
            middle = (low + high) // 2
            if self.spans[middle][1] < number:
                low = middle + 1
            else:
                high = middle
        return low < len(self.spans) and self.spans[low][0] <= number

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.spans:
            yield from range(first, last + 1)

    def __str__(self) -> str:
        return ",".join(f"{a}-{b}" if a != b else str(a) for a, b in self.spans)

    def __or__(self, other: "Ranges") -> "Ranges":
        return Ranges.of(self.spans + other.spans)

    def __sub__(self, other: "Ranges") -> "Ranges":
        left: list[tuple[int, int]] = []
        cuts = iter(other.spans)
        cut = next(cuts, None)
        for first, last in self.spans:
            start = first
            while cut is not None and cut[0] <= last:
                if cut[1] >= start:
                    if cut[0] > start:
                        left.append((start, cut[0] - 1))
                    start = max(start, cut[1] + 1)
                if cut[1] > last:
                    break
                cut = next(cuts, None)
            if start <= last:
                left.append((start, last))
        return Ranges(tuple(left))

    def __and__(self, other: "Ranges") -> "Ranges":
        return self - (self - other)
