"""Each format's way from a night to what its reader gets, and what that reader makes of it."""

import json
import os
import pty
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from datetime import UTC
from functools import cache
from pathlib import Path

from netwatch_notify.cli.tables import print_tables
from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.channels import open_channel
from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.listing import Table
from netwatch_notify.model.message import Format, Parcel, View
from netwatch_notify.model.text import clean
from netwatch_notify.pipeline.diff import DiffOptions, diff_json, diff_view, write_text, write_xml
from netwatch_notify.report.json_report import json_report
from netwatch_notify.report.render import render
from netwatch_notify.scan.pair import ScanPair
from tests.report.hostile_night import HostileNight, hostile_night, shown, squash
from tests.report.hostile_scans import write_hostile_scans
from tests.report.hostile_tables import hostile_tables
from tests.report.oracles.characters import steering_characters, unseen_characters
from tests.report.oracles.html import Part, html_faults, parts, text_of
from tests.report.oracles.links import linked_text, live_text
from tests.report.oracles.markdown import OURS, markdown_faults, pages
from tests.report.oracles.slack import slack_faults, slack_text
from tests.report.oracles.terminal import screen_faults, terminal_faults
from tests.report.stories import FACTS

Check = Callable[[Sequence[str]], Iterable[str]]
"""Takes some hostile strings, and yields what is wrong with the message that holds them."""

SCREENFUL = 20_000
"""Characters of a text that a whole screen is drawn of, which takes ten times as long."""
TAME = tuple(f"word{number}" for number in range(400))


def lines_of(view: View) -> Iterator[str]:
    """Yield each line that a message must show, squashed."""
    for section in view.sections:
        for item in section.items:
            for text in (item.headline, *item.details):
                if said := squash(clean(text, 1000)):
                    yield said


def unsaid(view: View, text: str) -> Iterator[str]:
    """Yield each line of the view that the text does not have in its place, but for spaces."""
    text, at = squash(text), 0
    for line in lines_of(view):
        found = text.find(line, at)
        if found < 0:
            yield f"not said: {line!a}"
        else:
            at = found + len(line)


def in_view(night: HostileNight) -> Iterator[str]:
    """Yield each planted text that the night's message does not show."""
    everything = "\n".join(lines_of(night.view))
    yield from (f"not shown: {text!a}" for text in night.planted if shown(text) not in everything)


def check_text(texts: Sequence[str]) -> Iterator[str]:
    """stdout of a run without destinations, and what services get that have no format."""
    night = hostile_night(texts)
    message = render(night.view, Format.TEXT)
    whole = f"{message.subject}\n{message.body}"
    yield from in_view(night)
    yield from terminal_faults(whole)
    yield from screen_faults(whole[:SCREENFUL])
    yield from unseen_characters(whole)
    yield from live_text(whole)
    yield from linked_text(whole)
    yield from unsaid(night.view, message.body)


@cache
def our_elements() -> set[Part]:
    """Return all that a harmless message has in HTML."""
    return parts(f"<h2>x</h2><div>x</div>{render(hostile_night(TAME).view, Format.HTML).body}")


def check_html(texts: Sequence[str]) -> Iterator[str]:
    """What `diff --html` and mail are made of."""
    view = hostile_night(texts).view
    message = render(view, Format.HTML)
    yield from html_faults(message.body, our_elements())
    yield from unsaid(view, text_of(message.body))
    # Channels without a subject carry it in the body, in whatever format that has.
    yield from html_faults(f"<div>{message.subject}</div>", our_elements())


def check_markdown(texts: Sequence[str]) -> Iterator[str]:
    """`diff --markdown`, and services that ask for it."""
    view = hostile_night(texts).view
    message = render(view, Format.MARKDOWN)
    # Telegram has no titles: it carries the subject as the body's first line.
    channel, loaded = _telegram()
    title = channel.title(loaded, Parcel(message, 1, 1, "lan"))
    whole = f"{title}\n\n{message.body}"
    made = pages(whole)
    yield from markdown_faults(whole, made)
    for reader, page in made.items():
        yield from (f"{reader}: {fault}" for fault in unsaid(view, text_of(page)))


@cache
def _telegram() -> tuple[Channel, Loaded]:
    return open_channel("tgram://123456789:abcdefg_hijklmnop/12315544/")


def check_slack(texts: Sequence[str]) -> Iterator[str]:
    """The blocks, before any is left out."""
    view = hostile_night(texts).view
    payload = json.loads(render(view, Format.SLACK).body)
    yield from slack_faults(payload)
    yield from unsaid(view, slack_text(payload))


def check_json(texts: Sequence[str]) -> Iterator[str]:
    """What `--json` prints: the same again when parsed, and ASCII where nothing else is known."""
    night = hostile_night(texts)
    report = json_report(FACTS, night.changes, night.problems)
    printed = json.dumps(report, indent=2)
    yield from terminal_faults(printed)
    if json.loads(printed) != report:
        yield "JSON says something else"


def check_tables(texts: Sequence[str]) -> Iterator[str]:
    """`hosts`, `show` and `history`, on a terminal and in a pipe."""
    tables = list(hostile_tables(hostile_night(texts), list(texts)))
    words = {word for table in tables for word in (*table.columns, *table.title.split())}
    yield from terminal_faults(_on_terminal(tables), bold=frozenset(words))
    yield from terminal_faults(_in_pipe(tables))


def _in_pipe(tables: Sequence[Table]) -> str:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        with redirect_stdout(file):
            print_tables(tables, last=[table.title for table in tables])
        file.seek(0)
        return file.read()


def _on_terminal(tables: Sequence[Table]) -> str:
    """Return what a real terminal would get."""
    outer, inner = pty.openpty()
    received = bytearray()

    def receive() -> None:
        try:
            while data := os.read(outer, 65536):
                received.extend(data)
        except OSError:  # Linux's way to say that the other end is closed
            return

    reader = threading.Thread(target=receive)
    reader.start()
    with open(inner, "w", encoding="utf-8") as terminal, redirect_stdout(terminal):  # noqa: PTH123
        assert sys.stdout.isatty()
        print_tables(tables)
    reader.join()
    os.close(outer)
    return received.decode().replace("\r\n", "\n")


def check_diff(texts: Sequence[str]) -> Iterator[str]:
    """`diff` of two files in all its forms, from XML on."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_hostile_scans(Path(folder), texts)
        with ScanPair(*paths, everything=True) as pair:
            text: list[str] = []
            write_text(pair, DiffOptions(everything=True), text.append)
            yield from terminal_faults("".join(text), tabs=True)
            xml: list[str] = []
            write_xml(pair, DiffOptions(everything=True), xml.append)
            yield from steering_characters("".join(xml))
            report = diff_json(pair, DiffOptions())
            printed = json.dumps(report, indent=2, ensure_ascii=False)
            yield from terminal_faults(printed)
            if json.loads(printed) != report:
                yield "JSON says something else"
            view = diff_view(pair, DiffOptions(), UTC)
    if len(texts) >= 50 and not view.sections:
        yield "nothing differs"
    markup = render(view, Format.HTML)
    yield from html_faults(markup.body, our_elements())
    yield from unsaid(view, text_of(markup.body))
    plain = render(view, Format.MARKDOWN)
    yield from markdown_faults(f"# {plain.subject}\n\n{plain.body}", ours=OURS | {"h1"})


CHECKS: dict[str, Check] = {
    "text": check_text,
    "html": check_html,
    "markdown": check_markdown,
    "slack": check_slack,
    "json": check_json,
    "tables": check_tables,
    "diff": check_diff,
}
