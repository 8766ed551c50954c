"""A fresh clone sets itself up: tools/setup.sh, the Makefile, .ci/run and constraints.txt."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

REAL_TOOLS = (
    *("awk", "bash", "cat", "chmod", "cp", "dirname", "env", "flock", "make", "mkdir"),
    *("mv", "rm", "sed", "sh", "sha256sum", "touch"),
)

# Installing a package makes its command appear, as far as set-up looks for it.
FAKE_APT_GET = """
for word in "$@"; do
    case $word in
        nmap | ndiff) printf '#!/bin/sh\\n' >"$BIN/$word"; chmod 755 "$BIN/$word" ;;
        *-venv) touch "$BIN/.has-venv" ;;
    esac
done
"""

# Answers what set-up asks a Python; reading pyproject.toml is left to the real one.
FAKE_PYTHON = f"""
case "$*" in
    *version_info*3,*11*) [ ! -e "$BIN/.old-python" ] ;;
    *python_version*) echo 3.9.2 ;;
    *ensurepip*) [ -e "$BIN/.has-venv" ] ;;
    *version_info*) echo 3.11 ;;
    "-I - "*) exec {shlex.quote(sys.executable)} "$@" ;;
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    *matrix-synapse*) [ ! -e "$BIN/.no-synapse" ] ;;
    *" install "*)
        [ ! -e "$BIN/.no-network" ] || exit 1
        printf '#!/bin/sh\\n' >.venv/bin/netwatch-notify; chmod 755 .venv/bin/netwatch-notify ;;
    *) echo "unexpected: $*" >&2; exit 99 ;;
esac
"""


@dataclass
class Machine:
    """A clone, and a PATH on which only what a test put there is found."""

    clone: Path
    bin: Path
    log: Path

    def add(self, name: str, script: str = "", *, logged: bool = False) -> None:
        """Make the command `name`; `logged` ones write down the words they are called with."""
        note = f'echo {name} "$@" >>"$LOG"\n' if logged else ""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{note}{script}\n", encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def mark(self, name: str) -> Path:
        """Set a switch that the fake commands look at."""
        (self.bin / name).touch()
        return self.bin / name

    def call(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone with this machine's PATH and nothing inherited."""
        return subprocess.run(
            command,
            cwd=self.clone,
            env={
                "PATH": str(self.bin),
                "HOME": str(self.bin),
                "BIN": str(self.bin),
                "LOG": str(self.log),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def set_up(self, purpose: str = "run", **environment: str) -> subprocess.CompletedProcess[str]:
        """Call set-up as the Makefile does."""
        return self.call("tools/setup.sh", purpose, **environment)

    def calls(self) -> list[str]:
        """Return what the logged commands were called with, then forget it."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """Return a Linux machine with a shell, make and Python without venv; you are root."""
    machine = Machine(tmp_path / "my clone", tmp_path / "bin", tmp_path / "log")
    machine.clone.mkdir()
    machine.bin.mkdir()
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, machine.clone)
    shutil.copytree(ROOT / "tools", machine.clone / "tools")
    servers = machine.clone / "tests" / "servers"
    servers.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "servers" / "synapse-constraints.txt", servers)
    shutil.copytree(ROOT / ".ci", machine.clone / ".ci")
    for name in REAL_TOOLS:
        real = shutil.which(name)
        assert real, name
        (machine.bin / name).symlink_to(real)
    machine.add("id", "echo 0")
    machine.add("uname", "echo Linux")
    machine.add("python3", FAKE_PYTHON)
    return machine


@pytest.fixture
def debian(bare: Machine) -> Machine:
    """Return the same with apt-get, and still nothing installed."""
    bare.add("apt-get", FAKE_APT_GET, logged=True)
    return bare


@pytest.fixture
def ready(debian: Machine) -> Machine:
    """Return a machine on which set-up has run once."""
    assert debian.set_up().returncode == 0
    debian.calls()
    return debian


@pytest.fixture
def program(ready: Machine) -> Machine:
    """Return a machine whose netwatch-notify prints its words and NETWATCH_TARGETS."""
    notify = ready.clone / ".venv" / "bin" / "netwatch-notify"
    notify.write_text(
        "#!/bin/sh\n"
        'printf "<%s>" "$@"\n'
        'printf "\\n%s\\n" "${NETWATCH_TARGETS-not set}"\n'
        "exit ${FAKE_EXIT:-0}\n",
        encoding="utf-8",
    )
    return ready


# --- tools/setup.sh: system packages


@pytest.mark.parametrize(("shell", "script"), [("sh", "tools/setup.sh"), ("bash", ".ci/run")])
def test_shell_scripts_parse(shell: str, script: str) -> None:
    """The scripts are executable, and their shell can read them."""
    assert (ROOT / script).stat().st_mode & 0o100
    subprocess.run([shell, "-n", ROOT / script], check=True)


def test_macos_is_told_that_only_linux_is_supported(debian: Machine) -> None:
    """On macOS set-up stops with one sentence and touches nothing."""
    debian.add("uname", "echo Darwin")

    outcome = debian.set_up()

    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("setup: netwatch-notify supports Linux only, and this is Darw")
    assert outcome.stderr.count("\n") == 1
    assert not (debian.clone / ".venv").exists()
    assert debian.calls() == []


def test_without_apt_get_one_sentence_names_what_to_install(bare: Machine) -> None:
    """Another Linux distribution's user reads what is needed and what is missing."""
    outcome = bare.set_up()

    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr == (
        "setup: there is no apt-get here, so please install by hand nmap and Python 3.11 or newer "
        "with its venv module (missing now: nmap, python3-venv), then call make again.\n"
    )


def test_without_python_and_apt_get_the_sentence_is_the_same(bare: Machine) -> None:
    """No Python at all is a sentence too, no 'not found' of a shell."""
    (bare.bin / "python3").unlink()
    bare.add("nmap")

    outcome = bare.set_up()

    assert outcome.returncode == 1
    assert "missing now: python3-venv" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_without_apt_get_nothing_is_wrong_when_all_is_there(bare: Machine) -> None:
    """Another Linux distribution with nmap and venv goes on."""
    bare.add("nmap")
    bare.mark(".has-venv")

    assert bare.set_up().returncode == 0
    assert (bare.clone / ".venv/bin/netwatch-notify").exists()


def test_root_installs_with_apt_get_alone(debian: Machine) -> None:
    """Root needs no sudo; what is installed is said once."""
    debian.add("sudo", "exit 9", logged=True)

    outcome = debian.set_up()

    assert outcome.returncode == 0
    assert outcome.stdout == ""
    assert "setup: installing nmap, python3-venv with apt-get.\n" in outcome.stderr
    update, install = debian.calls()
    assert update == "apt-get -q update"
    assert install.startswith("apt-get -q ")
    assert install.endswith("install -y --no-install-recommends nmap python3-venv")


def test_others_install_through_sudo_and_are_told_why(debian: Machine) -> None:
    """Who is not root reads that sudo is used, and for what, before it asks for a password."""
    debian.add("id", "echo 1000")
    debian.add("sudo", 'exec "$@"', logged=True)

    outcome = debian.set_up()

    assert outcome.returncode == 0
    assert outcome.stderr.splitlines()[0] == (
        "setup: installing nmap, python3-venv with apt-get through sudo, "
        "because only root may install system packages."
    )
    commands = debian.calls()
    assert [line.split()[0] for line in commands] == ["sudo", "apt-get", "sudo", "apt-get"]
    assert "apt-get -q" in commands[2]


def test_without_sudo_the_command_for_root_is_shown(debian: Machine) -> None:
    """Neither root nor sudo: the sentence holds the command that root would call."""
    debian.add("id", "echo 1000")

    outcome = debian.set_up()

    assert outcome.returncode == 1
    assert "as root, call: apt-get install nmap python3-venv" in outcome.stderr
    assert debian.calls() == []


def test_failing_apt_get_stops(debian: Machine) -> None:
    """Set-up does not go on without nmap."""
    debian.add("apt-get", "exit 100")

    outcome = debian.set_up()

    assert outcome.returncode == 1
    assert "apt-get could not install nmap, python3-venv" in outcome.stderr
    assert not (debian.clone / ".venv").exists()


def test_old_python_is_one_sentence(debian: Machine) -> None:
    """Debian 11's Python is too old, and nothing is installed for it."""
    debian.mark(".old-python")

    outcome = debian.set_up()

    assert outcome.returncode == 1
    assert outcome.stderr.startswith("setup: python3 is 3.9.2, and netwatch-notify needs Python 3.")
    assert outcome.stderr.count("\n") == 1
    assert debian.calls() == []


def test_newer_python_beside_an_old_one_is_taken(debian: Machine) -> None:
    """With an old python3, python3.12 on PATH does."""
    debian.mark(".has-venv")
    debian.add("python3.12", FAKE_PYTHON)
    debian.add("python3", "exit 1")

    outcome = debian.set_up()

    assert outcome.returncode == 0, outcome.stderr


def test_tests_install_only_the_missing_packages(ready: Machine) -> None:
    """A tool that is there is not installed again; all groups reach pip."""
    for tool in ("ip", "nft", "openssl", "cron"):
        ready.add(tool)

    outcome = ready.set_up("test")

    assert outcome.returncode == 0, outcome.stderr
    assert ready.calls()[-1].endswith("--no-install-recommends ndiff")
    installed = (ready.clone / ".venv/requirements.txt").read_text(encoding="utf-8").split("\n")
    groups = PROJECT["dependency-groups"]
    assert [line for line in installed if line] == [
        *(*groups["test"], *groups["lint"], *groups["package"], *groups["docs"])
    ]


def test_a_mail_server_is_installed_in_ci_alone_and_nothing_starts_it(ready: Machine) -> None:
    """Your machine gets none, and CI's keeps the one it has; of exim4 no service is unpacked."""
    script = ready.clone / "tools" / "system.sh"
    text = script.read_text(encoding="utf-8")
    assert ":/usr/sbin:/sbin" in text
    # The machine that runs this test may have a mail server.
    script.write_text(text.replace(":/usr/sbin:/sbin", ""), encoding="utf-8")
    for tool in (
        "ip",
        "nft",
        "openssl",
        "cron",
        "ndiff",
        "zsh",
        "fish",
        "mandoc",
        "promtool",
        "systemd-analyze",
        "chromium",
    ):
        ready.add(tool)

    ready.set_up("test")
    yours = ready.calls()
    ready.set_up("test", CI="true")
    ci = ready.calls()
    ready.add("sendmail")
    ready.set_up("test", CI="true")

    assert yours == ready.calls() == []
    assert ci[-1].endswith("--no-install-recommends exim4-daemon-light")
    for place in ("/etc/init.d", "/etc/cron.daily", "*/systemd/system"):
        assert f"-o DPkg::Options::=--path-exclude={place}/exim4* " in ci[-1]


def test_shells_and_mandoc_are_installed_in_ci_alone(ready: Machine) -> None:
    """Your machine gets no shell that you do not use; CI fails without."""
    script = ready.clone / "tools" / "system.sh"
    text = script.read_text(encoding="utf-8")
    # The machine that runs this test may have them.
    script.write_text(text.replace(":/usr/sbin:/sbin", ""), encoding="utf-8")
    for tool in (
        "ip",
        "nft",
        "openssl",
        "cron",
        "ndiff",
        "sendmail",
        "promtool",
        "systemd-analyze",
    ):
        ready.add(tool)

    ready.set_up("test")
    yours = ready.calls()
    ready.set_up("test", CI="true")

    assert yours == []
    assert ready.calls()[-1].endswith("--no-install-recommends zsh fish mandoc chromium")


def test_promtool_is_installed_in_ci_alone_and_no_server_starts(ready: Machine) -> None:
    """Your machine gets no Prometheus; of CI's no service is unpacked."""
    script = ready.clone / "tools" / "system.sh"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace(":/usr/sbin:/sbin", ""), encoding="utf-8")
    for tool in (
        "ip",
        "nft",
        "openssl",
        "cron",
        "ndiff",
        "sendmail",
        "zsh",
        "fish",
        "mandoc",
        "systemd-analyze",
        "chromium",
    ):
        ready.add(tool)

    ready.set_up("test")
    yours = ready.calls()
    ready.set_up("test", CI="true")

    assert yours == []
    call = ready.calls()[-1]
    assert call.endswith("--no-install-recommends prometheus")
    for place in ("/etc/init.d", "*/systemd/system"):
        assert f"-o DPkg::Options::=--path-exclude={place}/prometheus* " in call


# --- tools/setup.sh: .venv


def test_second_call_does_nothing(ready: Machine) -> None:
    """With nothing to do no command is called and no word said, so cron sends no mail."""
    ready.add("python3", "exit 9", logged=True)

    outcome = ready.set_up()

    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    assert ready.calls() == []


def test_interrupted_install_is_repaired(debian: Machine) -> None:
    """A .venv that pip did not finish is made again from nothing."""
    no_network = debian.mark(".no-network")
    failed = debian.set_up()
    half_made = debian.clone / ".venv" / "half-made"
    half_made.touch()
    no_network.unlink()

    outcome = debian.set_up()

    assert failed.returncode == 1
    assert "pip could not install netwatch-notify" in failed.stderr
    assert outcome.returncode == 0
    assert not half_made.exists()


def test_moved_clone_is_repaired(ready: Machine) -> None:
    """Scripts and editable install name the old folder, so a moved .venv is made again."""
    old = ready.clone / ".venv" / "old"
    old.touch()
    ready.clone = ready.clone.rename(ready.clone.parent / "elsewhere")

    outcome = ready.set_up()

    assert outcome.returncode == 0
    assert ".venv is half-made, was moved or belongs to another Python" in outcome.stderr
    assert not (ready.clone / ".venv" / "old").exists()


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed(ready: Machine, changed: str) -> None:
    """After an update of the clone the same .venv gets what is new."""
    kept = ready.clone / ".venv" / "kept"
    kept.touch()
    with (ready.clone / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")

    outcome = ready.set_up()

    assert outcome.stderr == "setup: installing netwatch-notify and its libraries into .venv.\n"
    assert kept.exists()


# --- tools/setup.sh: .venv-synapse


def test_the_homeserver_is_for_tests_alone(ready: Machine) -> None:
    """`make run` does without Synapse; `make test` installs it once, in a venv of its own."""
    assert not (ready.clone / ".venv-synapse").exists()

    first, second = ready.set_up("test"), ready.set_up("test")

    assert "into .venv-synapse.\n" in first.stderr
    assert ".venv-synapse" not in second.stderr
    assert (ready.clone / ".venv-synapse/bin/python").exists()


def test_other_versions_of_the_homeserver_are_installed(ready: Machine) -> None:
    """After an update of its pins .venv-synapse is made again."""
    ready.set_up("test")
    with (ready.clone / "tests/servers/synapse-constraints.txt").open("a") as file:
        file.write("# changed\n")

    assert "into .venv-synapse.\n" in ready.set_up("test").stderr


def test_without_the_homeserver_the_other_tests_still_run(ready: Machine) -> None:
    """A Synapse that cannot be installed is said, tried again, and no reason to stop."""
    no_synapse = ready.mark(".no-synapse")
    failed = ready.set_up("test")
    no_synapse.unlink()

    again = ready.set_up("test")

    assert failed.returncode == 0
    assert "setup: Synapse could not be installed" in failed.stderr
    assert again.returncode == 0
    assert (ready.clone / ".venv-synapse/bin/python").exists()


# --- Makefile


@pytest.mark.parametrize(
    "targets",
    [
        "192.168.1.0/24,10.0.0.0/8",
        "192.168.1.0/24 fe80::1%eth0",
        "$(touch x)",
        "$(shell touch x)",
        "`touch x`; touch x && touch x",
        '\'"$HOME" $$ \\ # %',
    ],
)
def test_targets_reach_the_program_verbatim(program: Machine, targets: str) -> None:
    """Neither make nor a shell reads TARGETS; it is what the user typed."""
    outcome = program.call("make", "run", f"TARGETS={targets}")

    assert outcome.stdout == f"<>\n{targets}\n"
    assert not (program.clone / "x").exists()


def test_targets_are_taken_from_the_environment_too(program: Machine) -> None:
    """`TARGETS=… make run` is the same as `make run TARGETS=…`."""
    outcome = program.call("make", "run", TARGETS="$(touch x) b")

    assert outcome.stdout == "<>\n$(touch x) b\n"


@pytest.mark.parametrize("words", [(), ("TARGETS=",)], ids=["not given", "empty"])
def test_targets_not_given_are_not_set(program: Machine, words: tuple[str, ...]) -> None:
    """Without TARGETS the settings say what to scan."""
    assert program.call("make", "run", *words).stdout == "<>\nnot set\n"
    assert program.call("make", "run", *words, NETWATCH_TARGETS="$x").stdout == "<>\n$x\n"


def test_env_file_and_words_are_passed_on(program: Machine) -> None:
    """A .env beside the Makefile is read, and ARGS are words."""
    (program.clone / ".env").touch()

    outcome = program.call("make", "run", "ARGS=-v --dry-run")

    assert outcome.stdout == "<--env-file><.env><-v><--dry-run>\nnot set\n"
    assert outcome.stderr == ""


def test_failure_reaches_the_caller(program: Machine) -> None:
    """A failed scan fails `make run`."""
    outcome = program.call("make", "run", FAKE_EXIT="3")

    assert outcome.returncode == 2
    assert "Error 3" in outcome.stderr


def test_others_than_root_are_told_what_a_scan_cannot_see(program: Machine) -> None:
    """Without raw sockets there are no MAC addresses, and one line says so before the scan."""
    program.add("id", "echo 1000")

    outcome = program.call("make", "run")

    assert outcome.returncode == 0
    assert outcome.stderr == (
        "Not root: without raw sockets nmap makes a connect scan, and MAC addresses are not seen.\n"
    )


def test_make_alone_lists_every_target(ready: Machine) -> None:
    """The default target prints one line for each target."""
    listed = re.findall(r"^make ([a-z-]+) +\S", ready.call("make").stdout, re.MULTILINE)

    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    assert sorted(listed) == sorted(phony[1].split())


# --- .ci/run and constraints.txt


@pytest.mark.parametrize("code", [0, 2])
def test_ci_calls_make_test_and_nothing_else(bare: Machine, code: int) -> None:
    """CI runs what the README names, from the clone's root, and hands on its exit code."""
    bare.add("make", f"pwd -P; exit {code}", logged=True)

    outcome = bare.call("bash", str(bare.clone / ".ci" / "run"))

    assert outcome.returncode == code
    assert outcome.stdout == f"{bare.clone.resolve()}\n"
    assert bare.calls() == ["make test"]


def pinned() -> list[str]:
    """Return the lines of constraints.txt that are no comments."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def normalised(requirement: str) -> str:
    """Return the name of a requirement as PyPI compares names."""
    name = re.match(r"[A-Za-z0-9._-]*[A-Za-z0-9]", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_constraints_hold_names_and_versions_only() -> None:
    """No line says where a package was downloaded from."""
    assert [line for line in pinned() if not re.fullmatch(r"[\w.-]+==[0-9][\w.]*", line)] == []


def test_the_homeserver_is_pinned_by_names_and_versions_only() -> None:
    """No line says where a package was downloaded from."""
    pins = (ROOT / "tests/servers/synapse-constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in pins.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[0-9][\w.]*", line)] == []
    assert any(line.startswith("matrix-synapse==") for line in lines)


def test_constraints_pin_every_direct_dependency() -> None:
    """What runs, tests, lints and builds the package is pinned; pip itself is not."""
    groups = PROJECT["dependency-groups"]
    direct = {
        normalised(requirement)
        for requirement in (
            *PROJECT["project"]["dependencies"],
            *PROJECT["build-system"]["requires"],
            *groups["test"],
            *groups["lint"],
            *groups["package"],
            *groups["installers"],
        )
    }

    names = {normalised(line.partition("==")[0]) for line in pinned()}
    assert direct - names == set()
    assert names & {"pip", "setuptools", "netwatch-notify"} == set()
