"""Results to render and to write: one with everything in it, and one for each of the four verdicts."""

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.totals import RunTotals
from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity
from harness.results.result import Result, RunSettings, SlowTrace, SteeringChange
from harness.validity.ledger import compare_with_ledger

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGES = ("IndexPage", "PaymentOptionSelectionPage", "ThankYouPage")
OPTIONS = ("credit_card", "funds_transfer", "gpay", "masterpass")
OK = Finding("end", Severity.OK, "the load lasted 40 s")
WARNING = Finding("cpu", Severity.WARNING, "checkload used 75 % of a core", "lower the rate")
INVALID = Finding(
    "shop",
    Severity.INVALID,
    "the embedded shop ended in the middle of the run",
    "read the log of the shop for the reason",
)


def shop_for(seconds, *, failing=0.0, waiting=0.0, rate=20, drop_every=0):
    """Measurements of a shop that is open for so long; some journeys fail, wait for a user, or are dropped."""
    chance = random.Random(1)
    recorder = Recorder(Window(0.0, 5.0, 5.0 + seconds))
    for number in range(int(rate * (seconds + 5))):
        due, option = number / rate, chance.choice(OPTIONS[:3])
        recorder.offered(due)
        if drop_every and number % drop_every == drop_every - 1:
            recorder.dropped(due)
            recorder.journey(JourneySample("guest", option, "dropped", "shop", due, math.inf, math.inf))
            continue
        recorder.started(due, 0.001, waiting)
        moment = due + waiting
        how, page = ("ok", "nobody"), ""
        for page in PAGES:
            took = chance.lognormvariate(-3.5, 0.5)
            if chance.random() < failing:
                how = ("http_5xx", "shop")
            recorder.page(PageSample(page, option, *how, moment, moment, moment + took, 900))
            moment += took
            if how[0] != "ok":
                break
        ordered = how[0] == "ok"
        recorder.journey(
            JourneySample(
                "guest",
                option,
                *how,
                due,
                due + waiting,
                moment,
                ordered=ordered,
                amount=4999 * ordered,
                verification=chance.choice(["", "right", "wrong_then_right"]),
                failed_page="" if ordered else page,
            )
        )
    return recorder


def a_result(recorder, objectives=("journey failures < 5%",), findings=(OK,), **changes):
    """The result of a run with these measurements, judged as a run is."""
    judgement = evaluate_run(recorder, [parse(text) for text in objectives], findings)
    counts = RunTotals.of(recorder)
    result = Result(
        run_id="baseline-20260102T030405Z-000000",
        scenario="baseline",
        asked=RunSettings(
            scenario={"name": "baseline", "arrivals": {"rate": "20/s"}, "mix": [1, 2.5, True, None]},
            seed=7,
            target="http://127.0.0.1:4711/",
            embedded=True,
            users=60,
            warm_up=5.0,
            steady=40.0,
            drain=10.0,
            payment_options=OPTIONS,
            overrides={"arrival_rate": "20/s"},
        ),
        started_at=STARTED,
        ended_at=STARTED + timedelta(seconds=47),
        recorder=recorder,
        judgement=judgement,
        exit=judgement.verdict.exit,
        ledger=compare_with_ledger(counts, counts.pages_by_page, counts.orders_by_option, counts.amount),
        versions={"python": "3.11.2", "locust": "2.47.0"},
        changes=(SteeringChange(at=2.5, quantity="arrival_rate", before="10/s", after="30/s"),),
        slowest_traces=(
            SlowTrace(
                page="IndexPage",
                result="success",
                trace_id="0af7651916cd43dd8448eb211c80319c",
                seconds=0.7,
                at=1767323050.0,
            ),
        ),
    )
    return replace(result, **changes)


@pytest.fixture(scope="session")
def rich():
    """A failed run with every kind of event in it."""
    recorder = shop_for(40, failing=0.01, waiting=0.3, drop_every=150)
    objectives = (
        "page.IndexPage response_time p95 < 5s",
        "journey response_time p95 < 100ms",
        "journey[payment=masterpass] failures < 1%",
        "orders rate > 5/s",
        "journey response_time max < 1min",
    )
    return a_result(recorder, objectives, (OK, WARNING))


@pytest.fixture(scope="session")
def passed():
    return a_result(shop_for(40))


@pytest.fixture(scope="session")
def failed():
    return a_result(shop_for(40, failing=0.2))


@pytest.fixture(scope="session")
def invalid():
    return a_result(shop_for(10), findings=(OK, WARNING, INVALID), stopped="the embedded shop ended")


@pytest.fixture(scope="session")
def inconclusive():
    return a_result(shop_for(1, rate=5))
