"""One run: from the moment its users are there until the last journey is home.

This is the shell around ``harness/pacing.py``: it owns the real clock and the greenlets, and collects what
the verdict must know about the instrument itself.
"""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import gevent

from harness.clocks import ClockWatch
from harness.exemplars import Exemplars
from harness.histogram import Histogram
from harness.journey_log import JourneyLog
from harness.levels import Levels
from harness.looks import Looks
from harness.machine import Reading
from harness.order_numbers import OrderNumbers
from harness.pacing import Arrival, Assignment, Pacing, Seat
from harness.pilot import ANSWERED, Pilot
from harness.process_facts import ProcessFacts, ProcessWatch
from harness.quiet import Quiet
from harness.recorder import Recorder
from harness.sample import Blame, JourneySample, PageSample, Phase, Window
from harness.share import Dealer, Share
from harness.stop_file import StopFile
from harness.stop_rule import StopWatch
from harness.workload import Stocked, Target, Workload

logger = logging.getLogger("checkload")

StageT = TypeVar("StageT")

DROPPED = "dropped"
START_DELAY = 0.2  # seconds between the last user being there and the first arrival being due
LAG_PROBE = 0.05  # seconds between two probes of the event loop
BREATH = 0.002  # seconds for which the load has its turn between two steps of a look at the verdict
MOST_SLICES, SEARCHED_SLICES = 128, 512  # stretches of time that are told apart; a search tells levels from each other
WATCH = 0.5  # seconds between two looks at the target, the stop file and the stop rules


class Run(Generic[StageT]):
    """One run of a workload against a target, in this process.

    ``clock`` and ``processor`` give seconds, of time and of processor time; ``sleep`` waits and lets others go on.
    ``wall_clock`` is the time of day, which somebody may set.
    """

    def __init__(
        self,
        workload: Workload[StageT],
        stage: StageT,
        *,
        clock: Callable[[], float] = time.perf_counter,
        processor: Callable[[], float] = time.process_time,
        sleep: Callable[[float], object] = gevent.sleep,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.workload = workload
        self.stage = stage
        self.target_url = ""
        self.target: Target | None = None
        self.clock = clock
        self._processor = processor
        self._sleep = sleep
        self.started_at = datetime.now(UTC)
        self.ended_at = self.started_at
        self.id = f"{workload.name}-{self.started_at:%Y%m%dT%H%M%SZ}-{self.started_at.microsecond:06d}"
        # Until the users are there nothing is steady: whatever is recorded before is warm-up.
        self.recorder = Recorder(
            Window(clock(), math.inf, math.inf), most_slices=MOST_SLICES if workload.search is None else SEARCHED_SLICES
        )
        self.share = Share()
        self.order_numbers = OrderNumbers()
        self.begun = False
        self.closing = False
        self.over = False
        self.ended = False
        self.drained_out = False
        self.seeing_home = False
        self.stop_reason = ""
        self.stopped_by: Literal["", "certain", "stop file", "stop rule", "target died"] = ""
        self.interrupted = ""
        self.unreachable = ""
        self.crashed = ""
        self.grace: float = workload.drain
        self.stop_file: StopFile | None = None
        self.journey_log: JourneyLog | None = None
        self.folder: Path | None = None  # where its results go, once that is settled
        self.loop_lag = Histogram()
        self.processor_share = 0.0
        self.spawned = 0
        self._wall_clock = wall_clock
        self._instrument = ProcessWatch(clock, clocks=ClockWatch(wall_clock))
        self._quiet = Quiet()
        self._pacing: Pacing | None = None
        self._early: list[Seat] = []
        self.in_flight, self.requesting = Counter[str](), Counter[str]()
        self.exemplars = Exemplars()
        self._numbers: Counter[str] = Counter()
        self._under_way = 0
        self._closed_at: float | None = None
        self._greenlets: list[Any] = []
        self._stop_watch = StopWatch(workload.stop_rules)
        self._looks = looks_at(workload) if workload.stop_when_certain else None
        self._levels = workload.levels() if workload.search is not None else None
        self._dealer: Dealer | None = None
        self._level_rate = 0.0
        self.pilot = pilot_for(workload, self._levels)
        self.on_over: Callable[[], None] = lambda: None
        self.on_second: Callable[[Run[StageT]], None] = lambda _run: None

    # -- what users call ------------------------------------------------------------------------------------------

    def park(self, seat: Seat) -> None:
        """A user is free for the next arrival of her kind."""
        now = self.clock()
        if not self.begun:
            self._early.append(seat)
        elif self._pacing is not None:
            self._pacing.park(seat, now)
        elif not self.closing and self.recorder.window.phase(now) is not Phase.DRAIN:
            self._next_closed(seat, now)

    def withdraw(self, seat: Seat) -> None:
        """A user leaves."""
        if seat in self._early:
            self._early.remove(seat)
        if self._pacing is not None:
            self._pacing.withdraw(seat)

    def give_back(self, assignment: Assignment) -> None:
        """A user leaves with an arrival she has not begun: in an open load, somebody else takes it."""
        if self._pacing is not None:
            self._pacing.give_back(assignment, self.clock())
        else:
            self._under_way -= 1
            self._drop(assignment.arrival)
            self.recorder.dropped(assignment.arrival.due)

    def begin(self, assignment: Assignment, payment_option: str) -> float:
        """A user sets out; returns the moment. ``finish`` must follow, with the same payment option."""
        now = self.clock()
        self._instrument.enter()
        self.in_flight[payment_option] += 1
        if self._pacing is not None:
            self._pacing.begin(assignment, now)
        else:
            self.recorder.started(assignment.arrival.due, now - assignment.arrival.due, 0.0)
        return now

    def finish(self, sample: JourneySample, payment_option: str) -> None:
        """A journey is over, however it ended."""
        self.in_flight[payment_option] -= 1
        self._instrument.leave(sample.started)
        self.recorder.journey(sample)
        if self._pacing is not None:
            self._pacing.end()
        else:
            self._under_way -= 1

    def traced(self, sample: PageSample, trace_id: str) -> None:
        """A page is done that the shop was asked to keep the trace of."""
        result = "failure" if sample.blame == Blame.SHOP else "success"
        times = {"service": sample.done - sample.sent, "response": sample.done - sample.due}
        self.exemplars.note(sample.page, result, times, trace_id, self._wall_clock())

    def lacked(self, what: str) -> None:
        """A connection failed because this machine had no more of something (``EMFILE``)."""
        self._instrument.lacked(what)

    @property
    def under_way(self) -> int:
        """Journeys handed out and not yet over."""
        return self._pacing.under_way if self._pacing is not None else self._under_way

    @property
    def elapsed(self) -> float:
        """Seconds since the first arrival could be due; 0 before."""
        return max(0.0, self.clock() - self.recorder.window.start) if self.begun else 0.0

    @property
    def length(self) -> float:
        """Seconds from the first arrival to the last, as planned."""
        return self.workload.warm_up + self.workload.steady

    @property
    def held(self) -> float:
        """For how many seconds of its planned length the load was on."""
        end = self._closed_at if self._closed_at is not None else self.clock()
        return min(self.length, max(0.0, end - self.recorder.window.start)) if self.begun else 0.0

    @property
    def spend(self) -> float:
        """The part of each demand's doubt that the verdict may spend; the looks at the run have spent the rest."""
        return 1.0 if self._looks is None else self._looks.spend

    @property
    def phase(self) -> Phase:
        """The phase that an arrival due now would belong to."""
        return self.recorder.window.phase(self.clock())

    @property
    def target_name(self) -> str:
        """The target as a report may show it: without user name, password, path or query."""
        if self.target is not None:
            return "the embedded shop"
        parts = urlsplit(self.target_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def target_host(self) -> str:
        """The host that is loaded, without port, path or user."""
        return urlsplit(self.target_url).hostname or ""

    @property
    def rate_target(self) -> float | None:
        """Arrivals a second that are asked for at this moment, 0 before and after the load; ``None`` if it is closed."""
        if not self.workload.is_open:
            return None
        if not self.begun or self.closing:
            return 0.0
        return self.workload.rate(self.elapsed) if self._levels is None else self._level_rate

    def facts(self) -> dict[str, Any]:
        """What this process knows about itself as an instrument, as JSON values."""
        return {
            "process": self.process_facts("").to_json(),
            "processor_share": self.processor_share,
            "reading": list(self.reading),
        }

    @property
    def reading(self) -> Reading:
        """What this process used of the machine at the last look, about a second ago."""
        return self._instrument.reading

    @property
    def pools(self) -> Mapping[str, int]:
        """What is left of the test data that this run lends out, by name."""
        return self.stage.left() if isinstance(self.stage, Stocked) else {}

    def process_facts(self, name: str) -> ProcessFacts:
        """What this process noticed about itself and its machine; ``name`` is the worker's, if it is one."""
        return self._instrument.facts(name, lateness=self.recorder.lateness, loop_lag=self.loop_lag)

    # -- the life of a run ----------------------------------------------------------------------------------------

    def aim(self, url: str, target: Target | None) -> None:
        """Say where the load goes; ``target`` is given when the shop there was started for this run."""
        self.target_url = url.rstrip("/")
        self.target = target

    def start(self, users: int) -> None:
        """All users are there: fix the clock, and let arrivals in."""
        if self.begun or self.over:
            return
        self.spawned = users
        self._quiet.begin()
        # In a closed load the shoppers that are there come at once; what they do must not count as warm-up.
        self.open(self.clock() + (START_DELAY if self.workload.is_open else 0.0))

    def open(self, start: float) -> None:
        """Let this process's share of the arrivals in from this moment on."""
        schedule = self.workload.schedule()
        self.recorder.window = Window(start, start + self.workload.warm_up, start + self.length)
        if schedule is not None:
            kind_of = self.workload.kind_of
            due_times = ((number, start + due) for number, due in self.share.of(schedule, kind_of))
            self._pacing = Pacing(due_times, kind_of, self.workload.longest_wait, self.recorder, self._drop)
        elif self._levels is not None:
            kind_of = self.workload.kind_of
            self._dealer = self.share.dealer(kind_of)
            self._pacing = Pacing((), kind_of, self.workload.longest_wait, self.recorder, self._drop)
        self.begun = True
        self._take_off()
        early, self._early = self._early, []
        for seat in early:
            self.park(seat)
        self.set_to_work()

    def let_in(self, rate: float, seconds: float) -> None:
        """The next stretch of a load whose rate is searched for: so many arrivals a second, for so many seconds."""
        if self._levels is None:
            return
        self._level_rate = rate
        start = self.recorder.window.start
        arrivals = ((number, start + due) for number, due in self._levels.extend(rate, seconds))
        if self._pacing is not None and self._dealer is not None:
            self._pacing.extend(list(self._dealer.deal(arrivals)))

    def _take_off(self) -> None:
        if self.pilot is not None:
            self.let_in(*self.pilot.begin())

    def _steer(self, pilot: Pilot) -> None:
        stretches = pilot.steer(
            self.elapsed, self.recorder, self.under_way, self.processor_share, lambda: self._sleep(BREATH)
        )
        for rate, seconds in stretches:
            self.let_in(rate, seconds)
            self._quiet.again()
        if pilot.found is not None and not self.closing:
            self.cut(self.elapsed)
            self.finish_early(ANSWERED)

    def set_to_work(self) -> None:
        """Start what goes on beside the shoppers for as long as the run lasts."""
        self._instrument.start()
        work = (self._drive, self._probe_lag, self._watch)
        self._greenlets = [gevent.spawn(self._guarded, one) for one in work]

    def finish_early(self, reason: str, *, graceful: bool = True) -> None:
        """End the run before its time and remember why; the first reason counts.

        Nobody is let in any more. Shoppers under way are seen home, unless there is no sense in it or no time.
        """
        if self.over:
            return
        self.stop_reason = self.stop_reason or reason
        self.closing = True
        if self._closed_at is None:
            self._closed_at = self.clock()
        if not (graceful and self.begun):
            self._close()

    def cut(self, until: float) -> None:
        """The verdict is certain: what is due after so many seconds from the first arrival is not judged, and nobody comes any more."""
        self.stopped_by = "certain"
        window = self.recorder.window
        self.recorder.window = replace(window, steady_until=window.start + until)
        if self._pacing is not None:
            self._pacing.shut()

    def end(self) -> None:
        """Locust has stopped all users; nothing more will be recorded."""
        self._close(tell=False)
        self.ended = True
        self._quiet.end()
        if self.begun:
            self._instrument.stop()
        self.ended_at = datetime.now(UTC)
        if self.journey_log is not None:
            self.journey_log.close()
        current = gevent.getcurrent()
        gevent.killall([greenlet for greenlet in self._greenlets if greenlet is not current], block=False)

    def _close(self, *, tell: bool = True) -> None:
        if self._pacing is not None:
            self._pacing.close()
        was_over, self.over = self.over, True
        self.closing = True
        if self._closed_at is None:
            self._closed_at = self.clock()
        if tell and not was_over:
            self.on_over()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Without any one of these a run would never end, or say what it cannot know: it is over, as a crash."""
        try:
            work()
        except Exception as error:
            logger.exception("The harness broke")
            self.crashed = type(error).__name__
            self.finish_early(f"the harness broke ({self.crashed})", graceful=False)

    def _drive(self) -> None:
        until = self.recorder.window.steady_until
        while not self.closing and (left := until - self.clock()) > 0:
            wake = math.inf if self._pacing is None else self._pacing.advance(self.clock())
            self._sleep(max(0.0, min(WATCH, left, wake - self.clock())))
        self._see_home()
        self._close()

    def _see_home(self) -> None:
        """Let nobody in any more, and wait for those under way."""
        stopped_early, self.closing = self.closing and self.stopped_by != "certain", True
        self.seeing_home = not stopped_early
        if self._pacing is not None and not stopped_early:
            # Who was due in time and waits for a user may still be served.
            while not self.over and (wake := self._pacing.advance(self.clock())) < math.inf:
                self._sleep(min(WATCH, max(0.0, wake - self.clock())))
        deadline = self.clock() + self.grace
        if self._pacing is not None:
            self._pacing.close()
        while self.under_way and self.clock() < deadline and not self.over:
            self._sleep(LAG_PROBE)
        # Of a run that was ended early, the journeys that Locust then stops are cut off, not late.
        self.drained_out = bool(self.under_way) and not stopped_early and not self.over

    def _probe_lag(self) -> None:
        processor, wall = self._processor(), self.clock()
        while not self.over:
            due = self.clock() + LAG_PROBE
            self._sleep(LAG_PROBE)
            now = self.clock()
            self.loop_lag.record(max(0.0, now - due))
            self.processor_share = (self._processor() - processor) / max(now - wall, LAG_PROBE)

    def _watch(self) -> None:
        for turn in itertools.count(1):
            self._sleep(WATCH)
            if self.over:
                return
            self._look_for_reasons_to_stop()
            if turn % 2 == 0:
                self._instrument.look(steady=self.phase is Phase.STEADY)
                self.on_second(self)

    def _look_for_reasons_to_stop(self) -> None:
        if self.closing:
            return
        if self.target is not None and not self.target.alive():
            self.stopped_by = "target died"
            self.finish_early("the embedded shop ended in the middle of the run", graceful=False)
        elif self.stop_file is not None and self.stop_file.found():
            self.stopped_by = "stop file"
            self.interrupted = "the stop file"
            self.finish_early(self.stop_file.found())
        elif rule := self._stop_watch.look(self.recorder, self.clock()):
            self.stopped_by = "stop rule"
            self.finish_early(rule)
        elif self.pilot is not None and self.begun:
            self._steer(self.pilot)
        elif self._looks is not None and self.begun and self._looks.due(self.elapsed):
            until = self.elapsed
            reason = self._looks.look(self.recorder, until, lambda: self._sleep(BREATH))
            if reason and not self.closing:
                self.cut(until)
                self.finish_early(reason)

    def _next_closed(self, seat: Seat, now: float) -> None:
        number = self.share.number(self._numbers[seat.kind])
        self._numbers[seat.kind] += 1
        self._under_way += 1
        self.recorder.offered(now)
        seat.take(Assignment(Arrival(number, seat.kind, now), now))

    def _drop(self, arrival: Arrival) -> None:
        journey, payment_option = self.workload.labels_of(arrival)
        self.recorder.journey(
            JourneySample(
                journey=journey,
                payment_option=payment_option,
                outcome=DROPPED,
                blame=Blame.SHOP,
                due=arrival.due,
                started=math.inf,
                done=math.inf,
            )
        )


def pilot_for(workload: Workload[Any], levels: Levels | None) -> Pilot | None:
    """Who leads the search for the capacity; ``None`` in a run that searches for nothing."""
    if workload.search is None or levels is None:
        return None
    return Pilot(workload.search, workload.objectives, levels.due_between)


def looks_at(workload: Workload[Any]) -> Looks:
    """The looks at a run that ends when its verdict is certain."""
    return Looks(
        workload.objectives,
        warm_up=workload.warm_up,
        steady=workload.steady,
        guaranteed=workload.planned_minimum,
        level=workload.level,
        is_open=workload.is_open,
    )


class Keeper(Protocol):
    """Who keeps the run of a Locust environment; found there under ``ATTRIBUTE``."""

    run: Run[Any] | None

    def prepare(self) -> Run[Any] | None:
        """The run that is under way or about to start, made new where the last one has ended."""


ATTRIBUTE = "checkload"


def keeper_of(environment: Any) -> Keeper | None:
    """Who keeps the runs of this Locust environment; ``None`` before Locust has called ``init``."""
    return cast("Keeper | None", getattr(environment, ATTRIBUTE, None))


def run_of(environment: Any) -> Run[Any]:
    """The run of this Locust environment; a user exists only within one."""
    keeper = keeper_of(environment)
    if keeper is None or keeper.run is None:
        raise RuntimeError("no run has been prepared for this Locust environment")
    return keeper.run
