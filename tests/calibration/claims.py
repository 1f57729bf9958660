"""The claims about the harness; each is an experiment that gives one row of a table.

An experiment is repeated with seeds counted up from one that is printed, so that every figure can be reproduced.
The sizes are arguments: small in the tests, large in the table.

Longer than 300 lines: the experiments share one kind of row and the same simulated shops.
"""

import math
import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from checked_runs import conditions_of
from simulator import (
    Counter,
    Freeze,
    exponential,
    lognormal,
    paced,
    poisson,
    queue,
    stay_exceeded_by,
)

from harness.distributed.delta import DeltaDecoder, DeltaEncoder
from harness.measurement.bucket_layout import Bounds
from harness.measurement.histogram import Histogram
from harness.measurement.interval import extract_interval
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import PageKey, Recorder
from harness.measurement.sample import JourneySample, PageSample, Phase, Window
from harness.measurement.series import SampleSeries
from harness.objectives.counting import count_samples
from harness.objectives.evaluate import evaluate_objective
from harness.objectives.model import Objective
from harness.objectives.parser import parse
from harness.objectives.verdict import Severity, Verdict
from harness.run.early_stopping import InterimAnalyses
from harness.schedule.arrivals import ArrivalProcess, Profile, ProfileSchedule, RateStage
from harness.schedule.partition import partitions
from harness.validity.backlog import backlog_growth
from harness.validity.evidence import Evidence, LabelCount
from harness.validity.mix import mix_as_planned
from harness.validity.stationarity import stationary

SERVERS = 8
WORKERS = (1, 2, 3, 7)
POOLS = (16, 50, 400)
QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True)
class Row:
    """One claim and its result."""

    claim: str
    n: int
    estimate: str
    interval: str
    bound: str
    seed: int
    holds: bool

    def cells(self) -> tuple[str, ...]:
        bound = self.bound if self.holds else f"{self.bound}: **missed**"
        return (self.claim, f"{self.n:,}", self.estimate, self.interval, bound, str(self.seed))


def wilson(events: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (events + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(events * (n - events) / n + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def share_row(claim: str, events: int, n: int, seed: int, *, at_most: float = 1.0, at_least: float = 0.0) -> Row:
    """A claim about how often something happens."""
    low, high = wilson(events, n)
    bound = f"≤ {at_most:.0%}" if at_most < 1 else f"≥ {at_least:.0%}"
    holds = at_least <= events / n <= at_most
    return Row(claim, n, f"{events / n:.1%}", f"{low:.1%} to {high:.1%}", bound, seed, holds)


def error_row(claim: str, worst: float, n: int, seed: int, at_most: float) -> Row:
    """A claim about the worst error; it has no interval."""
    return Row(claim, n, f"{worst:.2%} at worst", "all seen", f"≤ {at_most:.0%}", seed, worst <= at_most)


def mean_row(claim: str, errors: Sequence[float], seed: int, at_most: float) -> Row:
    """A claim about the mean of many errors, with the 95 % interval of that mean."""
    n, mean = len(errors), fmean(errors)
    half = 1.96 * stdev(errors) / math.sqrt(n)
    interval = f"{mean - half:+.1%} to {mean + half:+.1%}"
    return Row(claim, n, f"{mean:+.1%}", interval, f"≤ {at_most:.0%}", seed, abs(mean) <= at_most)


def exact_row(claim: str, wrong: int, n: int, seed: int) -> Row:
    """A claim that holds without exception."""
    return Row(claim, n, f"{wrong:,} differ" if wrong else "identical", "all seen", "exact", seed, not wrong)


# -- objectives -------------------------------------------------------------------------------------------------------


def filled(over: Sequence[bool], due: Sequence[float], length: float) -> Recorder:
    """A recorder with pages that took one second or, if over, three."""
    recorder = Recorder(Window(0.0, 0.0, length), slice_length=max(1.0, length / 100))
    cell = recorder.pages.setdefault(PageKey("P", "card", "ok", Blame.NOBODY, Phase.STEADY), SampleSeries())
    counts: dict[tuple[int, bool], int] = {}
    for late, moment in zip(over, due, strict=True):
        place = int(moment / recorder.slice_length), late
        counts[place] = counts.get(place, 0) + 1
    for (index, late), number in sorted(counts.items()):
        cell.response.record(3.0 if late else 1.0, number)
        cell.slices.setdefault(index, Histogram()).record(3.0 if late else 1.0, number)
    return recorder


def independent(share: float, chance: random.Random) -> Recorder:
    """Pages that are over the bound independently, at random."""
    length, number = 120.0, chance.choice([300, 1_000, 4_000])
    due = sorted(chance.random() * length for _ in range(number))
    return filled([chance.random() < share for _ in due], due, length)


def clustered(share: float, chance: random.Random) -> Recorder:
    """Pages that are over the bound in clusters: an M/M/8 shop at 0.9 of its capacity, for 300 s."""
    length, service = 300.0, 10.0
    arrivals = 0.9 * SERVERS * service
    bound = stay_exceeded_by(share, SERVERS, arrivals, service)
    warm_up = 60.0
    moments = list(poisson(arrivals, warm_up + length, chance))
    stays = queue(moments, exponential(1 / service, chance), Counter(SERVERS))
    kept = [(stay > bound, moment - warm_up) for moment, stay in zip(moments, stays, strict=True) if moment >= warm_up]
    return filled([late for late, _ in kept], [moment for _, moment in kept], length)


def objectives(runs: int, seed: int = 1000) -> Iterator[Row]:
    """How often the verdict over a percentile is wrong if the true share is twice, or half, the allowed share."""
    objective = parse("page.P response_time p95 < 2s")
    allowed = objective.allowed
    shops: tuple[tuple[str, Callable[[float, random.Random], Recorder]], ...] = (
        ("independent samples", independent),
        ("clustered, M/M/8 at 90 %", clustered),
    )
    cases = ((2.0, Verdict.PASSED, "twice the allowed share is over the bound"), (0.5, Verdict.FAILED, "half of it"))
    for name, shop in shops:
        for times, wrong, truth in cases:
            events = sum(
                evaluate_objective(shop(times * allowed, random.Random(seed + run)), objective).verdict is wrong
                for run in range(runs)
            )
            yield share_row(f"p95 wrongly {wrong}: {truth} ({name})", events, runs, seed, at_most=0.05)


# -- interim checks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PageRun:
    """The pages of a whole run in the order of their due moments: when, and whether over the bound."""

    due: Sequence[float]
    over: Sequence[bool]
    length: float

    def until(self, moment: float) -> Recorder:
        """The recorder of an interim check at this moment."""
        number = bisect_left(self.due, moment)
        recorder = filled(self.over[:number], self.due[:number], self.length)
        recorder.window = Window(0.0, 0.0, moment)
        return recorder


def verdict_with_interim_checks(run: PageRun, objective: Objective) -> tuple[Verdict, bool]:
    """The verdict over a run that ends when it is certain, and whether the run ended early."""
    interim_analyses = InterimAnalyses([objective], warm_up=0.0, steady=run.length)
    moment = 0.0
    while moment < run.length:
        moment += 1.0
        if interim_analyses.due(moment) and interim_analyses.analyse(run.until(moment), moment):
            return evaluate_objective(run.until(moment), objective, interim_analyses.alpha_left).verdict, True
    return evaluate_objective(run.until(run.length), objective, interim_analyses.alpha_left).verdict, False


def independent_pages(share: float, chance: random.Random) -> PageRun:
    """Pages that are over the bound independently, at random."""
    length, number = 120.0, chance.choice([300, 1_000, 4_000])
    due = sorted(chance.random() * length for _ in range(number))
    return PageRun(due, [chance.random() < share for _ in due], length)


def clustered_pages(share: float, chance: random.Random) -> PageRun:
    """Pages that are over the bound in clusters: an M/M/8 shop at 0.9 of its capacity, for 300 s."""
    length, service, warm_up = 300.0, 10.0, 60.0
    arrivals = 0.9 * SERVERS * service
    bound = stay_exceeded_by(share, SERVERS, arrivals, service)
    moments = list(poisson(arrivals, warm_up + length, chance))
    stays = queue(moments, exponential(1 / service, chance), Counter(SERVERS))
    kept = [(moment - warm_up, stay > bound) for moment, stay in zip(moments, stays, strict=True) if moment >= warm_up]
    return PageRun([moment for moment, _ in kept], [late for _, late in kept], length)


def early_ends(runs: int, seed: int = 8000) -> Iterator[Row]:
    """How often a run with interim checks ends with a wrong verdict, and how often it ends early."""
    objective = parse("page.P response_time p95 < 2s")
    shops: tuple[tuple[str, Callable[[float, random.Random], PageRun]], ...] = (
        ("independent samples", independent_pages),
        ("clustered, M/M/8 at 90 %", clustered_pages),
    )
    cases = ((2.0, Verdict.PASSED, "twice the allowed share is over the bound"), (0.5, Verdict.FAILED, "half of it"))
    for name, shop in shops:
        for times, wrong, truth in cases:
            ends = [
                verdict_with_interim_checks(shop(times * objective.allowed, random.Random(seed + run)), objective)
                for run in range(runs)
            ]
            events = sum(verdict is wrong for verdict, _ in ends)
            claim = f"p95 wrongly {wrong} with three looks: {truth} ({name})"
            yield share_row(claim, events, runs, seed, at_most=0.05)
    ends = [
        verdict_with_interim_checks(independent_pages(0.0, random.Random(seed + run)), objective) for run in range(runs)
    ]
    soon = sum(early and verdict is Verdict.PASSED for verdict, early in ends)
    yield share_row("a shop that is far from the bound passes before the end", soon, runs, seed, at_least=0.9)


# -- what comes in and what goes out ----------------------------------------------------------------------------------


def balances(runs: int, seed: int = 7000) -> Iterator[Row]:
    """How often a shop of eight servers is wrongly called overloaded, and how often an overload is missed."""
    length, warm_up, service = 60.0, 15.0, 5.0

    def called(load: float, chance: random.Random) -> Severity:
        recorder = Recorder(Window(0.0, warm_up, warm_up + length))
        moments = list(poisson(load * SERVERS * service, warm_up + length, chance))
        stays = queue(moments, exponential(1 / service, chance), Counter(SERVERS))
        for due, stay in zip(moments, stays, strict=True):
            recorder.journey(JourneySample("guest", "card", "ok", "nobody", due, due, due + stay))
        facts = conditions_of(constant_rate=True, expected_offered=len(moments), load_duration=warm_up + length)
        (finding,) = backlog_growth(Evidence(recorder, facts))
        return finding.level

    calm = [called(0.9, random.Random(seed + run)) for run in range(runs)]
    events = sum(level is not Severity.OK for level in calm)
    yield share_row("a shop at 90 % of its capacity called overloaded", events, runs, seed, at_most=0.01)
    flooded = [called(1.25, random.Random(seed + run)) for run in range(runs)]
    missed = sum(level is Severity.OK for level in flooded)
    yield share_row(
        "25 % more than a shop can carry passes unnoticed (2,250 arrivals)", missed, runs, seed, at_most=0.01
    )


# -- the store --------------------------------------------------------------------------------------------------------


def distributions(chance: random.Random) -> dict[str, Callable[[], float]]:
    """Five kinds of times, from tame to heavy-tailed."""
    return {
        "uniform": lambda: chance.uniform(0.001, 0.5),
        "exponential": lambda: chance.expovariate(1 / 0.2),
        "lognormal": lambda: chance.lognormvariate(-2.0, 1.0),
        "bimodal": lambda: abs(chance.gauss(0.02, 0.004) if chance.random() < 0.9 else chance.gauss(3.0, 0.3)),
        "Pareto": lambda: 0.01 * chance.paretovariate(1.2),
    }


def store(samples: int, seed: int = 2000) -> Iterator[Row]:
    """The error of quantiles from eight merged parts, and whether merging loses anything."""
    for name, draw in distributions(random.Random(seed)).items():
        times = [draw() for _ in range(samples)]
        whole, parts = (
            Recorder(Window(0.0, 0.0, 100.0)),
            [Recorder(Window(0.0, 0.0, 100.0)) for _ in range(8)],
        )
        for index, time in enumerate(times):
            due = 100.0 * index / samples
            sample = PageSample("P", "card", "ok", Blame.NOBODY, due, due, due + time)
            whole.page(sample)
            parts[index % 8].page(sample)
        merged = Recorder(Window(0.0, 0.0, 100.0))
        for part in parts:
            merged.add(part)
        (cell,) = merged.pages.values()
        ranked = sorted(times)
        worst = 0.0
        for q in QUANTILES:
            truth = ranked[max(1, math.ceil(round(q * samples, 6))) - 1]
            worst = max(worst, abs(cell.response.quantile(q) / truth - 1))
        yield error_row(f"quantiles p50 to p99.9 of 8 merged parts, {name}", worst, samples, seed, 0.01)
        yield exact_row(f"8 merged parts against the whole, {name}", merged.to_json() != whole.to_json(), samples, seed)


def bounds(runs: int, seed: int = 2500) -> Iterator[Row]:
    """Whether times just below and above the bound of an objective are counted on the right side, however they were recorded."""
    text = "page.P response_time p95 < 300ms"
    objective = parse(text)
    exact = Bounds([objective.bound])
    wrong = 0
    for run in range(runs):
        chance = random.Random(seed + run)
        due = [chance.uniform(0.0, 100.0) for _ in range(200)]
        times = [chance.uniform(0.2975, 0.3025) for _ in due]
        workers = [Recorder(Window(0.0, 0.0, 100.0), bounds=exact) for _ in range(2)]
        total = Recorder(Window(0.0, 0.0, 100.0), bounds=exact)
        for number, (moment, took) in enumerate(zip(due, times, strict=True)):
            workers[number % 2].page(PageSample("P", "card", "ok", Blame.NOBODY, moment, moment, moment + took))
        for worker in workers:
            DeltaDecoder(total).apply(DeltaEncoder(worker).encode())
        over = sum((moment + took) - moment > objective.bound for moment, took in zip(due, times, strict=True))
        read_back = Recorder.from_json(total.to_json())
        counted = [
            count_samples(read_back, objective),
            count_samples(total, objective, before=1000),
            count_samples(extract_interval(total, 0.0, 100.0), objective),
        ]
        wrong += sum(one.over != over for one in counted) + (sum(x for _, x in counted[0].slices) != over)
    yield exact_row(
        "times within 1 % of a bound, counted over it: of 2 workers, read back, early, as a level",
        wrong,
        200 * runs,
        seed,
    )


# -- schedule ---------------------------------------------------------------------------------------------------------


def schedules(runs: int, seed: int = 3000) -> Iterator[Row]:
    """Whether the same arrivals come at the same moments with any number of workers, and all are accounted for."""
    profile = Profile([RateStage(30, 0, 40), RateStage(40, 40, 40), RateStage(20, 40, 5)])
    wrong = arrivals = 0
    for run in range(runs):
        for process in ArrivalProcess:
            schedule = ProfileSchedule(profile, process, seed + run)
            whole = list(enumerate(schedule))
            for workers in WORKERS:
                shares = [list(partition.of(schedule, _guest)) for partition in partitions([{"guest": 1}] * workers)]
                together = sorted(arrival for share in shares for arrival in share)
                arrivals += len(whole)
                wrong += sum(a != b for a, b in zip(together, whole, strict=True)) if len(together) == len(whole) else 1
    yield exact_row("due times of 1, 2, 3 and 7 workers", wrong, arrivals, seed)
    yield _accounts(profile, runs, seed)


def _guest(_: int) -> str:
    return "guest"


def _accounts(profile: Profile, runs: int, seed: int) -> Row:
    out = looked = 0

    def watch(recorder: Recorder, dispatcher: object) -> None:
        nonlocal out, looked
        looked += 1
        out += sum(arrivals.waiting for arrivals in recorder.arrivals.values()) != dispatcher.waiting  # type: ignore[attr-defined]

    for run in range(runs):
        chance = random.Random(seed + run)
        schedule = ProfileSchedule(profile, ArrivalProcess.POISSON, seed + run)
        for workers in WORKERS:
            work = [chance.expovariate(1 / 0.4) for _ in range(len(schedule))]
            for partition in partitions([{"guest": 1}] * workers):
                recorder = paced(
                    list(partition.of(schedule, _guest)),
                    work,
                    users=max(1, 12 // workers),
                    counter=Counter(max(1, SERVERS // workers), Freeze(40.0, 3.0)),
                    window=Window(0.0, 30.0, 90.0),
                    longest_wait=2.0,
                    watch=watch,
                )
                ended = sum(cell.response.total for cell in recorder.journeys.values())
                out += ended != sum(each.offered for each in recorder.arrivals.values())
    return exact_row("offered = started + dropped + waiting, after each event, with a freeze", out, looked, seed)


# -- coordinated omission ---------------------------------------------------------------------------------------------


def frozen(length: float, runs: int, seed: int = 4000) -> Iterator[Row]:
    """The error of the p99 response time if the shop freezes for 3 s, for several numbers of users."""
    rate = 100.0
    for users in POOLS:
        worst = 0.0
        arrivals = 0
        for run in range(runs):
            chance = random.Random(seed + run)
            moments = list(poisson(rate, length, chance))
            draw = lognormal(0.05, 0.5, chance)
            work = [draw() for _ in moments]
            freeze = Freeze(length / 3, 3.0)
            counter = Counter(SERVERS, freeze)
            stays = sorted(counter.serve(moment, took) - moment for moment, took in zip(moments, work, strict=True))
            truth = stays[math.ceil(0.99 * len(stays)) - 1]
            recorder = paced(
                list(enumerate(moments)),
                work,
                users=users,
                counter=Counter(SERVERS, freeze),
                window=Window(0.0, 0.0, length),
            )
            response = Histogram()
            for cell in recorder.journeys.values():
                response.add(cell.response)
            worst = max(worst, abs(response.quantile(0.99) / truth - 1))
            arrivals += len(moments)
        yield error_row(f"p99 response time under a 3 s freeze, {users} users", worst, arrivals, seed, 0.02)


# -- steadiness and mix -----------------------------------------------------------------------------------------------


def quiet_run(chance: random.Random, *, slower: Callable[[float], float] = lambda _moment: 1.0) -> Recorder:
    """35 s of an M/M/16 shop at 0.6 of its capacity, after a warm-up of 5 s; ``slower`` multiplies its service times."""
    servers, service, steady_from, length = 16, 10.0, 5.0, 40.0
    recorder = Recorder(Window(0.0, steady_from, length))
    counter = Counter(servers)
    for moment in poisson(0.6 * servers * service, length, chance):
        done = counter.serve(moment, chance.expovariate(service) * slower(moment))
        recorder.page(PageSample("P", "card", "ok", Blame.NOBODY, moment, moment, done))
    return recorder


def steadiness(runs: int, seed: int = 5000) -> Iterator[Row]:
    """How often a steady run is called unsteady, and a run that warms up for most of its length is called steady."""

    def level(recorder: Recorder) -> Severity:
        (finding,) = stationary(Evidence(recorder, conditions_of(constant_rate=True)))
        return finding.level

    def warming(moment: float) -> float:
        return 0.5 + math.exp(-moment / 23)

    quiet = sum(level(quiet_run(random.Random(seed + run))) is not Severity.OK for run in range(runs))
    yield share_row("a steady run of 35 s called unsteady, M/M/16 at 60 %", quiet, runs, seed, at_most=0.01)
    few = max(20, runs // 5)
    found = sum(
        level(quiet_run(random.Random(seed + run), slower=warming)) is Severity.INCONCLUSIVE for run in range(few)
    )
    yield share_row("a run that warms up for two thirds of its length inconclusive", found, few, seed, at_least=0.95)


def mixes(runs: int, seed: int = 6000) -> Iterator[Row]:
    """How often a mix with the right weights is called wrong, and a mix without its rarest tenth is not."""
    weights = {"card": 60.0, "wallet": 20.0, "transfer": 10.0, "invoice": 8.0, "voucher": 2.0}

    def called_drift(chance: random.Random, drawn: dict[str, float]) -> bool:
        options = chance.choices(list(drawn), list(drawn.values()), k=1_200)
        counted = LabelCount("payment option", weights, {name: options.count(name) for name in set(options)})
        evidence = Evidence(Recorder(Window(0.0, 0.0, 1.0)), conditions_of(mixes=[counted]))
        return any(finding.level is Severity.INVALID for finding in mix_as_planned(evidence))

    wrong = sum(called_drift(random.Random(seed + run), weights) for run in range(runs))
    yield share_row("a mix as asked for called drifted", wrong, runs, seed, at_most=0.01)
    lacking = {name: weight for name, weight in weights.items() if name != "invoice"}
    found = sum(called_drift(random.Random(seed + run), lacking) for run in range(runs))
    yield share_row("a mix without one option of 8 % called drifted", found, runs, seed, at_least=0.95)
