"""What is told of a month by netwatch-notify and by ndiff, for benchmarks.month."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from benchmarks.measure import ROOT, environment_in
from benchmarks.month_network import LAPTOP_MAKER, TARGETS, Month
from benchmarks.month_score import Told
from netwatch_notify.diff.night import Rules
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.scan import ScanProfile
from netwatch_notify.model.target import parse_target
from netwatch_notify.pipeline.ingest import ingest
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.settings.settings import Settings

NETWORK = "lan"
LAPTOPS = f"{LAPTOP_MAKER[1].split()[0]}*"
"""The pattern that fits the vendor of the laptops, and no other."""

Mark = Callable[[Path, Month], None]
"""Says of the laptops in a state directory that they are known to sleep."""


@dataclass(frozen=True, slots=True)
class Telling:
    """All that one contender told."""

    told: tuple[Told, ...]
    exit_codes: tuple[int, ...]
    """Of each night."""
    problems: tuple[int, ...] = ()
    """How many problem lines each night had."""


def tell_ours(
    month: Month, files: Sequence[Path], folder: Path, mark: Mark | None = None
) -> Telling:
    """Take the files in, each as the run of its night; `mark` is called after the first one."""
    state = folder / "state"
    profile = ScanProfile(tuple(parse_target(str(target)) for target in TARGETS))
    risky = Settings.model_fields["risky_ports"].default
    plan = Plan(NETWORK, state, profile, Rules(risky_ports=risky))
    told: list[Told] = []
    exit_codes: list[int] = []
    problems: list[int] = []
    for night, path in enumerate(files):
        outcome = ingest(plan, path, [])
        exit_codes.append(outcome.exit_code)
        problems.append(len(outcome.report["problems"]))
        told += [
            Told(
                night,
                ChangeKind(change["kind"]),
                change["address"],
                change["port"],
                frozenset(port["port"] for port in change["ports"]),
                Severity(change["severity"]),
            )
            for change in outcome.report["changes"]
        ]
        if night == 0 and mark:
            mark(state, month)
    return Telling(tuple(told), tuple(exit_codes), tuple(problems))


def mark_laptops(state: Path, _: Month) -> None:
    """Mark all laptops as known to sleep, by one rule, as a user would. SystemExit if it fails."""
    # Without an env file of ours it would read the machine's own.
    empty = state.parent / "empty.env"
    empty.touch()
    words = ["ignore", "add", LAPTOPS, "--gone-only", "--reason", "sleeps"]
    environment = {
        **environment_in(state.parent),
        "NETWATCH_NETWORK": NETWORK,
        "NETWATCH_STATE_DIR": str(state),
        "NETWATCH_TARGETS": " ".join(map(str, TARGETS)),
    }
    result = subprocess.run(
        [sys.executable, "-m", "netwatch_notify", "--env-file", str(empty), *words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit {result.returncode}: {result.stderr.strip()}")


def tell_ndiff(files: Sequence[Path], folder: Path, ndiff: str) -> Telling:
    """Compare each file with the last one before it that ndiff can read."""
    told: list[Told] = []
    exit_codes = [0]
    last = files[0]
    for night, path in enumerate(files[1:], start=1):
        result = subprocess.run(
            [ndiff, "--xml", str(last), str(path)],
            env=environment_in(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        exit_codes.append(result.returncode)
        if result.returncode > 1:
            continue
        last = path
        told += _ndiff_changes(night, fromstring(result.stdout))
    return Telling(tuple(told), tuple(exit_codes))


def _ndiff_changes(night: int, root: Element) -> Iterator[Told]:
    """
    Yield ndiff's rows in our words.

    It has no word for what comes back or moves. Its rows about extraports are left out.
    """
    for difference in root.iter("hostdiff"):
        gone, new, both = (difference.find(f"{side}host") for side in ("a/", "b/", ""))
        if gone is not None:
            yield Told(night, ChangeKind.HOST_GONE, _address(gone))
        elif new is not None:
            ports = [port for port in new.iter("port") if _state(port) == "open"]
            numbers = frozenset(int(port.get("portid", "")) for port in ports)
            yield Told(night, ChangeKind.HOST_NEW, _address(new), None, numbers)
        elif both is not None:
            yield from _ndiff_host(night, both)


def _ndiff_host(night: int, host: Element) -> Iterator[Told]:
    address = _address(host)
    if host.find("b/address[@addrtype='mac']") is not None:
        yield Told(night, ChangeKind.MAC_CHANGED, address)
    if host.find("hostnames/a") is not None or host.find("hostnames/b") is not None:
        yield Told(night, ChangeKind.HOSTNAME_CHANGED, address)
    for difference in host.iter("portdiff"):
        before, after, same = (difference.find(f"{side}port") for side in ("a/", "b/", ""))
        if same is not None:
            kind = ChangeKind.SERVICE_CHANGED
            yield Told(night, kind, address, int(same.get("portid", "")))
        elif before is not None and after is not None:
            port = int(after.get("portid", ""))
            if _state(after) == "open":
                yield Told(night, ChangeKind.PORT_OPENED, address, port)
            elif _state(before) == "open":
                yield Told(night, ChangeKind.PORT_CLOSED, address, port)


def _address(host: Element) -> str:
    found = host.find(".//address[@addrtype='ipv4']")
    assert found is not None
    return found.get("addr", "")


def _state(port: Element) -> str:
    found = port.find("state")
    return found.get("state", "") if found is not None else ""
