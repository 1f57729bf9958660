"""Locust's statistics do not grow with the length of a run, and their totals stay exact."""

import pytest
from locust.stats import RequestStats, StatsEntry

from harness.locust_plugin.locust_memory import MOST_POINTS, SECONDS_KEPT, shorten_statistics

SECONDS = 36_000


def test_ten_hours_of_requests_leave_a_minute_and_all_totals():
    stats = RequestStats()
    stats.total.start_time = 0.0
    for second in range(0, SECONDS, 5):
        for entry in (stats.get("BasketPage", "GET"), stats.total):
            for later in range(5):
                entry.num_reqs_per_sec[second + later] += 2
                entry.num_fail_per_sec[second + later] += 1
            entry.num_requests += 10
            entry.last_request_timestamp = second + 4.5
        stats.history.append({"time": second})
        shorten_statistics(stats, full_history=False)
        assert len(stats.history) <= MOST_POINTS
    for entry in (stats.get("BasketPage", "GET"), stats.total):
        assert len(entry.num_reqs_per_sec) == len(entry.num_fail_per_sec) == SECONDS_KEPT + 1
        assert entry.num_requests == 2 * SECONDS
        assert entry.current_rps == 2
    assert (stats.history[0]["time"], stats.history[-1]["time"]) == (0, SECONDS - 5)


def test_statistics_without_a_request_stay_as_they_are():
    stats = RequestStats()
    shorten_statistics(stats, full_history=False)
    assert (stats.total.num_requests, stats.history) == (0, [])


def report_of_a_worker(stats, second):
    """What Locust's master does with the requests that a worker reports."""
    report = StatsEntry(stats, "BasketPage", "GET")
    report.num_requests, report.response_times = 1, {second: 1}
    report.start_time = report.last_request_timestamp = float(second)
    for entry in (stats.get("BasketPage", "GET"), stats.total):
        entry.extend(report)


@pytest.mark.parametrize(("full_history", "copies"), [(False, 0), (True, 20)])
def test_copies_of_the_response_times_of_a_page_are_kept_only_for_a_full_history(full_history, copies):
    stats = RequestStats()
    for second in range(1, 41):
        report_of_a_worker(stats, second)
        shorten_statistics(stats, full_history=full_history)
    page = stats.get("BasketPage", "GET")
    assert len(page.response_times_cache or ()) == copies
    assert page.get_response_time_percentile(1.0) == stats.total.get_response_time_percentile(1.0) == 40
    assert len(stats.total.response_times_cache) == 20  # the chart of all pages
