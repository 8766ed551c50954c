"""nmap options by name: what passes, and what never does."""

import pytest

from netwatch_notify.model.arguments import parse_nmap_arguments, parse_ports


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("-T4 -sS", ("-T4", "-sS")),
        ("-sSU -Pn", ("-sSU", "-Pn")),
        ("--min-rate 1000", ("--min-rate=1000",)),
        ("--min-rate=1000", ("--min-rate=1000",)),
        ("--host-timeout 5m", ("--host-timeout=5m",)),
        ("--script default,safe", ("--script=default,safe",)),
        ("--script='default and safe'", ("--script=default and safe",)),
        ("--script-args user=admin", ("--script-args=user=admin",)),
        ("-e eth0 -g 53", ("-e", "eth0", "-g", "53")),
        ("-PS22,80 -PE", ("-PS22,80", "-PE")),
        ("--exclude-ports 9100", ("--exclude-ports=9100",)),
        ("-A --version-light", ("-A", "--version-light")),
    ],
)
def test_allowed_options_come_out_joined_to_their_values(text: str, words: tuple[str, ...]) -> None:
    assert parse_nmap_arguments(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "-oX /tmp/x",
        "-oX/tmp/x",
        "-oA x",
        "-oN x",
        "-iL list",
        "-iLlist",
        "-iR 10",
        "-p 22",
        "-p22",
        "-p-",
        "-F",
        "--top-ports 10",
        "--top-ports=10",
        "--exclude 10.0.0.1",
        "--excludefile x",
        "-6",
        "-sn",
        "-sL",
        "-sP",
        "-b ftp",
        "-D decoy",
        "-T6",
        "--script=../x",
        "--script=/tmp/x.nse",
        "--script=./x",
        "--script ..\\x",
        "--script=",
        "--script",
        "--script -oX",
        "--script-args-file=x",
        "--scriptargs=x",
        "--stylesheet=http://x/",
        "--stylesheet x",
        "--webxml",
        "--datadir=/tmp",
        "--servicedb=x",
        "--versiondb=x",
        "--resume x",
        "--proxies=http://x",
        "--append-output",
        "--interactive",
        "--iflist",
        "-S --datadir",
        "-e -oX",
        "--min-rate fast",
        "--min-rate",
        "--min-rate=-1",
        "--host-timeout 5 m",
        "--dns-servers=-x",
        "10.0.0.1",
        "scanme.example",
        "-T4 10.0.0.1",
        "--",
        "-",
        "''",
        "-T4\\n",
        "--min-rate '100\n'",
    ],
)
def test_any_other_word_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        parse_nmap_arguments(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("-p22", "NETWATCH_PORTS"),
        ("-iL x", "NETWATCH_TARGETS"),
        ("--exclude x", "NETWATCH_EXCLUDE"),
        ("-oX x", "NETWATCH_STATE_DIR"),
    ],
)
def test_what_a_setting_is_for_names_the_setting(text: str, instead: str) -> None:
    with pytest.raises(ValueError, match=instead):
        parse_nmap_arguments(text)


def test_an_open_quote_is_no_list_of_words() -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        parse_nmap_arguments("--script 'x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("22, 80", ("-p22,80",)),
        ("-", ("-p-",)),
        ("U:53,T:22", ("-pU:53,T:22",)),
        ("top:100", ("--top-ports", "100")),
        ("http*", ("-phttp*",)),
        ("65535", ("-p65535",)),
    ],
)
def test_ports_become_nmaps_own_words(text: str, words: tuple[str, ...]) -> None:
    assert parse_ports(text) == words


@pytest.mark.parametrize("text", ["top:0", "top:x", "top:65536", "65536", "22;80", "$(x)", "../x"])
def test_what_is_no_port_specification_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|top:N"):
        parse_ports(text)
