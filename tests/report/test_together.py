"""Several networks in one message: a section each, the worst first, each with its own commands."""

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.message import Destination, Format, Item, Section, View
from netwatch_notify.pipeline.outgoing import fit
from netwatch_notify.pipeline.together import join_to_fit
from netwatch_notify.report.digest import Told
from netwatch_notify.report.render import render
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.text import render_text
from netwatch_notify.report.together import Several, join_networks
from tests.builders import night
from tests.report import stories
from tests.report.strategies import relaxed, views
from tests.report.test_golden import compare_with_golden_file

COMMANDS = {
    name: f"netwatch-notify --env-file /etc/netwatch/{name}.env" for name in ("corp", "dmz", "lan")
}


def of(network: str, view: View) -> View:
    """Return another network's view."""
    subject = f"{network}: {view.subject.partition(': ')[2]}"
    return replace(view, network=network, subject=subject)


LAN, CORP = of("lan", stories.SAMPLE.view), of("corp", stories.PROBLEMS.view)
QUIET = of("dmz", stories.QUIET.view)


def joined(*given_views: View, lost: tuple[View, ...] = (), quiet: tuple[str, ...] = ()) -> View:
    told = [Told(run, view, night(run)) for run, view in enumerate(given_views, 1)]
    gone = [Told(run, view, night(run)) for run, view in enumerate(lost, 7)]
    return join_networks(Several(tuple(told), tuple(gone), quiet), COMMANDS, UTC)


def test_the_message_reads_as_its_golden_file() -> None:
    view = joined(LAN, CORP, quiet=("dmz", "lab"))
    message = render(view, Format.TEXT)

    compare_with_golden_file(f"Subject: {message.subject}\n\n{message.body}", "together.txt")


def test_the_worst_network_comes_first_and_names_the_subject() -> None:
    view = joined(QUIET, LAN, CORP)

    titles = [s.title for s in view.sections if s.title.startswith("== ")]
    assert [title.partition(":")[0] for title in titles] == ["== CORP", "== LAN", "== DMZ"]
    assert view.subject.startswith("corp: ")
    assert "; 2 more networks · " in view.subject


def test_one_network_alone_keeps_its_subject() -> None:
    assert joined(LAN, quiet=("dmz",)).subject == LAN.subject


def test_a_network_that_has_something_to_tell_is_not_called_quiet() -> None:
    assert joined(LAN, quiet=("dmz", "lan")).footer[0] == "quiet: dmz"


def test_each_hint_names_the_env_file_of_its_network() -> None:
    text = " ".join(render_text(joined(LAN, CORP)).split())

    assert f"Expected? {COMMANDS['lan']} accept " in text
    assert "Expected? netwatch-notify accept" not in text


def test_what_a_device_says_is_not_rewritten() -> None:
    said = Item("netwatch-notify is my name", details=("netwatch-notify accept 1",))
    view = replace(LAN, sections=(Section("TO CHECK", (said,)),))

    assert said in [item for section in joined(view).sections for item in section.items]


def test_a_message_that_was_given_up_says_where_to_read_it() -> None:
    text = " ".join(render_text(joined(LAN, lost=(QUIET,))).split())

    assert "PROBLEM: the message of" in text
    assert f"Try: {COMMANDS['dmz']} show 7" in text


def test_hints_give_way_first_and_are_not_counted_as_changes() -> None:
    whole = joined(LAN, CORP)
    size = len(render(whole, Format.TEXT).body) + len(whole.subject)
    shorter = shorten(whole, size - 1)

    assert "Expected?" in render_text(whole)
    assert "more" not in render_text(shorter).partition("Expected?")[0].rpartition("\n")[2]
    assert all(not section.left_out for section in shorter.sections)
    assert len(render_text(shorter)) < len(render_text(whole))


@pytest.mark.parametrize("format_", Format)
def test_where_sections_do_not_fit_the_rest_are_a_line_each(format_: Format) -> None:
    """Forty networks in a chat's 4,000 characters: the worst whole, what fits of the others."""
    several = tuple(
        Told(1, of(f"net{number}", LAN if number != 7 else CORP), night(1)) for number in range(40)
    )
    room = Destination("chat", "chat://x", format_, 4000)
    view = fit(join_to_fit(Several(several), COMMANDS, UTC, room), room)
    message = render(view, format_)

    assert len(message.subject) + 1 + len(message.body) <= 4000
    titles = [section.title for section in view.sections]
    assert titles[0].startswith("== NET7: ")
    assert titles[-1] == "OTHER NETWORKS"
    assert view.sections[-1].items


@relaxed
@given(st.lists(views, min_size=1, max_size=4), st.sampled_from(Format))
def test_every_format_renders_any_message(several: list[View], format_: Format) -> None:
    networks = [of(f"net{number}", view) for number, view in enumerate(several)]
    text = render(shorten(joined(*networks), 4000, format_), format_).body
    assert all(f"NET{number}: " in text for number in range(len(networks)))


def test_a_view_that_fitted_alone_says_where_to_read_it_when_there_is_no_room() -> None:
    """What a run stores of a message that fitted has no such word."""
    told = [
        Told(run, replace(view, rest=""), night(run)) for run, view in enumerate((CORP, LAN), 1)
    ]
    lines = join_networks(Several(tuple(told)), COMMANDS, UTC, 1).sections[-1]
    whole = join_networks(Several(tuple(told)), COMMANDS, UTC)

    assert lines.items[0].details == (f"All of it: {COMMANDS['lan']} show 2",)
    assert whole.rest == f"{COMMANDS['corp']} show 1, {COMMANDS['lan']} show 2"


def test_what_is_to_be_mended_and_what_is_open_names_the_env_file() -> None:
    mend = Item("PROBLEM: x", details=("Try: mend it, then netwatch-notify outbox retry --all",))
    still = Item("12, oldest 3 nights: netwatch-notify history --open")
    text = " ".join(
        render_text(joined(replace(LAN, sections=(Section("", (mend, still)),)))).split()
    )

    assert f"then {COMMANDS['lan']} outbox retry --all" in text
    assert f"{COMMANDS['lan']} history --open" in text
