"""TAB in bash, zsh and fish completes what netwatch-notify takes."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from netwatch_notify.cli.completion_scripts import SCRIPTS
from tests.conftest import Program
from tests.packaging.terminal import Terminal

ROOT = Path(__file__).parent.parent.parent
FILES = {"bash": "netwatch-notify", "zsh": "_netwatch-notify", "fish": "netwatch-notify.fish"}


@dataclass(frozen=True)
class Shell:
    """How a shell is started without anybody's configuration, and how it gets the script."""

    name: str
    command: tuple[str, ...]
    prepare: str

    def at_terminal(self, folder: Path, environment: dict[str, str]) -> Terminal:
        """Return a terminal on which completion works."""
        terminal = Terminal([self.name, *self.command], environment, folder)
        terminal.type(self.prepare + "\n")
        terminal.shows(lambda lines: lines[-1:] == ["READY>"])
        return terminal


# The words READY and > stand apart so that the typed command is not taken for the prompt.
SHELLS = {
    "bash": Shell(
        "bash",
        ("--norc", "--noprofile", "-i"),
        "source <(netwatch-notify completion bash); clear; PS1='READY''> '",
    ),
    "zsh": Shell(
        "zsh",
        ("-f", "-i"),
        "fpath=($FOLDER $fpath); autoload -Uz compinit; compinit -u -d $FOLDER/dump; clear; "
        "PS1='READY''> '",
    ),
    "fish": Shell(
        "fish",
        ("--no-config", "-i"),
        "set fish_complete_path $FOLDER; function fish_prompt; printf READY'> '; end; clear",
    ),
}


@pytest.fixture
def ready(program: Program, tmp_path: Path) -> Program:
    """Return the program on PATH, and a folder with the scripts as packages put them."""
    for name in FILES.values():
        shutil.copy(ROOT / "contrib" / "completion" / name, tmp_path)
    program.environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "FOLDER": str(tmp_path),
        "LC_ALL": "C.UTF-8",
    }
    return program


def complete(program: Program, *words: str) -> list[list[str]]:
    """Return what the program offers in place of the last word: kind, value and help."""
    result = program.run(*words, _NETWATCH_NOTIFY_COMPLETE="words")
    assert result.returncode == 0
    assert result.stderr == ""
    return [line.split("\t") for line in result.stdout.splitlines()]


def values(program: Program, *words: str) -> list[str]:
    return [value for _, value, _ in complete(program, *words)]


@pytest.mark.parametrize("shell", FILES)
def test_contrib_has_what_the_command_prints(shell: str, program: Program) -> None:
    """The files for packages are those of `completion SHELL`."""
    printed = program.run("completion", shell).stdout

    assert printed == SCRIPTS[shell]
    assert printed == (ROOT / "contrib" / "completion" / FILES[shell]).read_text(encoding="utf-8")


def ends_with(line: str, lines: list[str]) -> bool:
    """Whether `line` is what stands behind the last prompt."""
    return lines[-1].removeprefix("READY> ") == line


@pytest.mark.parametrize("name", SHELLS)
def test_tab_completes_a_command_an_option_a_choice_and_a_path(
    name: str, ready: Program, tmp_path: Path
) -> None:
    """At a terminal, one TAB each."""
    if shutil.which(name) is None:
        assert not os.environ.get("CI"), f"{name} is not installed"
        pytest.skip(f"{name} is not installed")
    (tmp_path / "other place.env").touch()

    with SHELLS[name].at_terminal(tmp_path, ready.environment) as terminal:
        for typed, wanted in (
            ("ou\t", "outbox"),
            ("diff --cmd\t", "diff --cmdout"),
            ("completion f\t", "completion fish"),
            ("--env-file other\t", r"--env-file other\ place.env"),
            ("--env-file=other\t", r"--env-file=other\ place.env"),
        ):
            terminal.type(f"netwatch-notify {typed}")
            line = f"netwatch-notify {wanted}"
            terminal.shows(partial(ends_with, line))
            # Ctrl-U empties the line.
            terminal.type("\x15")
            terminal.shows(lambda lines: lines[-1] == "READY>")


@pytest.mark.parametrize("shell", FILES)
def test_scripts_parse(shell: str) -> None:
    """Each shell that is here can read its script."""
    if shutil.which(shell) is None:
        assert not os.environ.get("CI"), f"{shell} is not installed"
        pytest.skip(f"{shell} is not installed")

    subprocess.run([shell, "-n", ROOT / "contrib" / "completion" / FILES[shell]], check=True)


def test_commands_and_options_come_with_their_help(program: Program) -> None:
    """A word for each command; of a command's options those that begin as typed."""
    assert ["plain", "deliver", "Send what is due: what waited for its..."] in complete(program, "")
    assert values(program, "outbox", "") == ["drop", "list", "retry"]
    assert complete(program, "ingest", "--dr") == [
        ["plain", "--dry-run", "Preview: compare, send and write nothing."]
    ]


def test_paths_are_left_to_the_shell(program: Program) -> None:
    """Where a file may stand the answer says so, and lists none."""
    assert complete(program, "--env-file", "x") == [["file", "x", ""]]
    assert complete(program, "--env-file=x") == [["file", "x", ""]]
    assert complete(program, "ingest", "a.xml", "") == [["file", "", ""]]


def test_ids_of_open_changes_and_waiting_messages_are_offered(program: Program) -> None:
    """`accept` gets what nobody has accepted, `outbox` what has not arrived, each said once."""
    program.network({"192.0.2.1": [22]})
    program.run()
    program.network({"192.0.2.1": [22], "192.0.2.7": [6379]})
    told = program.report(NETWATCH_NOTIFY="json://127.0.0.1:9/")["changes"]
    # The first answer is from the environment, the second from an env file.
    env_file = program.folder / "lan.env"
    env_file.write_text(f"NETWATCH_STATE_DIR={program.state}\n", encoding="utf-8")
    del program.environment["NETWATCH_STATE_DIR"]
    before = ["--env-file", str(env_file)]

    [[kind, change, about]] = complete(program, *before, "accept", "")
    [[_, message, state]] = complete(program, *before, "outbox", "retry", "")

    assert told[0]["id"].startswith(change)
    assert (kind, about) == ("plain", "host-new 192.0.2.7")
    assert values(program, *before, "accept", change[:2]) == [change]
    assert values(program, *before, "accept", change, "") == []
    assert state.startswith("waiting, json")
    assert values(program, *before, "outbox", "drop", message, "") == []


@pytest.mark.parametrize("command", [["accept"], ["outbox", "retry"]], ids=" ".join)
def test_without_a_state_there_are_no_ids_and_no_error(
    program: Program, command: list[str]
) -> None:
    """Before the first run, or where the state is somebody else's, TAB does nothing."""
    assert complete(program, *command, "") == []
    assert not program.state.exists()


def test_completing_runs_nothing(program: Program) -> None:
    """Words that would make a run make none: nmap is not started, no state is made."""
    assert values(program, "run", "--js") == ["--json"]
    assert complete(program, "run", "") == []
    assert not program.state.exists()


def test_an_answer_takes_a_moment(program: Program) -> None:
    """Nobody waits for TAB: of settings, apprise and the database nothing is imported."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "netwatch_notify", "ou"],
        # Whatever measures coverage imports things of its own.
        env={
            **{k: v for k, v in program.environment.items() if not k.startswith("COV")},
            "_NETWATCH_NOTIFY_COMPLETE": "words",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}

    assert "click" in imported
    assert imported & {"pydantic", "apprise", "sqlite3", "rich", "requests", "asyncio"} == set()
