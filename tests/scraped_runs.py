"""Builds runs whose metrics are scraped, and parses what Prometheus would read."""

import math
import random

from prometheus_client.parser import text_string_to_metric_families

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.metrics.collector import RunCollector
from harness.metrics.page_roles import PageRoles
from harness.metrics.run_metrics import ObjectiveStatus, RunMetrics, WorkerMetrics
from harness.objectives.parser import parse

WINDOW = Window(start=0.0, steady_from=10.0, steady_until=100.0)

OPTIONS = ("credit_card", "gpay", "masterpass")

ENDS = (("ok", "nobody"), ("ok", "nobody"), ("declined", "shopper"), ("timeout", "shop"), ("aborted", "harness"))


def some_recorder(n=500, seed=3):
    chance = random.Random(seed)
    recorder = Recorder(WINDOW)
    for _ in range(n):
        due = chance.uniform(0, 110)
        outcome, blame = chance.choice(ENDS)
        option = chance.choice(OPTIONS)
        page = chance.choice(["BinNumberPage", "ThankYouPage"])
        recorder.page(
            PageSample(
                page,
                option,
                outcome,
                blame,
                due,
                due + 0.01,
                due + 0.01 + chance.expovariate(9),
                321,
                0 if outcome == "timeout" else 200,
            )
        )
        recorder.offered(due)
        recorder.started(due, 0.002, 0.1)
        recorder.journey(
            JourneySample(
                "guest",
                option,
                outcome,
                blame,
                due,
                due,
                due + chance.expovariate(1),
                ordered=outcome == "ok",
                amount=4999 if outcome == "ok" else 0,
                verification=chance.choice(["", "right", "resent"]),
            )
        )
    recorder.offered(50.0)
    recorder.dropped(50.0)
    recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 50.0, math.inf, math.inf))
    recorder.offered(51.0)
    return recorder


LATE = Histogram()

LATE.record(0.003, 7)

EVERYTHING = {
    "users": {"Guest": 5},
    "rate_target": 20.0,
    "stage_number": 2,
    "ended_at": 1.76e9,
    "in_flight": {"gpay": 3},
    "requesting": {"BinNumberPage": 2},
    "pools": {"accounts_saved": 4},
    "workers": [
        WorkerMetrics("0", "ready", LATE, 0.5, 1 << 26, 120, 0.4, 0.001, 9, 1),
        WorkerMetrics("1", "lost"),
    ],
    "objectives": [
        ObjectiveStatus(parse("page.BinNumberPage response_time p95 < 300ms"), "kept_so_far", 0.2),
        ObjectiveStatus(parse("journey[payment=gpay] service_time max < 4s")),
        ObjectiveStatus(parse("orders rate > 20/s"), "failed", 18.0),
    ],
    "page_roles": PageRoles(
        ("1_arrived", "2_basket", "3_ordered"),
        challenges=frozenset({"ThankYouPage"}),
        codes=frozenset({"BinNumberPage"}),
        resends=frozenset({"ThankYouPage"}),
    ),
}


def state(recorder, **more):
    return RunMetrics(recorder, run_id="baseline-1", scenario="baseline", **more)


def scraped(recorder, **more):
    return parsed(b"".join(RunCollector(lambda: state(recorder, **more)).text()))


def parsed(text):
    return [sample for family in text_string_to_metric_families(text.decode()) for sample in family.samples]


def total(samples, name, **labels):
    return sum(
        sample.value
        for sample in samples
        if sample.name == f"checkout_load_{name}" and labels.items() <= sample.labels.items()
    )
