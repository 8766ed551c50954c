"""What holds of every network: the order of hosts, the same scan twice, a scan that broke."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch_notify.diff.breaker import find_held
from netwatch_notify.diff.compare import compare
from netwatch_notify.diff.groups import with_groups
from netwatch_notify.diff.identity import identify
from netwatch_notify.diff.night import Rules
from netwatch_notify.diff.policy import Verdict, judge
from netwatch_notify.model.change import ChangeKind
from netwatch_notify.model.host import Address, Host
from netwatch_notify.model.inventory import Inventory
from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.scan import PartResult
from netwatch_notify.pipeline.look import host_keys
from tests.builders import NO_LOOK, Nights, addresses, host, inventory, key, night, port, scan

MACS = ("", *(f"00:11:32:00:00:0{n}" for n in range(1, 5)), "02:11:32:00:00:01")
KEYS = ("", "256 aa (ECDSA)", "256 bb (ECDSA)")
POOL = ("192.0.2.4-7",)
PORTS = ("22", "80", "443=closed", "8080=filtered", "53/udp")
QUICK = settings(max_examples=40, deadline=None)
STAY = [host(f"192.0.2.{n}") for n in (50, 51, 52)]
"""Hosts that stay, so that no range is held: what is held is told later."""


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    ports = [port(*text.split("=")) for text in draw(st.lists(st.sampled_from(PORTS), unique=True))]
    ssh_key = draw(st.sampled_from(KEYS))
    if ssh_key:
        scripts = (ScriptOutput("ssh-hostkey", ssh_key),)
        ports = [replace(one, scripts=scripts) if one.key == key("22") else one for one in ports]
    address = f"192.0.2.{draw(st.integers(1, 8))}"
    return host(address, *ports, mac=draw(st.sampled_from(MACS)))


networks = st.lists(hosts(), max_size=6, unique_by=lambda one: one.address)
pools = st.sampled_from([(), POOL])
risky = frozenset({key("80")})


def once(past: Inventory, results: list[PartResult], pool: tuple[str, ...]) -> Verdict:
    """Judge one night, as `pipeline` would."""
    before = replace(past, kin=tuple(past.hosts.values()))
    rules = Rules(2, risky, addresses(*pool))
    found = identify(compare(before, results), before, rules.dynamic)
    holds = find_held(found, before, results, 0.9, night(9))
    found = identify(found, before, rules.dynamic, host_keys(found, NO_LOOK))
    return judge(found, before, results, holds, NO_LOOK, rules, night(9), night(8))


def after(network_nights: list[list[Host]], pool: tuple[str, ...]) -> Nights:
    nights = Nights(inventory(*network_nights[0], *STAY), dynamic=pool, risky=("80",))
    for shown in network_nights[1:]:
        nights.next(scan(*shown, *STAY, udp="1-100"), share=0.9)
    return nights


@QUICK
@given(st.lists(networks, min_size=1, max_size=3), networks, pools, st.randoms())
def test_the_order_of_hosts_is_irrelevant(earlier, shown, pool, chance) -> None:
    past = after(earlier, pool).inventory
    turned = list(shown)
    chance.shuffle(turned)
    items = list(past.hosts.items())
    chance.shuffle(items)
    shuffled = replace(past, hosts=dict(items))
    one = once(past, [scan(*shown, *STAY, udp="1-100")], pool)
    other = once(shuffled, [scan(*turned, *STAY, udp="1-100")], pool)
    assert one == other
    assert with_groups(one.changes) == with_groups(other.changes)


@QUICK
@given(st.lists(networks, min_size=1, max_size=4), pools)
def test_the_same_scan_again_tells_nothing_that_is_not_waited_for(story, pool) -> None:
    """What was seen is settled at once; only silence is told later, and then once."""
    nights = after(story, pool)
    late = {ChangeKind.HOST_GONE, ChangeKind.PORT_CLOSED}
    again = scan(*story[-1], *STAY, udp="1-100")
    for _ in range(18):
        assert {change.kind for change in nights.next(again, share=0.9).changes} <= late | {
            ChangeKind.FLAPPING
        }
    settled = nights.inventory
    assert nights.next(again, share=0.9).changes == ()
    assert nights.inventory.hosts == settled.hosts
    assert nights.inventory.displaced.keys() == settled.displaced.keys()


@QUICK
@given(st.lists(networks, min_size=1, max_size=3), networks, pools)
def test_a_run_that_did_not_end_properly_tells_no_absence(story, shown, pool) -> None:
    nights = after(story, pool)
    before = nights.inventory
    verdict = nights.next(scan(*shown, *STAY, udp="1-100", problem="cut"), share=0.9)
    kinds = {change.kind for change in verdict.changes}
    assert not kinds & {ChangeKind.HOST_GONE, ChangeKind.PORT_CLOSED}
    for subject, absence in verdict.settled.absences.items():
        assert before.absences.get(subject) == absence


@QUICK
@given(st.lists(networks, min_size=1, max_size=5), pools)
def test_nothing_is_remembered_of_an_address_without_a_host(story, pool) -> None:
    """Every absence and habit belongs to a known host, each host stands at its own address."""
    left = after(story, pool).inventory
    known = set(left.hosts)
    assert {address for address, _ in left.absences} <= known
    assert {address for address, _ in left.habits} <= known
    assert all(address == one.address for address, one in left.hosts.items())
    for address, key_ in left.absences:
        assert left.hosts[address].present
        assert key_ is None or key_ in left.hosts[address].open_keys


@QUICK
@given(st.lists(networks, min_size=2, max_size=5), pools)
def test_each_change_is_told_once_a_night_and_moves_are_one_to_one(story, pool) -> None:
    nights = after(story, pool)
    verdict = nights.verdict
    told = [change.id for change in verdict.changes if change.kind is not ChangeKind.HOST_GONE]
    assert len(told) == len(set(told))
    places: list[Address] = list(verdict.moved.values())
    assert len(places) == len(set(places))
    assert verdict.settled.cleared >= set(verdict.moved)
    for old, new in verdict.moved.items():
        assert old != new
