"""All destinations of the week and the servers behind them, with their URLs and secrets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deliver.servers import http_server
from tests.servers.gate import Gate, HttpTalk, MailTalk
from tests.servers.homeserver import homeserver
from tests.servers.mail import PASSWORD, mail_server, parse
from tests.servers.synapse import Synapse
from tests.week import faults
from tests.week.places import Arrival, Hook, Place, TimedSlack, mail_text, text_of

TOKEN = "s3cret-token"
RENEWED = "an0ther-token"
WEBHOOK_URL = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
BOT_URL = "slack://xoxb-1234-1234-abc124/%23ops"


@dataclass(frozen=True, slots=True)
class Matrix:
    """A homeserver with two rooms, the second of which is to fail."""

    port: int
    tokens: tuple[str, str]
    rooms: tuple[str, str]
    read: Callable[[str], list[Arrival]]
    """What stands in a room."""


@dataclass(frozen=True, slots=True)
class Scenery:
    """What a week is played with."""

    healthy: tuple[Place, ...]
    flaky: tuple[Place, ...]
    environment: dict[str, str]
    hook: Hook
    secrets: tuple[str, ...]
    """No line that is printed holds any of these."""

    def notify(self) -> str:
        """Return NETWATCH_NOTIFY as the URLs are now."""
        return " ".join(place.url for place in (*self.healthy, *self.flaky) if place.url)


@contextmanager
def stand_in_for_matrix() -> Iterator[Matrix]:
    """Yield rooms of a homeserver of ours."""
    with homeserver() as server:

        def read(room: str) -> list[Arrival]:
            events = list(server.events)
            return [Arrival(at, content["body"]) for at, where, content in events if where == room]

        rooms = ("!healthy:example.org", "!flaky:example.org")
        yield Matrix(server.port, (f"{TOKEN}-1", f"{TOKEN}-2"), rooms, read)


def matrix_of(server: Synapse) -> Matrix:
    """Return rooms of a real homeserver."""
    reader, *watchers = (server.register(name) for name in ("anna", "watch", "watch"))
    rooms = [server.create_room(reader, watcher) for watcher in watchers]

    def read(room: str) -> list[Arrival]:
        events = server.events(reader, room)
        return [Arrival(e["origin_server_ts"] / 1000, e["content"]["body"]) for e in events]

    tokens = (watchers[0].token, watchers[1].token)
    return Matrix(server.http_port, tokens, (rooms[0], rooms[1]), read)


def set_up(
    stack: ExitStack,
    folder: Path,
    matrix: Matrix,
    may_go: Callable[[float], bool],
    *,
    is_bot: bool,
    hang_seconds: int,
    really_hangs: bool,
) -> Scenery:
    """
    Start everything; it ends with `stack`.

    `is_bot`: of Slack it is the bot that fails, not the webhook. `may_go` ends a hang,
    but that of Slack and of the hook where it `really_hangs`.
    """
    (folder / "secure").mkdir()
    slack = stack.enter_context(
        TimedSlack(folder, is_bot=is_bot, may_go=None if really_hangs else may_go)
    )
    secure = stack.enter_context(mail_server(folder / "secure", secure=True))
    mail = stack.enter_context(mail_server(folder / "mail"))
    json_server = stack.enter_context(http_server())

    def gate(port: int, talk: Callable[[], HttpTalk | MailTalk]) -> Gate:
        return stack.enter_context(Gate(port, talk, may_go))

    good_json, bad_json = gate(json_server.port, HttpTalk), gate(json_server.port, HttpTalk)
    bad_mail, bad_matrix = gate(mail.port, MailTalk), gate(matrix.port, HttpTalk)
    hook = Hook(folder / "hook", hang_seconds)
    slacks = [("slack", WEBHOOK_URL), ("slack #ops", BOT_URL)]
    good_slack, bad_slack = slacks if is_bot else reversed(slacks)
    good_room, bad_room = matrix.rooms
    good_token, bad_token = matrix.tokens
    healthy = (
        Place("json", f"json://127.0.0.1:{good_json.port}/{TOKEN}", lambda: _taken(good_json)),
        Place(
            f"matrix {good_room}",
            f"matrix://{good_token}@127.0.0.1:{matrix.port}/{good_room}",
            lambda: matrix.read(good_room),
        ),
        Place(
            "mail to ops@example.org", secure.secure_url(), lambda: _filed(secure.mailbox.directory)
        ),
        Place(*good_slack, lambda: slack.arrivals(slack.healthy)),
    )
    flaky = (
        Place(
            "json (2)",
            f"json://127.0.0.1:{bad_json.port}/{TOKEN}",
            lambda: _taken(bad_json),
            bad_json,
            faults.JSON,
        ),
        Place(
            f"matrix {bad_room}",
            f"matrix://{bad_token}@127.0.0.1:{bad_matrix.port}/{bad_room}",
            lambda: matrix.read(bad_room),
            bad_matrix,
            faults.MATRIX,
            knows_repetitions=True,
        ),
        Place(
            "mail to flaky@example.org",
            f"mailto://127.0.0.1:{bad_mail.port}?from=watch@example.org&to=flaky@example.org"
            "&smtp=127.0.0.1&mode=insecure",
            lambda: _filed(mail.mailbox.directory),
            bad_mail,
            faults.MAIL,
        ),
        Place(*bad_slack, lambda: slack.arrivals(slack.flaky), slack, tuple(slack.answers)),
        Place("hook hook.sh", "", hook.arrivals, hook, faults.HOOK),
    )
    authority = {"SSL_CERT_FILE": str(secure.authority)}
    secrets = (TOKEN, RENEWED, PASSWORD, *matrix.tokens, *WEBHOOK_URL.split("/")[2:], "xoxb-1234")
    return Scenery(healthy, flaky, slack.environment | authority, hook, secrets)


def _taken(gate: Gate) -> list[Arrival]:
    """What an HTTP server behind a gate was given."""
    return [Arrival(s.at, text_of(s)) for s in gate.said if s.is_taken and s.stage == "POST"]


def _filed(directory: Path) -> list[Arrival]:
    """What a mail server filed."""
    paths = sorted(directory.glob("*.eml"))
    return [Arrival(p.stat().st_mtime, mail_text(parse(p.read_bytes()))) for p in paths]
