"""One run's surroundings: lock, database, folder, heartbeat."""

import logging
import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from netwatch_notify.deliver.heartbeat import Heartbeat
from netwatch_notify.diff.patience import needed_since
from netwatch_notify.errors import (
    AnotherRunError,
    InterruptedRunError,
    NetwatchError,
    StateError,
)
from netwatch_notify.log.about import about
from netwatch_notify.model.host import Address
from netwatch_notify.pipeline import milestones
from netwatch_notify.pipeline.fast_diff import FastDiff
from netwatch_notify.pipeline.metrics import write_metrics
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.scan.runner import NmapRunner, end_leftovers
from netwatch_notify.store import folders, runs
from netwatch_notify.store.database import Database, run_lock
from netwatch_notify.store.failing import failing
from netwatch_notify.store.habits import flapping_addresses, load_displaced, load_habits
from netwatch_notify.store.inventory import load_digests, load_hosts, load_inventory, load_kin

log = logging.getLogger(__name__)


class Session:
    """One run's surroundings: database, folder, runner; gone when it ends."""

    def __init__(self, plan: Plan, kind: str, now: datetime, database: Database) -> None:
        self.plan = plan
        self.kind = kind
        self.now = now
        self.database = database
        self.began_at = datetime.now(UTC)
        self.inventory = load_inventory(database)
        """Without its hosts, until it is known which are needed."""
        self.digests = load_digests(database)
        """The slices that need no parsing."""
        self.run_id: int | None = None
        self.folder = Path()
        self.runner = NmapRunner()
        self._fast_diff: FastDiff | None = None
        self.interrupted = runs.interrupted_runs(database, None)

    def load_hosts(self, addresses: Set[Address]) -> None:
        """Fetch the hosts that this run touches, those that flap, and how they come and go."""
        wanted = addresses | flapping_addresses(self.database)
        self.inventory = replace(
            self.inventory,
            hosts=load_hosts(self.database, wanted),
            habits=load_habits(self.database, wanted),
            displaced=load_displaced(self.database, (), ()),
        )

    def load_more(self, addresses: Set[Address]) -> None:
        """Fetch hosts that this run touches after all: they were looked at again."""
        before = self.inventory
        wanted = addresses - before.hosts.keys()
        self.inventory = replace(
            before,
            hosts={**before.hosts, **load_hosts(self.database, wanted)},
            habits={**load_habits(self.database, wanted), **before.habits},
        )

    def load_kin(self, macs: Collection[str], host_keys: Collection[str]) -> None:
        """Fetch the known hosts that bear one of these marks, and how they come and go."""
        before = self.inventory
        kin = load_kin(self.database, macs, host_keys)
        addresses = {known.address for known in kin} - before.hosts.keys()
        self.inventory = replace(
            before,
            kin=tuple({known.address: known for known in (*before.kin, *kin)}.values()),
            habits={**load_habits(self.database, addresses), **before.habits},
            displaced={
                **load_displaced(self.database, macs, host_keys),
                **before.displaced,
            },
        )

    def load_past(self) -> None:
        """Fetch the runs that habits are counted by, and when things were last seen."""
        inventory = self.inventory
        devices = inventory.displaced.values()
        habits = (*inventory.habits.values(), *(d.habit for d in devices if d.habit))
        past = runs.past_runs(self.database, needed_since(habits), self.now)
        self.inventory = replace(inventory, past=past)

    def start_fast_diff(self, files: Mapping[str, Path]) -> None:
        """Begin to compare each part's XML, by its label, with the one of its last good scan."""
        if self.plan.dry_run:
            return
        last = runs.last_good_scans(self.database)
        pairs = [
            (self.plan.state / last[label], path) for label, path in files.items() if label in last
        ]
        pairs = [(old, new) for old, new in pairs if old.exists()]
        if pairs:
            try:
                self._fast_diff = FastDiff(pairs, self.folder, self.plan.volatile_scripts)
            except OSError as error:
                log.warning("fast.diff could not be begun: %s", error.strerror)

    def finish_fast_diff(self, *, keep: bool = True) -> None:
        """Have `fast.diff` in its place, or without `keep` nothing."""
        if self._fast_diff:
            self._fast_diff.finish(keep=keep)
            self._fast_diff = None

    def discard(self) -> None:
        """Forget that this run was begun: it has nothing to say."""
        if self.run_id is not None:
            runs.mark_run(self.database, self.run_id, "skipped", datetime.now(UTC))


@contextmanager
def open_session(plan: Plan, kind: str, now: datetime) -> Iterator[Session]:
    """Make the surroundings of a run, and take leave of it: heartbeat, log, metrics."""
    run: list[int] = []
    usable = True
    try:
        with _surroundings(plan, kind, now, run) as session:
            yield session
    except AnotherRunError as error:
        milestones.run_broke(error)
        raise
    except BaseException as error:
        usable = not isinstance(error, StateError)
        with about(plan.network, run[0] if run else None):
            milestones.run_broke(error)
            _leave_metrics(plan, usable=usable)
        raise
    with about(plan.network, run[0] if run else None):
        _leave_metrics(plan)


def _leave_metrics(plan: Plan, *, usable: bool = True) -> None:
    if not plan.dry_run:
        write_metrics(plan.metrics_file, plan.state, plan.network, usable=usable)


@contextmanager
def _surroundings(plan: Plan, kind: str, now: datetime, run: list[int]) -> Iterator[Session]:
    """Lock, database, folder and heartbeat of a run, whose number is put into `run`."""
    with ExitStack() as stack:
        if plan.dry_run:
            database = Database.in_memory(plan.state / "netwatch.db", plan.network)
            stack.callback(database.close)
            session = Session(plan, kind, now, database)
            session.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield session
            return
        database = Database.open(plan.state, plan.network)
        stack.callback(database.close)
        stack.enter_context(run_lock(plan.state))
        pid_file = plan.state / "nmap.pids"
        ended = end_leftovers(pid_file)
        if ended:
            log.info("ended %d nmap left by an earlier run", ended)
        session = Session(plan, kind, now, database)
        heartbeat = Heartbeat(plan.heartbeat_url, str(uuid.uuid4()))
        session.run_id = runs.begin_run(database, kind, now)
        run.append(session.run_id)
        stack.enter_context(about(plan.network, session.run_id))
        milestones.run_begun(kind)
        session.folder = folders.run_folder(plan.state, session.run_id)
        session.runner = NmapRunner(pid_file)
        say(heartbeat.start())
        try:
            yield session
        except InterruptedRunError:
            # Interrupted while it sends, it has told what it had to tell: the outbox has it.
            if runs.status_of(database, session.run_id) == "running":
                runs.mark_run(database, session.run_id, "interrupted", datetime.now(UTC))
            say(heartbeat.fail("interrupted"))
            raise
        except BaseException as error:
            say(heartbeat.fail(str(error) if isinstance(error, NetwatchError) else "failed"))
            with suppress(StateError):
                if runs.status_of(database, session.run_id) == "running":
                    runs.mark_run(database, session.run_id, "failed", datetime.now(UTC))
            raise
        finally:
            session.finish_fast_diff(keep=False)
            pid_file.unlink(missing_ok=True)
        _beat(heartbeat, database, session.run_id)


def _beat(heartbeat: Heartbeat, database: Database, run_id: int) -> None:
    """Success means that scan and delivery worked; changes are no failure."""
    status = runs.status_of(database, run_id)
    undelivered = sum(found.messages for found in failing(database))
    body = f"run {run_id}: {status}, {undelivered} messages not delivered"
    good = status in ("done", "skipped") and not undelivered
    say(heartbeat.success(body) if good else heartbeat.fail(body))


def say(reason: str) -> None:
    if reason:
        log.info("%s", reason)
