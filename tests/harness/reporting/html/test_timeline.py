"""The timeline is read from the metrics that a run writes."""

import math

import pytest

from harness.metrics.catalogue import CATALOGUE
from harness.reporting.html.timeline import ALL_PAGES, NO_TIMELINE, read_timeline


def snapshot(at, *, cpu, service, failures=0, lag=0):
    """The lines of a snapshot: how many pages took up to 0.1 s and up to 0.2 s."""
    up_to, above = service
    lines = [
        f'arrival_rate_target{{run_id="r",scenario="s"}} 30.0 {at}',
        f'arrivals_waiting{{run_id="r",scenario="s"}} 2.0 {at}',
        f'arrival_lag_seconds_bucket{{run_id="r",scenario="s",le="0.001"}} {lag} {at}',
        f'arrival_lag_seconds_bucket{{run_id="r",scenario="s",le="+Inf"}} {lag} {at}',
        *(f'worker_cpu_ratio{{run_id="r",worker="{name}"}} {value} {at}' for name, value in cpu.items()),
        f'page_duration_seconds_bucket{{run_id="r",page="A",result="success",le="0.1"}} {up_to} {at}',
        f'page_duration_seconds_bucket{{run_id="r",page="A",result="success",le="0.2"}} {up_to + above} {at}',
        f'page_duration_seconds_bucket{{run_id="r",page="A",result="success",le="+Inf"}} {up_to + above} {at}',
        f'page_duration_seconds_bucket{{run_id="r",page="A",result="failure",le="0.1"}} {failures} {at}',
        f'page_duration_seconds_bucket{{run_id="r",page="A",result="failure",le="+Inf"}} {failures} {at}',
    ]
    return "".join(f"checkout_load_{line}\n" for line in lines).encode()


def test_the_values_are_those_of_each_moment():
    found = read_timeline(
        [
            snapshot(1000.0, cpu={"0": 0.1}, service=(0, 0)),
            snapshot(1005.5, cpu={"0": 0.2, "1": 0.4}, service=(90, 10), lag=100),
        ]
    )
    assert found.moments == [0.0, 5.5]
    assert found.planned == [30.0, 30.0]
    assert found.waiting == [2.0, 2.0]
    assert found.processor == {"0": [0.1, 0.2], "1": [None, 0.4]}
    assert found.service == {name: [None, pytest.approx(0.15)] for name in (ALL_PAGES, "A")}
    assert found.lateness == [None, pytest.approx(0.00099)]
    assert found.middles == [0.0, 2.75]


def test_a_percentile_is_that_of_the_time_between_two_snapshots():
    found = read_timeline(
        [
            snapshot(0.0, cpu={}, service=(0, 0)),
            snapshot(5.0, cpu={}, service=(1000, 0)),
            snapshot(10.0, cpu={}, service=(1000, 100)),
            snapshot(15.0, cpu={}, service=(1001, 100)),
        ]
    )
    assert found.service["A"] == [None, pytest.approx(0.095), pytest.approx(0.195), None]


def test_pages_that_the_shop_failed_count_as_never_answered():
    found = read_timeline([snapshot(0.0, cpu={}, service=(0, 0)), snapshot(5.0, cpu={}, service=(90, 0), failures=10)])
    assert found.service["A"] == [None, math.inf]


def test_a_text_without_metrics_is_no_timeline():
    assert read_timeline([b"", b"# EOF\n", b"rubbish"]) == NO_TIMELINE


def test_the_metrics_it_reads_exist():
    assert {
        "arrival_rate_target", "arrivals_waiting", "worker_cpu_ratio", "worker_resident_memory_bytes", "page_duration_seconds",
        "generator_loop_lag_seconds", "arrival_lag_seconds",
    } <= CATALOGUE.keys()  # fmt: skip
