"""Serves arrivals in this process: hands them to its users, and records their journeys.

In a paired load, each arrival drives the same journey at a second host, that of a candidate version. The load of the first host
lets arrivals in and decides when the run ends; the load of the second one follows it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.pending import PendingAge, pending_ages
from harness.measurement.sample import JourneySample, PageSample
from harness.monitoring.order_numbers import OrderNumberRegister
from harness.monitoring.shop_messages import ShopMessage
from harness.run.admission import Admission, ClosedAdmission, NotYetOpen, open_admission
from harness.run.collaborators import REAL_TIME, TimeSource
from harness.run.lifecycle import Ending, RunState
from harness.run.load import CHECK_INTERVAL, Load
from harness.run.own_process import OwnProcess
from harness.run.run import Run
from harness.run.steering.change import LoadChange, share_out
from harness.run.workload import TestDataPool
from harness.schedule.dispatch import Arrival, Assignment, VirtualUser
from harness.schedule.partition import Partition
from harness.schedule.steerable import follow_schedule
from harness.tracing.journey_trace import TRACE_ID
from harness.yield_to_load import YieldToLoad

ContextT = TypeVar("ContextT")

START_DELAY = 0.2  # seconds from the last spawned user to the start of the schedule
YIELD_SECONDS = 0.002  # seconds for the load between two steps of longer work
DRAIN_INTERVAL = 0.05  # seconds between two looks at the journeys under way


class LocalLoad(Generic[ContextT]):
    """The load of this process; ``partition`` is its part of the arrivals, by default all of them.

    ``pending`` holds the requests that wait for their reply: page, payment option and due time. In a paired load, each arrival
    drives the same journey at the host of ``candidate``. ``changes_taken`` is the number of the last change by a person that has been
    taken up.
    """

    candidate: LocalLoad[ContextT] | None = None

    def __init__(
        self, run: Run, worker_context: ContextT, time: TimeSource = REAL_TIME, instrument: OwnProcess | None = None
    ) -> None:
        self.run = run
        self.worker_context = worker_context
        self.instrument = instrument or OwnProcess(run, time)
        self.partition = Partition()
        self.order_numbers = OrderNumberRegister()
        self.in_flight = Counter[str]()
        self.pending: dict[int, tuple[str, str, float]] = {}
        self._sleep = time.sleep
        self.changes_taken = 0
        self._later: Sequence[LoadChange] = ()
        self._early_users = NotYetOpen()
        self.admission: Admission = self._early_users
        run.lifecycle.on_early_end.append(self._stop_arrivals)
        run.lifecycle.on_over.append(self._close)
        run.lifecycle.on_end.append(self._close)

    def join(self, partition: Partition, worker_context: ContextT) -> None:
        """Prepare to take only a part of the arrivals, with the test data for this part."""
        self.instrument.prepare()
        self.partition, self.worker_context = partition, worker_context

    # -- called by the driver -------------------------------------------------------------------------------------

    def find_start(self) -> float:
        """Prepare the load; returns the moment at which it starts: soon."""
        self.instrument.prepare()
        # In a closed load the users begin at once: a delay would count their first journeys as warm-up.
        return self.run.clock() + (START_DELAY if self.run.workload.schedule.is_open else 0.0)

    def open(self) -> None:
        """Let in this process's partition of the arrivals, and serve the users that are already free."""
        run = self.run
        self.instrument.start()
        self.admission = open_admission(
            run.workload, self.partition, run.recorder, self.drop_arrival, run.stepped_arrivals
        )
        if self.candidate is not None:
            self.candidate.run.set_start(run.recorder.window.start)
        if run.closing:
            self.admission.stop_arrivals()
        for virtual_user in self._early_users.users:
            self.wait_for_arrival(virtual_user)

    def _stop_arrivals(self) -> None:
        self.admission.stop_arrivals()

    def _close(self) -> None:
        self.admission.close()

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """Add a level of a capacity search: so many arrivals a second, for so many seconds."""
        if self.run.stepped_arrivals is not None:
            self.run.stepped_arrivals.extend(rate, seconds)
            self.instrument.schedule_extended()

    def steer(self, change: LoadChange, users: int | None) -> None:
        """Change the load of this process, which is the only one."""
        if users is not None:
            self.run.spawned = max(self.run.spawned, users)
            change = replace(change, users=share_out(users, self.run.users.counts()))
        self.change(change)

    def change(self, change: LoadChange) -> None:
        """Change the load of this process; ``change`` names the users of this process."""
        run = self.run
        if run.closing or not run.begun:
            return
        run.workload.change(change, run.recorder.window.start)
        self._later = [*self._later, change]
        run.users.raise_to(change.users or {})
        if change.users is not None and isinstance(self.admission, ClosedAdmission):
            self.admission.limit_users(change.users, run.clock())
        follow_schedule(self.admission, run.workload.schedule.due_times())
        self.changes_taken = change.number

    def _change_think_times(self, now: float) -> float:
        """Change the think times that are due to change; returns the moment of the next change (``inf``: none)."""
        start = self.run.recorder.window.start
        for change in self._later:
            if change.think_scale is not None and start + change.at <= now:
                self.run.workload.change_think_scale(change.think_scale)
        self._later = [one for one in self._later if start + one.at > now]
        return min((start + one.at for one in self._later), default=math.inf)

    @property
    def tasks(self) -> Sequence[Callable[[], None]]:
        """The work to do in the background while the load is on."""
        others = () if self.candidate is None else self.candidate.tasks
        return self._serve, *self.instrument.tasks, *others

    def _serve(self) -> None:
        run = self.run
        until = run.recorder.window.steady_until
        while not run.closing and (left := until - run.clock()) > 0:
            wake = min(self.admission.advance(run.clock()), self._change_think_times(run.clock()))
            self._sleep(max(0.0, min(CHECK_INTERVAL, left, wake - run.clock())))
        self._drain()

    def _drain(self) -> None:
        """Let in no new arrivals, and wait for the journeys under way."""
        run = self.run
        if run.lifecycle.state is RunState.LOADING:
            run.lifecycle.close(Ending())
        planned = run.lifecycle.planned_drain
        if planned:
            # Arrivals that were due in time and wait for a user may still be served.
            while not run.over and (wake := self.admission.advance(run.clock())) < math.inf:
                self._sleep(min(CHECK_INTERVAL, max(0.0, wake - run.clock())))
        deadline = run.clock() + run.grace
        self._close()
        while self.under_way and run.clock() < deadline and not run.over:
            self._sleep(DRAIN_INTERVAL)
        # After an early ending Locust interrupts the remaining journeys; they are not late.
        run.lifecycle.drained(timed_out=bool(self.under_way) and planned)

    # -- called by users ------------------------------------------------------------------------------------------

    def wait_for_arrival(self, virtual_user: VirtualUser) -> None:
        """Record that a user is free for the next arrival of its kind."""
        self.admission.wait_for_arrival(virtual_user, self.run.clock())

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """Forget a free user that leaves."""
        self.admission.withdraw(virtual_user)

    def give_back(self, assignment: Assignment) -> None:
        """Take back an arrival whose user leaves before it begins: in an open load another user takes it."""
        self.admission.give_back(assignment, self.run.clock())

    def begin_journey(self, assignment: Assignment, payment_option: str) -> float:
        """Record that a journey begins, and return the moment. ``end_journey`` must follow, with the same payment option."""
        now = self.run.clock()
        self.instrument.watch.enter()
        self.in_flight[payment_option] += 1
        self.admission.begin(assignment, now)
        return now

    def end_journey(self, sample: JourneySample, payment_option: str) -> None:
        """Record that a journey is over, however it ended."""
        self.in_flight[payment_option] -= 1
        self.instrument.watch.leave(sample.started)
        self.run.recorder.journey(sample)
        self.admission.end()

    def drop_arrival(self, arrival: Arrival) -> None:
        """Record a journey that never began, because no user was free in time."""
        journey, payment_option = self.run.workload.population.labels_of(arrival)
        self.run.recorder.journey(
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
        if self.candidate is not None:
            self.candidate.run.recorder.offered(arrival.due)
            self.candidate.run.recorder.dropped(arrival.due)
            self.candidate.drop_arrival(arrival)

    def traced(self, sample: PageSample, traceparent: str) -> None:
        """Record the trace of a page as an exemplar; ``traceparent`` is the header of its request."""
        result = "failure" if sample.blame == Blame.SHOP else "success"
        times = {"service": sample.done - sample.sent, "response": sample.done - sample.due}
        self.run.exemplars.record(sample.page, result, times, traceparent[TRACE_ID], self.run.wall_clock())
        self.run.slowest_by_cell.record(sample.page, sample.payment_option, traceparent[TRACE_ID], times["response"])

    def resource_exhausted(self, what: str) -> None:
        """Record a connection that failed because this machine lacked a resource, e.g. ``EMFILE``."""
        self.instrument.watch.resource_exhausted(what)

    def mislabelled(self, page: str) -> None:
        """Record a page of the shop with a wrong media type."""
        self.instrument.watch.mislabelled(page)

    def remark(self, remark: ShopMessage) -> None:
        """Record a message that explains why a page failed."""
        self.instrument.watch.shop_messages.add(remark)

    # -- read by other modules ------------------------------------------------------------------------------------

    @property
    def under_way(self) -> int:
        """Journeys given to users and not yet over."""
        return self.admission.under_way

    @property
    def requesting(self) -> Counter[str]:
        """How many requests wait for their reply, by page."""
        return Counter([page for page, _, _ in list(self.pending.values())])

    @property
    def waiting(self) -> Sequence[PendingAge]:
        """How long requests have been waiting for their reply."""
        return pending_ages(self.pending, self.run.clock())

    @property
    def pools(self) -> Mapping[str, int]:
        """How much test data is free, by its name."""
        return self.worker_context.left() if isinstance(self.worker_context, TestDataPool) else {}


class CandidateLoad(LocalLoad[ContextT]):
    """The half of a paired load that goes to the candidate; its run has counts of its own, and the phases of the first one."""

    def __init__(self, baseline: LocalLoad[Any], worker_context: ContextT, time: TimeSource) -> None:
        first = baseline.run
        run = Run(first.workload, time)
        run.id, run.started_at, run.lifecycle = f"{first.id}-candidate", first.started_at, first.lifecycle
        super().__init__(run, worker_context, time, baseline.instrument)

    def begin_journey(self, assignment: Assignment, payment_option: str) -> float:
        """Record that a journey begins at this host, too, and return the moment."""
        now, due = self.run.clock(), assignment.arrival.due
        self.in_flight[payment_option] += 1
        ready = max(due, assignment.free_since)
        self.run.recorder.offered(due)
        self.run.recorder.started(due, max(0.0, now - ready), ready - due)
        return now

    def end_journey(self, sample: JourneySample, payment_option: str) -> None:
        """Record that a journey at this host is over, however it ended."""
        self.in_flight[payment_option] -= 1
        self.run.recorder.journey(sample)

    @property
    def tasks(self) -> Sequence[Callable[[], None]]:
        """The work to do in the background while the load is on."""
        return (self._settle,)

    def _settle(self) -> None:
        pause = YieldToLoad(self._sleep, YIELD_SECONDS)
        while not self.run.over:
            self._sleep(CHECK_INTERVAL)
            self.run.recorder.settle(pause)


def add_candidate(baseline: Load, worker_context: Any, time: TimeSource) -> None:
    """Let each arrival of this load, which must be that of this process, drive a journey at the candidate, too."""
    if not isinstance(baseline, LocalLoad):
        raise TypeError("only a load in one process goes to two hosts")
    baseline.candidate = CandidateLoad(baseline, worker_context, time)
    baseline.run.candidate = baseline.candidate.run
