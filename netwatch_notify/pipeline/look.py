"""What the second look is asked: differences to questions, and questions to nmaps."""

from collections.abc import Mapping

from netwatch_notify.detail.plan import Questions, plan_looks
from netwatch_notify.detail.refresh import (
    KnownService,
    choose_services,
    nightly_share,
    plan_refresh,
)
from netwatch_notify.diff.compare import Differences, Presence
from netwatch_notify.diff.moves import host_key_of
from netwatch_notify.model.host import Address, address_order
from netwatch_notify.model.look import Look, SecondLook
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.target import AddressSet
from netwatch_notify.pipeline.session import Session
from netwatch_notify.scan.second import LookCommand, look_commands
from netwatch_notify.store import runs
from netwatch_notify.store.services import count_services, oldest_services


def plan_second_look(
    session: Session,
    found: Differences,
    held: frozenset[Address],
    sleepers: AddressSet,
    nmap: str,
    *,
    refresh: bool,
) -> tuple[LookCommand, ...]:
    """
    Return the nmaps of the second look; with `refresh`, of known services as well.

    What is held is not asked about, and neither is whether the `sleepers` are awake.
    """
    plan = session.plan
    looks = plan_looks(_questions(found, held, sleepers), plan.rules.risky_ports)
    if refresh and plan.version_refresh_days:
        looks += _refresh(session, found, held)
    return look_commands(
        nmap,
        looks,
        session.folder,
        plan.detail_arguments,
        privilege=plan.profile.privilege_arguments,
    )


def _questions(found: Differences, held: frozenset[Address], sleepers: AddressSet) -> Questions:
    ordered = sorted(found.hosts.items(), key=lambda item: address_order(item[0]))
    differing = [difference for address, difference in ordered if address not in held]

    def keys(ports: Mapping[PortKey, object]) -> frozenset[PortKey]:
        return frozenset(ports)

    told = (Presence.NEW, Presence.BACK, Presence.SAME, Presence.MOVED)
    return Questions(
        silent={
            d.address: d.known.open_keys
            for d in differing
            if d.presence is Presence.SILENT and d.known and d.address not in sleepers
        },
        missing={d.address: keys(d.missing) for d in differing if d.missing},
        opened={
            d.address: frozenset(port.key for port in d.opened)
            for d in differing
            if d.opened and d.presence in told
        },
        bare=frozenset(
            d.address
            for d in differing
            if d.presence in (Presence.NEW, Presence.BACK) and not (d.opened or d.missing)
        ),
    )


def _refresh(session: Session, found: Differences, held: frozenset[Address]) -> tuple[Look, ...]:
    """Look at tonight's share of the known services, of hosts that answered."""
    days = session.plan.version_refresh_days
    last = runs.last_settled_at(session.database)
    share = nightly_share(count_services(session.database), days, session.now, last)
    up = (found.unchanged | AddressSet.of(found.seen)) - AddressSet.of(held)
    oldest_first = (
        KnownService(address, key, looked_at, service)
        for address, key, looked_at, service in oldest_services(session.database)
        if session.plan.profile.privileged or key.protocol == "tcp"
    )
    return plan_refresh(choose_services(oldest_first, up, share, days, session.now))


def host_keys(found: Differences, look: SecondLook) -> dict[Address, str]:
    """Return the SSH host keys of the hosts that seem new."""
    keys = {}
    for address, difference in found.hosts.items():
        if difference.presence is Presence.NEW and difference.host:
            looked = look.hosts.get(address)
            key = (host_key_of(looked) if looked else "") or host_key_of(difference.host)
            if key:
                keys[address] = key
    return keys
