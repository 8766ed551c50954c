"""Command lines as they stand in scan files: what they asked for, and how."""

import pytest

from netwatch_notify.scan.asked import read_arguments
from tests.builders import addresses


@pytest.mark.parametrize(
    ("arguments", "targets"),
    [
        ("nmap 192.0.2.0/24", ["192.0.2.0/24"]),
        ("nmap -v --open -T4 -oX lan-cron-DATE.xml 192.0.2.0/24", ["192.0.2.0/24"]),
        ("/usr/bin/nmap -p 22,80 -oX - 192.0.2.1 192.0.2.5", ["192.0.2.1", "192.0.2.5"]),
        ("nmap 192.0.2.1-9", ["192.0.2.1-9"]),
        ("nmap -6 2001:db8::1", ["2001:db8::1"]),
        ("nmap --top-ports 100 --min-rate 300 --exclude-ports 9100 192.0.2.1", ["192.0.2.1"]),
        ("nmap --top-ports=100 --script default,safe 192.0.2.1", ["192.0.2.1"]),
        ("nmap --host_timeout 3000 -T 4 192.0.2.1", ["192.0.2.1"]),
        ("nmap -script vuln -max-retries 2 192.0.2.1", ["192.0.2.1"]),
        ('nmap --script-args "user=a b" 192.0.2.1', ["192.0.2.1"]),
        ("nmap --data-string hello --scanflags SYN -M 10 192.0.2.1", ["192.0.2.1"]),
    ],
)
def test_targets_are_the_words_that_are_no_options(arguments: str, targets: list[str]) -> None:
    asked = read_arguments(arguments)

    assert asked.is_known
    assert asked.addresses == addresses(*targets)
    assert asked.written == tuple(targets)
    assert not asked.names


@pytest.mark.parametrize("option", ["--exclude 192.0.2.128/25,192.0.2.1", "--exclude=192.0.2.1"])
def test_excluded_addresses_were_not_asked_about(option: str) -> None:
    asked = read_arguments(f"nmap {option} 192.0.2.0/24")

    assert addresses("192.0.2.1") & asked.addresses == addresses()
    assert addresses("192.0.2.2") - asked.addresses == addresses()


def test_names_are_kept_in_lower_case() -> None:
    asked = read_arguments("nmap -sS Localhost scanme.nmap.org 192.0.2.1")

    assert asked.names == {"localhost", "scanme.nmap.org"}
    assert asked.addresses == addresses("192.0.2.1")


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "nmap",
        "nmap -iL hosts.txt",
        "nmap -iLhosts.txt",
        "nmap -iR 100",
        "nmap --excludefile printers 192.0.2.0/24",
        "nmap --excludefile=printers 192.0.2.0/24",
        "nmap --exclude nas.example 192.0.2.0/24",
        "nmap --resume scan.nmap",
        "nmap http://localhost",
        "nmap scanme.nmap.org/24",
        'nmap "192.0.2.1',
        "nmap fe80::1%eth0",
    ],
)
def test_targets_that_stand_elsewhere_or_cannot_be_read_are_unknown(arguments: str) -> None:
    asked = read_arguments(arguments)

    assert not asked.is_known
    assert not asked.addresses
    assert not asked.written


@pytest.mark.parametrize(
    ("arguments", "scripts", "versions", "system"),
    [
        ("nmap 192.0.2.1", set(), False, False),
        ("nmap -sC 192.0.2.1", {"default"}, False, False),
        ("nmap -sCV 192.0.2.1", {"default"}, True, False),
        ("nmap -sSVC -O 192.0.2.1", {"default"}, True, True),
        ("nmap -sV -O2 192.0.2.1", set(), True, True),
        ("nmap -A 192.0.2.1", {"default"}, True, True),
        ("nmap -Avn 192.0.2.1", {"default"}, True, True),
        ("nmap --script vuln -sU 192.0.2.1", {"vuln"}, False, False),
        ("nmap --script=vuln -sC 192.0.2.1", {"vuln", "default"}, False, False),
        ("nmap -source-port 53 192.0.2.1", set(), False, False),
    ],
)
def test_what_was_looked_for_is_read_from_the_options(
    arguments: str, scripts: set[str], versions: bool, system: bool
) -> None:
    asked = read_arguments(arguments)

    assert asked.scripts == scripts
    assert (asked.detects_versions, asked.detects_os) == (versions, system)
    assert asked.addresses == addresses("192.0.2.1")


@pytest.mark.parametrize(
    ("options", "discovery"),
    [
        ("-p 22 -sS", set()),
        ("-Pn", {"-Pn"}),
        ("-P0", {"-Pn"}),
        ("-PN", {"-Pn"}),
        ("-PE -PS22,80", {"-PE", "-PS22,80"}),
        ("--disable-arp-ping", {"--disable-arp-ping"}),
    ],
)
def test_how_hosts_were_looked_for_is_read_from_the_options(
    options: str, discovery: set[str]
) -> None:
    """Also where the targets stand in a file."""
    assert read_arguments(f"nmap {options} 192.0.2.1").discovery == discovery
    assert read_arguments(f"nmap {options} -iL hosts").discovery == discovery


@pytest.mark.parametrize("word", ["--open", "-open"])
def test_open_only_is_known(word: str) -> None:
    assert read_arguments(f"nmap {word} 192.0.2.1").open_only
    assert not read_arguments("nmap 192.0.2.1").open_only


@pytest.mark.parametrize(
    ("arguments", "resolves"),
    [("nmap 192.0.2.1", True), ("nmap -n 192.0.2.1", False), ("nmap -vn 192.0.2.1", False)],
)
def test_without_n_nmap_looked_up_names(arguments: str, resolves: bool) -> None:
    assert read_arguments(arguments).resolves_names is resolves
