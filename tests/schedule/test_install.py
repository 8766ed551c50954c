"""`install` and `uninstall` on a machine of its own: what is written, shown, and taken back."""

import json
from collections.abc import Iterator
from subprocess import CompletedProcess

import pytest

from netwatch_notify.schedule.cron import cron_text
from netwatch_notify.schedule.job import Job
from tests.machine.availability import require_machine
from tests.machine.machine import Machine
from tests.schedule.machines import installed_machine

SETTINGS = {
    "netwatch": "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_PORTS=22\n",
    "dmz": "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_NETWORK=dmz\nNETWATCH_PORTS=22\n"
    "NETWATCH_NOTIFY='json://127.0.0.1:9/s3cr3t-Pa55word'\n",
}
DMZ = ("--env-file", "/etc/netwatch/dmz.env")
WATCHED = "/etc /var/lib/netwatch /var/spool/cron /usr/local/bin"
PASSING = ("/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-", "/etc/.pwd.lock")
"""What useradd keeps of the files before."""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One machine for all tests; each uninstalls what it installed."""
    require_machine()
    with installed_machine(SETTINGS) as machine:
        yield machine


@pytest.fixture(scope="module")
def untouched(machine: Machine) -> list[str]:
    """The machine before anything was installed."""
    return picture(machine)


@pytest.fixture(autouse=True)
def nothing_stays(machine: Machine, untouched: list[str]) -> Iterator[None]:
    """Whatever a test installs, `uninstall` leaves the machine as it was, byte for byte."""
    yield
    if picture(machine) == untouched:
        return
    assert notify(machine, "uninstall").returncode == 0
    machine.run(["sh", "-c", "rm -rf /etc/cron.d/*.kept /etc/systemd/system/*.kept"])
    machine.run(["sh", "-c", "rm -rf /var/lib/netwatch"])
    assert picture(machine) == untouched


def picture(machine: Machine) -> list[str]:
    """Return owner, mode and content of everything an installation could touch."""
    script = (
        f"find {WATCHED} -printf '%p %u:%g %m %l\\n' 2>/dev/null; "
        f"find {WATCHED} -type f -print0 2>/dev/null | xargs -0 sha256sum"
    )
    lines = machine.must(["sh", "-c", script]).splitlines()
    return sorted(line for line in lines if not any(name in line for name in PASSING))


def notify(machine: Machine, *words: str, user: str = "root") -> CompletedProcess[str]:
    """Call netwatch-notify."""
    return machine.run(["netwatch-notify", *words], user=user)


def owner_of(machine: Machine, path: str) -> str:
    """Return owner, group and mode."""
    return machine.must(["stat", "-c", "%U:%G %a", path]).strip()


def test_cron_is_chosen_where_there_is_no_systemd(machine: Machine) -> None:
    """The file is root's, 0644, and that of the defaults; what is next is said."""
    result = notify(machine, "install")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("wrote /etc/cron.d/netwatch\nNext run: ")
    assert result.stdout.endswith("Will it work? netwatch-notify check\n")
    assert machine.read("/etc/cron.d/netwatch") == cron_text(Job())
    assert owner_of(machine, "/etc/cron.d/netwatch") == "root:root 644"


def test_a_second_install_changes_only_what_differs_and_shows_it(machine: Machine) -> None:
    """The time of the first stays until another is asked for."""
    notify(machine, "install", "--at", "4:05")

    again = notify(machine, "install")
    other = notify(machine, "install", "--at", "05:00")

    assert again.stdout.startswith("Nothing to change.\nNext run: ")
    changed = [
        line for line in other.stdout.splitlines() if line[:1] in "+-" and line[1] not in "+-"
    ]
    assert [line.split(" root ")[0] for line in changed] == ["-5 4 * * *", "+0 5 * * *"]


def test_what_somebody_edited_is_kept(machine: Machine) -> None:
    """By a second install as by uninstall, under a name that cron passes over."""
    notify(machine, "install")
    machine.must(["sh", "-c", "echo '# mine' >>/etc/cron.d/netwatch"])

    again = notify(machine, "install")

    assert "kept as /etc/cron.d/netwatch.kept" in again.stderr
    assert machine.read("/etc/cron.d/netwatch") == cron_text(Job())
    assert machine.read("/etc/cron.d/netwatch.kept").endswith("# mine\n")

    machine.must(["sh", "-c", "echo '# too' >>/etc/cron.d/netwatch"])
    gone = notify(machine, "uninstall")
    assert "/etc/cron.d/netwatch was edited since; kept as" in gone.stdout


def test_print_shows_and_writes_nothing_for_anybody(machine: Machine) -> None:
    """Also for a user who may not read the settings."""
    for user in ("root", "admin"):
        result = notify(machine, "install", "cron", "--at", "05:00", "--print", user=user)

        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith("# /etc/cron.d/netwatch\n# netwatch-notify: ")
        assert "\n0 5 * * * root " in result.stdout
    assert machine.run(["test", "-e", "/etc/cron.d/netwatch"]).returncode == 1


def test_another_user_gets_what_it_needs_and_nothing_else(machine: Machine) -> None:
    """A system user without login, its state, and its env file to read; a run and check as it."""
    result = notify(machine, *DMZ, "install", "--user", "netwatch")

    assert result.returncode == 0, result.stderr
    assert machine.must(["getent", "passwd", "netwatch"]).endswith(":/usr/sbin/nologin\n")
    assert owner_of(machine, "/var/lib/netwatch/dmz") == "netwatch:netwatch 700"
    assert owner_of(machine, "/etc/netwatch/dmz.env") == "root:netwatch 640"
    assert owner_of(machine, "/etc/netwatch/netwatch.env") == "root:root 600"
    assert owner_of(machine, "/etc/netwatch") == "root:root 711"
    assert "s3cr3t" not in result.stdout + result.stderr

    # Called by root, a run and a word of a person act as that user.
    ran = notify(machine, *DMZ, "run", "--json")
    assert json.loads(ran.stdout)["run"]["status"] == "done", ran.stderr
    notify(machine, *DMZ, "ignore", "add", "192.0.2.1")
    owners = machine.must(["find", "/var/lib/netwatch/dmz", "!", "-user", "netwatch"])
    assert owners == ""
    checked = json.loads(notify(machine, *DMZ, "--json", "check").stdout)
    (privileges,) = [c for c in checked["checks"] if c["item"] == "privileges"]
    assert (privileges["status"], "SYN" in privileges["text"]) == ("ok", True)


def test_the_user_stays_when_nothing_is_said_of_it(machine: Machine) -> None:
    """A second install, and one after it with systemd."""
    notify(machine, *DMZ, "install", "--user", "netwatch")

    again = notify(machine, *DMZ, "install")
    other = notify(machine, *DMZ, "install", "systemd")

    assert again.stdout.startswith("Nothing to change.\n")
    assert "removed /etc/cron.d/netwatch-dmz" in other.stdout
    drop_in = "/etc/systemd/system/netwatch-notify@dmz.service.d/netwatch.conf"
    assert "User=netwatch\n" in machine.read(drop_in)


@pytest.mark.parametrize("gone", ["netwatch", "dmz"])
def test_uninstall_of_one_network_leaves_the_other(machine: Machine, gone: str) -> None:
    """What both share, the templates of systemd and the user, goes with the last."""
    for env in ((), DMZ):
        notify(machine, *env, "install", "systemd", "--user", "netwatch")

    notify(machine, "--env-file", f"/etc/netwatch/{gone}.env", "uninstall")

    units = machine.must(["ls", "/etc/systemd/system"])
    stays = "lan" if gone == "dmz" else "dmz"
    assert "netwatch-notify@.service\n" in units
    assert f"netwatch-notify@{gone}.service.d" not in units
    assert owner_of(machine, f"/var/lib/netwatch/{stays}") == "netwatch:netwatch 700"
    assert owner_of(machine, "/etc/netwatch") == "root:root 711"


def test_root_takes_over_from_a_user(machine: Machine) -> None:
    """What it had is root's again, and the service may write to a state that lies elsewhere."""
    env_file = "/etc/netwatch/elsewhere.env"
    text = "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_STATE_DIR=/srv/state/lan\n"
    machine.write(env_file, text, mode="600")
    try:
        notify(machine, "--env-file", env_file, "install", "systemd", "--user", "netwatch")
        before = owner_of(machine, "/srv/state/lan")
        notify(machine, "--env-file", env_file, "install", "systemd", "--user", "root")
        after = owner_of(machine, "/srv/state/lan")
        drop_in = "/etc/systemd/system/netwatch-notify@elsewhere.service.d/netwatch.conf"
        service = machine.read(drop_in)
        notify(machine, "uninstall")
    finally:
        machine.must(["rm", env_file])

    assert (before, after) == ("netwatch:netwatch 700", "root:root 700")
    assert service == "[Service]\nReadWritePaths=-/srv/state/lan\n"
    assert machine.run(["test", "-e", "/srv/state"]).returncode == 1


def test_a_user_that_was_there_before_stays(machine: Machine) -> None:
    """Only who was made is removed."""
    notify(machine, *DMZ, "install", "--user", "admin")
    notify(machine, *DMZ, "uninstall")

    assert machine.run(["getent", "passwd", "admin"]).returncode == 0


def test_half_an_installation_can_be_taken_back(machine: Machine) -> None:
    """The user was made, and cannot call the command: said, and undone by uninstall."""
    machine.must(["chmod", "700", "/opt/netwatch"])
    try:
        result = notify(machine, *DMZ, "install", "--user", "netwatch")
    finally:
        machine.must(["chmod", "755", "/opt/netwatch"])

    assert result.returncode == 2
    assert "netwatch cannot call /usr/local/bin/netwatch-notify" in result.stderr
    assert "made the system user netwatch" in result.stdout


def test_all_networks_at_once(machine: Machine) -> None:
    """One file, and each network is still asked for its own schedule."""
    result = notify(machine, "install", "--all", "--together")

    assert "wrote /etc/cron.d/netwatch-all\n" in result.stdout
    assert " run --all --together --spread 5\n" in machine.read("/etc/cron.d/netwatch-all")
    assert result.stdout.endswith("Will it work? netwatch-notify check --all\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("install", "--at", "25:00"), "--at: '25:00' is no time of day"),
        (("install", "--user", "root;x"), "is no user name"),
        (("install", "--together"), "means nothing without --all"),
        ((*DMZ, "install", "--all"), "--env-file names one network"),
        (("--env-file", "/etc/netwatch/no.env", "install"), "no such file; write it first"),
        (("--env-file", "/etc/hostname", "install"), "is not NAME=value"),
    ],
)
def test_what_cannot_be_installed_is_said(
    machine: Machine, words: tuple[str, ...], said: str
) -> None:
    """In one line, with exit 2, and nothing is written."""
    result = notify(machine, *words)

    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_folder_of_other_things_is_nobodys_state(machine: Machine) -> None:
    """It would be handed to the user with all that lies in it."""
    text = "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_STATE_DIR=/usr/local\n"
    machine.write("/etc/netwatch/wrong.env", text, mode="600")
    words = ("--env-file", "/etc/netwatch/wrong.env", "install", "--user", "admin")
    result = notify(machine, *words)
    machine.must(["rm", "/etc/netwatch/wrong.env"])

    assert result.returncode == 2
    assert "/usr/local: is no network's state" in result.stderr


@pytest.mark.parametrize("word", ["install", "uninstall"])
def test_who_is_not_root_is_told_what_to_type(machine: Machine, word: str) -> None:
    """The very line."""
    result = notify(machine, word, user="admin")

    assert result.returncode == 2
    assert f"call sudo /usr/local/bin/netwatch-notify {word}" in result.stderr


def test_make_install_refuses_what_it_cannot_do(machine: Machine) -> None:
    """No targets, targets that are none, a command that is another's: said before anything."""
    script = "/srv/source/tools/install.sh"
    command = "/usr/local/bin/netwatch-notify"
    machine.must(["mv", "/etc/netwatch/netwatch.env", "/etc/netwatch/away"])
    try:
        bare = machine.run([script, "install"])
        machine.environment["NETWATCH_TARGETS"] = "127.0.0.1;reboot"
        hostile = machine.run([script, "install"])
        machine.environment["NETWATCH_TARGETS"] = "127.0.0.1"
        machine.must(["mv", command, "/root/away"])
        machine.write(command, "another's")
        taken = machine.run([script, "install"])
        machine.must(["mv", "/root/away", command])
    finally:
        machine.environment.clear()
        machine.must(["mv", "/etc/netwatch/away", "/etc/netwatch/netwatch.env"])

    assert "say what to scan: make install TARGETS=192.168.1.0/24" in bare.stderr
    assert "TARGETS has a character that no target has" in hostile.stderr
    assert "is another program's" in taken.stderr
    assert {bare.returncode, hostile.returncode, taken.returncode} == {1}


def test_who_could_change_what_root_runs_is_named(machine: Machine) -> None:
    """A command in somebody's home is theirs to change."""
    machine.must(["chown", "admin", "/opt/netwatch/bin"])
    try:
        result = notify(machine, "install")
    finally:
        machine.must(["chown", "root", "/opt/netwatch/bin"])

    assert result.returncode == 0
    assert "others than root may change /opt/netwatch/bin" in result.stderr


def test_root_by_another_name_is_refused(machine: Machine) -> None:
    """And nothing is scheduled for it."""
    shadow = [machine.read(f"/etc/{name}") for name in ("passwd", "shadow", "group", "gshadow")]
    machine.must(["useradd", "--system", "--non-unique", "--uid", "0", "toor"])
    try:
        result = notify(machine, *DMZ, "install", "--user", "toor")
    finally:
        for name, text in zip(("passwd", "shadow", "group", "gshadow"), shadow, strict=True):
            machine.must(["sh", "-c", f"cat >/etc/{name}"], stdin=text)

    assert result.returncode == 2
    assert "--user: toor is root by another name" in result.stderr
    assert machine.run(["test", "-e", "/etc/cron.d/netwatch-dmz"]).returncode == 1


# Says what it was asked, and does of it what needs no running systemd: the links of the units.
SYSTEMCTL = """\
#!/bin/sh
echo "$@" >>/run/asked
verb=$1
[ "$verb" = enable ] || [ "$verb" = disable ] || exit 0
shift 2
exec /usr/bin/systemctl --quiet --root=/ "$verb" "$@"
"""


@pytest.fixture
def systemd(machine: Machine) -> Iterator[None]:
    """The machine, as if systemd had started it."""
    machine.must(["mkdir", "-p", "/run/systemd/system"])
    machine.write("/usr/local/bin/systemctl", SYSTEMCTL, mode="755")
    yield
    notify(machine, "uninstall")
    machine.must(["rm", "-rf", "/run/systemd", "/usr/local/bin/systemctl", "/run/asked"])


def asked(machine: Machine) -> list[str]:
    """Return what systemctl was asked since the last time."""
    return machine.must(["sh", "-c", "cat /run/asked; : >/run/asked"]).splitlines()


@pytest.mark.usefixtures("systemd", "systemd_analyze")
def test_systemd_is_chosen_where_it_runs(machine: Machine) -> None:
    """Its timers are enabled, started anew when they change, and disabled by uninstall."""
    both = "netwatch-notify@dmz.timer netwatch-notify-deliver@dmz.timer"
    first = notify(machine, *DMZ, "install", "--user", "netwatch")
    at_first = asked(machine)
    again = notify(machine, *DMZ, "install")
    at_second = machine.read("/run/asked")
    other = notify(machine, *DMZ, "install", "--at", "05:00")
    at_third = asked(machine)
    gone = notify(machine, "uninstall")

    assert first.returncode == 0, first.stderr
    assert f"enabled {both.replace(' ', ', ')}\n" in first.stdout
    assert at_first == ["daemon-reload", f"enable --now {both}", f"restart {both}"]
    assert again.stdout.startswith("Nothing to change.\nNext run: ")
    assert at_second == ""
    assert " 05:00, or up to 5 minutes later, as netwatch.\n" in other.stdout
    assert at_third == at_first
    assert asked(machine) == [f"disable --now {both}", "daemon-reload"]
    assert "removed the user netwatch" in gone.stdout
    wants = "/etc/systemd/system/timers.target.wants"
    assert "netwatch" not in machine.run(["ls", wants]).stdout


def test_two_schedules_of_one_network_are_said(machine: Machine) -> None:
    """Its own and that of all networks; what was asked for the first time stays in each."""
    notify(machine, "install", "--all", "--together", "--at", "01:00")

    own = notify(machine, "install", "--at", "02:00")
    again = notify(machine, "install", "--all")

    both = "starts a run, too; remove it, or there are two each night"
    assert f"/etc/cron.d/netwatch-all {both}" in own.stderr
    assert again.stdout.startswith("Nothing to change.\n")
    assert " --all --together --spread 5\n" in machine.read("/etc/cron.d/netwatch-all")


def test_all_networks_can_be_one_users(machine: Machine) -> None:
    """Root starts it, each network is scanned as that user, and what is gathered is that user's."""
    result = notify(machine, "install", "--all", "--together", "--user", "netwatch")

    assert result.returncode == 0, result.stderr
    for name in ("lan", "dmz", "together"):
        assert owner_of(machine, f"/var/lib/netwatch/{name}") == "netwatch:netwatch 700"
    line = machine.read("/etc/cron.d/netwatch-all").splitlines()[-2]
    scan = line.split(" root ")[1].replace("--spread 5", "")
    ran = machine.run(["env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", scan])
    assert "Subject: lan: first scan" in ran.stdout, ran.stderr
    assert (
        machine.must(["find", "/var/lib/netwatch", "-mindepth", "1", "!", "-user", "netwatch"])
        == ""
    )
    assert notify(machine, "install", "--all").stdout.startswith("Nothing to change.\n")
