"""The targets: do their names resolve, is there a way to them, can they be scanned in a night?"""

from collections.abc import Sequence
from dataclasses import dataclass

from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, good, warning
from netwatch_notify.model.target import AddressSet, Target
from netwatch_notify.model.text import clean
from netwatch_notify.report.words import counted, duration
from netwatch_notify.scan.names import Resolved, resolve_targets
from netwatch_notify.scan.routes import DownLink, down_links, no_way_to
from netwatch_notify.store.summaries import RunSummary

MOST_NAMED = 3
MOST_A_SECOND = 1000
"""Addresses; nmap -T4 looks for silent hosts more slowly than that, on any network."""
SHARE_OF_LIMIT = 0.7
"""A scan that usually takes more of its time limit than this will hit it on a busy night."""


def targets(tonight: Tonight) -> list[Finding]:
    """Names, ways and sizes; one resolving for all three."""
    settings = tonight.settings
    resolved = resolve_targets(settings.targets)
    excluded = resolve_targets(settings.exclude)
    findings = names(resolved)
    if excluded.unresolved:
        text = f"NETWATCH_EXCLUDE: {excluded.unresolved[0]} does not resolve, so nothing is scanned"
        findings.append(bad("targets", text, "write its address"))
    left_out = _all(excluded.targets)
    if resolved.targets:
        findings += ways(resolved.targets, left_out, down_links())
        wanted = _all(resolved.targets) - left_out
        past = tonight.recorded.scans if tonight.recorded else ()
        covered = tonight.recorded.covered if tonight.recorded else None
        before = AddressSet()
        for coverage in covered.coverages if covered else ():
            before |= coverage.addresses
        usual = Usual(len(before), past)
        findings.append(size(len(wanted), usual, settings.scan_timeout_seconds))
    return findings


def names(resolved: Resolved) -> list[Finding]:
    """Return whether every name has an address; pure."""
    if resolved.unresolved:
        text = f"{few(resolved.unresolved)} does not resolve"
        return [bad("targets", text, f"getent ahosts {resolved.unresolved[0]}")]
    count = sum(len(target.addresses) for target in resolved.targets)
    noun = "address" if count == 1 else "addresses"
    return [good("targets", f"{counted(len(resolved.targets), 'target')}, {count:,} {noun}")]


def ways(
    targets: Sequence[Target], left_out: AddressSet, down: Sequence[DownLink]
) -> list[Finding]:
    """Return whether the kernel knows a way to each target."""
    lost: dict[str, list[str]] = {}
    shadowed: dict[str, list[str]] = {}
    for target in targets:
        addresses = target.addresses - left_out
        if found := no_way_to(addresses):
            lost.setdefault(found[1], []).append(target.written)
            continue
        for link in down:
            if link.networks & addresses:
                shadowed.setdefault(link.name, []).append(target.written)
    findings = [
        bad("routes", f"{few(written)}: {reason}", f"ip route get {_example(targets, written[0])}")
        for reason, written in lost.items()
    ]
    findings += [
        bad("routes", f"{few(written)}: the interface {clean(name)} is down",
            f"ip link set {clean(name)} up")
        for name, written in shadowed.items()
    ]  # fmt: skip
    every = "the target" if len(targets) == 1 else f"all {len(targets)} targets"
    return findings or [good("routes", f"there is a way to {every}")]


@dataclass(frozen=True, slots=True)
class Usual:
    """How long the last scans took, and how much they covered."""

    addresses: int
    scans: Sequence[RunSummary]

    def seconds(self, addresses: int) -> float | None:
        """Return how long so many addresses will take, as the longest of the last five did."""
        times = [run.fast_seconds for run in self.scans[:5] if run.fast_seconds > 0]
        if not times or not self.addresses:
            return None
        return max(times) * addresses / self.addresses


def size(addresses: int, usual: Usual, limit_seconds: float) -> Finding:
    """
    Return whether so many addresses are scanned within the time limit; pure.

    By the last scans, and where there were none, by what nmap never exceeds.
    """
    limit = duration(limit_seconds)
    remedy = "scan less with NETWATCH_TARGETS, or raise NETWATCH_SCAN_TIMEOUT_SECONDS"
    expected = usual.seconds(addresses)
    if expected is None:
        least = addresses / MOST_A_SECOND
        text = f"{addresses:,} addresses take at least {duration(least)}, the limit is {limit}"
        if least > limit_seconds:
            return bad("duration", text, remedy)
        if least > limit_seconds / 10:
            return warning("duration", text, remedy)
        return good("duration", f"not known before the first run; the limit is {limit}")
    text = f"about {duration(expected)}, as the last scans; the limit is {limit}"
    if expected > limit_seconds:
        return bad("duration", text, remedy)
    if expected > SHARE_OF_LIMIT * limit_seconds:
        return warning("duration", text, remedy)
    return good("duration", text)


def few(words: Sequence[str]) -> str:
    """Return the first of them, and how many more there are."""
    more = f" and {len(words) - MOST_NAMED:,} more" if len(words) > MOST_NAMED else ""
    return ", ".join(map(clean, words[:MOST_NAMED])) + more


def _all(targets: Sequence[Target]) -> AddressSet:
    joined = AddressSet()
    for target in targets:
        joined |= target.addresses
    return joined


def _example(targets: Sequence[Target], written: str) -> str:
    """Return an address of the target to which there is no way."""
    target = next(target for target in targets if target.written == written)
    found = no_way_to(target.addresses)
    return str(found[0]) if found else written
