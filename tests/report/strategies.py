"""Changes and views full of what an attacker could write."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from netwatch_notify.model.change import Change, ChangeKind, Problem, Severity
from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.model.port import (
    Port,
    PortKey,
    PortProtocol,
    PortState,
    ScriptOutput,
    Service,
    ServiceMethod,
)
from netwatch_notify.report.kinds import PROBLEM

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine fails no property; only a wrong message does."""

PIECES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "<!channel>",
    "<!here|x>",
    "<@U123>",
    "<#C1>",
    "<http://evil.example|x>",
    "@room",
    "@everyone",
    "@",
    "<",
    "!",
    "[x](http://evil.example)",
    "[x](//evil.example)",
    "[x]: http://evil.example",
    "![x](y)",
    "http://evil.example",
    "HTTPS://evil.example",
    "www.evil.example",
    "mailto:a@evil.example",
    "`",
    "```",
    "~~~",
    "**b**",
    "__b__",
    "_i_",
    "# h",
    "===",
    "---",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "12) ",
    "> ",
    "\\",
    "|",
    "$",
    "&lt;",
    "&#64;room",
    "\n",
    "\r\n",
    "\x1b[31m",
    "\u202e",
    "\u200b",
    "\u2028",
    " ",
    "    ",
    '"',
    "'",
    "nas",
    "ß",
    "é",
    "設備",
)
hostile_text = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=12).map("".join)
instants = st.none() | st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
keys = st.builds(PortKey, st.integers(0, 65535), st.sampled_from(PortProtocol))
services = st.builds(
    Service,
    name=hostile_text,
    product=hostile_text,
    version=hostile_text,
    tunnel=st.sampled_from(("", "ssl")),
    method=st.sampled_from(ServiceMethod),
)
scripts = st.builds(
    ScriptOutput,
    st.sampled_from(("http-title", "ssl-cert", "smb-os-discovery", "ftp-anon", "other")),
    st.tuples(st.sampled_from(("", "Subject: commonName=", "\n  OS: ")), hostile_text).map("".join),
)
ports = st.builds(
    Port,
    keys,
    st.just(PortState.OPEN),
    service=st.none() | services,
    scripts=st.lists(scripts, max_size=2).map(tuple),
)
changes = st.builds(
    Change,
    kind=st.sampled_from(ChangeKind),
    severity=st.sampled_from(Severity),
    address=st.ip_addresses(),
    name=hostile_text,
    mac=st.sampled_from(("", "02:00:00:00:00:01", "00:11:32:00:00:01")) | hostile_text,
    vendor=hostile_text,
    key=keys,
    state=st.none() | st.sampled_from(PortState),
    was=hostile_text,
    service=st.none() | services,
    scripts=st.lists(scripts, max_size=3).map(tuple),
    ports=st.lists(ports, max_size=8).map(tuple),
    confirmed=st.booleans(),
    first_seen_at=instants,
    last_seen_at=instants,
    note=hostile_text,
    label=hostile_text,
    owner=hostile_text,
    site=hostile_text,
    toggles=st.integers(0, 20),
    times=st.integers(1, 30),
    planned=hostile_text,
    group=st.sampled_from(("", "", "aaaaaaaaaaaa", "bbbbbbbbbbbb")),
)
problems = st.builds(
    Problem,
    key=st.just("key"),
    headline=hostile_text,
    details=st.lists(hostile_text, max_size=4).map(tuple),
    nights=st.integers(1, 200),
    since=instants,
    last_good_at=instants,
)

kinds = st.sampled_from([*map(str, ChangeKind), PROBLEM, ""]) | hostile_text
items = st.builds(
    Item,
    headline=hostile_text,
    mark=st.sampled_from(("", "!", "+", "~", "-")) | hostile_text,
    details=st.lists(hostile_text, max_size=3).map(tuple),
    id=hostile_text,
    kind=kinds,
    stands_for=st.integers(1, 5000),
)
sections = st.builds(
    Section,
    title=st.sampled_from(("", "CRITICAL")) | hostile_text,
    items=st.lists(items, max_size=3).map(tuple),
    left_out=st.integers(0, 5000),
    stays=st.booleans(),
    rank=st.integers(0, 3),
    left_out_kinds=st.lists(st.tuples(kinds, st.integers(1, 5000)), max_size=3).map(tuple),
)
views = st.builds(
    View,
    network=hostile_text,
    subject=hostile_text,
    sections=st.lists(sections, max_size=3).map(tuple),
    footer=st.lists(hostile_text, max_size=2).map(tuple),
    rest=hostile_text,
    hint=hostile_text,
    attached=st.booleans(),
)
"""Views no builder would make: a renderer relies on nobody."""
