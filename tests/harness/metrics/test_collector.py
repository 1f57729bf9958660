"""Prometheus reads exactly what was counted, under a limited number of label values."""

import itertools
import math
import random

import pytest
from library_metrics import registry_of
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.totals import RunTotals
from harness.metrics.buckets import JOURNEY, LATENESS, PAGE
from harness.metrics.catalogue import CATALOGUE, PREFIX
from harness.metrics.collector import MOST_VALUES, RunCollector
from harness.metrics.page_roles import PageRoles
from harness.metrics.run_metrics import ObjectiveStatus, RunMetrics, WorkerMetrics
from harness.objectives.parser import parse
from harness.yield_to_load import YieldToLoad

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


def test_every_count_equals_that_of_the_recorder():
    recorder = some_recorder()
    counts = RunTotals.of(recorder)
    samples = scraped(recorder)
    for name in ("page_duration_seconds", "page_response_seconds"):
        assert total(samples, f"{name}_count") == counts.pages
        assert total(samples, f"{name}_count", result="failure") == counts.failed_pages
        for page, n in counts.pages_by_page.items():
            assert total(samples, f"{name}_count", page=page) == n
    for option, n in counts.pages_by_option.items():
        assert total(samples, "page_outcomes_total", payment_option=option) == n
    for outcome, n in counts.pages_by_outcome.items():
        assert total(samples, "page_outcomes_total", outcome=outcome) == n
    assert total(samples, "page_responses_total") == counts.pages
    assert total(samples, "page_responses_total", code="none") == counts.pages_by_outcome["timeout"]
    assert total(samples, "page_errors_total") == counts.failed_pages
    assert total(samples, "page_received_bytes_total") == 321 * counts.pages
    assert total(samples, "journeys_completed_total") == counts.journeys == 501
    assert total(samples, "journeys_completed_total", result="failed") == counts.failed_journeys
    for option, n in counts.journeys_by_option.items():
        assert total(samples, "journeys_completed_total", payment_option=option) == n
    for outcome, n in counts.journeys_by_outcome.items():
        assert total(samples, "journeys_completed_total", outcome=outcome) == n
    assert total(samples, "orders_total") == counts.orders
    for option, n in counts.orders_by_option.items():
        assert total(samples, "orders_total", payment_option=option) == n
    assert total(samples, "journey_response_seconds_count") == counts.journeys
    assert total(samples, "journey_duration_seconds_count") == counts.journeys - 1
    assert total(samples, "arrivals_scheduled_total") == 502
    assert total(samples, "arrivals_started_total") == 500
    assert total(samples, "arrivals_dropped_total", reason="max_in_flight") == 1
    assert total(samples, "arrivals_waiting") == 1
    assert total(samples, "arrival_lag_seconds_count") == total(samples, "arrival_wait_seconds_count") == 500
    asked = sum(1 for key in recorder.journeys if key.verification)
    assert asked
    assert (
        total(samples, "sms_journeys_total")
        == total(samples, "sms_requested_total", reason="order")
        == sum(cell.response.total for key, cell in recorder.journeys.items() if key.verification)
    )


def test_the_text_equals_that_of_the_client_library():
    collector = RunCollector(lambda: state(some_recorder(), **EVERYTHING))
    ours = parsed(b"".join(collector.text()))
    library = parsed(generate_latest(registry_of(collector)))
    assert ours
    assert ours == library


def test_buckets_never_fall_and_end_with_the_count():
    samples = scraped(some_recorder())
    series = {}
    for sample in samples:
        if sample.name.endswith("_bucket"):
            labels = {**sample.labels}
            bound = labels.pop("le")
            series.setdefault((sample.name, *sorted(labels.items())), []).append((float(bound), sample.value))
    counts = {(s.name, *sorted(s.labels.items())): s.value for s in samples if s.name.endswith("_count")}
    assert len(series) == len(counts) > 20
    for (name, *labels), buckets in series.items():
        assert buckets == sorted(buckets)
        assert [n for _, n in buckets] == sorted(n for _, n in buckets)
        assert buckets[-1] == (math.inf, counts[(name.removesuffix("_bucket") + "_count", *labels)])


def test_bounds_are_written_as_floats():
    text = b"".join(RunCollector(lambda: state(some_recorder(5))).text())
    assert b'le="1.0"' in text
    assert b'le="1"' not in text
    assert b'le="0.011"' in text
    assert b"_created" not in text


def p99_error(median, sigma):
    """By how much the p99 read from buckets is off, as a share of the store's own."""
    chance = random.Random(1)
    recorder = Recorder(WINDOW)
    for _ in range(5000):
        took = chance.lognormvariate(math.log(median), sigma)
        recorder.page(PageSample("P", "gpay", "ok", "nobody", 50, 50, 50 + took))
    (cell,) = recorder.pages.values()
    buckets = [
        (float(s.labels["le"]), s.value) for s in scraped(recorder) if s.name.endswith("page_duration_seconds_bucket")
    ]
    rank = 0.99 * 5000
    at = next(i for i, (_, n) in enumerate(buckets) if n >= rank)
    (low, before), (high, upto) = buckets[at - 1], buckets[at]
    read = low + (high - low) * (rank - before) / (upto - before)
    return abs(read / cell.service.quantile(0.99) - 1)


def test_a_p99_read_from_buckets_is_about_three_per_cent_off():
    errors = [p99_error(median, sigma) for median in (0.02, 0.05, 0.12, 0.3, 0.8) for sigma in (0.3, 0.5, 0.8)]
    assert sum(error <= 0.03 for error in errors) >= 14
    assert max(errors) <= 0.04
    assert sum(errors) / len(errors) <= 0.015


def test_bounds_from_10_ms_on_are_at_most_14_per_cent_apart():
    bounds = [bound for bound in PAGE if bound >= 0.01]
    assert max(high / low for low, high in itertools.pairwise(bounds)) <= 8 / 7 + 1e-9


def test_the_run_is_described():
    samples = scraped(
        some_recorder(5),
        phase="steady",
        verdict="failed",
        users={"Guest": 7, "Returning": 2},
        rate_target=12.5,
        in_flight={"gpay": 3},
        started_at=1.75e9,
        version="0.1.0",
    )
    assert total(samples, "users", user_class="Guest") == 7
    assert total(samples, "arrival_rate_target", scenario="baseline") == 12.5
    assert total(samples, "journeys_in_flight", payment_option="gpay") == 3
    assert total(samples, "run_info", scenario="baseline", model="open", target="embedded", version="0.1.0") == 1
    assert total(samples, "run_phase", phase="steady") == total(samples, "run_phase") == 1
    assert total(samples, "run_verdict", verdict="failed") == total(samples, "run_verdict") == 1
    assert total(samples, "run_valid") == 1
    assert total(samples, "run_start_timestamp_seconds") == 1.75e9
    assert all(sample.labels["run_id"] == "baseline-1" for sample in samples)


@pytest.mark.parametrize(
    ("verdict", "valid"), [("pending", 0), ("invalid", 0), ("passed", 1), ("failed", 1), ("inconclusive", 1)]
)
def test_a_run_is_not_valid_until_it_is_judged(verdict, valid):
    assert total(scraped(some_recorder(2), verdict=verdict), "run_valid") == valid


def test_without_a_rate_there_is_no_target():
    assert not any(s.name.endswith("arrival_rate_target") for s in scraped(some_recorder(2), rate_target=None))


def test_before_the_first_run_there_are_no_metrics():
    collector = RunCollector(lambda: None)
    assert b"".join(collector.text()) == b""


def test_label_values_are_limited_and_the_rest_counts_as_other():
    recorder = Recorder(WINDOW)
    for n in range(2_000):
        recorder.page(PageSample(f"/page?id={n}", f"option{n}", f"error {n}", "shop", 50.0, 50.0, 50.1))
        recorder.journey(JourneySample("guest", f"option{n}", f"error {n}", "shop", 50.0, 50.0, 50.1))
    samples = scraped(recorder)
    for label in ("page", "payment_option", "outcome", "kind"):
        values = {sample.labels[label] for sample in samples if label in sample.labels}
        assert len(values) == MOST_VALUES + 1
        assert "other" in values
    assert total(samples, "page_duration_seconds_count") == total(samples, "journeys_completed_total") == 2_000
    assert len([s for s in samples if s.name.endswith("_count")]) < 500
    assert total(samples, "page_outcomes_total") == total(samples, "page_errors_total") == 2_000


def test_a_series_keeps_its_name_from_scrape_to_scrape():
    recorder = some_recorder(50)
    collector = RunCollector(lambda: state(recorder))
    before = {(s.name, *s.labels.items()): s.value for s in parsed(b"".join(collector.text()))}
    for n in range(200):
        recorder.page(PageSample(f"New{n}", "gpay", "ok", "nobody", 50.0, 50.0, 50.2))
    after = {(s.name, *s.labels.items()): s.value for s in parsed(b"".join(collector.text()))}
    assert before.keys() <= after.keys()
    for key, value in before.items():
        if key[0].endswith(("_total", "_bucket", "_count")):
            assert after[key] >= value


def test_another_run_has_its_own_labels():
    recorders = [Recorder(WINDOW), Recorder(WINDOW)]
    for n in range(MOST_VALUES + 5):
        recorders[0].page(PageSample(f"Old{n}", "gpay", "ok", "nobody", 50.0, 50.0, 50.2))
    recorders[1].page(PageSample("BinNumberPage", "gpay", "ok", "nobody", 50.0, 50.0, 50.2))
    states = [RunMetrics(recorder, f"run-{n}", "baseline") for n, recorder in enumerate(recorders)]
    now = [states[0]]
    collector = RunCollector(lambda: now[0])
    assert total(parsed(b"".join(collector.text())), "page_duration_seconds_count", page="other") == 5
    now[0] = states[1]
    samples = parsed(b"".join(collector.text()))
    assert total(samples, "page_duration_seconds_count", page="BinNumberPage") == 1
    assert {sample.labels["run_id"] for sample in samples} == {"run-1"}


def test_special_characters_in_a_label_break_no_line():
    recorder = Recorder(WINDOW)
    odd = 'a"b\\c\nd{}'
    recorder.page(PageSample(odd, "gpay", "ok", "nobody", 50.0, 50.0, 50.1))
    assert total(scraped(recorder), "page_duration_seconds_count", page=odd) == 1


def test_a_scrape_yields_to_the_load():
    recorder = Recorder(WINDOW)
    for n in range(60):
        for option in OPTIONS:
            recorder.page(PageSample(f"Page{n}", option, "ok", "nobody", 50.0, 50.0, 50.1))
    pauses = []
    for _ in RunCollector(lambda: state(recorder)).text(YieldToLoad(pauses.append, 0.0)):
        pass
    assert len(pauses) >= 180 // 20 + 2 * 60 // 20


def test_bounds_are_those_of_the_catalogue():
    assert len([bound for bound in PAGE if bound >= 0.01]) == 76
    assert (PAGE[0], PAGE[-1]) == (0.001, 56.0)
    assert (JOURNEY[-1], LATENESS[0], LATENESS[-1]) == (640.0, 0.001, 10.0)
    assert 0.3 not in PAGE
    assert 0.32 in PAGE


def test_the_whole_catalogue_is_published_and_nothing_else():
    recorder = some_recorder()
    recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", 50.0, 50.0, 51.0, reached="3_ordered"))
    text = b"".join(RunCollector(lambda: state(recorder, **EVERYTHING)).text()).decode()
    published = {family.name: family for family in text_string_to_metric_families(text)}
    expected = {PREFIX + name.removesuffix("_total"): entry for name, entry in CATALOGUE.items()}
    assert published.keys() == expected.keys()
    for name, family in published.items():
        entry = expected[name]
        assert (family.type, family.documentation) == (entry.kind, entry.help)
        if name.endswith("scrape_render_seconds"):
            continue  # nothing was rendered before
        assert family.samples, name
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == {"run_id", *entry.labels}, name


def test_the_bound_of_an_objective_is_a_bound_of_its_histogram():
    samples = scraped(some_recorder(), **EVERYTHING)
    for name, bound in (("page_response_seconds", "0.3"), ("page_duration_seconds", "0.3")):
        assert total(samples, f"{name}_bucket", le=bound) > 0
    assert total(samples, "journey_duration_seconds_bucket", le="4.0") > 0
    counted = {s.labels["le"] for s in samples if s.name.endswith("page_response_seconds_bucket")}
    assert {"0.3"} == counted - {*map(repr, PAGE), "+Inf"}


def test_objectives_are_published_with_their_labels():
    samples = scraped(some_recorder(2), **EVERYTHING)
    of_page = {"objective": "page.BinNumberPage response_time p95 < 300ms"}
    labels = {"subject": "page", "page": "BinNumberPage", "statistic": "p95", "metric": "response_time"}
    assert total(samples, "slo_threshold_seconds", **of_page, **labels) == 0.3
    assert total(samples, "slo_objective_ratio", **of_page, **labels) == 0.95
    assert total(samples, "objective_bound", **of_page, unit="s") == 0.3
    assert total(samples, "objective_measured", **of_page, unit="s") == 0.2
    assert total(samples, "objective_state", **of_page) == total(samples, "objective_state", state="kept_so_far") == 1
    of_journeys = {"subject": "journey", "page": "", "payment_option": "gpay", "statistic": "max"}
    assert total(samples, "slo_threshold_seconds", **of_journeys) == 4
    assert total(samples, "slo_objective_ratio", **of_journeys) == 0
    assert total(samples, "objective_bound", objective="orders rate > 20/s", unit="per_s") == 20
    assert total(samples, "objective_state", objective="orders rate > 20/s", state="failed") == 1


def test_the_funnel_counts_journeys_that_reached_at_least_a_step():
    recorder = Recorder(WINDOW)
    for n, step in ((5, "1_arrived"), (3, "2_basket"), (2, "3_ordered")):
        for _ in range(n):
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", 50.0, 50.0, 51.0, reached=step))
    samples = scraped(recorder, **EVERYTHING)
    steps = {s.labels["step"]: s.value for s in samples if s.name.endswith("funnel_steps_total")}
    assert steps == {"1_arrived": 10, "2_basket": 5, "3_ordered": 2}


@pytest.mark.parametrize(
    ("status", "code"),
    [(200, "2xx"), (302, "3xx"), (404, "4xx"), (429, "429"), (500, "5xx"), (503, "503"), (0, "none"), (999, "other")],
)
def test_statuses_are_published_by_class(status, code):
    recorder = Recorder(WINDOW)
    recorder.page(PageSample("P", "gpay", "ok", "nobody", 50.0, 50.0, 50.1, 9, status))
    samples = scraped(recorder)
    assert total(samples, "page_responses_total", code=code) == total(samples, "page_responses_total") == 1


def test_each_worker_has_its_own_series():
    samples = scraped(some_recorder(2), **EVERYTHING)
    assert total(samples, "workers", state="ready") == total(samples, "workers", state="lost") == 1
    assert total(samples, "workers_expected") == 2
    assert total(samples, "generator_loop_lag_seconds_count", worker="0") == 7
    assert total(samples, "worker_reports_total", worker="0") == 9
    assert total(samples, "worker_reports_lost_total", worker="0") == 1
    assert not [s for s in samples if s.name.endswith("worker_cpu_ratio") and s.labels["worker"] == "1"]


def test_the_time_of_a_scrape_is_published_at_the_next_one():
    ticks = iter(range(10_000))
    render_times = Histogram()
    collector = RunCollector(
        lambda: state(some_recorder(5), render_times=render_times), render_times.record, lambda: next(ticks) / 1000
    )
    first = parsed(b"".join(collector.text()))
    second = parsed(b"".join(collector.text()))
    assert total(first, "scrape_render_seconds_count") == 0
    assert total(second, "scrape_render_seconds_count") == 1
    assert render_times.total == 2


def test_pages_without_requests_in_flight_are_published_as_0():
    samples = scraped(some_recorder())
    asked = [one for one in samples if one.name == "checkout_load_requests_in_flight"]
    received = [one for one in samples if one.name == "checkout_load_page_received_bytes_total"]
    assert asked
    assert {one.labels["page"] for one in asked} == {one.labels["page"] for one in received}
    assert {one.value for one in asked} == {0}
