"""Settings: where they come from, what they refuse, and that the docs say the same."""

import ast
import dataclasses
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from netwatch_notify.errors import UsageError
from netwatch_notify.model.port import PortKey, PortProtocol
from netwatch_notify.model.scan import ScanProfile
from netwatch_notify.settings import reading
from netwatch_notify.settings.fields import LogFormat, LogLevel, NotifyOn
from netwatch_notify.settings.reading import env_file_is_exposed, load_settings, unknown_variables
from netwatch_notify.settings.settings import Settings, default_state_dir, variable_name
from netwatch_notify.settings.wording import EXAMPLE_TARGETS
from tools import generate_docs

TARGETS = {"NETWATCH_TARGETS": "192.0.2.0/24"}
SECRET = "s3cr3t-Pa55word"


@pytest.fixture(autouse=True)
def no_default_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the machine's own settings out; return where the default file would be."""
    path = tmp_path / "default.env"
    monkeypatch.setattr(reading, "DEFAULT_ENV_FILE", path)
    return path


def load(**variables: str) -> Settings:
    """Load settings from `TARGETS` and the given variables, named without their prefix."""
    return load_settings(None, TARGETS | {f"NETWATCH_{k}": v for k, v in variables.items()})


def errors_of(environment: Mapping[str, str], env_file: Path | None = None) -> list[str]:
    """Return the lines of the error that loading raises."""
    with pytest.raises(UsageError) as caught:
        load_settings(env_file, environment)
    return str(caught.value).splitlines()


def env_file(tmp_path: Path, text: str) -> Path:
    """Write an env file."""
    path = tmp_path / "lan.env"
    path.write_text(text, encoding="utf-8")
    return path


def values_of(settings: Settings) -> dict[str, object]:
    """Return the settings by field, to compare them whole."""
    return {name: getattr(settings, name) for name in Settings.model_fields}


def test_targets_are_all_that_must_be_set() -> None:
    """Everything but the targets has the default that the design names."""
    loaded = load()

    assert [target.written for target in loaded.targets] == ["192.0.2.0/24"]
    assert loaded.network == "lan"
    assert loaded.exclude == ()
    assert loaded.port_arguments == ()
    assert loaded.fast_args == ("-T4",)
    assert loaded.detail_args == ("-sV", "-sC")
    assert loaded.nmap_path is None
    assert (loaded.scan_timeout_seconds, loaded.second_look_timeout_seconds) == (14_400, 1_800)
    assert (loaded.scan_parallel, loaded.detail_parallel) == (2, 4)
    assert loaded.notify_urls() == []
    assert loaded.apprise_config is None
    assert loaded.notify_on is NotifyOn.CHANGES
    assert (loaded.gone_after, loaded.suspicious_share) == (2, 0.3)
    assert {PortKey(23), PortKey(445), PortKey(27017)} <= loaded.risky_ports
    assert loaded.heartbeat_url is None
    assert loaded.keep_days == 90
    assert (loaded.log_level, loaded.log_format) == (None, LogFormat.TEXT)
    assert loaded.metrics_file is None


def test_every_variable_sets_its_field(tmp_path: Path) -> None:
    """Each setting can be set by its variable, and arrives as a value of its own type."""
    loaded = load(
        NETWORK="dmz-1",
        TARGETS="192.0.2.1,5,9 db.example.org, 2001:db8::/120",
        EXCLUDE="192.0.2.9",
        PORTS="22, 80",
        FAST_ARGS="-T3 --max-retries 2",
        DETAIL_ARGS="-sV",
        NMAP_PATH="/opt/bin/nmap",
        SCAN_TIMEOUT_SECONDS="60",
        SECOND_LOOK_TIMEOUT_SECONDS="30",
        SCAN_PARALLEL="1",
        DETAIL_PARALLEL="8",
        STATE_DIR=str(tmp_path),
        NOTIFY="json://127.0.0.1/a\n  slack://TokenA/TokenB/TokenC/#alerts",
        NOTIFY_ON="Always",
        GONE_AFTER="3",
        SUSPICIOUS_SHARE="1",
        RISKY_PORTS="21, 161/udp",
        HEARTBEAT_URL="https://hc.example.org/uuid",
        KEEP_DAYS="7",
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="JSON",
        METRICS_FILE="/var/lib/prometheus/node-exporter/netwatch-lan.prom",
    )

    written = [target.written for target in loaded.targets]
    assert written == ["192.0.2.1,5,9", "db.example.org", "2001:db8::/120"]
    assert [target.written for target in loaded.exclude] == ["192.0.2.9"]
    assert loaded.ports == "22,80"
    assert loaded.port_arguments == ("-p22,80",)
    assert loaded.fast_args == ("-T3", "--max-retries=2")
    assert loaded.detail_args == ("-sV",)
    assert loaded.nmap_path == Path("/opt/bin/nmap")
    assert (loaded.scan_timeout_seconds, loaded.second_look_timeout_seconds) == (60, 30)
    assert (loaded.scan_parallel, loaded.detail_parallel) == (1, 8)
    assert loaded.state_dir == tmp_path
    assert loaded.notify_urls() == ["json://127.0.0.1/a", "slack://TokenA/TokenB/TokenC/#alerts"]
    assert loaded.notify_on is NotifyOn.ALWAYS
    assert (loaded.network, loaded.gone_after, loaded.suspicious_share) == ("dmz-1", 3, 1.0)
    assert loaded.risky_ports == {PortKey(21), PortKey(161, PortProtocol.UDP)}
    assert loaded.heartbeat_url is not None
    assert loaded.heartbeat_url.get_secret_value() == "https://hc.example.org/uuid"
    assert (loaded.keep_days, loaded.log_level) == (7, LogLevel.DEBUG)
    assert loaded.log_format is LogFormat.JSON
    assert loaded.metrics_file == Path("/var/lib/prometheus/node-exporter/netwatch-lan.prom")


def test_the_profile_is_a_frozen_value_of_what_was_set() -> None:
    """The scan stage receives targets, ports and options, and hostnames not yet resolved."""
    loaded = load(TARGETS="nas.example.org", PORTS="top:100", EXCLUDE="192.0.2.1")

    profile = loaded.to_profile(privileged=False)

    assert profile == ScanProfile(
        targets=loaded.targets,
        exclude=loaded.exclude,
        port_arguments=("--top-ports", "100"),
        arguments=("-T4",),
        privileged=False,
    )
    assert profile.targets[0].needs_resolving
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile.privileged = True  # type: ignore[misc]


# Where settings come from


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    """A variable set in both has the environment's value; the others come from the file."""
    path = env_file(tmp_path, "NETWATCH_TARGETS=192.0.2.1\nNETWATCH_KEEP_DAYS=5\n")

    loaded = load_settings(path, {"NETWATCH_KEEP_DAYS": "6"})

    assert (loaded.targets[0].written, loaded.keep_days) == ("192.0.2.1", 6)


def test_the_process_environment_is_read_where_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without an environment of the caller's, `os.environ` counts."""
    monkeypatch.setenv("NETWATCH_TARGETS", "192.0.2.7")

    assert load_settings(None).targets[0].written == "192.0.2.7"


def test_a_given_environment_replaces_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process has set does not leak into settings made from a mapping."""
    monkeypatch.setenv("NETWATCH_KEEP_DAYS", "1")

    assert load().keep_days == 90


def test_the_default_env_file_is_read_where_it_exists(no_default_env_file: Path) -> None:
    """Without a named file, the one that cron uses is read."""
    no_default_env_file.write_text("NETWATCH_TARGETS=192.0.2.3\n")

    assert load_settings(None, {}).targets[0].written == "192.0.2.3"


def test_a_named_env_file_replaces_the_default_one(
    no_default_env_file: Path, tmp_path: Path
) -> None:
    """Two networks do not mix: only the named file counts."""
    no_default_env_file.write_text("NETWATCH_KEEP_DAYS=1\n")

    loaded = load_settings(env_file(tmp_path, "NETWATCH_TARGETS=192.0.2.3\n"), {})

    assert loaded.keep_days == 90


@pytest.mark.parametrize("name", ["missing.env", "."], ids=["missing", "a folder"])
def test_a_named_env_file_must_be_readable(tmp_path: Path, name: str) -> None:
    """A slip in the path is one line that names it, not a run with other settings."""
    path = tmp_path / name

    (line,) = errors_of(TARGETS, path)

    assert line.startswith(f"{path}: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_named_env_file_of_somebody_else_is_an_error(tmp_path: Path) -> None:
    """No permission is said as such."""
    path = env_file(tmp_path, "NETWATCH_TARGETS=192.0.2.3\n")
    path.chmod(0)

    (line,) = errors_of({}, path)

    assert "Permission denied" in line


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("json://u:a${HOME}b@127.0.0.1/", "json://u:a${HOME}b@127.0.0.1/"),
        ("json://u:a$HOME@127.0.0.1/", "json://u:a$HOME@127.0.0.1/"),
        ("slack://A/B/C/#alerts", "slack://A/B/C/#alerts"),
        ("slack://A/B/C/#alerts # the team", "slack://A/B/C/#alerts"),
        ("'json://u:a#b$c@127.0.0.1/'", "json://u:a#b$c@127.0.0.1/"),
        ('"json://u:a#b$c@127.0.0.1/"', "json://u:a#b$c@127.0.0.1/"),
        ("json://u:a`id`%20@127.0.0.1/", "json://u:a`id`%20@127.0.0.1/"),
    ],
)
def test_values_of_the_env_file_arrive_as_written(tmp_path: Path, written: str, value: str) -> None:
    """`$`, `${X}`, `#` and backticks in a password survive; nothing is substituted."""
    path = env_file(tmp_path, f"NETWATCH_TARGETS=192.0.2.3\nexport NETWATCH_NOTIFY={written}\n")

    assert load_settings(path, {"HOME": "/root"}).notify_urls() == [value]


def test_a_quoted_value_may_span_lines(tmp_path: Path) -> None:
    """Several destinations may stand one a line, as docs/configuration.md shows."""
    path = env_file(
        tmp_path,
        "NETWATCH_NOTIFY='\n  json://127.0.0.1/a\n  json://127.0.0.1/b\n'\n"
        "NETWATCH_TARGETS=192.0.2.3\n",
    )

    assert load_settings(path, {}).notify_urls() == ["json://127.0.0.1/a", "json://127.0.0.1/b"]


@pytest.mark.parametrize(
    "line", [f"NETWATCH_NOTIFY='json://u:{SECRET}@127.0.0.1", f"NETWATCH_NOTIFY json:{SECRET}"]
)
def test_a_line_that_cannot_be_read_is_named_by_number(
    tmp_path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A line that is not NAME=value is not skipped in silence, and its text is not shown."""
    path = env_file(tmp_path, f"NETWATCH_TARGETS=192.0.2.3\n\n# mine\n\n{line}\n")

    with caplog.at_level(logging.DEBUG):
        (message,) = errors_of({}, path)

    assert message.startswith(f"{path}: line 5 ")
    assert SECRET not in message + caplog.text


def test_an_env_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """Latin-1 is said to be no UTF-8 instead of a traceback."""
    path = tmp_path / "latin.env"
    path.write_bytes(b"NETWATCH_NETWORK=b\xfcro\n")

    (line,) = errors_of({}, path)

    assert "UTF-8" in line


def test_an_empty_value_is_none_for_lists_and_the_default_elsewhere() -> None:
    """`RISKY_PORTS=` switches the list off; `KEEP_DAYS=` is as if it were not there."""
    loaded = load(RISKY_PORTS="", FAST_ARGS=" ", KEEP_DAYS="", NMAP_PATH="", HEARTBEAT_URL="")

    assert (loaded.risky_ports, loaded.fast_args) == (frozenset(), ())
    assert (loaded.keep_days, loaded.nmap_path, loaded.heartbeat_url) == (90, None, None)


# Where the state lies


@pytest.mark.parametrize(
    ("user", "environment", "expected"),
    [
        (0, {"XDG_STATE_HOME": "/x"}, "/var/lib/netwatch/dmz"),
        (1000, {"XDG_STATE_HOME": "/x", "HOME": "/home/eve"}, "/x/netwatch/dmz"),
        (1000, {"HOME": "/home/eve"}, "/home/eve/.local/state/netwatch/dmz"),
        (
            1000,
            {"XDG_STATE_HOME": "relative", "HOME": "/home/eve"},
            "/home/eve/.local/state/netwatch/dmz",
        ),
    ],
    ids=["root", "XDG", "home", "relative XDG is ignored"],
)
def test_each_network_has_a_state_directory_of_its_own(
    monkeypatch: pytest.MonkeyPatch, user: int, environment: dict[str, str], expected: str
) -> None:
    """Root's state is the system's, a user's lies in the user's home; both end in the network."""
    monkeypatch.setattr(os, "geteuid", lambda: user)

    loaded = load_settings(None, TARGETS | environment | {"NETWATCH_NETWORK": "dmz"})

    assert loaded.state_dir == default_state_dir("dmz", environment) == Path(expected)


# What is refused


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NETWORK", "../etc", "no network name"),
        ("NETWORK", "a" * 33, "up to 32"),
        ("TARGETS", "-iL", "option of nmap"),
        ("TARGETS", "192.0.2.300 fe80::1%eth0", "; 'fe80::1%eth0'"),
        ("TARGETS", ",", "names nothing"),
        ("EXCLUDE", "192.0.2.0/33", "192.0.2.0/33"),
        ("EXCLUDE", "192.0.0.0/16", "leaves nothing of NETWATCH_TARGETS"),
        ("PORTS", "22,99999", "99999 is no port"),
        ("FAST_ARGS", "-T4 --open", "would leave no trace"),
        ("FAST_ARGS", "-sn", "'-sn' is not among"),
        ("FAST_ARGS", "-T4 -p 22", "use NETWATCH_PORTS"),
        ("DETAIL_ARGS", "-oN /tmp/x", "'-oN' is not among"),
        ("NMAP_PATH", "bin/nmap", "must start with /"),
        ("STATE_DIR", "state", "must start with /"),
        ("APPRISE_CONFIG", "~/apprise.conf", "must start with /"),
        ("SCAN_TIMEOUT_SECONDS", "4h", "'4h' is no whole number"),
        ("SECOND_LOOK_TIMEOUT_SECONDS", "0", "at least 1"),
        ("SCAN_PARALLEL", "65", "at most 64"),
        ("NOTIFY_ON", "never", "'never' is none of 'changes', 'always'"),
        ("GONE_AFTER", "0", "at least 1"),
        ("SUSPICIOUS_SHARE", "0", "more than 0"),
        ("SUSPICIOUS_SHARE", "1.01", "at most 1"),
        ("SUSPICIOUS_SHARE", "nan", "'nan'"),
        ("SUSPICIOUS_SHARE", "30%", "is no number"),
        ("RISKY_PORTS", "telnet 70000 23", "'telnet' is no port"),
        ("HEARTBEAT_URL", "ftp://hc.example.org/", "http"),
        ("HEARTBEAT_URL", "https://", "http"),
        ("HEARTBEAT_URL", "https://[hc", "http"),
        ("KEEP_DAYS", "1000000000", "at most 36500"),
        ("LOG_LEVEL", "loud", "none of 'debug'"),
        ("LOG_FORMAT", "xml", "none of 'text', 'json'"),
        ("METRICS_FILE", "lan.prom", "not an absolute path"),
        ("METRICS_FILE", "/var/lib/lan.txt", "must end in .prom"),
        ("METRICS_FILE", "/var/lib/.prom", "must end in .prom"),
        ("NOTIFY", "json://127.0.0.1/ admin@example.org", "entry 2 is no apprise URL"),
        ("NOTIFY", "json://127.0.0.1/a,json://127.0.0.1/b", "white space, not by commas"),
        ("NOTIFY", "json://127.0.0.1/a, json://127.0.0.1/b", "white space, not by commas"),
    ],
)
def test_an_unusable_value_is_one_line_that_names_its_variable(
    name: str, value: str, said: str
) -> None:
    """The line names the variable and says what would be right."""
    (line,) = errors_of(TARGETS | {f"NETWATCH_{name}": value})

    assert line.startswith(f"NETWATCH_{name}: ")
    assert said in line


def test_nothing_set_says_what_to_set_and_where(tmp_path: Path) -> None:
    """The first start is helped on: the variable, an example and the file are named."""
    path = env_file(tmp_path, "")

    (line,) = errors_of({}, path)

    assert line.startswith("NETWATCH_TARGETS: not set; ")
    assert "NETWATCH_TARGETS=192.168.1.0/24" in line
    assert str(path) in line


def test_everything_wrong_is_reported_at_once_and_sorted() -> None:
    """Missing, unusable and contradicting settings come in one error, a line each."""
    lines = errors_of(
        {
            "NETWATCH_SCAN_PARALLEL": "two",
            "NETWATCH_NOTIFY": "json://127.0.0.1/",
            "NETWATCH_APPRISE_CONFIG": "/etc/netwatch/apprise.conf",
            "NETWATCH_FAST_ARGS": "--open",
            "NETWATCH_EXCLUDE": "x y/z \n-q",
        }
    )

    assert [line.partition(":")[0] for line in lines] == [
        "NETWATCH_APPRISE_CONFIG",
        "NETWATCH_EXCLUDE",
        "NETWATCH_FAST_ARGS",
        "NETWATCH_SCAN_PARALLEL",
        "NETWATCH_TARGETS",
    ]
    assert "NETWATCH_NOTIFY" in lines[0]


def test_excluding_part_of_the_targets_or_those_of_a_name_is_fine() -> None:
    """Only an exclude that certainly leaves nothing is a contradiction."""
    assert load(EXCLUDE="192.0.2.1").exclude
    assert load(TARGETS="nas.example.org", EXCLUDE="192.0.2.0/24").exclude


# Secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTIFY", f"json://u:{SECRET}@127.0.0.1/ {SECRET}"),
        ("NOTIFY", f"json://u:{SECRET}@127.0.0.1/,json://127.0.0.1/"),
        ("NOTIFY", f"//{SECRET}"),
        ("HEARTBEAT_URL", f"ftp://127.0.0.1/{SECRET}"),
        ("HEARTBEAT_URL", f"http://127.0.0.1:{SECRET}/"),
        # urllib's own error for this one quotes the host.
        ("HEARTBEAT_URL", f"http://{SECRET}\u2100.example.org/"),
        ("HEARTBEAT_URL", f"http://127.0.0.1/ {SECRET}"),
    ],
)
def test_a_secret_appears_in_no_error(name: str, value: str) -> None:
    """Neither the message nor anything a traceback would show holds the value."""
    with pytest.raises(UsageError) as caught:
        load(**{name: value})

    assert f"NETWATCH_{name}: " in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_secret_appears_in_no_error_about_something_else() -> None:
    """A good destination is not shown when another setting is wrong."""
    lines = errors_of(
        {
            "NETWATCH_NOTIFY": f"json://u:{SECRET}@127.0.0.1/",
            "NETWATCH_HEARTBEAT_URL": f"https://127.0.0.1/{SECRET}",
            "NETWATCH_APPRISE_CONFIG": "/etc/netwatch/apprise.conf",
        }
    )

    assert SECRET not in "\n".join(lines)


def test_settings_print_without_their_secrets() -> None:
    """A stray repr or debug print shows stars."""
    loaded = load(
        NOTIFY=f"json://u:{SECRET}@127.0.0.1/", HEARTBEAT_URL=f"https://127.0.0.1/{SECRET}"
    )

    assert SECRET not in f"{loaded!r} {loaded}"


@pytest.mark.parametrize(
    ("mode", "exposed"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)]
)
def test_an_env_file_is_exposed_when_everybody_may_read_it(
    tmp_path: Path, mode: int, exposed: bool
) -> None:
    """The group may read it (a service's group is a usual set-up), others may not."""
    path = env_file(tmp_path, "")
    path.chmod(mode)

    assert env_file_is_exposed(path) is exposed


# Variables nobody reads


def test_unknown_variables_are_ignored_by_loading_and_named_by_check(tmp_path: Path) -> None:
    """A misspelt or lower-case variable changes nothing, and `check` can say so."""
    path = env_file(tmp_path, "NETWATCH_TARGETS=192.0.2.1\nNETWATCH_PROTS=22\nOTHER=1\n")
    environment = {"netwatch_keep_days": "5", "NETWATCH_NETWORK": "lan", "PATH": "/bin"}

    assert load_settings(path, environment).keep_days == 90
    assert unknown_variables(path, environment) == ["NETWATCH_PROTS", "netwatch_keep_days"]


# The documents


def test_every_setting_has_a_description_and_a_default_but_the_targets() -> None:
    """What is generated from the class has nothing to leave out."""
    fields = Settings.model_fields

    assert [name for name, field in fields.items() if not field.description] == []
    assert [name for name, field in fields.items() if field.is_required()] == ["targets"]


def test_the_env_example_in_the_repository_is_the_generated_one() -> None:
    """`.env.example` is what the class says; `python -m tools.generate_docs` renews it."""
    assert (
        generate_docs.ENV_EXAMPLE.read_text(encoding="utf-8") == generate_docs.write_env_example()
    )


def test_the_table_in_the_documentation_is_the_generated_one() -> None:
    """docs/configuration.md holds the table of the class, every setting in it."""
    document = generate_docs.CONFIGURATION.read_text(encoding="utf-8")

    assert document.count(generate_docs.BEGIN) == document.count(generate_docs.END) == 1
    assert generate_docs.with_table(document) == document
    for name in Settings.model_fields:
        assert f"| `{variable_name(name)}` |" in generate_docs.settings_table()


@pytest.mark.parametrize("uncommented", [False, True], ids=["as it is", "every line active"])
def test_the_env_example_means_the_defaults(tmp_path: Path, uncommented: bool) -> None:
    """Copying the example, or removing every `#` before a variable, changes nothing."""
    text = generate_docs.write_env_example()
    if uncommented:
        text = text.replace("#NETWATCH_", "NETWATCH_")
    path = env_file(tmp_path, text)

    loaded = load_settings(path, {"HOME": "/home/eve"})

    expected = load_settings(None, {"NETWATCH_TARGETS": EXAMPLE_TARGETS, "HOME": "/home/eve"})
    assert values_of(loaded) == values_of(expected)
    assert unknown_variables(path, {}) == []


def test_the_errors_shown_in_the_documentation_are_real(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The example of an error in docs/configuration.md is what such settings print."""
    monkeypatch.setattr(reading, "DEFAULT_ENV_FILE", Path("/etc/netwatch/netwatch.env"))
    document = generate_docs.CONFIGURATION.read_text(encoding="utf-8")
    environment = {
        "NETWATCH_NOTIFY": "json://127.0.0.1/",
        "NETWATCH_APPRISE_CONFIG": "/etc/netwatch/apprise.conf",
        "NETWATCH_GONE_AFTER": "0",
    }
    if os.access(reading.DEFAULT_ENV_FILE, os.R_OK):
        pytest.skip("this machine has an env file of its own")

    assert "\n".join(errors_of(environment)) in document


def test_pydantic_is_imported_by_the_settings_only() -> None:
    """One home for the library: no stage meets it."""
    package = Path(reading.__file__).parent.parent
    users = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.startswith(("pydantic", "dotenv")) for name in modules):
                users.add(path.parent.name)

    assert users == {"settings"}
