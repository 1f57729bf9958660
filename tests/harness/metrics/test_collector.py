"""Prometheus reads exactly what was counted, under a limited number of label values."""

import pytest
from library_metrics import registry_of
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from scraped_runs import EVERYTHING, OPTIONS, WINDOW, parsed, scraped, some_recorder, state, total

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample
from harness.measurement.totals import RunTotals
from harness.metrics.catalogue import CATALOGUE, PREFIX
from harness.metrics.collector import MOST_VALUES, RunCollector
from harness.metrics.run_metrics import RunMetrics
from harness.yield_to_load import YieldToLoad


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
