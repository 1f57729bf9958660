"""What is claimed of calibration: logs of a known mix give it back, within the intervals that stand beside the numbers."""

import random
from collections.abc import Iterator, Mapping

from claims import Row, share_row
from shop_logs import lines

from scenarios.calibration.comings import Comings
from scenarios.calibration.pauses import fit
from scenarios.calibration.requests import Anonymous
from scenarios.calibration.samples import wilson
from scenarios.calibration.sessions import Sessions
from scenarios.calibration.tally import Tally
from scenarios.calibration.text_lines import TextLines
from scenarios.calibration.writing import process_of
from shop.contract import Page
from users.itinerary import Mix, SmsScript
from users.think import ThinkTimes

MIX = Mix(
    journeys={"guest": 50, "returning": 25, "first_time": 15, "abandoning": 10},
    payments={"credit_card": 40, "pay_on_delivery": 30, "gpay": 15, "funds_transfer": 10, "pay_later": 5},
    sms={SmsScript.RIGHT: 70, SmsScript.WRONG: 15, SmsScript.RESEND: 8, SmsScript.LATE: 4, SmsScript.LOCKED: 3},
    three_d=0.3,
    declined=0.05,
)
THINK = ThinkTimes(5.0, 0.8, pages={"BinNumberPage": 12.0}, sigmas={"BinNumberPage": 0.4})
THOUGHT_OF = (Page.BASKET_ADD, Page.CHECKOUT, Page.BIN_NUMBER, Page.INSTALLMENT, Page.PAYMENT_OPTION)
ASKED = 0.8


def calibrated(seed: int, journeys: int, *, burst: int = 1) -> Tally:
    """What is made of a log of so many journeys."""
    text, sessions = TextLines(Anonymous(), "osessionid", ()), Sessions()
    tally = Tally(random.Random(seed), Comings())
    log = lines(MIX, THINK, journeys, seed=seed, asked=ASKED, rate=1.0, burst=burst)
    for journey in sessions.take(map(text.read, log)):
        tally.add(journey)
    tally.add_rest(sessions.rest())
    tally.comings.close()
    return tally


def kept(counts: Mapping[str, int], truth: Mapping[str, float]) -> Iterator[bool]:
    """Whether the interval of each share holds its truth."""
    total, whole = sum(counts.values()), sum(truth.values())
    for name, weight in truth.items():
        low, high = wilson(counts.get(name, 0), total)
        yield low <= weight / whole <= high


def shares(tally: Tally) -> Iterator[bool]:
    """All shares that are written into a scenario."""
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


def calibrations(runs: int, seed: int = 7000) -> Iterator[Row]:
    """How often a calibrated scenario's 95 % intervals hold what the log was written with, and its arrivals their name."""
    found: dict[str, list[bool]] = {"shares of the mix": [], "medians of think times": [], "spreads of think times": []}
    strangers = bursts = 0
    for run in range(runs):
        tally = calibrated(seed + run, 600)
        found["shares of the mix"] += shares(tally)
        for page in THOUGHT_OF:
            one = fit(tally.pauses[page])
            median, sigma = THINK.pages.get(page, THINK.median), THINK.sigmas.get(page, THINK.sigma)
            found["medians of think times"].append(one.median_within[0] <= median <= one.median_within[1])
            found["spreads of think times"].append(one.sigma_within[0] <= sigma <= one.sigma_within[1])
        strangers += process_of(tally.comings) == "poisson"
        bursts += process_of(calibrated(seed + run, 300, burst=5).comings) == "bursty"
    for what, held in found.items():
        claim = f"95 % intervals of {what}, calibrated on a log of 600 journeys, that hold the truth"
        yield share_row(claim, sum(held), len(held), seed, at_least=0.9)
    yield share_row("a log's independent arrivals called Poisson", strangers, runs, seed, at_least=0.9)
    yield share_row("a log's arrivals in bursts of five called bursty", bursts, runs, seed, at_least=0.9)
