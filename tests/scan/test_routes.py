"""Ways to targets, on a real LAN whose route and link go; nothing is sent."""

import json
import os
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import coverage_variables
from tests.lan.network import Lan, require_lan

ASK = """
import json, sys
from netwatch_notify.model.target import parse_target
from netwatch_notify.scan.routes import down_links, no_way_to
ways = {word: no_way_to(parse_target(word).addresses) for word in sys.argv[1:]}
down = [link.name for link in down_links()]
print(json.dumps({"no way": {w: list(map(str, found)) for w, found in ways.items() if found},
                  "down": down}))
"""
ROUTED, ON_LINK, IPV6, ELSEWHERE = "10.77.1.0/24", "10.78.0.0/24", "fd77::/120", "2001:db8::1"


@pytest.fixture
def lan() -> Iterator[Lan]:
    require_lan()
    with Lan() as lan:
        yield lan


def asked(lan: Lan) -> dict[str, object]:
    environment = {"PATH": os.environ["PATH"], **coverage_variables()}
    words = [sys.executable, "-c", ASK, ROUTED, ON_LINK, IPV6, ELSEWHERE]
    result = lan.run(words, env=environment)
    assert result.returncode == 0, result.stderr
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_a_lost_route_and_a_link_that_is_down_are_seen(lan: Lan) -> None:
    """First and last address of a block, broadcast included, of both families."""
    elsewhere = {ELSEWHERE: [ELSEWHERE, "no route"]}
    assert asked(lan) == {"no way": elsewhere, "down": []}
    lan.cut_route()
    lost = {ROUTED: ["10.77.1.0", "no route"], **elsewhere}
    assert asked(lan) == {"no way": lost, "down": []}
    lan.link_down()
    lost = {ROUTED: lost[ROUTED], IPV6: ["fd77::", "no route"], **elsewhere}
    assert asked(lan) == {"no way": lost, "down": ["routed"]}
