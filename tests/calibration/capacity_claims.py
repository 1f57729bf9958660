"""The claims about the capacity search, compared with shops whose capacity is known by formula.

Search, controller and recorder are those of a real run; only the shop and the clock are simulated.
"""

import bisect
import heapq
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from claims import Row, share_row
from simulator import SimulatedRun
from stations import Case, Served, collapsing, counters, full, slow_option

from harness.capacity.controller import CapacityController
from harness.capacity.model import SearchPlan, SearchResult
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.parser import parse

BUDGET = 720.0
STEP_SECONDS = 0.5
"""Seconds between two steps of the controller, as in a run."""
SERVERS = ((1, 0.85), (2, 0.85), (8, 0.9), (32, 0.95))
"""The numbers of servers, and their utilisation at the rate at which the objective breaks."""
RATE = 24.0
"""The capacity of the shops in journeys a second."""


@dataclass
class SimulatedSearch:
    """One search at one shop, with a simulated clock."""

    case: Case
    plan: SearchPlan
    chance: random.Random
    recorder: Recorder = field(default_factory=lambda: Recorder(Window(0.0, 0.0, math.inf)))

    def run(self) -> SearchResult:
        """Run the search to its end."""
        shop = self.case.fresh()
        all_due: list[float] = []

        def due_between(start: float, end: float) -> int:
            return bisect.bisect_left(all_due, end) - bisect.bisect_left(all_due, start)

        run = SimulatedRun(self.recorder, due_between)
        controller = CapacityController(self.plan, [parse(self.case.objective)], run)
        under_way: list[tuple[float, float, int, Served]] = []
        decided: list[tuple[float, float]] = [controller.begin()]
        now = end = due = 0.0
        rate, number = 0.0, 0
        coming: list[float] = []
        while controller.found is None:
            for rate, seconds in decided:
                due = end
                end += seconds
                while rate > 0 and (due := due + self.chance.expovariate(rate)) < end:
                    coming.append(due)
                    all_due.append(due)
            now += STEP_SECONDS
            place = 0
            while place < len(coming) and coming[place] <= now:
                served = shop.serve(coming[place], self.chance)
                self.recorder.offered(coming[place])
                self.recorder.started(coming[place], 0.0, 0.0)
                heapq.heappush(under_way, (served.done, coming[place], number, served))
                number += 1
                place += 1
            del coming[:place]
            while under_way and under_way[0][0] <= now:
                done, came, _, served = heapq.heappop(under_way)
                self._record(came, done, served)
            run.under_way = len(under_way)
            decided = controller.step(now)
        return controller.found

    def _record(self, due: float, done: float, served: Served) -> None:
        how = ("http_5xx", "shop") if served.refused else ("ok", "nobody")
        self.recorder.journey(JourneySample("guest", served.option, *how, due, due, done, ordered=not served.refused))
        for page, asked, answered in served.pages:
            self.recorder.page(PageSample(page, served.option, *how, asked, asked, answered))


def cases(rate: float = RATE) -> list[Case]:
    """The shops of the claims."""
    served = [
        counters(servers, percentile, busy, max(rate, 3.0 * servers))
        for servers, busy in SERVERS
        for percentile in (95, 99)
    ]
    return [*served, full(8, 8, rate), slow_option(3 * rate), collapsing(rate)]


@dataclass
class Record:
    """The relative errors of the searches at one shop, and whether the interval ``held`` the true capacity."""

    where: list[float] = field(default_factory=list)
    confirmed: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    """The reason of each search without a confirmed rate."""

    def add(self, found: SearchResult, truth: float) -> None:
        """Count the result of one search."""
        if found.boundary is not None:
            self.where.append(found.boundary.rate / truth - 1)
            self.held.append(found.boundary.low <= truth <= found.boundary.high)
        if found.confirmed is None:
            self.without.append(found.why)
        else:
            self.confirmed.append(found.confirmed / truth - 1)


def searched(case: Case, runs: int, seed: int, budget: float = BUDGET) -> Record:
    """Searches at shops of one kind; each starts at a twelfth of the capacity."""
    record = Record()
    for run in range(runs):
        plan = SearchPlan(
            start=case.truth / 12, most=case.truth * 10, budget=budget, confirm=budget / 12, precision=0.0
        )
        record.add(SimulatedSearch(case, plan, random.Random(f"{case.name} {seed + run}")).run(), case.truth)
    return record


def mean_row(claim: str, errors: Sequence[float], seed: int, at_most: float) -> Row:
    """A claim about the mean of the absolute errors, with the interval of their mean (Student's t, normal form)."""
    sizes = [abs(error) for error in errors]
    mean = fmean(sizes)
    either_way = 1.96 * math.sqrt(fmean([(size - mean) ** 2 for size in sizes]) / max(1, len(sizes) - 1))
    interval = f"{max(0.0, mean - either_way):.1%} to {mean + either_way:.1%}"
    return Row(claim, len(sizes), f"{mean:.1%} on average", interval, f"≤ {at_most:.0%}", seed, mean <= at_most)


def rows(*, quick: bool) -> Iterator[Row]:
    """All claims about the search, in the size of the table or of the tests."""
    runs, seed = (4 if quick else 60), 12_000
    records = [(case, searched(case, runs, seed)) for case in cases()]
    kinds: dict[str, list[float]] = {}
    for case, record in records:
        # A few searches say nothing about a single kind of shop.
        kinds.setdefault("all of these shops" if quick else case.kind, []).extend(record.where)
    for kind, errors in kinds.items():
        yield mean_row(f"capacity, {kind}: error of the rate at which the demand gives way", errors, seed, 0.05)
    where = [error for _, record in records for error in record.where]
    confirmed = [error for _, record in records for error in record.confirmed]
    within, every = sum(abs(error) <= 0.10 for error in where), runs * len(records)
    yield share_row("capacity, all of these shops: within 10 % of the truth", within, every, seed, at_least=0.95)
    held = [each for _, record in records for each in record.held]
    claim = "capacity, all of these shops: the 95 % interval holds the truth"
    yield share_row(claim, sum(held), len(held), seed, at_least=0.90)
    over = sum(error > 0 for error in confirmed)
    claim = "capacity, all of these shops: the rate that was confirmed is above the truth"
    yield share_row(claim, over, len(confirmed), seed, at_most=0.05)
    claim = "capacity, all of these shops: a rate was confirmed within 12 minutes"
    yield share_row(claim, len(confirmed), every, seed, at_least=0.90)
