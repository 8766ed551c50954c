"""Parts and command lines."""

import pytest

from netwatch_notify.errors import UsageError
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import Part, ScanProfile
from netwatch_notify.model.target import Target, parse_target
from netwatch_notify.scan.command import (
    confirm_command,
    detail_command,
    fast_command,
    plan_parts,
)
from tests.builders import addresses, at, key


def profile(targets: str, exclude: str = "", **facts: object) -> ScanProfile:
    return ScanProfile(
        tuple(map(parse_target, targets.split())),
        tuple(map(parse_target, exclude.split())),
        **facts,
    )


def planned(targets: str, exclude: str = "") -> list[tuple[int, int, str]]:
    parts = plan_parts(profile(targets, exclude))
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    return [(part.version, len(part.addresses), " ".join(part.targets)) for part in parts]


@pytest.mark.parametrize(
    ("targets", "parts"),
    [
        pytest.param("192.0.2.0/24", [(4, 256, "192.0.2.0/24")], id="one"),
        pytest.param(
            "192.0.2.0/24 198.51.100.0/24",
            [(4, 256, "192.0.2.0/24"), (4, 256, "198.51.100.0/24")],
            id="one-nmap-each",
        ),
        pytest.param(
            "192.0.2.1 198.51.100.0/24 192.0.2.9",
            [(4, 2, "192.0.2.1 192.0.2.9"), (4, 256, "198.51.100.0/24")],
            id="small-ones-joined",
        ),
        pytest.param(
            "192.0.2.0/28 198.51.100.0/27",
            [(4, 16, "192.0.2.0/28"), (4, 32, "198.51.100.0/27")],
            id="16-is-small-32-is-not",
        ),
        pytest.param(
            "192.0.2.1 2001:db8::1 192.0.2.2 2001:db8::2",
            [(4, 2, "192.0.2.1 192.0.2.2"), (6, 2, "2001:db8::1 2001:db8::2")],
            id="families-apart",
        ),
        pytest.param(
            "192.0.2.0/24 192.0.2.7 192.0.2.0/25", [(4, 256, "192.0.2.0/24")], id="contained"
        ),
        pytest.param("192.0.2.7 192.0.2.7", [(4, 1, "192.0.2.7")], id="twice"),
    ],
)
def test_targets_become_parts(targets: str, parts: list[tuple[int, int, str]]) -> None:
    assert planned(targets) == parts


def test_excluded_addresses_are_taken_off() -> None:
    assert planned("192.0.2.0/24", "192.0.2.0/25 192.0.2.200")[0][1] == 127


def test_a_target_that_is_wholly_excluded_starts_no_nmap() -> None:
    assert planned("192.0.2.0/24 198.51.100.0/24", "192.0.2.0/23") == [(4, 256, "198.51.100.0/24")]


def test_a_block_with_few_addresses_left_counts_as_small() -> None:
    assert planned("192.0.2.0/24 198.51.100.1", "192.0.2.0-250") == [
        (4, 6, "192.0.2.0/24 198.51.100.1")
    ]


def test_nothing_left_to_scan_is_refused() -> None:
    with pytest.raises(UsageError, match="NETWATCH_EXCLUDE"):
        plan_parts(profile("192.0.2.1", "192.0.2.0/24"))


def test_a_name_is_scanned_by_the_addresses_it_resolved_to() -> None:
    both = addresses("192.0.2.7", "2001:db8::7")
    parts = plan_parts(ScanProfile((Target("nas.example", both, "nas.example"),)))
    assert [(p.version, p.targets, p.label) for p in parts] == [
        (4, ("192.0.2.7",), "nas.example"),
        (6, ("2001:db8::7",), "nas.example"),
    ]


@pytest.mark.parametrize(
    ("count", "label"),
    [
        (3, "192.0.2.1 192.0.2.2 192.0.2.3"),
        (4, "192.0.2.1 and 3 other small targets"),
    ],
)
def test_the_label_is_what_was_written(count: int, label: str) -> None:
    (part,) = plan_parts(profile(" ".join(f"192.0.2.{n}" for n in range(1, count + 1))))
    assert part.label == label


def command(given: ScanProfile, number: int = 0) -> list[str]:
    return fast_command("nmap", given, plan_parts(given)[number])


def test_the_fast_command_ends_with_its_own_targets_and_writes_to_stdout() -> None:
    words = command(profile("192.0.2.0/24", port_arguments=("-p22",)))
    assert words[0] == "nmap"
    assert words[-3:] == ["-oX", "-", "192.0.2.0/24"]
    assert "-p22" in words
    assert {"-n", "--unique", "-T4"} <= set(words)
    assert not {"-6", "--open", "--exclude", "--unprivileged"} & set(words)


def test_without_privileges_nmap_is_told_so() -> None:
    assert "--unprivileged" in command(profile("192.0.2.1", privileged=False))


def test_only_excludes_of_its_family_are_given() -> None:
    given = profile("192.0.2.0/24 2001:db8::/120", "192.0.2.9 2001:db8::9 192.0.2.8")
    four, six = command(given, 0), command(given, 1)
    assert four[four.index("--exclude") + 1] == "192.0.2.9,192.0.2.8"
    assert six[six.index("--exclude") + 1] == "2001:db8::9"
    assert "-6" in six
    assert "-6" not in four


def keys(*texts: str) -> list[PortKey]:
    return [key(text) for text in texts]


@pytest.mark.parametrize(
    ("ports", "address", "words"),
    [
        (["80", "22"], "192.0.2.1", ["-p", "22,80"]),
        (["53/udp"], "192.0.2.1", ["-sU", "-p", "53"]),
        (["9/sctp"], "192.0.2.1", ["-sY", "-p", "9"]),
        (["22"], "2001:db8::1", ["-6", "-p", "22"]),
    ],
)
def test_the_detail_command(ports: list[str], address: str, words: list[str]) -> None:
    made = detail_command("nmap", ["-sV"], keys(*ports), [at(address)], "/tmp/d")  # noqa: S108
    start = ["nmap", "-n", "-Pn", "-T4", "-sV"]
    assert made == [*start, *words, "--exclude-ports", "9100-9107", "-oA", "/tmp/d", address]  # noqa: S108


@pytest.mark.parametrize(
    ("ports", "known_up", "discovery", "words"),
    [
        (["22", "80"], True, ["-Pn"], ["-p", "22,80"]),
        (["22", "80"], False, ["-PE", "-PS22,80"], ["-p", "22,80"]),
        (["53/udp"], False, ["-PE", "-PS"], ["-sU", "-p", "53"]),
        ([], False, ["-PE", "-PS"], ["-sn"]),
    ],
)
def test_the_confirm_command(
    ports: list[str], known_up: bool, discovery: list[str], words: list[str]
) -> None:
    made = confirm_command("nmap", keys(*ports), [at("192.0.2.1")], "x.xml", known_up=known_up)
    start = ["nmap", "-n", "-T3", "--max-retries", "10"]
    assert made == [*start, *discovery, *words, "-oX", "x.xml", "192.0.2.1"]


def test_a_part_is_a_value() -> None:
    assert plan_parts(profile("192.0.2.1")) == (
        Part(1, 4, ("192.0.2.1",), "192.0.2.1", addresses("192.0.2.1")),
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        pytest.param({}, (), id="root"),
        pytest.param({"must_be_told": True}, ("--privileged",), id="a-capability"),
        pytest.param({"privileged": False}, ("--unprivileged",), id="none"),
    ],
)
def test_every_nmap_is_told_of_its_privilege_where_it_does_not_know(
    facts: dict[str, bool], words: tuple[str, ...]
) -> None:
    """On the command line, so that what is printed can be called again."""
    asked = profile("192.0.2.1", **facts)
    told = asked.privilege_arguments
    one = [at("192.0.2.1")]
    (part,) = plan_parts(asked)
    for made in (
        fast_command("nmap", asked, part),
        detail_command("nmap", ["-sV"], keys("22"), one, "x", told),
        confirm_command("nmap", keys("22"), one, "x.xml", known_up=True, privilege=told),
    ):
        assert tuple(word for word in made if word.endswith("privileged")) == words
