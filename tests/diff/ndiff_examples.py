"""The smallest pair of files for each deliberate difference from ndiff, and what each says."""

from dataclasses import dataclass

from tests.diff.ndiff_oracle import Said


@dataclass(frozen=True)
class Example:
    """Two files that differ in one thing ndiff is wrong about."""

    difference: str
    old: str
    new: str
    ours: Said
    ndiffs: Said
    form: str = "text"
    verbose: bool = False
    also: tuple[str, ...] = ()
    """Further differences the pair shows."""


def scan(inside: str = "", head: str = "") -> str:
    finished = '<runstats><finished time="1767225660"/></runstats>'
    return f'{head}<nmaprun scanner="nmap" version="7.93">{inside}{finished}</nmaprun>\n'


def host(inside: str = "", status: str = '<status state="up"/>') -> str:
    return f'<host>{status}<address addr="192.0.2.1" addrtype="ipv4"/>{inside}</host>'


def nameless(inside: str = "") -> str:
    return f'<host><status state="up"/>{inside}</host>'


def hostname(name: str) -> str:
    return f'<hostnames><hostname name="{name}"/></hostnames>'


def ports(*inside: str) -> str:
    return f"<ports>{''.join(inside)}</ports>"


def port(number: int, inside: str = "") -> str:
    return f'<port protocol="tcp" portid="{number}"><state state="open"/>{inside}</port>'


def script(name: str, output: str) -> str:
    return f'<script id="{name}" output="{output}"/>'


def within(element: str, *scripts: str) -> str:
    return f"<{element}>{''.join(scripts)}</{element}>"


def not_shown(state: str, count: int) -> str:
    return f'<extraports state="{state}" count="{count}"/>'


SSH = '<service name="ssh"/>'
CLEAR, TLS = '<service name="http"/>', '<service name="http" tunnel="ssl"/>'
HOSTILE = '<service product="&#10;+23/tcp&#x9b;2J&#x202e;"/>'
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'
ONE_DAY, THE_NEXT = (f"&#10;  date: 2026-01-0{day}&#10;  start: N/A" for day in (1, 2))
BANNER = host(ports(port(22, script("banner", "one"))))

EXAMPLES = (
    Example(
        "ptr-change",
        scan(host(hostname("old.example") + ports(port(22)))),
        scan(host(hostname("new.example") + ports(port(22)))),
        ours=Said(
            "\n-old.example (192.0.2.1):\n+new.example (192.0.2.1):\n",
            1,
        ),
        ndiffs=Said(
            "\n"
            "+new.example (192.0.2.1):\n"
            "+Host is up.\n"
            "+PORT   STATE SERVICE VERSION\n"
            "+22/tcp open\n"
            "\n"
            "-old.example (192.0.2.1):\n"
            "-Host is up.\n"
            "-PORT   STATE SERVICE VERSION\n"
            "-22/tcp open\n",
            1,
        ),
    ),
    Example(
        "tunnel-only",
        scan(host(ports(port(443, CLEAR)))),
        scan(host(ports(port(443, TLS)))),
        ours=Said(
            "\n"
            " 192.0.2.1:\n"
            " PORT    STATE SERVICE  VERSION\n"
            "-443/tcp open  http\n"
            "+443/tcp open  ssl/http\n",
            1,
        ),
        ndiffs=Said(code=0),
    ),
    Example(
        "extraports-order",
        scan(host(ports(not_shown("closed", 9), not_shown("filtered", 8)))),
        scan(host(ports(not_shown("filtered", 8), not_shown("closed", 9)))),
        ours=Said(code=0),
        ndiffs=Said(
            "\n"
            " 192.0.2.1:\n"
            "-Not shown: 9 closed ports, 8 filtered ports\n"
            "+Not shown: 9 closed ports, 8 filtered ports\n",
            1,
        ),
    ),
    Example(
        "several-hosts-per-address",
        scan(host(ports(port(22))) + host(ports(port(80)))),
        scan(host(ports(port(80), port(22, SSH), port(22)))),
        ours=Said(
            "\n 192.0.2.1:\n PORT   STATE SERVICE VERSION\n-22/tcp open\n+22/tcp open  ssh\n",
            1,
        ),
        ndiffs=Said(
            "\n"
            " 192.0.2.1:\n"
            " PORT   STATE SERVICE VERSION\n"
            "+80/tcp open\n"
            "\n"
            "-192.0.2.1:\n"
            "-Host is up.\n"
            "-PORT   STATE SERVICE VERSION\n"
            "-80/tcp open\n",
            1,
        ),
    ),
    Example(
        "no-status",
        scan(host(ports(port(22)), status="")),
        scan(host(ports(port(22), port(80)), status="")),
        ours=Said(
            "\n 192.0.2.1:\n PORT   STATE SERVICE VERSION\n+80/tcp open\n",
            1,
        ),
        ndiffs=Said(
            "\n 192.0.2.1:\n+PORT   STATE SERVICE VERSION\n+80/tcp open\n",
            1,
        ),
    ),
    Example(
        "no-address",
        scan(host() + nameless()),
        scan(host() + nameless(ports(port(22)))),
        ours=Said(
            "\n <no name>:\n PORT   STATE SERVICE VERSION\n+22/tcp open\n",
            1,
        ),
        ndiffs=Said(crash="TypeError"),
    ),
    Example(
        "address-types",
        scan(host()),
        scan(host('<address addr="7" addrtype="eui64"/>')),
        ours=Said(
            "\n-192.0.2.1:\n+192.0.2.1, 7:\n",
            1,
        ),
        ndiffs=Said(crash="ValueError"),
    ),
    Example(
        "missing-attributes",
        scan(host()),
        scan(host(ports('<extraports count="5"/><port protocol="tcp"/>', port(22)))),
        ours=Said(
            "\n 192.0.2.1:\n PORT   STATE SERVICE VERSION\n+22/tcp open\n",
            1,
        ),
        ndiffs=Said(crash="AttributeError"),
    ),
    Example(
        "scripts",
        scan(BANNER),
        scan(host(ports(port(22, script("banner", "two") + script("also", "x"))))),
        ours=Said(
            "\n"
            " 192.0.2.1:\n"
            " PORT   STATE SERVICE VERSION\n"
            " 22/tcp open\n"
            "+|_ also: x\n"
            "-|_ banner: one\n"
            "+|_ banner: two\n",
            1,
        ),
        ndiffs=Said(crash="TypeError"),
    ),
    Example(
        "verbose-exit-code",
        scan(BANNER),
        scan(BANNER),
        ours=Said(
            " Nmap 7.93 scan\n"
            "\n"
            " 192.0.2.1:\n"
            " Host is up.\n"
            " PORT   STATE SERVICE VERSION\n"
            " 22/tcp open\n"
            " |_ banner: one\n",
            0,
        ),
        ndiffs=Said(
            " Nmap 7.93 scan\n"
            "\n"
            " 192.0.2.1:\n"
            " Host is up.\n"
            " PORT   STATE SERVICE VERSION\n"
            " 22/tcp open\n"
            " |_ banner: one\n",
            1,
        ),
        verbose=True,
    ),
    Example(
        "verbose-exit-code",
        scan(BANNER),
        scan(BANNER),
        ours=Said(
            '<nmapdiff version="1"><scandiff><nmaprun scanner="nmap" version="7.93"></nmaprun>\n'
            "<hostdiff>\n"
            "<host>\n"
            '<status state="up"></status>\n'
            '<address addr="192.0.2.1" addrtype="ipv4"></address>\n'
            "<ports>\n"
            '<port portid="22" protocol="tcp">\n'
            '<state state="open"></state>\n'
            '<script id="banner" output="one"></script>\n'
            "</port>\n"
            "</ports>\n"
            "</host>\n"
            "</hostdiff>\n"
            "</scandiff></nmapdiff>",
            0,
        ),
        ndiffs=Said(
            '<nmapdiff version="1"><scandiff><nmaprun scanner="nmap" version="7.93"></nmaprun>\n'
            "<hostdiff>\n"
            "<host>\n"
            '<status state="up"></status>\n'
            '<address addr="192.0.2.1" addrtype="ipv4"></address>\n'
            "<ports>\n"
            "<portdiff>\n"
            '<port portid="22" protocol="tcp">\n'
            '<state state="open"></state>\n'
            '<script id="banner" output="one"></script>\n'
            "</port>\n"
            "</portdiff>\n"
            "</ports>\n"
            "</host>\n"
            "</hostdiff>\n"
            "</scandiff></nmapdiff>",
            1,
        ),
        form="xml",
        verbose=True,
    ),
    Example(
        "verbose-exit-code",
        scan(within("prescript", script("banner", "one"))),
        scan(),
        ours=Said(
            "\n-Pre-scan script results:\n-|_ banner: one\n",
            1,
        ),
        ndiffs=Said(
            "\n-Pre-scan script results:\n-|_ banner: one\n",
            0,
        ),
    ),
    Example(
        "volatile-scripts",
        scan(host(within("hostscript", script("smb2-time", ONE_DAY)))),
        scan(host(within("hostscript", script("smb2-time", THE_NEXT)))),
        ours=Said(code=0),
        ndiffs=Said(
            "\n"
            " 192.0.2.1:\n"
            "\n"
            " Host script results:\n"
            " |  smb2-time: \n"
            "-|    date: 2026-01-01\n"
            "+|    date: 2026-01-02\n"
            " |_   start: N/A\n",
            1,
        ),
    ),
    Example(
        "script-line-breaks",
        scan(host(within("hostscript", script("banner", "a")))),
        scan(host(within("hostscript", script("banner", "a&#10;")))),
        ours=Said(
            "\n 192.0.2.1:\n\n Host script results:\n |_ banner: a\n",
            1,
        ),
        ndiffs=Said(
            "\n 192.0.2.1:\n",
            1,
        ),
    ),
    Example(
        "script-order",
        scan(within("postscript", script("b", "1"), script("a", "2"))),
        scan(within("postscript", script("a", "2"), script("b", "1"))),
        ours=Said(code=0),
        ndiffs=Said(
            "\n Post-scan script results:\n+|_ a: 2\n-|_ a: 2\n",
            0,
        ),
    ),
    Example(
        "xml-run-scripts",
        scan(within("postscript", script("b", "1"))),
        scan(within("postscript", script("b", "2"))),
        ours=Said(
            '<nmapdiff version="1"><scandiff><postscript>\n'
            "<a>\n"
            '<script id="b" output="1"></script>\n'
            "</a>\n"
            "<b>\n"
            '<script id="b" output="2"></script>\n'
            "</b>\n"
            "</postscript>\n"
            "</scandiff></nmapdiff>",
            1,
        ),
        ndiffs=Said(
            '<nmapdiff version="1"><scandiff><a>\n'
            '<script id="b" output="1"></script>\n'
            "</a>\n"
            "<b>\n"
            '<script id="b" output="2"></script>\n'
            "</b>\n"
            "</scandiff></nmapdiff>",
            0,
        ),
        form="xml",
        also=("verbose-exit-code",),
    ),
    Example(
        "xml-line-breaks",
        scan(host()),
        scan(host(within("hostscript", script("banner", "a&#10;b")))),
        ours=Said(
            '<nmapdiff version="1"><scandiff><hostdiff>\n'
            "<host>\n"
            '<address addr="192.0.2.1" addrtype="ipv4"></address>\n'
            "<b>\n"
            "<hostscript>\n"
            '<script id="banner" output="a&#xA;b"></script>\n'
            "</hostscript>\n"
            "</b>\n"
            "</host>\n"
            "</hostdiff>\n"
            "</scandiff></nmapdiff>",
            1,
        ),
        ndiffs=Said(
            '<nmapdiff version="1"><scandiff><hostdiff>\n'
            "<host>\n"
            '<address addr="192.0.2.1" addrtype="ipv4"></address>\n'
            "<b>\n"
            "<hostscript>\n"
            '<script id="banner" output="a b"></script>\n'
            "</hostscript>\n"
            "</b>\n"
            "</host>\n"
            "</hostdiff>\n"
            "</scandiff></nmapdiff>",
            1,
        ),
        form="xml",
    ),
    Example(
        "control-characters",
        scan(host(ports(port(22)))),
        scan(host(ports(port(22, HOSTILE)))),
        ours=Said(
            "\n"
            " 192.0.2.1:\n"
            " PORT   STATE SERVICE VERSION\n"
            "-22/tcp open\n"
            "+22/tcp open          �+23/tcp�2J�\n",
            1,
        ),
        ndiffs=Said(
            "\n"
            " 192.0.2.1:\n"
            " PORT   STATE SERVICE VERSION\n"
            "-22/tcp open\n"
            "+22/tcp open          \n"
            "+23/tcp\x9b2J\u202e\n",
            1,
        ),
    ),
    Example(
        "leading-comment",
        scan(host(), head=f"<!-- SPDX -->\n{DECLARED}"),
        scan(),
        ours=Said(
            "\n-192.0.2.1:\n-Host is up.\n",
            1,
        ),
        ndiffs=Said(crash="SAXParseException"),
    ),
    Example(
        "foreign-files",
        "<other/>\n",
        scan(host()),
        ours=Said(crash="line 1: is no nmap XML: its first element is <other>"),
        ndiffs=Said(
            "-Nmap scan\n+Nmap 7.93 scan\n\n+192.0.2.1:\n+Host is up.\n",
            1,
        ),
    ),
    Example(
        "foreign-files",
        scan(host(), head='<!DOCTYPE nmaprun [<!ENTITY a "b">]>'),
        scan(),
        ours=Said(crash="line 1: has an internal DTD subset; nmap writes none"),
        ndiffs=Said(
            "\n-192.0.2.1:\n-Host is up.\n",
            1,
        ),
    ),
    Example(
        "encodings",
        scan(),
        scan(host(hostname("\udce9")), head=DECLARED),
        ours=Said(
            "\n+� (192.0.2.1):\n+Host is up.\n",
            1,
        ),
        ndiffs=Said(crash="UnicodeDecodeError"),
    ),
)
