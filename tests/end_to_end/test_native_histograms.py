"""A Prometheus with native histograms computes the same percentiles as the run."""

import time
from collections import defaultdict
from types import SimpleNamespace

import pytest
from running import QUICK, Locust, needs
from scraping import PREFIX, Prometheus, a_free_port

from harness.measurement.histogram import Histogram

pytestmark = [pytest.mark.end_to_end, needs("prometheus")]
METRICS = (
    ("page_response_seconds", "response", "pages", "page"),
    ("journey_duration_seconds", "service", "journeys", ""),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run, and the answers of a Prometheus about it before its process ended."""
    folder = tmp_path_factory.mktemp("native")
    (folder / "quick.toml").write_text(QUICK)
    port = a_free_port()
    prometheus = Prometheus(folder / "prometheus", port, "--enable-feature=native-histograms")
    locust = Locust(
        folder / "results",
        *("--headless", "--scenario", str(folder / "quick.toml"), "--native-histograms"),
        *("--metrics-port", str(port), "--metrics-linger", "4"),
    )
    try:
        locust.until("\nResults: ")
        wait_for_a_scrape(prometheus, 'run_verdict{verdict="pending"} == 0')
        asked = {
            name: (
                prometheus.ask(f"sum(histogram_count({PREFIX}{name}))"),
                {
                    dict(key).get(by, ""): value
                    for key, value in prometheus.ask(
                        f"histogram_quantile(0.95, sum by ({by}) ({PREFIX}{name}{{result='success'}}))"
                    ).items()
                },
            )
            for name, _, _, by in METRICS
        }
        classic = prometheus.ask(f"{PREFIX}arrival_lag_seconds_bucket")
        yield SimpleNamespace(result=locust.wait().result, asked=asked, classic=classic)
    finally:
        locust.close()
        prometheus.close()


def wait_for_a_scrape(prometheus, query):
    deadline = time.monotonic() + 20
    while not prometheus.ask(PREFIX + query):
        assert time.monotonic() < deadline, query
        time.sleep(0.1)


@pytest.mark.parametrize(("name", "of", "kind", "by"), METRICS)
def test_a_p95_from_native_buckets_matches_the_result(run, name, of, kind, by):
    (counted,), reported = run.asked[name][0].values(), run.asked[name][1]
    assert counted == run.result["counts"][kind]
    stored = defaultdict(Histogram)
    for row in run.result["measured"][kind]:
        if row["blame"] == "nobody":
            stored[row[by] if by else ""].add(Histogram.from_json(row[of]))
    many = {which: one for which, one in stored.items() if one.total >= 100}
    assert many
    for which, one in many.items():
        # Prometheus interpolates, and we name a time that was measured: the same but for the distance to the next one.
        low, high = one.quantile(0.95 - 1 / one.total), one.quantile(min(1.0, 0.95 + 1 / one.total))
        assert 0.95 * low <= reported[which] <= 1.05 * high, which


def test_other_histograms_have_classic_buckets(run):
    assert len(run.classic) > 5
