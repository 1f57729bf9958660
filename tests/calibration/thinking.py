"""Simulated shoppers with think times, and a capacity search with them.

All pages stand in one line before the same servers: an open network with a product form, in which each page finds the shop as
M/M/c has it (Jackson), however long the shoppers think. Times are in seconds, rates per second.
"""

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from capacity_claims import Record, mean_row
from claims import Row, share_row
from simulator import Counter, SimulatedRun, stay_exceeded_by

from harness.capacity.controller import CapacityController
from harness.capacity.model import SearchPlan, SearchResult
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.parser import parse
from harness.schedule.arrivals import ArrivalProcess
from harness.schedule.stepped import SteppedSchedule

STEP_SECONDS = 0.5
"""Seconds between two steps of the controller, as in a run."""
PAGE = "Page"
THINKS = (0.0, 2.0, 7.0, 15.0)
"""Mean think times: with ten pages a journey takes up to two and a half minutes."""
LONG = 1800.0


@dataclass(frozen=True)
class Shoppers:
    """A shop that carries ``rate`` journeys a second, and the mean think time of its shoppers."""

    think: float
    rate: float = 12.0
    pages: int = 10
    servers: int = 24
    busy: float = 0.9
    sigma: float = 0.5

    @property
    def service(self) -> float:
        """The mean service time of a page."""
        return self.busy * self.servers / (self.rate * self.pages)

    @property
    def objective(self) -> str:
        """The objective, which breaks at ``rate`` by the closed form."""
        bound = stay_exceeded_by(0.05, self.servers, self.rate * self.pages, 1 / self.service)
        return f"page response_time p95 < {bound * 1000:.6f}ms"


@dataclass
class ThinkingSearch:
    """One search at one shop, with a simulated clock."""

    shoppers: Shoppers
    plan: SearchPlan
    seed: int
    recorder: Recorder = field(default_factory=lambda: Recorder(Window(0.0, 0.0, math.inf)))
    controller: CapacityController = field(init=False)

    def search(self) -> SearchResult:
        """Run the search to its end."""
        chance = random.Random(f"shoppers {self.seed}")
        who, recorder = self.shoppers, self.recorder
        counter = Counter(who.servers)
        levels = SteppedSchedule(ArrivalProcess.POISSON, self.seed)
        run = SimulatedRun(recorder, levels.due_between)
        self.controller = controller = CapacityController(self.plan, [parse(who.objective)], run)
        mean = math.log(who.think) - who.sigma**2 / 2 if who.think else 0.0
        asked: list[
            tuple[float, int, float]
        ] = []  # the next page of a journey: due, pages left, due moment of the journey
        waiting: list[tuple[float, float]] = []  # the end and the due moment of a request that waits for its reply
        ended: list[tuple[float, float]] = []
        under_way = 0
        extensions, now = [controller.begin()], 0.0
        while controller.found is None:
            for rate, seconds in extensions:
                for _, due in levels.extend(rate, seconds):
                    heapq.heappush(asked, (due, who.pages, due))
            now += STEP_SECONDS
            while asked and asked[0][0] <= now:
                due, left, came = heapq.heappop(asked)
                if left == who.pages:
                    recorder.offered(due)
                    recorder.started(due, 0.0, 0.0)
                    under_way += 1
                done = counter.serve(due, chance.expovariate(1 / who.service))
                heapq.heappush(waiting, (done, due))
                if left > 1:
                    think = chance.lognormvariate(mean, who.sigma) if who.think else 0.0
                    heapq.heappush(asked, (done + think, left - 1, came))
                else:
                    heapq.heappush(ended, (done, came))
            while waiting and waiting[0][0] <= now:
                done, due = heapq.heappop(waiting)
                recorder.page(PageSample(PAGE, "card", "ok", "nobody", due, due, done))
            while ended and ended[0][0] <= now:
                done, came = heapq.heappop(ended)
                under_way -= 1
                recorder.journey(JourneySample("guest", "card", "ok", "nobody", came, came, done, ordered=True))
            run.under_way, run.waiting = under_way, _ages(waiting, now)
            extensions = controller.step(now)
        return controller.found


def _ages(waiting: list[tuple[float, float]], now: float) -> list[tuple[str, str, float, int]]:
    return [(PAGE, "card", math.floor((now - due) * 4) / 4, 1) for _, due in waiting]


def searched(shoppers: Shoppers, runs: int, seed: int, budget: float) -> Record:
    """Searches of this length with default settings, from 0.5 to 1.5 times the capacity."""
    record = Record()
    for run in range(runs):
        plan = SearchPlan(start=shoppers.rate / 2, most=shoppers.rate * 1.5, budget=budget)
        record.add(ThinkingSearch(shoppers, plan, seed + run).search(), shoppers.rate)
    return record


def rows(*, quick: bool, searches: int = 300) -> Iterator[Row]:
    """The claims about shoppers with think times, in the size of the table or of the tests."""
    runs, seed = (2 if quick else searches), 13_000
    for think in THINKS:
        record = searched(Shoppers(think), runs, seed, 600.0)
        claim = f"capacity in 10 minutes, shoppers who think {think:g} s a page"
        over = sum(error > 0 for error in record.confirmed)
        yield share_row(f"{claim}: the rate that was confirmed is above the truth", over, runs, seed, at_most=0.05)
        answer_claim = f"{claim}: a rate was confirmed, or the budget called too short"
        answered = len(record.confirmed) + sum("the budget is too short" in why for why in record.without)
        yield share_row(answer_claim, answered, runs, seed, at_least=0.90)
    record = searched(Shoppers(7.0), runs, seed, LONG)
    claim = "capacity in 30 minutes, shoppers who think 7 s a page"
    yield mean_row(f"{claim}: error of the rate at which the demand gives way", record.where, seed, 0.05)
    yield share_row(f"{claim}: the 95 % interval holds the truth", sum(record.held), runs, seed, at_least=0.90)
    over = sum(error > 0 for error in record.confirmed)
    yield share_row(f"{claim}: the rate that was confirmed is above the truth", over, runs, seed, at_most=0.05)
