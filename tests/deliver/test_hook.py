"""HOOK: real commands that get the report, fail, say why, hang, or leave children behind."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.deliver.hook import hook_destination, run_hook
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Delivery, OutboxEntry, View

REPORT = json.dumps({"schema": 1, "changes": [{"name": "näs \x1b[31m"}]})
ENTRY = OutboxEntry(7, 3, "hook", View("lan", "s"), 0, datetime(2026, 1, 2, tzinfo=UTC), REPORT)


def script(folder: Path, body: str) -> str:
    path = folder / "my hook.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return f"'{path}' --for ops"


def run(command: str) -> Delivery:
    return run_hook(hook_destination(command), ENTRY, "lan")


def test_it_gets_the_report_and_who_it_is_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETWATCH_NOTIFY", "json://s3cret")
    body = f'cd "{tmp_path}"; cat >got; env >env; echo "$@" >words'
    assert run(script(tmp_path, body)) == Delivery(True)
    assert (tmp_path / "got").read_text() == REPORT
    assert (tmp_path / "words").read_text() == "--for ops\n"
    environment = (tmp_path / "env").read_text()
    assert "NETWATCH_NETWORK=lan\n" in environment
    assert "NETWATCH_RUN=3\n" in environment
    assert "NETWATCH_MESSAGE=lan-3-7\n" in environment
    assert "s3cret" not in environment


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("exit 3", "exit status 3"),
        ("echo no disk >&2; printf '\\033[31mred\\007\\n\\n'; exit 1", "exit status 1: [31mred"),
        ("exec 0<&-; kill -9 $$", "ended by signal 9"),
        ("head -c 9000 /dev/zero | tr '\\0' x; exit 1", "exit status 1: " + "x" * 119 + "…"),
    ],
    ids=["silent", "with its last words, harmless", "killed, reads nothing", "bounded"],
)
def test_a_failure_is_told_and_may_pass(tmp_path: Path, body: str, reason: str) -> None:
    assert run(script(tmp_path, body)) == Delivery(False, reason, uncertain=True)


def test_a_command_that_went_missing_fails_for_good(tmp_path: Path) -> None:
    destination = hook_destination(script(tmp_path, "exit 0"))
    (tmp_path / "my hook.sh").unlink()
    outcome = run_hook(destination, ENTRY, "lan")
    assert outcome == Delivery(
        False, "cannot be started: No such file or directory", permanent=True
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/nonexistent/hook s3cret", "'/nonexistent/hook' is no command"),
        ("hook 's3cret", "no closing quotation"),
        ("  ", "'' is no command"),
    ],
)
def test_what_cannot_be_started_is_refused_without_its_words(command: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        hook_destination(command)
    assert words in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_its_name_is_the_commands_and_its_words_are_secret(tmp_path: Path) -> None:
    destination = hook_destination(script(tmp_path, "exit 0"))
    assert destination.key == "hook my hook.sh"
    assert "--for" not in repr(destination)


def test_a_child_that_keeps_the_output_open_holds_nobody_up(tmp_path: Path) -> None:
    begun = time.monotonic()
    assert run(script(tmp_path, "sleep 30 & exit 0")) == Delivery(True)
    assert time.monotonic() - begun < 5


def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    destination = hook_destination(script(tmp_path, f'sleep 60 & echo $! >"{tmp_path}/pid"; wait'))
    outcomes: list[Delivery] = []
    deliver_side_by_side(
        {"hook": [ENTRY]},
        lambda entry: run_hook(destination, entry, "lan"),
        lambda _, outcome: outcomes.append(outcome),
        deadline_seconds=1,
    )
    assert outcomes == [Delivery(False, "no answer within 1 s", uncertain=True)]
    status = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] in "ZX"
