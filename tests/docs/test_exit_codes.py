"""Each exit code of the documents' table is the one that a real call ends with."""

import fcntl
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager as Holding
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import pytest

from tests.conftest import Program
from tests.docs.blocks import ROOT

NMAP = ROOT / "tests" / "data" / "nmap"
MONDAY, TUESDAY = str(NMAP / "1_hosts.xml"), str(NMAP / "1_hosts_diff.xml")


@dataclass(frozen=True)
class Call:
    """Words and variables of a call, and what makes it end so."""

    words: tuple[str, ...]
    stderr: str = ""
    """Found in what it says."""
    variables: dict[str, str] = field(default_factory=dict)
    while_: Callable[[Program], Holding[object]] = lambda _: nullcontext()


def failing_nmap(program: Program) -> Holding[object]:
    program.network({}, fast={"exit": 1})
    return nullcontext()


@contextmanager
def locked(program: Program) -> Iterator[None]:
    """Hold the lock of the network, as a run in progress does."""
    program.state.mkdir()
    with (program.state / "lock").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def damaged(program: Program) -> Holding[object]:
    program.state.mkdir()
    (program.state / "netwatch.db").write_text("no database\n" * 500, encoding="ascii")
    return nullcontext()


def unwritable(program: Program) -> Holding[object]:
    """Have a file where the state directory would be made; root may write everywhere else."""
    program.state.write_text("", encoding="ascii")
    return nullcontext()


def refusing() -> str:
    """Return a destination on loopback at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"json://127.0.0.1:{free.getsockname()[1]}"


CALLS = {
    "0 a run": (0, Call(("run",))),
    "0 no differences": (0, Call(("diff", MONDAY, MONDAY))),
    "1 differences": (1, Call(("diff", MONDAY, TUESDAY))),
    "2 usage": (2, Call(("run", "--no-such-option"), "no-such-option")),
    "2 settings": (2, Call(("run",), "GONE_AFTER", {"NETWATCH_GONE_AFTER": "0"})),
    "2 check": (2, Call(("check",), "", {"NETWATCH_GONE_AFTER": "0"})),
    "2 unreadable input": (2, Call(("ingest", str(ROOT / "README.md")), "README.md")),
    "3 nmap fails": (3, Call(("run",), "exit code 1", while_=failing_nmap)),
    "3 no nmap": (3, Call(("run",), "nmap", {"NETWATCH_NMAP_PATH": "/nonexistent/nmap"})),
    "4 refused": (4, Call(("run",), "json", {"NETWATCH_NOTIFY": refusing()})),
    "5 another run": (5, Call(("run",), "4711", while_=locked)),
    "6 damaged database": (6, Call(("run",), "netwatch.db", while_=damaged)),
    "6 no state directory": (6, Call(("run",), "state", while_=unwritable)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_real_call_ends_with_it(name: str, program: Program) -> None:
    """And says why in a line on stderr, except where the result itself does."""
    code, call = CALLS[name]
    program.network({"192.0.2.1": [22]})

    with call.while_(program):
        result = program.run(*call.words, **call.variables)

    assert result.returncode == code, result.stderr
    assert call.stderr in result.stderr
    assert bool(result.stderr) is bool(call.stderr)


def test_every_documented_code_is_produced_here() -> None:
    """README's table and the calls above name the same codes."""
    table = (ROOT / "README.md").read_text("utf-8").partition("## Exit codes")[2]
    documented = {int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)}

    assert documented == {code for code, _ in CALLS.values()}
