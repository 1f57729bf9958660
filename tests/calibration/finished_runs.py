"""Finished runs of a shop with known properties, made without waiting and judged like a real run."""

import random
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity
from harness.results.result import Result, RunSettings

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def a_run(rate=10.0, *, page=0.05, bound=0.1, invalid=False, pays=0.8, length=60, objectives=(), minute=0, fails=0.0):
    """A finished run: cards visit a bank, half of the gpay journeys are asked for a code, each journey has two pages.

    Runs of different minutes are different runs.
    """
    recorder = _measured(rate, page, pays, length, fails)
    findings = [Finding("cpu", Severity.INVALID, "the harness used 99 % of a core", "use two")] if invalid else []
    texts = (f"page.IndexPage response_time p95 < {bound * 1e3:g}ms", *objectives)
    judgement = evaluate_run(recorder, [parse(text) for text in texts], findings)
    return Result(
        run_id=f"x-{minute}",
        scenario="baseline",
        asked=RunSettings(scenario={}, seed=1, target="http://127.0.0.1:1/", embedded=True, steady=float(length)),
        started_at=NOW + timedelta(minutes=minute),
        ended_at=NOW + timedelta(minutes=minute, seconds=length + 10),
        recorder=recorder,
        judgement=judgement,
        exit=judgement.verdict.exit,
    )


@lru_cache(maxsize=16)
def _measured(rate, page, pays, length, fails):
    """The measurements of such a run. A finished run only reads them, so equal runs share them."""
    chance = random.Random(1)
    recorder = Recorder(Window(0.0, 10.0, 10.0 + length))
    for number in range(int(rate * (length + 10))):
        due = number / rate
        recorder.offered(due)
        recorder.started(due, 0.0, 0.0)
        option = "credit_card" if number % 4 else "gpay"
        visits = ("IndexPage", "Bank", "ThankYouPage") if option == "credit_card" else ("IndexPage", "GPayCompletePage")
        moment = due
        for name in visits:
            took = 1.0 if name == "Bank" else page
            recorder.page(PageSample(name, option, "ok", "nobody", moment, moment, moment + took))
            moment += took
        failed = fails > 0 and chance.random() < fails
        ordered = chance.random() < pays
        asked = option == "gpay" and number % 8 == 0
        outcome = ("ok", "nobody") if ordered else ("abandoned", "shopper")
        if failed:
            outcome, ordered = ("http_5xx", "shop"), False
        recorder.journey(
            JourneySample("guest", option, *outcome, due, due, moment, ordered=ordered, verification="right" * asked)
        )
    return recorder
