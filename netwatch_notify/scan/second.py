"""Run the second look's nmaps side by side, and read the files they leave."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from netwatch_notify.errors import ScanError, UnreadableInputError
from netwatch_notify.model.host import Address, Host, join_hosts
from netwatch_notify.model.look import Look, LookKind, SecondLook
from netwatch_notify.model.port import PortKey, PortState, Service
from netwatch_notify.scan.command import confirm_command, detail_command
from netwatch_notify.scan.ending import find_fault
from netwatch_notify.scan.hosts import read_hosts
from netwatch_notify.scan.runner import NmapOutcome, NmapRunner
from netwatch_notify.scan.stream import ScanStream

CHUNK_BYTES = 1 << 16
ATTEMPTS = 3
"""
So often silence is asked whether it is one, each time by another nmap.

`--max-retries` is a ceiling that nmap does not come near while nothing answers: where one packet
in ten was lost each way, it took 6 % of the open ports and 3 % of the hosts for silent.
"""

_ANSWERS = (PortState.OPEN, PortState.CLOSED, PortState.UNFILTERED)


@dataclass(frozen=True, slots=True)
class LookCommand:
    """One look with the nmap that makes it."""

    look: Look
    argv: tuple[str, ...]
    xml: Path
    """Where its XML will lie."""

    @property
    def privilege(self) -> tuple[str, ...]:
        """What it tells nmap of raw sockets."""
        return tuple(word for word in self.argv if word in ("--privileged", "--unprivileged"))


def look_commands(
    nmap: str,
    looks: Sequence[Look],
    folder: Path,
    detail_arguments: Sequence[str],
    *,
    privilege: Sequence[str] = (),
) -> tuple[LookCommand, ...]:
    """
    Return the nmaps of the second look; `details-1.xml` and so on will lie in `folder`.

    `privilege` is the profile's `privilege_arguments`.
    """
    commands = []
    counts = dict.fromkeys(LookKind, 0)
    for look in looks:
        counts[look.kind] += 1
        base = folder / f"{look.kind}-{counts[look.kind]}"
        xml = folder / f"{base.name}.xml"
        if look.kind is not LookKind.CONFIRM:
            argv = detail_command(
                nmap, detail_arguments, look.ports, look.addresses, str(base), privilege
            )
        else:
            argv = confirm_command(
                nmap,
                look.ports,
                look.addresses,
                str(xml),
                known_up=look.known_up,
                privilege=privilege,
            )
        commands.append(LookCommand(look, tuple(argv), xml))
    return tuple(commands)


def look_closer(
    commands: Sequence[LookCommand], runner: NmapRunner, parallel: int, deadline: float
) -> SecondLook:
    """
    Run the commands, at most `parallel` at a time, until `deadline` (`time.monotonic`).

    The files count, not the exit codes: on a full disk nmap wrote half an XML and exited 0. What
    broke or came too late was not asked.
    """

    def run(command: LookCommand) -> _Answer | None:
        if time.monotonic() >= deadline:
            return None
        try:
            outcome = runner.run(command.argv, deadline=deadline)
            return _read_result(command, outcome)
        except ScanError:
            return None

    def ask(command: LookCommand) -> list[_Answer]:
        answers = [answer] if (answer := run(command)) else []
        open_answers = list(answers)
        for attempt in range(2, ATTEMPTS + 1):
            again = [c for answer in open_answers for c in _once_more(answer, attempt)]
            open_answers = list(filter(None, map(run, again)))
            answers += open_answers
        surprise = _surprise(answers[0]) if answers else None
        if surprise:
            second = run(surprise)
            answers = [_agreed(answers[0], second)]
        return answers

    with ThreadPoolExecutor(parallel) as pool:
        try:
            futures = [pool.submit(ask, command) for command in commands]
            results = [answer for future in futures for answer in future.result()]
        except BaseException:
            runner.stop()
            raise
    hosts: dict[Address, Host] = {}
    asked: set[tuple[Address, PortKey]] = set()
    asked_hosts: set[Address] = set()
    refreshed: set[tuple[Address, PortKey]] = set()
    for answer in results:
        look = answer.command.look
        # What nmap gave up on was not asked to the end.
        late = {host.address for host in answer.hosts if host.timed_out}
        pairs = {(a, key) for a in look.addresses if a not in late for key in look.ports}
        pairs -= answer.doubtful
        asked |= pairs
        if look.kind is LookKind.REFRESH:
            refreshed |= pairs
        if not look.known_up:
            asked_hosts |= set(look.addresses) - late
        for host in answer.hosts:
            before = hosts.get(host.address)
            hosts[host.address] = join_hosts(before, host) if before else host
    version = next((answer.version for answer in results), "")
    return SecondLook(
        hosts, frozenset(asked), frozenset(asked_hosts), frozenset(refreshed), version
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one nmap found."""

    command: LookCommand
    hosts: list[Host]
    version: str
    doubtful: frozenset[tuple[Address, PortKey]] = frozenset()
    """Services that two looks did not agree about: it is as if nobody had looked."""


def _once_more(answer: _Answer, attempt: int) -> list[LookCommand]:
    """
    Return the nmaps that ask once more for what did not answer when it was asked again.

    The last attempt does without ARP: nmap sends no more than two of those.
    """
    command, look = answer.command, answer.command.look
    if look.kind is not LookKind.CONFIRM:
        return []
    up = {host.address: host for host in answer.hosts if host.is_present or look.known_up}
    down = tuple(address for address in look.addresses if address not in up)
    mute = {
        address: {key for key in look.ports if host.state_of(key) not in _ANSWERS}
        for address, host in up.items()
    }
    silent = tuple(address for address, keys in mute.items() if keys)
    ports = tuple(sorted({key for keys in mute.values() for key in keys}))
    questions = [Look(LookKind.CONFIRM, look.ports, down, known_up=False)] if down else []
    questions += [Look(LookKind.CONFIRM, ports, silent, known_up=True)] if silent else []
    if look.known_up:
        questions = questions[-1:] if silent else []
    made = []
    for number, question in enumerate(questions):
        xml = command.xml.with_name(f"{command.xml.stem}{'bc'[number]}{attempt}.xml")
        argv = confirm_command(
            command.argv[0],
            question.ports,
            question.addresses,
            str(xml),
            known_up=question.known_up,
            privilege=command.privilege,
            arp=attempt < ATTEMPTS,
        )
        made.append(LookCommand(question, tuple(argv), xml))
    return made


def _surprises(answer: _Answer) -> dict[tuple[Address, PortKey], Service]:
    """Return the services that are not what is known to answer there."""
    found = {}
    for (address, key), known in answer.command.look.services.items():
        seen = _service(answer, address, key)
        if seen and not _same(seen, known):
            found[address, key] = seen
    return found


def _same(one: Service | None, other: Service) -> bool:
    return one is not None and (one.description, one.tunnel) == (other.description, other.tunnel)


def _service(answer: _Answer, address: Address, key: PortKey) -> Service | None:
    for host in answer.hosts:
        port = host.port(key) if host.address == address else None
        if port and port.is_open and port.service and port.service.was_seen:
            return port.service
    return None


def _surprise(answer: _Answer) -> LookCommand | None:
    """
    Return the nmap that looks once more at services that seem to have changed.

    Where packets are lost, -sV took a server for another one, which the first of its probes would
    have told apart.
    """
    places = _surprises(answer)
    if not places:
        return None
    command = answer.command
    look = replace(
        command.look,
        addresses=tuple(a for a in command.look.addresses if any(a == b for b, _ in places)),
    )
    base = command.xml.with_name(f"{command.xml.stem}b2")
    argv = list(command.argv[: len(command.argv) - len(command.look.addresses)])
    argv[argv.index("-oA") + 1] = str(base)
    argv += map(str, look.addresses)
    return LookCommand(look, tuple(argv), base.with_name(f"{base.name}.xml"))


def _agreed(first: _Answer, second: _Answer | None) -> _Answer:
    """Return the first answer, what the second did not confirm marked as doubtful."""
    doubtful = {
        place
        for place, seen in _surprises(first).items()
        if second is None or not _same(_service(second, *place), seen)
    }
    return replace(first, doubtful=frozenset(doubtful))


def _read_result(command: LookCommand, outcome: NmapOutcome) -> _Answer | None:
    path = command.xml
    stream = ScanStream(path.name)
    hosts: list[Host] = []
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK_BYTES):
                hosts += read_hosts(stream, data)
        stream.close()
    except (OSError, UnreadableInputError):
        return None
    fault = find_fault(stream.ending, is_complete=stream.is_complete, outcome=outcome, asked=None)
    return None if fault else _Answer(command, hosts, stream.header.version)
