"""The claims about plans: predictions compared with shops and days that the plan has not seen."""

import math
import random
from collections.abc import Iterator
from statistics import fmean, stdev

from claims import Row, error_row, share_row
from scipy.special import stdtrit
from simulator import Counter, exponential, poisson, queue, stay_exceeded_by

from harness.planning.carried_capacity import RUN_EFFECT, CarriedCapacity, EvidenceGrade
from harness.planning.forecast import Forecast, Need, Peak, needs, quantile
from harness.planning.load_levels import PaymentMix
from harness.planning.planner import fit_probability
from harness.planning.scaling import scaling
from harness.planning.usl import Usl, fit

BOUND = 0.5
"""The bound in seconds of 95 % of the stays in the simulated shop."""
ALLOWED = 0.05
SERVERS, SERVICE = 4, 10.0
NEAR = (0.92, 1.0, 1.06)
SEARCH_ERROR = 0.03
"""The standard deviation of the logarithm of the error of a search on one day."""

REPEATS, LENGTH = 5, 60.0
CERTAIN = PaymentMix(journeys_by_option={"card": 1}, pages_by_option={"card": 1}, journeys=10**9, orders=10**9)


# -- instances --------------------------------------------------------------------------------------------------------


def slowed(instances: int, shared: float) -> float:
    """The service rate of one server if this many instances share something, such as a database."""
    return SERVICE / (1 + shared * (instances - 1))


def true_capacity(instances: int, shared: float) -> float:
    """The rate at which one stay in twenty exceeds the bound, by the closed form of M/M/c."""
    servers, service = SERVERS * instances, slowed(instances, shared)
    low, high = 0.0, servers * service
    for _ in range(60):
        middle = (low + high) / 2
        over = stay_exceeded_by(ALLOWED, servers, middle, service) > BOUND
        low, high = (low, middle) if over else (middle, high)
    return low


def measured_capacity(instances: int, shared: float, chance: random.Random) -> CarriedCapacity:
    """The same from repeated simulated runs around it, with the interval from their differences."""
    servers, service = SERVERS * instances, slowed(instances, shared)
    truth, over = true_capacity(instances, shared), []
    for _ in range(REPEATS):
        for part in NEAR:
            moments = list(poisson(truth * part, LENGTH, chance))
            stays = queue(moments, exponential(1 / service, chance), Counter(servers))[len(moments) // 8 :]
            over.append(math.log(max(1, sum(stay > BOUND for stay in stays)) / len(stays)))
    # One slope for all repetitions, and the point at which the line through each crosses the allowed share.
    rates = [math.log(truth * part) for part in NEAR]
    middle = fmean(rates)
    slope = sum((x - middle) * y for x, y in zip(rates * REPEATS, over, strict=True))
    slope /= REPEATS * sum((x - middle) ** 2 for x in rates)
    repeats = [over[at : at + len(NEAR)] for at in range(0, len(over), len(NEAR))]
    found = [middle + (math.log(ALLOWED) - fmean(each)) / slope for each in repeats]
    half = float(stdtrit(REPEATS - 1, 0.975)) * stdev(found) / math.sqrt(REPEATS)
    return CarriedCapacity(
        likely=math.exp(fmean(found)),
        low=math.exp(fmean(found) - half),
        high=math.exp(fmean(found) + half),
        grade=EvidenceGrade.CONFIRMED,
        source="simulated",
        instances=instances,
    )


def instances(runs: int, seed: int = 7000) -> Iterator[Row]:
    """Whether runs with one, three and four instances predict the capacity of two."""
    close = covered = 0
    for run in range(runs):
        chance = random.Random(seed + run)
        shared = chance.uniform(0.0, 0.1)
        seen = [measured_capacity(number, shared, chance) for number in (1, 3, 4)]
        found, truth = scaling(seen, seed=run, replicates=200).of(2), true_capacity(2, shared)
        close += abs(found.likely / truth - 1) <= 0.10
        covered += found.low <= truth <= found.high
    what = "capacity of 2 instances, predicted from runs with 1, 3 and 4"
    yield share_row(f"{what}: within 10 % of the truth", close, runs, seed, at_least=0.95)
    yield share_row(f"{what}: its interval holds the truth", covered, runs, seed, at_least=0.90)


# -- the curve --------------------------------------------------------------------------------------------------------


def curves(runs: int, seed: int = 8000) -> Iterator[Row]:
    """Whether the band of the curve contains the true throughput, within the measurements and at twice the highest."""
    loads = (1, 2, 4, 8, 12, 16, 24, 32)
    held = {32: 0, 64: 0}
    for run in range(runs):
        chance = random.Random(seed + run)
        law = Usl(20.0, chance.uniform(0.0, 0.2), chance.uniform(0.0, 0.002))
        points = [(n, law.throughput(n) * math.exp(chance.gauss(0.0, 0.03))) for n in loads]
        fitted = fit(points, seed=run, replicates=200)
        for n in held:
            low, high = fitted.band(n)
            held[n] += low <= law.throughput(n) <= high
    for n, times in held.items():
        where = "at the highest load measured" if n == loads[-1] else "at twice the highest load measured"
        yield share_row(
            f"throughput {where}, 8 levels with 3 % noise: the band holds it", times, runs, seed, at_least=0.90
        )


# -- the forecast -----------------------------------------------------------------------------------------------------


def peak_of_a_day(chance: random.Random) -> float:
    """The busiest minute of a day: days differ, minutes vary more than a Poisson process, and evenings are busiest."""
    level = 900.0 * math.exp(chance.gauss(0.0, 0.12))
    busiest = 0.0
    for minute in range(0, 1440, 5):
        hour = minute / 60
        shape = 0.25 + math.exp(-((hour - 20.5) ** 2) / 4) + 0.5 * math.exp(-((hour - 13) ** 2) / 8)
        mean = level * shape * math.exp(chance.gauss(0.0, 0.05))
        busiest = max(busiest, chance.gauss(mean, math.sqrt(mean)))
    return busiest / 60


def forecasts(runs: int, seed: int = 9000) -> Iterator[Row]:
    """Whether the peak of an unseen day is within the band, and whether probabilities are calibrated."""
    within = fits = 0
    said = 0.0
    for run in range(runs):
        chance = random.Random(seed + run)
        past = tuple(peak_of_a_day(chance) for _ in range(14))
        truth = peak_of_a_day(chance)
        need = needs(Forecast(peak=Peak(past=past), seed=run, draws=400), CERTAIN)
        within += quantile(need.orders, 0.05) <= truth <= quantile(need.orders, 0.95)
        carries = fmean(past) * math.exp(chance.gauss(0.12, 0.15))
        seen = carries * math.exp(chance.gauss(0.0, 0.03))
        low, high = (seen * math.exp(side * 1.96 * 0.03) for side in (-1, 1))
        known = CarriedCapacity(
            likely=seen, low=low, high=high, grade=EvidenceGrade.CONFIRMED, source="simulated", instances=1
        )
        said += fit_probability(known, need, Forecast(peak=Peak(), seed=run, run_effect=0.0)).low
        fits += truth <= carries
    yield share_row("the next day's peak, from 14 days: within the 90 % band", within, runs, seed, at_least=0.85)
    off = abs(said - fits) / runs
    yield error_row("the probability that a peak fits, said against come true", off, runs, seed, 0.04)


def searched(capacity: float, chance: random.Random) -> CarriedCapacity:
    """The result of a search on one day of a shop with this capacity: a limit with its error, and a confirmed rate below it."""
    limit = capacity * math.exp(chance.gauss(0.0, RUN_EFFECT)) * math.exp(chance.gauss(0.0, SEARCH_ERROR))
    low, high = (limit * math.exp(side * 1.96 * SEARCH_ERROR) for side in (-1, 1))
    return CarriedCapacity(
        likely=0.95 * limit,
        low=low,
        high=high,
        limit=limit,
        grade=EvidenceGrade.CONFIRMED,
        source="simulated",
        instances=1,
    )


def bracketed(capacity: float, chance: random.Random) -> CarriedCapacity:
    """The result of single runs at rates a tenth apart, each on its own day."""
    held, rate = 0.0, capacity * chance.uniform(0.4, 0.6)
    while rate <= capacity * math.exp(chance.gauss(0.0, RUN_EFFECT)):
        held, rate = rate, rate * 1.1
    return CarriedCapacity(
        likely=held, low=held, high=rate, grade=EvidenceGrade.BRACKETED, source="simulated", instances=1
    )


def near_the_limit(runs: int, seed: int = 9500) -> Iterator[Row]:
    """Whether probabilities are calibrated if the need is near the capacity, and the capacity differs by day."""
    said, fits, low, high, held = 0.0, 0, 0.0, 0.0, 0
    for run in range(runs):
        chance = random.Random(seed + run)
        capacity = chance.uniform(10.0, 40.0)
        found, between = searched(capacity, chance), bracketed(capacity, chance)
        day = capacity * math.exp(chance.gauss(0.0, RUN_EFFECT))
        need = found.limit * chance.uniform(0.9, 1.05)
        fixed = Need(orders=(need,) * 400, journeys=(need,) * 400, conversion=1.0, work=1.0)
        asked = Forecast(peak=Peak(), seed=run)
        said += fit_probability(found, fixed, asked).low
        fits += need <= day
        other = capacity * chance.uniform(0.8, 1.2)
        fixed = Need(orders=(other,) * 400, journeys=(other,) * 400, conversion=1.0, work=1.0)
        range_ = fit_probability(between, fixed, asked)
        low, high, held = low + range_.low, high + range_.high, held + (other <= day)
    off = abs(said - fits) / runs
    what = "the probability that a peak near the limit of a search fits, capacity differing by day"
    yield error_row(f"{what}: said against come true", off, runs, seed, 0.04)
    external_pages = max(0.0, low - held, held - high) / runs
    what = "the range of probabilities between a run that held and one that did not"
    yield error_row(f"{what}: how far what came true lies outside", external_pages, runs, seed, 0.04)


def rows(*, quick: bool) -> Iterator[Row]:
    """All claims, in the size of the table or of the tests."""
    yield from instances(runs=8 if quick else 50)
    yield from curves(runs=40 if quick else 300)
    yield from forecasts(runs=60 if quick else 400)
    yield from near_the_limit(runs=200 if quick else 2_000)
