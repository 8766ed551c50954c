"""What people call things, and what they said about them, brought to bear on one run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property

from netwatch_notify.diff.ledger import is_still_true
from netwatch_notify.diff.policy import Verdict
from netwatch_notify.diff.standing import Applied, apply_rules
from netwatch_notify.model.change import Change
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.rule import Acceptance, Rule, RuleKind
from netwatch_notify.model.target import AddressSet
from netwatch_notify.pipeline.names import Names
from netwatch_notify.pipeline.plan import Scan
from netwatch_notify.pipeline.session import Session
from netwatch_notify.report.notes import expired_notes, over_notes
from netwatch_notify.report.still_open import open_item
from netwatch_notify.store import history, rules
from netwatch_notify.store.inventory import load_hosts, load_kin, present_where

MONTH = timedelta(days=30)


class People:
    """Names, rules and acceptances, as one run needs them."""

    def __init__(self, session: Session, scan: Scan) -> None:
        self._session = session
        self._scan = scan
        self.names = Names(session.plan.names_file, scan)
        self.rules = rules.standing_rules(session.database)
        self.expired: tuple[Acceptance, ...] = ()
        if not session.inventory.is_empty:
            self.expired = rules.expired_acceptances(session.database, session.now)
        self.applied = Applied(())

    @cached_property
    def sleepers(self) -> AddressSet:
        """The hosts that are known to sleep."""
        sleepers = AddressSet()
        by_pattern: list[Rule] = []
        for rule in self.rules:
            if rule.gone_only and rule.key is None and not rule.is_over(self._session.now):
                sleepers |= rule.match.addresses
                by_pattern += [] if rule.match.addresses else [rule]
        if by_pattern:
            sleepers |= AddressSet.of(
                present_where(
                    self._session.database,
                    lambda address, mac, vendor, name: any(
                        rule.match.fits(
                            address, mac, vendor, (name, self.names.book.of(address, mac).name)
                        )
                        for rule in by_pattern
                    ),
                )
            )
        return sleepers

    @property
    def restless(self) -> AddressSet:
        """The hosts whose silence says nothing of their network."""
        habits = self._session.inventory.habits
        flapping = (a for (a, key), habit in habits.items() if key is None and habit.is_flapping)
        return self.sleepers | AddressSet.of(flapping)

    def accepted_holds(self) -> frozenset[str]:
        """Return the ids of the held ranges that somebody took for real."""
        held = history.held_ids(self._session.database)
        return frozenset(rules.words_on(self._session.database, held))

    def told(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        """Name the hosts of the changes, remember how often each was told, and apply the rules."""
        named = self.names.of_changes(changes)
        ids = [change.id for change in named]
        since = self._session.now - MONTH
        before = history.times_told(self._session.database, ids, since)
        named = [replace(change, times=before[change.id] + 1) for change in named]
        self.applied = self._apply_rules(named)
        return self.applied.told

    def _apply_rules(self, changes: Sequence[Change]) -> Applied:
        """
        Apply the rules; what was planned has one run more than its last day.

        That is the first run that can see what was done on this day. One that scanned nothing
        there is no such run: it neither ends the expectation nor says that anything is missing.
        """
        now = self._session.now
        last_chance = {
            rule.id: replace(rule, until=None) if rule.kind is RuleKind.EXPECT else rule
            for rule in self.rules
            if rule.is_over(now)
        }
        rules = [last_chance.get(rule.id, rule) for rule in self.rules]
        applied = apply_rules(changes, rules, now)
        used = {rule.id for rule in applied.used}
        over = [
            replace(rule, used_at=now) if rule.id in used else rule
            for rule in self.rules
            if rule.is_over(now)
            and (rule.kind is RuleKind.IGNORE or rule.id in used or self._was_scanned(rule))
        ]
        return replace(applied, over=tuple(over))

    def _was_scanned(self, rule: Rule) -> bool:
        """Whether this run could see what the rule is about."""
        return any(
            not rule.match.addresses or rule.match.addresses & result.part.addresses
            for result in self._scan.results
            if result.ended_properly
        )

    @cached_property
    def _expired_items(self) -> tuple[tuple[Acceptance, OpenItem], ...]:
        found = []
        for acceptance in self.expired:
            told = history.told_item(self._session.database, acceptance.change_id)
            if told is not None:
                found.append((acceptance, self._where_it_is(*told)))
        return tuple(found)

    def _where_it_is(self, item: OpenItem, mac: str) -> OpenItem:
        """Return the item at the address where its host is now, should it have moved."""
        places = [known for known in load_kin(self._session.database, [mac], ()) if known.present]
        if mac and len(places) == 1:
            return replace(item, address=places[0].address)
        return item

    def _still_true(self, verdict: Verdict) -> list[tuple[Acceptance, OpenItem]]:
        addresses = {item.address for _, item in self._expired_items}
        hosts = {**load_hosts(self._session.database, addresses), **verdict.settled.hosts}
        return [
            (acceptance, item)
            for acceptance, item in self._expired_items
            if item.address in hosts and is_still_true(item, hosts)
        ]

    def reopened(self, verdict: Verdict) -> tuple[OpenItem, ...]:
        """Return what was accepted for a time that is over, and is still so."""
        return tuple(item for _, item in self._still_true(verdict))

    def notes(self, verdict: Verdict) -> list[str]:
        """Return what is said of rules and acceptances whose time is up."""
        session = self._session
        over = over_notes(self.applied.over, session.now, session.plan.zone)
        expired = [(a, open_item(item)) for a, item in self._still_true(verdict)]
        return over + expired_notes(expired, session.now, session.plan.zone)
