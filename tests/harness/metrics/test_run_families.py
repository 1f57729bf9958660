"""The metrics of the run itself: its phase, verdict, workers and objectives."""

import pytest
from scraped_runs import EVERYTHING, scraped, some_recorder, total

from harness.metrics.run_metrics import ObjectiveStatus
from harness.shop_metrics.objective import parse_metric_objective


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


def test_an_objective_on_a_metric_of_the_shop_is_published_too():
    text = "prometheus: rate(pg_deadlocks_total[1m]) < 0.1"
    samples = scraped(some_recorder(2), objectives=[ObjectiveStatus(parse_metric_objective(text))])
    assert total(samples, "objective_bound", objective=text, unit="value") == 0.1
    assert total(samples, "objective_state", objective=text, state="nothing") == 1
    assert not any(one.name.endswith("objective_measured") for one in samples)


def test_each_worker_has_its_own_series():
    samples = scraped(some_recorder(2), **EVERYTHING)
    assert total(samples, "workers", state="ready") == total(samples, "workers", state="lost") == 1
    assert total(samples, "workers_expected") == 2
    assert total(samples, "generator_loop_lag_seconds_count", worker="0") == 7
    assert total(samples, "worker_reports_total", worker="0") == 9
    assert total(samples, "worker_reports_lost_total", worker="0") == 1
    assert not [s for s in samples if s.name.endswith("worker_cpu_ratio") and s.labels["worker"] == "1"]
