"""Holds the facts of one run: what its users report to it, and what other modules read from it.

``harness/run/driver.py`` adds the greenlets. Pure: clocks come in as arguments.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from harness.measurement.bucket_layout import Bounds
from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.pending import PendingAge, pending_ages
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Phase, Window
from harness.metrics.exemplars import Exemplars
from harness.metrics.run_metrics import WorkerMetrics
from harness.monitoring.clocks import ClockWatch
from harness.monitoring.machine import ResourceReading
from harness.monitoring.order_numbers import OrderNumberRegister
from harness.monitoring.process import ProcessFacts, ProcessWatch
from harness.monitoring.shop_messages import ShopMessage
from harness.monitoring.worker import RunFingerprint, WorkerFacts
from harness.run.admission import Admission, NotYetOpen, SteppedArrivals
from harness.run.collaborators import NoOrders, OrderSink, RunHooks, TimeSource
from harness.run.lifecycle import Ending, Lifecycle, RunState
from harness.run.workload import RunTarget, Target, TestDataPool, Workload
from harness.schedule.dispatch import Arrival, Assignment, VirtualUser
from harness.schedule.partition import Partition

ContextT = TypeVar("ContextT")

MOST_SLICES, SEARCHED_SLICES = 128, 512  # most slices of time; a search needs more, to tell its levels apart


class RunRecord(Generic[ContextT]):
    """One run of a workload as this process sees it."""

    def __init__(
        self, workload: Workload[ContextT], worker_context: ContextT, time: TimeSource, hooks: RunHooks
    ) -> None:
        self.workload = workload
        self.worker_context = worker_context
        self.target = RunTarget()
        self.clock = clock = time.clock
        self.wall_clock = time.wall_clock
        self._hooks = hooks
        self.journey_log = hooks.journey_log
        self.started_at = datetime.now(UTC)
        self.ended_at = self.started_at
        self.id = f"{workload.name}-{self.started_at:%Y%m%dT%H%M%SZ}-{self.started_at.microsecond:06d}"
        # Until the load starts everything counts as warm-up.
        self.recorder = Recorder(
            Window(clock(), math.inf, math.inf),
            most_slices=MOST_SLICES if workload.judging.search is None else SEARCHED_SLICES,
            bounds=Bounds(workload.judging.time_bounds),
            sliced_options=workload.judging.sliced_options,
        )
        self.partition = Partition()
        self.order_numbers = OrderNumberRegister()
        self.orders: OrderSink = NoOrders()
        self.lifecycle = Lifecycle(clock, self._load_over)
        self.loop_lag = Histogram()
        self.steady_lag = Histogram()
        self.processor_share = 0.0
        self.spawned = 0
        self.in_flight = Counter[str]()
        self.pending: dict[int, tuple[str, str, float]] = {}  # requests that wait for their reply: page, option, due
        self.exemplars = Exemplars()
        self._process_watch = ProcessWatch(clock, clocks=ClockWatch(time.wall_clock))
        self.early_users = NotYetOpen()
        self.admission: Admission = self.early_users
        self.stepped_arrivals = (
            SteppedArrivals(workload.schedule.stepped()) if workload.judging.search is not None else None
        )

    def set_target(self, url: str, target: Target | None) -> None:
        """Set the target of the load; ``target`` is the embedded shop, if there is one."""
        self.target = RunTarget(url.rstrip("/"), target)

    # -- called by users ------------------------------------------------------------------------------------------

    def wait_for_arrival(self, virtual_user: VirtualUser) -> None:
        """Record that a user is free for the next arrival of its kind."""
        self.admission.wait_for_arrival(virtual_user, self.clock())

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """Forget a free user that leaves."""
        self.admission.withdraw(virtual_user)

    def give_back(self, assignment: Assignment) -> None:
        """Take back an arrival whose user leaves before it begins: in an open load another user takes it."""
        self.admission.give_back(assignment, self.clock())

    def begin_journey(self, assignment: Assignment, payment_option: str) -> float:
        """Record that a journey begins, and return the moment. ``end_journey`` must follow, with the same payment option."""
        now = self.clock()
        self._process_watch.enter()
        self.in_flight[payment_option] += 1
        self.admission.begin(assignment, now)
        return now

    def end_journey(self, sample: JourneySample, payment_option: str) -> None:
        """Record that a journey is over, however it ended."""
        self.in_flight[payment_option] -= 1
        self._process_watch.leave(sample.started)
        self.recorder.journey(sample)
        self.admission.end()

    def traced(self, sample: PageSample, trace_id: str) -> None:
        """Record the trace of a page as an exemplar."""
        result = "failure" if sample.blame == Blame.SHOP else "success"
        times = {"service": sample.done - sample.sent, "response": sample.done - sample.due}
        self.exemplars.record(sample.page, result, times, trace_id, self.wall_clock())

    def resource_exhausted(self, what: str) -> None:
        """Record a connection that failed because this machine lacked a resource, e.g. ``EMFILE``."""
        self._process_watch.resource_exhausted(what)

    def mislabelled(self, page: str) -> None:
        """Record a page of the shop with a wrong media type."""
        self._process_watch.mislabelled(page)

    def remark(self, remark: ShopMessage) -> None:
        """Record a message that explains why a page failed."""
        self._process_watch.shop_messages.add(remark)

    def _load_over(self) -> None:
        """Let in no more arrivals, and tell Locust."""
        self.admission.close()
        self._hooks.on_drained()

    # -- read by other modules ------------------------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether the load has started; stays true after the end."""
        return self.lifecycle.begun

    @property
    def closing(self) -> bool:
        """Whether no new arrivals come any more."""
        return self.lifecycle.state >= RunState.DRAINING

    @property
    def over(self) -> bool:
        """Whether no journey is waited for any more."""
        return self.lifecycle.state >= RunState.OVER

    @property
    def ended(self) -> bool:
        """Whether all users are gone."""
        return self.lifecycle.state is RunState.ENDED

    @property
    def ending(self) -> Ending:
        """How the run ends: the first early ending, or the planned one."""
        return self.lifecycle.ending

    @property
    def spawn_rate(self) -> float:
        """How many users Locust spawns a second."""
        return self.workload.population.spawn_rate if self._hooks.spawn_rate is None else self._hooks.spawn_rate

    @property
    def drain_timed_out(self) -> bool:
        """Whether journeys were still under way when the time to drain was up."""
        return self.lifecycle.drain_timed_out

    @property
    def grace(self) -> float:
        """How many seconds the drain may take."""
        return self.workload.schedule.drain if self.ending.grace is None else self.ending.grace

    @property
    def requesting(self) -> Counter[str]:
        """How many requests wait for their reply, by page."""
        return Counter([page for page, _, _ in list(self.pending.values())])

    @property
    def waiting(self) -> Sequence[PendingAge]:
        """How long requests have been waiting for their reply."""
        return pending_ages(self.pending, self.clock())

    @property
    def under_way(self) -> int:
        """Journeys given to users and not yet over."""
        return self.admission.under_way

    @property
    def elapsed(self) -> float:
        """Seconds since the first arrival could be due; 0 before."""
        return max(0.0, self.clock() - self.recorder.window.start) if self.begun else 0.0

    @property
    def length(self) -> float:
        """Seconds from the first arrival to the last, as planned."""
        return self.workload.schedule.warm_up + self.workload.schedule.steady

    @property
    def load_duration(self) -> float:
        """How many seconds of its planned length the load was on."""
        closed_at = self.lifecycle.closed_at
        end = self.clock() if closed_at is None else closed_at
        return min(self.length, max(0.0, end - self.recorder.window.start)) if self.begun else 0.0

    @property
    def phase(self) -> Phase:
        """The phase that an arrival due now would belong to."""
        return self.recorder.window.phase(self.clock())

    @property
    def rate_target(self) -> float | None:
        """The planned arrival rate at this moment, a second; 0 before and after the load, ``None`` for a closed load."""
        if not self.workload.schedule.is_open:
            return None
        if not self.begun or self.closing:
            return 0.0
        return (
            self.workload.schedule.rate(self.elapsed) if self.stepped_arrivals is None else self.stepped_arrivals.rate
        )

    def facts(self) -> dict[str, Any]:
        """The facts about this process as a load generator, as JSON values."""
        return {
            "process": self.process_facts("").to_json(),
            "processor_share": self.processor_share,
            "reading": list(self.reading),
        }

    @property
    def reading(self) -> ResourceReading:
        """How much of the machine this process used at the last reading, about a second ago."""
        return self._process_watch.reading

    @property
    def refused(self) -> int:
        """How many messages from other processes were refused."""
        return 0

    @property
    def sold_twice(self) -> int:
        """How many order numbers more than one process received."""
        return 0

    @property
    def run_fingerprint(self) -> RunFingerprint | None:
        """What this process runs, to compare with its workers; ``None`` without workers."""
        return None

    def process_facts_of_all(self) -> list[ProcessFacts]:
        """The facts about each process with load, as last reported."""
        return [self.process_facts("")] if self.begun else []

    def worker_facts_of_all(self) -> list[WorkerFacts]:
        """The facts about each worker."""
        return []

    def worker_metrics(self) -> list[WorkerMetrics]:
        """The metrics of each process with load."""
        state, reading = "done" if self.ended else "ready", self.reading
        return [
            WorkerMetrics(
                "0",
                state=state,
                loop_lag=self.loop_lag,
                cpu=reading.cpu,
                memory=reading.memory,
                connections=reading.descriptors,
            )
        ]

    @property
    def pools(self) -> Mapping[str, int]:
        """How much test data is free, by its name."""
        return self.worker_context.left() if isinstance(self.worker_context, TestDataPool) else {}

    def process_facts(self, name: str) -> ProcessFacts:
        """The facts about this process and its machine; ``name`` is the worker's name, if it is one."""
        steady = self.recorder.arrivals[Phase.STEADY]
        return self._process_watch.facts(name, arrivals=steady, loop_lag=self.loop_lag, steady_lag=self.steady_lag)

    def _drop(self, arrival: Arrival) -> None:
        journey, payment_option = self.workload.population.labels_of(arrival)
        self.recorder.journey(
            JourneySample(
                journey=journey,
                payment_option=payment_option,
                outcome=Outcome.DROPPED.value,
                blame=Blame.SHOP,
                due=arrival.due,
                started=math.inf,
                done=math.inf,
            )
        )
