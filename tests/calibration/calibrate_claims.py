"""The claims about calibration: a log of a known mix gives that mix back, within its intervals."""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping

from claims import Row, mean_row, share_row
from shop_logs import BEGAN, lines

from scenarios.calibration.arrival_statistics import ArrivalStatistics, LoggedArrival
from scenarios.calibration.estimates import wilson
from scenarios.calibration.journey_counts import JourneyCounts
from scenarios.calibration.load_estimate import LONG_JOURNEY_QUANTILE, LoadShape, arrival_pattern, estimated_rate
from scenarios.calibration.logged_request import SessionNumbers
from scenarios.calibration.sessions import Sessions
from scenarios.calibration.text_lines import TextLines
from scenarios.calibration.think_times import fit_lognormal
from shop.contract import Page
from users.population.journey_spec import JourneyMix, SmsScript
from users.population.think import ThinkTimes

MIX = JourneyMix(
    journeys={"guest": 50, "returning": 25, "first_time": 15, "abandoning": 10},
    payments={"credit_card": 40, "pay_on_delivery": 30, "gpay": 15, "funds_transfer": 10, "pay_later": 5},
    sms={SmsScript.RIGHT: 70, SmsScript.WRONG: 15, SmsScript.RESEND: 8, SmsScript.LATE: 4, SmsScript.LOCKED: 3},
    three_d=0.3,
    declined=0.05,
)
THINK = ThinkTimes(5.0, 0.8, pages={"BinNumberPage": 12.0}, sigmas={"BinNumberPage": 0.4})
THOUGHT_OF = (Page.BASKET_ADD, Page.CHECKOUT, Page.BIN_NUMBER, Page.INSTALLMENT, Page.PAYMENT_OPTION)
ASKED = 0.8


LOG_RATE = 1.0
"""Arrivals a second in the logs."""


def calibrated(seed: int, journeys: int, *, burst: int = 1, length: float = math.inf) -> JourneyCounts:
    """The calibration of a log with this many journeys, or of its first ``length`` seconds."""
    text, sessions = TextLines(SessionNumbers(), "osessionid", ()), Sessions()
    tally = JourneyCounts(random.Random(seed), ArrivalStatistics(chance=random.Random(f"parts {seed}")))
    log = map(text.read, lines(MIX, THINK, journeys, seed=seed, asked=ASKED, rate=LOG_RATE, burst=burst))
    for journey in sessions.take(itertools.takewhile(lambda request: request.ended_at < BEGAN + length, log)):
        tally.add(journey)
    tally.add_unfinished(sessions.close_all())
    tally.arrivals.close(sessions.now - tally.length_quantile(LONG_JOURNEY_QUANTILE) if length < math.inf else math.inf)
    return tally


def kept(counts: Mapping[str, int], truth: Mapping[str, float]) -> Iterator[bool]:
    """Whether the interval of each share contains the true share."""
    total, whole = sum(counts.values()), sum(truth.values())
    for name, weight in truth.items():
        low, high = wilson(counts.get(name, 0), total)
        yield low <= weight / whole <= high


def shares(tally: JourneyCounts) -> Iterator[bool]:
    """All shares that calibration writes into a scenario."""
    yield from kept(tally.journeys, MIX.journeys)
    yield from kept(tally.options, MIX.payments)
    yield from kept(tally.sms, {script.value: weight for script, weight in MIX.sms.items()})
    settled = sum(tally.settled[option] for option in tally.asked)
    for count, total, truth in (
        (tally.asked.total(), settled, ASKED),
        (tally.three_d, tally.confirmed, MIX.three_d),
        (tally.refused, tally.confirmed, MIX.declined),
    ):
        low, high = wilson(count, total)
        yield low <= truth <= high


# -- rates ------------------------------------------------------------------------------------------------------------

HOUR = 3600.0


def coming(rate: Callable[[float], float], most: float, hours: float, seed: int) -> ArrivalStatistics:
    """Independent arrivals in this many hours; ``rate`` gives arrivals a minute at a moment in seconds, up to ``most``."""
    chance, now = random.Random(seed), 0.0
    comings = ArrivalStatistics(chance=random.Random(f"parts {seed}"))
    while (now := now + chance.expovariate(most / 60)) < hours * HOUR:
        if chance.random() * most < rate(now):
            comings.add(LoggedArrival(now, "", "guest"))
    comings.close(hours * HOUR)
    return comings


def evening(seconds: float) -> float:
    """A day whose busiest minutes are around eight in the evening, 20 arrivals a minute."""
    return 20 * (0.15 + 0.85 * math.exp(-((seconds / HOUR - 20) ** 2) / 4))


def peaks(runs: int, seed: int = 7500) -> Iterator[Row]:
    """Whether the rate of the busiest ten minutes is unbiased, for loads with a peak and for one without."""
    for what, rate, most, hours in (
        ("a day of 1 arrival a minute", lambda _: 1.0, 1.0, 24.0),
        ("a day of 5 arrivals a minute", lambda _: 5.0, 5.0, 24.0),
        ("two hours of 20 arrivals a minute", lambda _: 20.0, 20.0, 2.0),
        ("a day that peaks at 20 arrivals a minute", evening, 20.0, 24.0),
    ):
        errors, held = [], 0
        for run in range(runs):
            found, low, high, _ = estimated_rate(coming(rate, most, hours, seed + run), LoadShape.PEAK)
            errors.append(found / most - 1)
            held += low <= most <= high
        claim = f"rate of the busiest ten minutes, {what}"
        if most > 1:  # ten arrivals vary so much that a mean needs thousands of runs
            yield mean_row(f"{claim}: mean error", errors, seed, 0.05)
        if rate is not evening:  # the busiest minutes of a peak are not always found, so the rate is a little low
            yield share_row(f"{claim}: its 95 % interval holds the truth", held, runs, seed, at_least=0.9)


def cut_logs(runs: int, seed: int = 7600) -> Iterator[Row]:
    """Whether the end of a short log loses arrivals: journeys of minutes in a log of half an hour."""
    errors = [calibrated(seed + run, 2_100, length=HOUR / 2).arrivals.mean / LOG_RATE - 1 for run in range(runs)]
    yield mean_row("mean rate of a log of 30 minutes, which cuts journeys off: mean error", errors, seed, 0.02)


def calibrations(runs: int, seed: int = 7000) -> Iterator[Row]:
    """How often the 95 % intervals of a calibrated scenario contain the true values, and how often its kind of arrivals is right."""
    found: dict[str, list[bool]] = {"shares of the mix": [], "medians of think times": [], "spreads of think times": []}
    strangers = bursts = 0
    for run in range(runs):
        tally = calibrated(seed + run, 600)
        found["shares of the mix"] += shares(tally)
        for page in THOUGHT_OF:
            one = fit_lognormal(tally.pauses[page])
            median, sigma = THINK.pages.get(page, THINK.median), THINK.sigmas.get(page, THINK.sigma)
            found["medians of think times"].append(one.median_interval[0] <= median <= one.median_interval[1])
            found["spreads of think times"].append(one.sigma_interval[0] <= sigma <= one.sigma_interval[1])
        strangers += arrival_pattern(tally.arrivals) == "poisson"
        bursts += arrival_pattern(calibrated(seed + run, 300, burst=5).arrivals) == "bursty"
    for what, held in found.items():
        claim = f"95 % intervals of {what}, calibrated on a log of 600 journeys, that hold the truth"
        yield share_row(claim, sum(held), len(held), seed, at_least=0.9)
    yield share_row("a log's independent arrivals called Poisson", strangers, runs, seed, at_least=0.9)
    yield share_row("a log's arrivals in bursts of five called bursty", bursts, runs, seed, at_least=0.9)


def rows(*, quick: bool) -> Iterator[Row]:
    """All claims, in the size of the table or of the tests."""
    yield from calibrations(runs=8 if quick else 100)
    yield from peaks(runs=20 if quick else 300)
    yield from cut_logs(runs=4 if quick else 300)
