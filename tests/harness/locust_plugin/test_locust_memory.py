"""Locust's statistics do not grow with the length of a run, and their totals stay exact."""

from locust.stats import RequestStats

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
        shorten_statistics(stats)
        assert len(stats.history) <= MOST_POINTS
    for entry in (stats.get("BasketPage", "GET"), stats.total):
        assert len(entry.num_reqs_per_sec) == len(entry.num_fail_per_sec) == SECONDS_KEPT + 1
        assert entry.num_requests == 2 * SECONDS
        assert entry.current_rps == 2
    assert (stats.history[0]["time"], stats.history[-1]["time"]) == (0, SECONDS - 5)


def test_statistics_without_a_request_stay_as_they_are():
    stats = RequestStats()
    shorten_statistics(stats)
    assert (stats.total.num_requests, stats.history) == (0, [])
