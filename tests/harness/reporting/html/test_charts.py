"""The charts of a report show what the result has."""

import math
import re

import pytest

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.summary import every_page, page_rows, percentile
from harness.reporting.html.distributions import distribution
from harness.reporting.html.measures import JOURNEYS, measures, percentiles, under_way
from harness.reporting.html.timeline import ALL_PAGES, RunTimeline
from harness.results.result import Result


def series(chart, subject, tag):
    (found,) = (one for one in chart["subjects"][subject] if one["tags"] == [tag])
    return found


@pytest.fixture(scope="session")
def page(rich, page_of):
    return page_of(rich)


def test_the_throughput_adds_up_to_the_number_of_pages(page, rich):
    pages = series(page.charts["throughput"], "pages", "pages")
    step = pages["x"][1] - pages["x"][0]
    assert sum(pages["y"]) * step == pytest.approx(rich.counts.pages, rel=0.02)


def test_orders_and_failures_add_up_to_those_of_the_result(page, rich):
    orders = series(page.charts["throughput"], "journeys", "orders")
    step = orders["x"][1] - orders["x"][0]
    assert sum(filter(None, orders["y"])) * step == pytest.approx(rich.counts.orders, rel=0.02)
    failed = {one["tags"][0]: sum(one["numbers"]) for one in page.charts["failures"]["subjects"]["journeys"]}
    assert sum(failed.values()) == rich.counts.failed_journeys
    assert failed["http_5xx"] == rich.counts.failed_pages


def test_the_latency_of_a_slice_is_the_percentile_of_its_samples(page_of, rich):
    recorder = Recorder(Window(0.0, 0.0, 8.0))
    for second in range(8):
        for number in range(100):
            time = (second + 1) * (0.010 if number < 95 else 0.5)
            recorder.page(PageSample("P", "gpay", "ok", "nobody", second + 0.5, second + 0.5, second + 0.5 + time))
    latency = page_of(with_recorder(rich, recorder)).charts["latency"]
    assert series(latency, "page P", "p95")["y"] == pytest.approx([0.01 * n for n in range(1, 9)], rel=0.01)
    assert series(latency, "page P", "p50")["x"] == [n + 0.5 for n in range(8)]


def test_what_the_shop_failed_was_never_answered(page_of, rich):
    recorder = Recorder(Window(0.0, 0.0, 8.0))
    for second in range(8):
        for number in range(100):
            end = ("http_5xx", "shop") if second == 3 and number % 2 else ("ok", "nobody")
            recorder.page(PageSample("P", "gpay", *end, second + 0.5, second + 0.5, second + 0.6))
    latency = page_of(with_recorder(rich, recorder)).charts["latency"]
    assert [place for place, value in enumerate(series(latency, "pages", "p95")["y"]) if value == -1] == [3]


def test_a_rare_page_has_longer_slices_and_no_percentile_of_few_samples(page_of, rich):
    recorder = Recorder(Window(0.0, 0.0, 64.0))
    for number in range(64 * 4):
        due = number / 4 + 0.01
        recorder.page(PageSample("Rare", "gpay", "ok", "nobody", due, due, due + 0.1))
    p95 = series(page_of(with_recorder(rich, recorder)).charts["latency"], "page Rare", "p95")
    assert len(p95["y"]) == 8
    assert None not in p95["y"]


def test_journeys_under_way_are_the_mean_number_between_due_and_end():
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    for second in range(4):
        for _ in range(10):
            due = second + 0.5
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 2.0))
    found = measures(recorder)[JOURNEYS]
    assert under_way(found, 1.0, 6) == pytest.approx([5, 15, 20, 20, 15, 5, 0], rel=0.02, abs=0.1)


def test_the_distribution_has_the_percentiles_of_the_report(rich):
    whole = every_page(rich.recorder)
    points = distribution(whole.response)
    for q in (0.5, 0.9, 0.95):
        value = next(time for time, nines in points if nines >= -math.log10(1 - q) - 1e-9)
        assert value == pytest.approx(whole.response.quantile(q), rel=0.15)
    assert points == sorted(points)


def test_each_page_and_each_payment_option_can_be_chosen(page, rich):
    pages = {f"page {row.name}" for row in page_rows(rich.recorder)}
    options = {f"option {key.payment_option}" for key in rich.recorder.journeys}
    assert set(page.data["subjects"]) == {"pages", "journeys", *pages, *options}
    for name in ("latency", "throughput", "failures", "distribution"):
        assert set(page.charts[name]["subjects"]) == set(page.data["subjects"])


def test_bounds_are_drawn_where_their_objective_is_shown(page):
    bounds = {
        (one["subject"], one["label"], one.get("y"), one["state"])
        for one in page.charts["latency"]["bounds"]
        if "y" in one
    }
    changes = [(one["label"], one["x"]) for one in page.charts["latency"]["bounds"] if "y" not in one]
    assert changes == [("arrival rate: 30/s", 2.5)]
    assert bounds == {("page IndexPage", "p95 < 5s", 5.0, "good"), ("journeys", "p95 < 100ms", 0.1, "bad")}
    (failures,) = [one for one in page.charts["failures"]["bounds"] if "y" in one]
    assert (failures["subject"], failures["y"]) == ("option masterpass", 0.01)
    (rate,) = [one for one in page.charts["throughput"]["bounds"] if "y" in one]
    assert (rate["subject"], rate["y"]) == ("journeys", 5)


def test_the_bounds_of_an_invalid_run_are_not_judged(invalid, page_of):
    assert {one["state"] for one in page_of(invalid).charts["failures"]["bounds"]} == {"plain"}


def test_the_phases_are_those_of_the_run(page):
    spans = [(one["name"], one["from"], one["to"]) for one in page.charts["latency"]["phases"]]
    assert spans[:2] == [("warm-up", 0.0, 5.0), ("steady", 5.0, 45.0)]


def test_the_subject_of_the_broken_objective_is_shown_first(page, passed, page_of):
    assert page.data["subject"] == "journeys"
    assert page_of(passed).data["subject"] == "pages"


def test_the_chart_of_the_broken_objective_comes_first(failed, rich, page_of):
    def order(result):
        return re.findall(r'<figure data-chart="([a-z-]+)"', page_of(result).text)

    assert order(rich)[:2] == ["latency", "throughput"]
    assert order(failed)[:2] == ["failures", "latency"]


def test_percentiles_read_in_one_pass_are_those_read_one_by_one(rich):
    for row in [every_page(rich.recorder), *page_rows(rich.recorder)]:
        qs = (0.0, 0.5, 0.95, 0.99, 1.0)
        assert percentiles(row.response, qs) == [percentile(row.response, q) for q in qs]
    assert percentiles(Histogram(), (0.5, 0.95)) == [None, None]


def test_the_timeline_shows_service_times_and_the_generator(rich, page_of):
    timeline = RunTimeline(
        moments=(0.0, 5.0, 10.0),
        planned=(20.0, 20.0, 0.0),
        processor={"0": (None, 0.2, 0.3), "1": (None, 0.4, 0.5)},
        memory={"0": (None, 1e8, 1.1e8)},
        lateness=(None, 0.002, 0.003),
        loop_lag=(None, 0.001, 0.001),
        service={ALL_PAGES: (None, 0.05, math.inf), "IndexPage": (None, 0.02, 0.03)},
    )
    page = page_of(rich, timeline)
    charts = page.charts
    assert "checkload run baseline --seed 7 --arrival-rate 20/s --processes 2</code>" in page.text
    service = series(charts["latency"], "pages", "service p95")
    assert (service["x"], service["y"]) == ([0, 2.5, 7.5], [None, 0.05, -1])
    assert series(charts["latency"], "page IndexPage", "service p95")["y"] == [None, 0.02, 0.03]
    assert "service p95" not in str(charts["latency"]["subjects"]["journeys"])
    assert [one["y"] for one in charts["processor"]["series"]] == [[None, 0.2, 0.3], [None, 0.4, 0.5]]
    assert series(charts["throughput"], "journeys", "planned")["y"] == [20, 20, None]
    (allowed,) = charts["lateness"]["bounds"]
    assert allowed["y"] == 0.025


def with_recorder(result, recorder):
    """The result with other measurements."""
    changed = {name: getattr(result, name) for name in Result.__slots__}
    return Result(**{**changed, "recorder": recorder})
