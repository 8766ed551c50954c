"""The destinations of the week: one of each kind that stays healthy, and one that fails as told."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from tests.servers.gate import Fault, Said
from tests.servers.mail import parse
from tests.servers.slack import LOSE, POST, WEBHOOK, Answer, Request, Slack
from tests.week import faults

HOOK_SCRIPT = """\
#!/bin/sh
cd '{folder}' || exit 9
fault=$(cat fault)
echo "$(date +%s.%N) $fault" >>started
case $fault in
exit*) cat >/dev/null; exit 1;;
hang)
    n=0
    while [ ! -e let-go ] && [ $n -lt {hang_tenths} ]; do sleep 0.1; n=$((n + 1)); done
    exit 1;;
esac
cat >.new && mv .new "$(date +%s.%N).json"
case $fault in taken*) exit 1;; esac
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it stands where it is read."""

    at: float
    """Seconds since 1970."""
    text: str


class Failing(Protocol):
    """What plays failures, and knows each attempt."""

    @property
    def said(self) -> Sequence[Said]: ...

    def play(self, fault: Fault | None) -> None: ...


@dataclass
class Place:
    """One destination."""

    key: str
    """As netwatch-notify names it."""
    url: str
    """Empty for the command."""
    arrivals: Callable[[], list[Arrival]]
    """What stands there, oldest first."""
    failing: Failing | None = None
    repertoire: tuple[Fault, ...] = ()
    knows_repetitions: bool = False
    fault: Fault | None = None

    def play(self, fault: Fault | None) -> None:
        assert self.failing is not None
        self.fault = fault
        self.failing.play(fault)

    def attempts(self, since: float) -> list[Said]:
        """What was said to it since then."""
        assert self.failing is not None
        return [said for said in list(self.failing.said) if said.at >= since]


class TimedSlack(Slack):
    """Slack with one endpoint that fails as told, and the time of each request."""

    def __init__(
        self, folder: Path, *, is_bot: bool, may_go: Callable[[float], bool] | None
    ) -> None:
        """`may_go`: what ends a hang or a drip; None: the client, or its end."""
        super().__init__(folder)
        self.may_go = may_go
        self.flaky, self.healthy = (POST, WEBHOOK) if is_bot else (WEBHOOK, POST)
        self.answers = faults.slack_faults(is_bot=is_bot)
        self.said: list[Said] = []
        self.taken: list[tuple[str, Arrival]] = []
        self._fault: Fault | None = None

    def play(self, fault: Fault | None) -> None:
        self._fault = fault
        self.tell(self.answers[fault] if fault else Answer(), self.flaky)

    def take(self, request: Request) -> Answer:
        fault = self._fault if request.endpoint == self.flaky else None
        is_taken = fault is None or fault.manner == "lose"
        if request.endpoint == self.flaky:
            self.said.append(Said(time.time(), request.body, request.endpoint, fault, is_taken))
        if is_taken:
            arrival = Arrival(time.time(), request.body.decode())
            self.taken.append((request.endpoint, arrival))
        if fault and fault.manner in ("hang", "drip") and self.may_go:
            began = time.time()
            while not self.may_go(began) and not self.stopped.wait(0.1):
                pass
            return LOSE
        return super().take(request)

    def arrivals(self, endpoint: str) -> list[Arrival]:
        return [arrival for where, arrival in self.taken if where == endpoint]


class Hook:
    """A command that fails as told."""

    def __init__(self, folder: Path, hang_seconds: int) -> None:
        folder.mkdir()
        self.folder, self.script = folder, folder / "hook.sh"
        self.script.write_text(HOOK_SCRIPT.format(folder=folder, hang_tenths=hang_seconds * 10))
        self.script.chmod(0o755)
        self.play(None)

    def play(self, fault: Fault | None) -> None:
        (self.folder / "fault").write_text(fault.name if fault else "none")

    @property
    def said(self) -> Sequence[Said]:
        found, known = [], {fault.name: fault for fault in faults.HOOK}
        path = self.folder / "started"
        for line in path.read_text().splitlines() if path.exists() else ():
            at, _, name = line.partition(" ")
            fault = known.get(name)
            is_taken = fault is None or fault.manner == "lose"
            found.append(Said(float(at), b"", "", fault, is_taken))
        return found

    def arrivals(self) -> list[Arrival]:
        found = []
        for path in sorted(self.folder.glob("*.json")):
            changes = json.loads(path.read_text())["changes"]
            told = [f"new device {c['address']}" for c in changes if c["kind"] == "host-new"]
            found.append(Arrival(float(path.stem), "\n".join(told)))
        return found


def mail_text(message: EmailMessage) -> str:
    """Return what a mail says, its subject first."""
    body = message.get_body(("plain",))
    assert body is not None
    return f"{message['Subject']}\n{body.get_content()}"


def text_of(said: Said) -> str:
    """Return what an attempt says, as far as it came."""
    if said.stage == "MESSAGE":
        return mail_text(parse(said.words))
    return said.words.decode(errors="replace")
