"""Exemplars link a slow page in Prometheus to its trace."""

import json

from prometheus_client.openmetrics import parser as openmetrics

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.metrics.collector import RunCollector
from harness.metrics.exemplars import Exemplars
from harness.metrics.exposition import ExpositionFormat
from harness.metrics.run_metrics import RunMetrics


def shown(exemplars):
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    recorder.page(PageSample("Checkout", "gpay", "ok", "nobody", 1.0, 1.2, 1.5, 9, 200))
    collector = RunCollector(lambda: RunMetrics(recorder, "run-1", "baseline", exemplars=exemplars))
    text = b"".join(collector.text(form=ExpositionFormat.OPENMETRICS)).decode()
    return [
        (s.name.removeprefix("checkout_load_"), s.labels["page"], s.exemplar.labels["trace_id"], s.exemplar.value)
        for family in openmetrics.text_string_to_metric_families(text)
        for s in family.samples
        if s.exemplar and s.exemplar.value <= float(s.labels["le"]) < 1.3 * s.exemplar.value
    ]


def test_an_exemplar_belongs_to_the_bucket_of_its_time():
    exemplars = Exemplars()
    exemplars.record("Checkout", "success", {"service": 0.3, "response": 0.5}, "ab" * 16, 1.75e9)
    exemplars.record("Basket", "success", {"service": 0.3, "response": 0.5}, "cd" * 16, 1.75e9)
    assert shown(exemplars) == [
        ("page_duration_seconds_bucket", "Checkout", "ab" * 16, 0.3),
        ("page_response_seconds_bucket", "Checkout", "ab" * 16, 0.5),
    ]


def test_the_latest_exemplar_of_a_bucket_is_kept():
    exemplars = Exemplars()
    for number in range(1_000):
        exemplars.record("Checkout", "success", {"service": 0.301 + number / 1e6}, f"{number:032x}", 1.75e9 + number)
    assert [trace for _, _, trace, _ in shown(exemplars)] == [f"{999:032x}"]
    assert len(exemplars.to_json()) == 1


def test_exemplars_of_workers_are_merged():
    there, here = Exemplars(), Exemplars()
    there.record("Checkout", "success", {"service": 0.3, "response": 0.5}, "ab" * 16, 1.75e9)
    here.merge(json.loads(json.dumps(there.to_json())))
    assert shown(here) == shown(there)
    assert len(shown(here)) == 2


def test_the_slowest_traces_come_first_each_with_its_slowest_page():
    exemplars = Exemplars()
    exemplars.record("Checkout", "success", {"service": 0.9, "response": 0.5}, "a", 1.75e9)
    exemplars.record("Checkout", "failure", {"service": 0.1, "response": 2.0}, "b", 1.75e9)
    exemplars.record("IndexPage", "success", {"service": 0.1, "response": 1.0}, "b", 1.75e9)
    exemplars.record("IndexPage", "failure", {"response": float("inf")}, "c", 1.75e9)
    assert [(one.trace_id, one.page, one.seconds) for one in exemplars.slowest(5)] == [
        ("b", "Checkout", 2.0),
        ("a", "Checkout", 0.5),
    ]
    assert len(exemplars.slowest(1)) == 1


def test_a_failed_request_is_not_crowded_out_by_slow_ones():
    exemplars = Exemplars()
    for number in range(1, 9):
        exemplars.record(f"Slow{number}", "success", {"response": 1.0 + number}, f"s{number}", 1.75e9)
    exemplars.record("Bank", "success", {"response": 9.9}, "f", 1.75e9)
    exemplars.record("Complete", "failure", {"response": 0.01}, "f", 1.75e9)
    assert [(one.trace_id, one.page) for one in exemplars.slowest(3)] == [
        ("f", "Complete"), ("s8", "Slow8"), ("s7", "Slow7"),
    ]  # fmt: skip
    for number in range(1, 9):
        exemplars.record(f"Fails{number}", "failure", {"response": 0.1}, f"g{number}", 1.75e9)
    assert [one.result for one in exemplars.slowest(4)] == ["failure", "failure", "success", "success"]
