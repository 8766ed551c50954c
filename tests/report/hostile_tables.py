"""What the inventory commands show of a hostile network: tables of every kind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from random import Random

from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import Absence, KnownHost, KnownPort
from netwatch_notify.model.listing import HostPicture, ListedHost, RunPicture, Standing, Table, Told
from netwatch_notify.model.names import NameBook, Naming
from netwatch_notify.model.port import PortKey, PortState, Service, ServiceMethod
from netwatch_notify.model.rule import Acceptance, Match, Rule, RuleKind
from netwatch_notify.report.host_list import hosts_table
from netwatch_notify.report.host_page import host_page
from netwatch_notify.report.run_page import run_page
from netwatch_notify.report.told_lines import told_rows
from netwatch_notify.report.view import short_ids
from tests.report.hostile_night import HostileNight
from tests.report.stories import RUN_AT

_KEY = PortKey(443)


def hostile_tables(night: HostileNight, texts: list[str], seed: int = 0) -> Iterator[Table]:
    """Yield what `hosts`, `show HOST`, `show RUN` and `history` print of a night."""
    random = Random(seed)
    told = [
        Told(
            9,
            RUN_AT,
            change.id,
            change.group,
            change,
            {},
            _rule(random, texts) if random.random() < 0.3 else None,
            _word(random, texts) if random.random() < 0.3 else None,
            RUN_AT - timedelta(days=3),
        )
        for change in night.changes
    ]
    ids = short_ids({one.id for one in told} | {one.group for one in told})
    standing = Standing(True, absence=Absence((told[0].change.address, None), 2, RUN_AT))
    listed = [
        ListedHost(
            one.change.address, *random.choices(texts, k=3), RUN_AT, standing, (_KEY, PortKey(22))
        )
        for one in told
    ]
    yield hosts_table(listed, NameBook(), RUN_AT, UTC)
    yield told_rows(told, ids, RUN_AT, UTC)
    problems = tuple(random.choices(texts, k=5))
    run = RunPicture(9, random.choice(texts), "done", RUN_AT, RUN_AT, 1, 2, 3, (), problems)
    yield from run_page(replace(run, told=tuple(told)), ids, RUN_AT, UTC)
    for one in told[:20]:
        yield from host_page(_picture(one.change.address, random, texts), ids, RUN_AT, UTC)


def _rule(random: Random, texts: list[str]) -> Rule:
    written, author, reason = random.choices(texts, k=3)
    return Rule(3, RuleKind.IGNORE, Match(written), None, author, RUN_AT, reason)


def _word(random: Random, texts: list[str]) -> Acceptance:
    author, reason = random.choices(texts, k=2)
    return Acceptance("a", author, RUN_AT, reason, RUN_AT + timedelta(days=4))


def _picture(address: Address, random: Random, texts: list[str]) -> HostPicture:
    name, product, version, extra = random.choices(texts, k=4)
    service = Service(name, product, version, extra, "ssl", ServiceMethod.PROBED)
    mac, vendor, called = random.choices(texts, k=3)
    port = KnownPort(_KEY, PortState.OPEN, RUN_AT, None, service)
    known = KnownHost(
        address, True, RUN_AT, mac=mac, vendor=vendor, name=called, ports={_KEY: port}
    )
    naming = Naming(*random.choices(texts, k=3))
    return HostPicture(
        known, naming, Standing(True), {_KEY: Standing(True)}, rules=(_rule(random, texts),)
    )
