"""Who takes part in a message of several networks, and as which recipient."""

from datetime import UTC, datetime, time
from pathlib import Path

from netwatch_notify.deliver.fingerprint import fingerprint
from netwatch_notify.model.change import Severity
from netwatch_notify.model.message import Destination
from netwatch_notify.pipeline.together import Circle, Member, choose_url
from netwatch_notify.store.handover import Recipient

THREE = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOOK = Destination("hook", "", command=("cat",))


def member(name: str, *urls: str, send_at: time | None = None, urgent: str = "critical") -> Member:
    destinations = (*(Destination("mail", url) for url in urls), HOOK)
    severities = frozenset({Severity(urgent)})
    command = f"netwatch-notify --env-file {name}.env"
    return Member(name, Path("/state", name), command, destinations, send_at, severities)


def circle(*members: Member) -> Circle:
    return Circle(Path("/state/together"), members, UTC)


def test_a_recipient_is_what_most_networks_write_and_no_command() -> None:
    three = circle(member("a", "x://old"), member("b", "x://new"), member("c", "x://new"))

    assert [destination.url for destination in three.destinations] == ["x://new"]
    assert [three.keys_of(each) for each in three.members] == [set(), {"mail"}, {"mail"}]


def test_where_as_many_write_one_thing_as_another_the_first_counts() -> None:
    two = circle(member("a", "x://one"), member("b", "x://two"))

    assert [destination.url for destination in two.destinations] == ["x://one"]


def test_a_url_is_not_shown() -> None:
    assert "x://s3cret" not in repr(circle(member("a", "x://s3cret")))


def test_a_problem_leaves_with_the_first_networks_messages_or_at_once() -> None:
    seven, eight = time(7), time(8)
    both = circle(member("a", send_at=eight), member("b", send_at=seven))
    one = circle(member("a", send_at=eight), member("b"))
    urgent = circle(member("a", send_at=eight, urgent="warning"))

    assert both.problems_leave_at(THREE) == THREE.replace(hour=7)
    assert one.problems_leave_at(THREE) is None
    assert urgent.problems_leave_at(THREE) is None


HELD = Recipient(fingerprint("x://new"), ("b", "c"))


def test_what_waits_for_one_recipient_is_not_for_another_that_is_written_more_often() -> None:
    urls = {"x://old": ["a", "d"], "x://new": ["b"]}

    assert choose_url(urls, None, is_complete=True) == "x://old"
    assert choose_url(urls, HELD, is_complete=True) == "x://new"


def test_a_new_url_of_those_who_had_the_old_one_is_the_same_recipients() -> None:
    urls = {"x://old": ["a", "d"], "x://newer": ["b"]}

    assert choose_url(urls, HELD, is_complete=True) == "x://newer"


def test_while_settings_are_broken_nobody_can_say_who_the_recipient_is() -> None:
    urls = {"x://old": ["a"], "x://newer": ["b"]}

    assert choose_url(urls, HELD, is_complete=False) is None


def test_a_recipient_whose_networks_are_gone_is_none_of_the_others() -> None:
    assert choose_url({"x://old": ["a"]}, HELD, is_complete=True) is None
