"""Holds what the master knows of its workers: their partitions and counts, and which are silent, lost or done.

Pure: moments come in as arguments; ``harness/distributed/fleet_load.py`` sends the messages.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import compare_digest, token_hex
from typing import Any

from harness.distributed.delta import DeltaDecoder
from harness.distributed.messages import Begin, Refusal, Report
from harness.distributed.order_outbox import NO_ORDERS, new_orders
from harness.measurement.histogram import Histogram
from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.metrics.run_metrics import WorkerMetrics
from harness.monitoring.clocks import ClockExchange, ClockOffset, best_offset
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import RunFingerprint, WorkerFacts
from harness.results.orders_file import PlacedOrder
from harness.schedule.partition import Partition, partitions

REPORT_EVERY = 1.0
"""Seconds between two messages of a worker."""
CLOCK_EXCHANGES_KEPT = 60
"""How many clock exchanges are kept of each worker: the best one of a minute is exact and recent."""
LOST_AFTER = 4.0
"""Seconds of silence after which a worker counts as lost; Locust's heartbeat gives up after three to four."""


@dataclass(slots=True)
class WorkerState:
    """One worker of a run: what it has reported, and when.

    ``name`` is Locust's name of it, ``index`` its number in Locust's log, which people read. The number of its partition counts only
    the workers that are dealt out.
    """

    name: str
    partition: Partition
    decoder: DeltaDecoder
    last_report_at: float
    index: int = 0
    under_way: int = 0
    in_flight: Mapping[str, int] = field(default_factory=dict)
    requesting: Mapping[str, int] = field(default_factory=dict)
    waiting: Sequence[PendingAge] = ()
    pools: Mapping[str, int] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)
    changes_taken: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    orders: bytes = b""
    orders_taken: int = 0
    longest_silence: float = 0.0
    final: bool = False
    lost_at: float | None = None
    key: str = field(default_factory=lambda: token_hex(16), repr=False)  # a report under this name must hold it
    clock_exchanges: deque[ClockExchange] = field(default_factory=lambda: deque(maxlen=CLOCK_EXCHANGES_KEPT))

    def has_key(self, message: Mapping[str, object]) -> bool:
        """Whether a message holds the key that only this worker was told."""
        key = message.get("key")
        return isinstance(key, str) and compare_digest(key.encode(), self.key.encode())

    def begin_message(self, run: str, begin_at: float, kinds: Collection[str], fingerprint: str) -> Begin:
        """The order to begin ``run`` with this worker's partition, at a moment of the master's wall clock."""
        return {
            "run": run,
            "key": self.key,
            "begin_at": begin_at + (self.clock.correction if self.clock else 0.0),
            "share": self.partition.to_json(),
            "kinds": sorted(kinds),
            "fingerprint": fingerprint,
        }

    @property
    def clock(self) -> ClockOffset | None:
        """How far the worker's wall clock is ahead of the master's; None: not known."""
        return best_offset(self.clock_exchanges)

    @property
    def run_fingerprint(self) -> RunFingerprint | None:
        """What the worker runs; None: it has not reported it."""
        version, digest = self.facts.get("version"), self.facts.get("fingerprint")
        return RunFingerprint(str(version), str(digest)) if version and digest else None

    def facts_for_validity(self, name: str, window: Window) -> WorkerFacts:
        """The facts about this worker that the validity checks read; ``name`` is its name in reports."""
        return WorkerFacts(
            name=name,
            locust_id=self.name,
            process_id=self.facts.get("pid"),
            run_fingerprint=self.run_fingerprint,
            longest_gap=self.longest_silence,
            interval=REPORT_EVERY,
            lost_at=None if self.lost_at is None else max(0.0, self.lost_at - window.start),
            lost_in=None if self.lost_at is None else window.phase(self.lost_at),
            last_report_at=max(0.0, self.last_report_at - window.start),
            finished=self.final,
            clock=self.clock,
        )

    def metrics(self, now: float) -> WorkerMetrics:
        """What is published of it; ``now`` is a moment of the master's clock."""
        process = self.facts.get("process")
        cpu, memory, descriptors = self.facts.get("reading", (None, None, None))
        return WorkerMetrics(
            str(self.index),
            state="done" if self.final else "lost" if self.lost_at is not None else "ready",
            loop_lag=Histogram.from_json(process["loop_lag"]) if process else None,
            cpu=cpu,
            memory=memory,
            connections=descriptors,
            report_age=None if self.final else max(0.0, now - self.last_report_at),
            clock_offset=None if self.clock is None else self.clock.seconds,
            reports=self.decoder.messages_taken,
            reports_lost=self.decoder.last_number - self.decoder.messages_taken,
        )


@dataclass(slots=True)
class FleetTotals:
    """What all workers have reported of themselves, added up; ``processor_share`` is the largest one."""

    loop_lag: Histogram = field(default_factory=Histogram)
    steady_lag: Histogram = field(default_factory=Histogram)
    in_flight: Counter[str] = field(default_factory=Counter)
    requesting: Counter[str] = field(default_factory=Counter)
    processor_share: float = 0.0


class Fleet:
    """The workers of one run; ``now`` always is a moment of the master's clock.

    ``total`` holds the counts of all workers, as last reported; those of a lost worker stay. Its window is on the master's clock.
    """

    def __init__(self, total: Recorder) -> None:
        self.total = total
        self.workers: dict[str, WorkerState] = {}

    def deal_out(self, users: Mapping[str, Mapping[str, int]], indexes: Mapping[str, int], now: float) -> None:
        """Give each worker its part of the arrivals. The window must be known by then.

        ``users`` are the users of each worker by journey, ``indexes`` the numbers that Locust gives the workers.
        """
        names = sorted(users, key=indexes.__getitem__)
        shares = partitions([users[name] for name in names])
        self.workers = {
            name: WorkerState(name, partition, DeltaDecoder(self.total), now, indexes[name], users=dict(users[name]))
            for name, partition in zip(names, shares, strict=True)
        }

    def report(self, name: str, message: Report, now: float) -> bool:
        """Add a worker's report; returns False for a worker that does not belong to the run."""
        worker = self.workers.get(name)
        if worker is None:
            return False
        worker.longest_silence = max(worker.longest_silence, now - worker.last_report_at)
        worker.last_report_at = now
        if worker.decoder.apply(message["counts"]):
            worker.under_way = message["under_way"]
            worker.in_flight = message["in_flight"]
            worker.requesting = message.get("requesting", {})
            worker.waiting = [(page, option, age, n) for page, option, age, n in message.get("waiting", ())]
            worker.changes_taken = message.get("changes_taken", 0)
            worker.pools = message.get("pools", {})
            worker.facts = message["facts"]
            worker.orders = message["orders"]
            worker.final = message["final"] and worker.decoder.complete
        return True

    def take_orders(self, name: str, message: Report) -> list[PlacedOrder]:
        """The orders of a worker's report that are new."""
        worker = self.workers.get(name)
        if worker is None:
            return []
        orders = new_orders(message.get("placed", NO_ORDERS), worker.orders_taken)
        worker.orders_taken += len(orders)
        return orders

    def add_clock_exchange(self, name: str, exchange: ClockExchange) -> None:
        """Add a worker's clock exchange; ignores a worker that does not belong to the run."""
        if (worker := self.workers.get(name)) is not None:
            worker.clock_exchanges.append(exchange)

    @property
    def clocks_known(self) -> bool:
        """Whether every worker has reported its time."""
        return all(worker.clock_exchanges for worker in self.workers.values())

    def dismiss(self) -> None:
        """Expect no reports: no worker was told to begin."""
        for worker in self.workers.values():
            worker.final = True

    def mark_refused(self, name: str, message: Refusal) -> int:
        """Record that a worker cannot take part; returns its number (-1: it does not belong to the run)."""
        worker = self.workers.get(name)
        if worker is None:
            return -1
        worker.facts = dict(message)
        worker.final = True
        return worker.index

    def find_lost(self, now: float, missing_workers: Sequence[str] = ()) -> list[WorkerState]:
        """Mark and return the workers lost since the last call: silent too long, or in ``missing_workers``, and not done."""
        found = []
        for worker in self.workers.values():
            silent = now - worker.last_report_at > LOST_AFTER or worker.name in missing_workers
            if silent and not worker.final and worker.lost_at is None:
                worker.lost_at = now
                found.append(worker)
        return found

    def label(self, worker: WorkerState) -> str:
        """The worker's name in sentences: its number in Locust's log, and its host if there are several hosts."""
        hosts = {_host(each.name) for each in self.workers.values()}
        return f"{worker.index}" + (f" on {_host(worker.name)}" if len(hosts) > 1 else "")

    @property
    def lost_workers(self) -> list[WorkerState]:
        """Every worker that was lost during the run."""
        return [worker for worker in self.workers.values() if worker.lost_at is not None]

    @property
    def under_way(self) -> int:
        """Journeys under way in the workers that are not lost, as last reported."""
        return sum(worker.under_way for worker in self.workers.values() if worker.lost_at is None)

    @property
    def waiting(self) -> list[PendingAge]:
        """Requests that wait for their reply in all workers, as last reported."""
        return [age for worker in self.workers.values() for age in worker.waiting]

    @property
    def pools(self) -> Counter[str]:
        """The test data left in the workers that are not lost, as last reported."""
        left = Counter[str]()
        for worker in self.workers.values():
            left.update(worker.pools if worker.lost_at is None else {})
        return left

    @property
    def changes_taken(self) -> int:
        """The number of the last change that all workers that are not lost have taken up."""
        return min((worker.changes_taken for worker in self.workers.values() if worker.lost_at is None), default=0)

    def totals(self) -> FleetTotals:
        """What all workers have reported of themselves, added up."""
        totals = FleetTotals()
        for worker in self.workers.values():
            if "process" in worker.facts:
                totals.loop_lag.add(Histogram.from_json(worker.facts["process"]["loop_lag"]))
                totals.steady_lag.add(Histogram.from_json(worker.facts["process"]["steady_lag"]))
            totals.in_flight.update(worker.in_flight)
            totals.requesting.update(worker.requesting)
            totals.processor_share = max(totals.processor_share, worker.facts.get("processor_share", 0.0))
        return totals

    def process_facts(self) -> list[ProcessFacts]:
        """The facts about each worker's process, as last reported."""
        reported = [(worker, facts) for worker in self.workers.values() if (facts := worker.facts.get("process"))]
        return [ProcessFacts.from_json({**facts, "name": self.label(worker)}) for worker, facts in reported]

    def worker_facts(self) -> list[WorkerFacts]:
        """The facts about each worker that the validity checks read."""
        return [worker.facts_for_validity(self.label(worker), self.total.window) for worker in self.workers.values()]

    @property
    def done(self) -> bool:
        """Whether every worker has sent its final report or is lost."""
        return all(worker.final or worker.lost_at is not None for worker in self.workers.values())


def _host(name: str) -> str:
    """The host in a worker's name; Locust makes the name of the host and a long number."""
    return name.rpartition("_")[0]
