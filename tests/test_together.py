"""`--together`: one message to each recipient, for all networks, against servers on loopback."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.deliver.servers import HttpServer, eventually, http_server
from tests.networks import Networks
from tests.servers.homeserver import homeserver
from tests.servers.mail import MailServer, mail_server

TELNET = {"192.0.2.1": [22, 23]}
NEW_HOST = {"192.0.2.1": [22], "192.0.2.9": [80]}
FIRST = {"192.0.2.1": [22]}


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as server:
        yield server


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


def url_of(server: HttpServer) -> str:
    return f"{server.url.replace('http', 'json')}/s3cret-token"


def bodies(server: HttpServer) -> list[dict[str, str]]:
    return [json.loads(body) for _, _, body in server.requests]


def due_now(networks: Networks, directory: Path) -> None:
    networks.query(directory, "UPDATE outbox SET due_at = 0, held_until = 0")


@pytest.fixture(scope="module")
def first_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a network after its first run, which found FIRST and is told already."""
    networks = Networks(tmp_path_factory.mktemp("first"))
    networks.add("lan", FIRST)
    assert networks.one("lan", "run").returncode == 0
    networks.query(networks.state("lan"), "DELETE FROM outbox")
    return networks.state("lan")


class Begun(Networks):
    """Networks that made their first run."""

    first: Path

    def begun(self, urls: dict[str, str], **settings: str) -> None:
        for name, url in urls.items():
            self.add(name, FIRST, NOTIFY=url, **settings)
            shutil.copytree(self.first, self.state(name), symlinks=True)
            self.query(self.state(name), "UPDATE facts SET value = ? WHERE key = 'network'", name)


@pytest.fixture
def networks(tmp_path: Path, first_state: Path) -> Begun:
    networks = Begun(tmp_path)
    networks.first = first_state
    return networks


def test_a_mail_has_a_section_for_each_network_worst_first(
    networks: Begun, mail: MailServer
) -> None:
    """Read from a real SMTP server; the commands name the network, the quiet one is a line."""
    url = mail.url("&format=text")
    networks.begun({"dmz": url, "lab": url, "lan": url})
    networks.scans("dmz", NEW_HOST)
    networks.scans("lan", TELNET)
    result = networks.all("run", "--together")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    (message,) = mail.messages()
    assert message["subject"].startswith("lan: 23/tcp open on 192.0.2.1; 1 more network · ")
    part = message.get_body(("plain",))
    assert part is not None
    text = part.get_content()
    places = [
        text.index(words)
        for words in (
            "== LAN: 23/tcp open",
            "! 192.0.2.1: 23/tcp opened",
            "== DMZ: new device 192.0.2.9",
            "+ new device 192.0.2.9",
            "quiet: lab",
            "lan: Scan complete",
            "dmz: Scan complete",
        )
    ]
    assert places == sorted(places)
    hint = " ".join(text.split()).partition("Expected? ")[2]
    assert hint.startswith(f"netwatch-notify --env-file {networks.env_file('dmz')} accept ")
    for name in ("dmz", "lan"):
        assert networks.states(networks.state(name)) == ["handed"]
    change = hint.split()[4]
    accepted = networks.call("--env-file", str(networks.env_file("dmz")), "accept", change)
    assert accepted.returncode == 0


def test_one_broken_network_does_not_keep_the_others_from_being_told(
    networks: Begun, server: HttpServer
) -> None:
    """Its problem is the worst there is; a network with wrong settings is on stderr."""
    networks.begun(dict.fromkeys(("dmz", "lan"), url_of(server)))
    networks.scans("dmz", FIRST, fast={"exit": 1, "stderr": "no route"})
    networks.scans("lan", NEW_HOST)
    networks.add("odd", GONE_AFTER="soon")
    result = networks.all("run", "--together")
    assert result.returncode == 3
    assert "netwatch-notify: odd: NETWATCH_GONE_AFTER" in result.stderr
    (body,) = bodies(server)
    assert body["title"].startswith("dmz: 192.0.2.0")
    assert "; 1 more network · " in body["title"]
    text = body["message"]
    assert text.index("== DMZ:") < text.index("PROBLEM") < text.index("== LAN: new device")


def test_what_was_refused_is_tried_again_and_arrives_once(
    networks: Begun, server: HttpServer
) -> None:
    """By `deliver --all`, which needs no word about it; settings that broke give nothing up."""
    networks.begun(dict.fromkeys(("dmz", "lan"), url_of(server)))
    networks.scans("dmz", NEW_HOST)
    networks.scans("lan", TELNET)
    server.status = 500
    result = networks.all("run", "--together")
    assert result.returncode == 4
    assert "netwatch-notify: together: json: not delivered: HTTP 500" in result.stderr
    assert "s3cret" not in result.stderr
    listed = networks.call("outbox", "--together", "--env-dir", str(networks.env_dir), "list")
    assert "lan: 23/tcp open" in listed.stdout
    assert len(server.requests) == 1
    server.status = 200
    settings = {path: path.read_text() for path in networks.env_dir.iterdir()}
    for path, text in settings.items():
        path.write_text(f"{text}NETWATCH_GONE_AFTER=soon\n")
    due_now(networks, networks.together)
    networks.all("deliver")
    assert "waiting" in networks.states(networks.together)
    for path, text in settings.items():
        path.write_text(text)
    quiet = networks.all("deliver")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert networks.all("deliver").returncode == 0
    assert [body["title"] for body in bodies(server)][1:] == [bodies(server)[0]["title"]]


def test_two_nights_that_waited_stand_in_one_section(networks: Begun, server: HttpServer) -> None:
    networks.begun(dict.fromkeys(("dmz", "lan"), url_of(server)))
    server.status = 500
    networks.scans("lan", NEW_HOST)
    assert networks.all("run", "--together").returncode == 4
    networks.scans("lan", {**NEW_HOST, "192.0.2.10": [80]})
    networks.scans("dmz", TELNET)
    server.status = 200
    due_now(networks, networks.together)
    assert networks.all("run", "--together").returncode == 0
    text = bodies(server)[-1]["message"]
    assert text.index("== DMZ: 23/tcp open") < text.index("== LAN: 2 messages, new device")
    assert text.index("192.0.2.9") < text.index("192.0.2.10")
    assert networks.states(networks.state("lan")) == ["handed", "handed"]


def test_a_recipient_that_fails_for_good_is_told_to_the_others(
    networks: Begun, server: HttpServer, mail: MailServer
) -> None:
    urls = f"{url_of(server)} {mail.url('&format=text')}"
    with http_server() as pings:
        networks.begun(dict.fromkeys(("dmz", "lan"), urls), HEARTBEAT_URL=f"{pings.url}/check")
        server.status = 403
        networks.scans("lan", TELNET)
        assert networks.all("run", "--together").returncode == 4
        asked = [path.partition("?")[0] for _, path, _ in pings.requests]
    assert asked[-2:] == ["/check/fail", "/check/fail"]
    for path in networks.env_dir.iterdir():
        path.write_text(path.read_text().replace("HEARTBEAT", "NO"))
    checked = networks.all("check")
    assert checked.returncode == 2
    told = checked.stdout.partition("== together\n")[2]
    assert told.startswith("failed   outbox: json: not delivered, and not tried again: HTTP 403; ")
    retry = f"netwatch-notify outbox --together --env-dir {networks.env_dir} retry --all"
    assert told.endswith(f"mend it, then {retry}\n")
    result = networks.all("run", "--together")
    assert result.returncode == 4
    first, second = mail.messages()
    assert first["subject"].startswith("lan: 23/tcp open")
    assert second["subject"].startswith("together: json: messages do not arrive")
    part = second.get_body(("plain",))
    assert part is not None
    assert retry in " ".join(part.get_content().split())
    assert len(server.requests) == 1


def test_send_at_holds_all_and_one_message_leaves_for_all(
    networks: Begun, server: HttpServer
) -> None:
    """What is urgent does not wait, and the `deliver` of one network leaves the rest alone."""
    later = (datetime.now() + timedelta(hours=6)).strftime("%H:%M")  # noqa: DTZ005  # as people see it
    urls = dict.fromkeys(("dmz", "lab", "lan"), url_of(server))
    networks.begun(urls, SEND_AT=later)
    networks.scans("dmz", NEW_HOST)
    networks.scans("lab", NEW_HOST)
    networks.scans("lan", TELNET)
    assert networks.all("run", "--together").returncode == 0
    (urgent,) = bodies(server)
    assert urgent["title"].startswith("lan: 23/tcp open on 192.0.2.1 · ")
    for name in ("dmz", "lab"):
        due_now(networks, networks.state(name))
    assert networks.one("dmz", "deliver").returncode == 0
    assert len(server.requests) == 1
    assert networks.all("deliver").returncode == 0
    assert bodies(server)[1]["title"].startswith("dmz: new device 192.0.2.9; 1 more network")


def test_what_nobody_gathers_is_sent_by_its_network_after_an_hour(
    networks: Begun, server: HttpServer
) -> None:
    """So a `deliver` for one network in place of `deliver --all` loses nothing."""
    networks.begun({"lan": url_of(server)})
    networks.scans("lan", TELNET)
    assert networks.one("lan", "run", "--keep-for", str(networks.together)).returncode == 0
    assert networks.one("lan", "deliver").returncode == 0
    assert server.requests == []
    before = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    networks.query(networks.state("lan"), "UPDATE outbox SET created_at = ?", before)
    assert networks.one("lan", "deliver").returncode == 0
    assert bodies(server)[0]["title"].startswith("lan: 23/tcp open on 192.0.2.1 · ")
    assert networks.states(networks.state("lan")) == ["sent"]


def test_nothing_is_taken_from_who_is_gathering_and_all_of_it_from_who_was_killed(
    networks: Begun, server: HttpServer
) -> None:
    networks.begun(dict.fromkeys(("dmz", "lan"), url_of(server)))
    started = networks.folder / "started"
    networks.scans("dmz", NEW_HOST)
    networks.scans("lan", TELNET, fast={"sleep": 60, "started": str(started)})
    parent = subprocess.Popen(
        networks.command("run", "--all", "--together", "--env-dir", str(networks.env_dir)),
        env=networks.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert eventually(lambda: networks.states(networks.state("dmz")) == ["waiting"], 20)
        assert eventually(started.exists, 20)
        assert networks.all("deliver").returncode == 0
        assert networks.one("dmz", "deliver").returncode == 0
        assert server.requests == []
        second = networks.all("run", "--together")
        assert second.returncode == 5
        assert f"another run is in progress (pid {parent.pid})" in second.stderr
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait(20)
    assert networks.all("deliver").returncode == 0
    assert bodies(server)[0]["title"].startswith("dmz: new device 192.0.2.9 · ")
    assert networks.states(networks.state("dmz")) == ["handed"]


def test_a_matrix_room_shows_a_repeated_message_once(networks: Begun) -> None:
    """Killed between sending and recording: it goes again as it was, and what is new by itself."""
    with homeserver() as room:
        url = f"matrix://t0ken@127.0.0.1:{room.port}/!room:example.org"
        networks.begun(dict.fromkeys(("dmz", "lan"), url))
        networks.scans("lan", TELNET)
        networks.scans("dmz", NEW_HOST)
        assert networks.all("run", "--together").returncode == 0
        assert len(room.events) == 1
        networks.query(
            networks.together,
            "UPDATE outbox SET state = 'waiting', sent_at = NULL, is_uncertain = 1 "
            "WHERE state = 'sent' AND digest IS NULL",
        )
        networks.scans("dmz", FIRST | TELNET)
        assert networks.all("run", "--together").returncode == 0
        assert len(room.events) == 2
        assert "dmz: 23/tcp open" in room.events[1][2]["body"]


def test_a_recipient_that_others_write_differently_is_another_one(
    networks: Begun, server: HttpServer
) -> None:
    """Its network sends by itself, at once; a hook gets the JSON of each network as ever."""
    with http_server() as other:
        hooked = networks.folder / "hooked"
        hook = f"""sh -c "cat >>{hooked}; echo >>{hooked}" """
        urls = {"a": url_of(server), "b": url_of(server), "c": url_of(other)}
        networks.begun(urls, HOOK=hook)
        hooked.unlink(missing_ok=True)
        for name in urls:
            networks.scans(name, NEW_HOST)
        assert networks.all("run", "--together").returncode == 0
        assert [body["title"].partition(" · ")[0] for body in bodies(server)] == [
            "a: new device 192.0.2.9; 1 more network"
        ]
        assert [body["title"].partition(" · ")[0] for body in bodies(other)] == [
            "c: new device 192.0.2.9"
        ]
        told = hooked.read_text().split('"network": ')[1:]
        assert sorted(text[:3] for text in told) == ['"a"', '"b"', '"c"']


def test_a_database_that_cannot_be_read_keeps_no_other_network_waiting(
    networks: Begun, server: HttpServer
) -> None:
    networks.begun(dict.fromkeys(("dmz", "lan"), url_of(server)))
    networks.scans("lan", TELNET)
    (networks.state("dmz") / "netwatch.db").write_bytes(b"no database at all" * 100)
    result = networks.all("run", "--together")
    assert result.returncode == 6
    assert "netwatch-notify: dmz: " in result.stderr
    told = [body["title"] for body in bodies(server)]
    assert any(title.startswith("lan: 23/tcp open on 192.0.2.1 · ") for title in told)


def test_a_network_whose_state_lies_where_messages_are_gathered_is_refused(
    networks: Begun,
) -> None:
    networks.add("lan")
    networks.add("together")
    result = networks.all("run", "--together")
    assert result.returncode == 2
    assert "together.env: its state directory" in result.stderr
    assert "set another NETWATCH_STATE_DIR" in result.stderr


def test_what_waits_for_one_recipient_goes_to_no_other(networks: Begun, server: HttpServer) -> None:
    """Both are "json"; the settings of the network whose message waits break, or are deleted."""
    with http_server() as other:
        networks.begun({"dmz": url_of(other), "lan": url_of(server)})
        networks.scans("dmz", NEW_HOST)
        other.status = 500
        assert networks.all("run", "--together").returncode == 4
        settings = networks.env_file("dmz").read_text()
        networks.env_file("dmz").write_text(f"{settings}NETWATCH_GONE_AFTER=soon\n")
        due_now(networks, networks.together)
        networks.all("deliver")
        networks.scans("lan", TELNET)
        networks.all("run", "--together")
        assert networks.states(networks.together) == ["joined", "waiting"]
        networks.env_file("dmz").unlink()
        assert "given up: the destination is not" in networks.all("deliver").stderr
        told = [body["title"].partition(" · ")[0] for body in bodies(server)]
    assert told == ["lan: 23/tcp open on 192.0.2.1"]


def test_where_nothing_can_be_gathered_each_network_is_scanned_and_sends_by_itself(
    networks: Begun, server: HttpServer
) -> None:
    """And `status --all --json` stays whole."""
    networks.begun(dict.fromkeys(("dmz", "lan"), url_of(server)))
    networks.scans("dmz", NEW_HOST)
    networks.scans("lan", TELNET)
    networks.together.mkdir()
    (networks.together / "netwatch.db").write_bytes(b"no database at all" * 100)
    result = networks.all("run", "--together")
    assert result.returncode == 6
    (line,) = result.stderr.splitlines()
    assert line.startswith("netwatch-notify: together: ")
    assert line.endswith(
        "restore a backup, or move it away to begin anew; each network sends by itself"
    )
    assert sorted(body["title"][:3] for body in bodies(server)) == ["dmz", "lan"]
    told = networks.all("status", "--json")
    assert told.returncode == 6
    entries = {entry["network"]: entry for entry in json.loads(told.stdout)["networks"]}
    assert entries["dmz"]["report"]["network"] == "dmz"
    assert "restore a backup" in entries["together"]["errors"][0]
    networks.one("lan", "run", "--keep-for", str(networks.together))
    before = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    networks.scans("lan", NEW_HOST)
    networks.one("lan", "run", "--keep-for", str(networks.together))
    networks.query(networks.state("lan"), "UPDATE outbox SET created_at = ?", before)
    assert networks.all("deliver").returncode == 6
    assert len(server.requests) == 3


def test_an_env_file_that_sorts_first_does_not_move_what_waits(
    networks: Begun, server: HttpServer
) -> None:
    networks.begun({"lan": url_of(server)})
    networks.scans("lan", TELNET)
    server.status = 500
    assert networks.all("run", "--together").returncode == 4
    networks.add("a", STATE_DIR=str(networks.folder / "elsewhere" / "a"), NOTIFY=url_of(server))
    server.status = 200
    due_now(networks, networks.together)
    assert networks.all("deliver").returncode == 0
    assert [body["title"][:3] for body in bodies(server)] == ["lan", "lan"]


def test_hints_are_commands_for_a_shell(networks: Begun, server: HttpServer) -> None:
    """Also where the path has a space in it."""
    networks.env_dir = networks.folder / "env files"
    networks.env_dir.mkdir()
    networks.begun({"lan": url_of(server)})
    networks.scans("lan", NEW_HOST)
    assert networks.all("run", "--together").returncode == 0
    text = " ".join(bodies(server)[0]["message"].split())
    assert f"Expected? netwatch-notify --env-file '{networks.env_file('lan')}' accept " in text
