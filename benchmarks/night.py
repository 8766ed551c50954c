"""
Time a night of netwatch-notify beside the article's pipeline, on a LAN of real hosts.

    python -m benchmarks.night [--rounds 5] [--hosts 200]

Needs root, nmap, ndiff, ip and nft, as the tests of the LAN do. Every round runs both, each from
the same state, and takes turns in which goes first.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lan.network import Lan, LanHost, lan_unavailable

TARGETS = "10.77.1.0/24"
BASE = {22: "openssh-9.2p1", 80: "nginx-1.22.1"}
OPENED = (
    (21, "vsftpd-3.0.3"),
    (25, "smtp-postfix"),
    (3306, "mysql"),
    (8080, "apache-2.4.57"),
    (8080, "nginx-1.22.1"),
)
"""Ports that open, each on a host of its own, from 10.77.1.11 on; nmap's top 1000 has them all."""
CLOSED = (31, 32)
SILENT = (41, 42)
COME = (
    {80: "apache-2.4.57"},
    {21: "vsftpd-3.0.3"},
    {25: "smtp-postfix", 8080: "nginx-1.22.1"},
)
"""
Services of the new hosts, numbered after the last of the old ones.

None has ssh: the LAN's only greets, and nmap's ssh scripts wait minutes for the key exchange that
a real one answers at once. That wait would drown both contenders' times.
"""
FEWEST_HOSTS = 60
MOST_HOSTS = 250
RATIO_GOAL = 1.2
OVERHEAD_GOAL = 1.5
HELP_GOAL = 0.25
HELP_ROUNDS = 11

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("netwatch-notify")


@dataclass(frozen=True, slots=True)
class NmapRun:
    """One nmap that netwatch-notify ran, as the wrapper logged it."""

    start: float
    end: float
    arguments: tuple[str, ...]

    @property
    def is_fast(self) -> bool:
        return TARGETS in self.arguments

    @property
    def pairs(self) -> int:
        """Host-port pairs probed; a mere ping has none."""
        if "-p" not in self.arguments:
            return 0
        ports = self.arguments[self.arguments.index("-p") + 1].split(",")
        return len(ports) * sum(word.startswith("10.77.1.") for word in self.arguments)


@dataclass(frozen=True, slots=True)
class Night:
    """What one run of netwatch-notify took."""

    seconds: float
    nmaps: tuple[NmapRun, ...]
    changes: int

    @property
    def overhead(self) -> float:
        """Seconds in which no nmap ran."""
        busy, until = 0.0, 0.0
        for nmap in sorted(self.nmaps, key=lambda nmap: nmap.start):
            busy += max(0.0, nmap.end - max(nmap.start, until))
            until = max(until, nmap.end)
        return self.seconds - busy

    @property
    def fast_seconds(self) -> float:
        return sum(nmap.end - nmap.start for nmap in self.nmaps if nmap.is_fast)

    @property
    def second(self) -> tuple[NmapRun, ...]:
        return tuple(nmap for nmap in self.nmaps if not nmap.is_fast and "-n" in nmap.arguments)


class Bench:
    """The LAN, and both contenders with their first night behind them."""

    def __init__(self, lan: Lan, folder: Path, hosts: int) -> None:
        self.lan = lan
        self.folder = folder
        self.hosts = {n: LanHost(_address(n), BASE) for n in range(1, hosts + 1)}
        self.log = folder / "nmap.log"
        self.nmap = folder / "nmap"
        self.nmap.write_text(
            "#!/bin/sh\n"
            "start=$(date +%s.%N)\n"
            f'"{shutil.which("nmap")}" "$@"\n'
            "code=$?\n"
            f'echo "$start $(date +%s.%N) $*" >> "{self.log}"\n'
            "exit $code\n"
        )
        self.nmap.chmod(0o755)

    def first_night(self) -> None:
        self.lan.set_hosts(list(self.hosts.values()))
        self.netwatch(self.folder / "inventory")
        nmap = ["nmap", "-v", "--open", "-T4", "-n", "-oX", str(self.folder / "old.xml"), TARGETS]
        result = self.lan.run(nmap, env=_environment(self.folder), timeout=600)
        assert result.returncode == 0, result.stderr

    def change(self) -> None:
        now = dict(self.hosts)
        for n, (port, service) in enumerate(OPENED, 11):
            now[n] = LanHost(_address(n), {**BASE, port: service})
        for n in CLOSED:
            now[n] = LanHost(_address(n), {22: BASE[22]})
        for n in SILENT:
            del now[n]
        for n, services in enumerate(COME, len(self.hosts) + 1):
            now[n] = LanHost(_address(n), services)
        self.lan.set_hosts(list(now.values()))

    def netwatch_round(self) -> Night:
        state = self.folder / "state"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(self.folder / "inventory", state, symlinks=True)
        return self.netwatch(state)

    def netwatch(self, state: Path) -> Night:
        self.log.unlink(missing_ok=True)
        environment = {
            **_environment(self.folder),
            "NETWATCH_NMAP_PATH": str(self.nmap),
            "NETWATCH_STATE_DIR": str(state),
            "NETWATCH_TARGETS": TARGETS,
            # The article never looks at a known service again.
            "NETWATCH_VERSION_REFRESH_DAYS": "0",
        }
        start = time.monotonic()
        result = self.lan.run([str(PROGRAM), "run", "--json"], env=environment, timeout=600)
        seconds = time.monotonic() - start
        assert result.returncode == 0, result.stderr
        return Night(seconds, _read_log(self.log), len(json.loads(result.stdout)["changes"]))

    def article_round(self) -> tuple[float, int]:
        """Return the pipeline's seconds, and the host-port pairs of its second step."""
        results = self.folder / "article"
        shutil.rmtree(results, ignore_errors=True)
        results.mkdir()
        script = 'cd "$1" && shift && exec sh "$@"'
        words = [HERE / "article.sh", TARGETS, self.folder / "old.xml", sys.executable]
        command = ["sh", "-c", script, "sh", results, *words, HERE / "new_ports.py"]
        start = time.monotonic()
        result = self.lan.run([*map(str, command)], env=_environment(self.folder), timeout=600)
        seconds = time.monotonic() - start
        assert result.returncode == 0, (result.returncode, result.stderr)
        ports, hosts = (results / "changed").read_text().splitlines()
        return seconds, len(ports.split(",")) * len(hosts.split())


def _address(n: int) -> str:
    return f"10.77.1.{n}"


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder)}


def _read_log(log: Path) -> tuple[NmapRun, ...]:
    runs = []
    for line in log.read_text().splitlines():
        start, end, *arguments = line.split()
        runs.append(NmapRun(float(start), float(end), tuple(arguments)))
    return tuple(sorted(runs, key=lambda run: run.start))


def help_seconds() -> float:
    """Return the median time of `netwatch-notify --help`."""
    times = []
    for _ in range(HELP_ROUNDS):
        start = time.monotonic()
        subprocess.run([PROGRAM, "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - start)
    return statistics.median(times)


def _verdict(value: float, goal: float) -> str:
    return f"(goal {goal:g}: {'met' if value <= goal else 'MISSED'})"


def show_second_look(night: Night) -> None:
    """Print each nmap of the last night, in the order they started."""
    print("\nnmaps of the last round's A: start, seconds, pairs, arguments")
    first = min(nmap.start for nmap in night.nmaps)
    for nmap in night.nmaps:
        words = " ".join(word for word in nmap.arguments if not word.startswith("/"))
        seconds = nmap.end - nmap.start
        print(f"  {nmap.start - first:6.2f} {seconds:6.2f} {nmap.pairs:4}  {words}")


def compare(bench: Bench, rounds: int) -> None:
    """Run all rounds and print what came of them."""
    nights: list[Night] = []
    articles: list[float] = []
    pairs = 0
    print("round   A night  B article    A/B   A fast  A second  A overhead")
    for number in range(1, rounds + 1):
        if number % 2:
            night = bench.netwatch_round()
            seconds, pairs = bench.article_round()
        else:
            seconds, pairs = bench.article_round()
            night = bench.netwatch_round()
        nights.append(night)
        articles.append(seconds)
        second = night.seconds - night.fast_seconds - night.overhead
        print(
            f"{number:5}  {night.seconds:7.2f} s  {seconds:7.2f} s  {night.seconds / seconds:5.2f}"
            f"  {night.fast_seconds:5.2f} s   {second:5.2f} s     {night.overhead:5.2f} s",
            flush=True,
        )
    last = nights[-1]
    ratio = statistics.median(
        night.seconds / seconds for night, seconds in zip(nights, articles, strict=True)
    )
    overhead = statistics.median(night.overhead for night in nights)
    usage = help_seconds()
    detail = sum(nmap.pairs for nmap in last.second if "-sV" in nmap.arguments)
    confirm = sum(nmap.pairs for nmap in last.second if "-sV" not in nmap.arguments)
    print(f"\nA, median: {statistics.median(night.seconds for night in nights):.2f} s")
    print(f"B, median: {statistics.median(articles):.2f} s")
    print(f"A/B, median: {ratio:.2f} {_verdict(ratio, RATIO_GOAL)}")
    print(f"A, median without any nmap: {overhead:.2f} s {_verdict(overhead, OVERHEAD_GOAL)}")
    print(f"--help, median: {usage:.3f} s {_verdict(usage, HELP_GOAL)}")
    print(f"pairs of the second step: A {detail} in detail and {confirm} to confirm, B {pairs}")
    print(f"changes told by A: {', '.join(str(night.changes) for night in nights)}")
    show_second_look(last)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.night", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hosts", type=int, default=200)
    options = parser.parse_args(arguments)
    if not FEWEST_HOSTS <= options.hosts <= MOST_HOSTS:
        parser.error(f"--hosts: {FEWEST_HOSTS} to {MOST_HOSTS}")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if missing := lan_unavailable():
        parser.error(str(missing))
    # An end by SIGTERM takes the LAN along, as one by Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="netwatch-night-") as folder, Lan() as lan:
        bench = Bench(lan, Path(folder), options.hosts)
        bench.first_night()
        bench.change()
        compare(bench, options.rounds)


if __name__ == "__main__":
    main()
