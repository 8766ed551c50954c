"""`--all` where one message tells of several networks: gathered, sent, and looked after."""

import json
import shlex
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.networks import (
    EnvFile,
    Output,
    find_networks,
    for_every_network,
    outcomes_of,
    say,
)
from netwatch_notify.cli.networks_commands import EveryNetwork
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.owner import act_as_owner_of
from netwatch_notify.cli.plan import destinations_of, start_logging, urgent_of
from netwatch_notify.errors import DeliveryError, NetwatchError, StateError, UsageError
from netwatch_notify.model.paths import DEFAULT_ENV_FILE, ENV_DIRECTORY
from netwatch_notify.pipeline.together import (
    Circle,
    Member,
    collect,
    note_who_took_part,
    send_together,
    tell_heartbeats,
    tell_what_does_not_arrive,
)
from netwatch_notify.report.together import COMMAND
from netwatch_notify.settings.fields import LogFormat
from netwatch_notify.settings.reading import load_settings
from netwatch_notify.store.database import Database
from netwatch_notify.store.failing import Failing, failing
from netwatch_notify.store.gathering import gathering, is_gathering
from netwatch_notify.store.handover import NETWORK, has_shared, recipients, told_nothing
from netwatch_notify.store.outbox import has_work

ITS_RUN_IS_WHOLE = (0, DeliveryError.exit_code)


def shared_directory(files: Sequence[EnvFile]) -> Path:
    """
    Return where the networks' common outbox lies: beside the state of the first of them.

    Where there is one already, it is that: the first network may be new, or its settings broken.
    Raises UsageError where a network lies there itself, or none says where its state is.
    """
    states = [file.state for file in files if file.state]
    if not states:
        raise UsageError("no env file can be used; netwatch-notify check --all says why")
    places = [state.parent / NETWORK for state in states]
    directory = next((p for p in places if (p / "netwatch.db").exists()), places[0])
    if taken := [file.path for file in files if file.state == directory]:
        raise UsageError(
            f"{taken[0]}: its state directory {directory} is where messages of several networks "
            "are kept; set another NETWATCH_STATE_DIR"
        )
    return directory


def run_together(options: Options, every: EveryNetwork, words: Sequence[str]) -> int:
    """
    Run every network, then send one message to each recipient; return the exit code.

    Where nothing can be gathered, each network sends by itself.
    """
    files = find_networks(every.env_dir)
    directory = shared_directory(files)
    act_as_owner_of(directory)
    output = Output(options)
    with ExitStack() as opened, ExitStack() as gathers:
        try:
            shared = opened.enter_context(closing(Database.open(directory, NETWORK)))
            gathers.enter_context(gathering(directory))
        except StateError as error:
            say(NETWORK, f"{error}; each network sends by itself")
            return max(for_every_network(options, every, words), error.exit_code)
        with gathers:
            held = (*words, "--keep-for", str(directory))
            codes = outcomes_of(options, files, every.parallel, held, output)
            output.close()
            circle = _circle(options, every, files, shared)
            whole = {f.network for f in files if codes[f.path] in ITS_RUN_IS_WHOLE}
            note_who_took_part(shared, circle, _quiet(circle, whole))
            tell_what_does_not_arrive(shared, circle)
            by_themselves = collect(shared, circle)
        _send_alone(options, files, by_themselves, every.parallel, codes)
        failed = [str(attempt) for attempt in send_together(shared, circle)]
        still = failing(shared)
    tell_heartbeats(circle, {one.destination for one in still})
    _complain(failed or list(map(str, still)))
    return max(*codes.values(), DeliveryError.exit_code if failed or still else 0)


def deliver_all(options: Options, every: EveryNetwork) -> int:
    """Send what is due of every network, and what several share; return the exit code."""
    options = replace(options, as_json=False)  # as for one network: it prints messages
    files = find_networks(every.env_dir)
    output = Output(options)
    directory = _existing(files)
    if directory is None:
        return max(outcomes_of(options, files, every.parallel, ("deliver",), output).values())
    act_as_owner_of(directory)
    shared, circle, code, failed = None, None, 0, []
    with ExitStack() as opened:
        try:
            shared = opened.enter_context(closing(Database.open(directory, NETWORK)))
            if not is_gathering(directory) and any(map(_has_shared, files)):
                circle = _circle(options, every, files, shared)
                collect(shared, circle)
        except NetwatchError as error:
            say(NETWORK, str(error))
            code = error.exit_code
        codes = outcomes_of(options, files, every.parallel, ("deliver",), output)
        if shared and has_work(shared):
            circle = circle or _circle(options, every, files, shared)
            failed = send_together(shared, circle)
    _complain([str(a) for a in failed if a.is_news or options.verbose])
    return max(code, *codes.values(), DeliveryError.exit_code if failed else 0)


def look_at_all(options: Options, every: EveryNetwork, words: Sequence[str]) -> int:
    """Run `check` or `status` for every network, and say what of all of them does not arrive."""
    files = find_networks(every.env_dir)
    output = Output(options)
    code = max(outcomes_of(options, files, every.parallel, words, output).values())
    directory = _existing(files)
    if directory:
        try:
            with closing(Database.to_read(directory, NETWORK)) as shared:
                found = failing(shared)
        except NetwatchError as error:
            say(NETWORK, str(error))
            own = error.exit_code
            output.add(NETWORK, own, "", [str(error)])
        else:
            own = 2 if words[0] == "check" and any(one.is_over for one in found) else 0
            output.add(NETWORK, own, _failing_text(every, found, as_json=options.as_json))
        code = max(code, own)
    output.close()
    return code


def _failing_text(every: EveryNetwork, found: Sequence[Failing], *, as_json: bool) -> str:
    if as_json:
        told = [
            {
                "destination": one.destination,
                "messages": one.messages,
                "since": one.since.isoformat(),
                "reason": one.reason,
                "is_over": one.is_over,
            }
            for one in found
        ]
        return json.dumps({"failing": told})
    return "\n".join(
        f"{'failed' if one.is_over else 'warning':<8} outbox: {one}; "
        + ("mend it, then " if one.is_over else "")
        + f"{COMMAND} outbox --together{_where(every)} {'retry --all' if one.is_over else 'list'}"
        for one in found
    )


def _existing(files: Sequence[EnvFile]) -> Path | None:
    """Return the directory of the common outbox if messages were ever gathered."""
    if not any(file.state for file in files):
        return None
    directory = shared_directory(files)
    return directory if (directory / "netwatch.db").exists() else None


def _has_shared(file: EnvFile) -> bool:
    if file.state is None or not (file.state / "netwatch.db").exists():
        return False
    try:
        with closing(Database.to_read(file.state, file.network)) as database:
            return has_shared(database)
    except NetwatchError:
        return False  # its own `deliver` says what is wrong


def _circle(
    options: Options, every: EveryNetwork, files: Iterable[EnvFile], shared: Database
) -> Circle:
    """Read the settings of all networks; who has wrong ones was told so, and is left out."""
    members = []
    secrets: set[str] = set()
    is_complete = True
    for file in files:
        try:
            member, more = _member(file)
        except NetwatchError:
            is_complete = False
            continue
        members.append(member)
        secrets |= more
    start_logging(options, NETWORK, None, LogFormat.TEXT, secrets=secrets)
    directory = Path(shared.name).parent
    place, held = _where(every), recipients(shared)
    return Circle(directory, tuple(members), LocalZone(), is_complete, place, held)


def _where(every: EveryNetwork) -> str:
    """Return what a command about all of the networks needs besides."""
    if every.env_dir == ENV_DIRECTORY:
        return ""
    return f" --env-dir {shlex.quote(str(every.env_dir.absolute()))}"


def _member(file: EnvFile) -> tuple[Member, set[str]]:
    settings = load_settings(file.path)
    destinations = destinations_of(settings)
    is_default = file.path == DEFAULT_ENV_FILE
    member = Member(
        settings.network,
        settings.state_dir,
        COMMAND if is_default else f"{COMMAND} --env-file {shlex.quote(str(file.path.absolute()))}",
        destinations,
        settings.send_at,
        urgent_of(settings.urgent),
        timedelta(days=settings.outbox_days),
        settings.keep_days,
        settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else None,
    )
    return member, {*settings.secrets(), *(d.url for d in destinations)}


def _quiet(circle: Circle, whole: set[str]) -> list[Member]:
    """Return the networks whose run was whole and had nothing to tell."""
    quiet = []
    for member in circle.members:
        if member.network in whole:
            with closing(Database.to_read(member.state, member.network)) as database:
                if told_nothing(database):
                    quiet.append(member)
    return quiet


def _send_alone(
    options: Options,
    files: Sequence[EnvFile],
    members: Sequence[Member],
    parallel: int,
    codes: dict[Path, int],
) -> None:
    """Have networks send by themselves what is for a recipient that no other has."""
    names = {member.network for member in members}
    chosen = [file for file in files if file.network in names]
    plain = replace(options, as_json=False)
    for path, code in outcomes_of(plain, chosen, parallel, ("deliver",), Output(plain)).items():
        codes[path] = max(codes[path], code)


def _complain(lines: Sequence[str]) -> None:
    for line in lines:
        say(NETWORK, line)
