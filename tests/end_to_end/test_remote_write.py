"""A run writes its metrics to a Prometheus that does not scrape it, and each of them arrives."""

from types import SimpleNamespace

import pytest
from running import QUICK, Locust, needs
from scraping import Prometheus, a_free_port

pytestmark = [pytest.mark.end_to_end, needs("prometheus")]
SECRET = "swordfish"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One load from a master and a worker, both write to a Prometheus that scrapes nothing."""
    folder = tmp_path_factory.mktemp("afar")
    (folder / "quick.toml").write_text(QUICK)
    prometheus = Prometheus(folder / "prometheus", a_free_port(), "--web.enable-remote-write-receiver")
    url = prometheus.address.replace("//", f"//ada:{SECRET}@")
    options = ("--headless", "--scenario", str(folder / "quick.toml"), "--processes", "1", "--loglevel", "DEBUG")
    locust = Locust(folder / "results", *options, environment={"CHECKLOAD_REMOTE_WRITE": url})
    try:
        finished = locust.wait(60)
        yield SimpleNamespace(finished=finished, result=finished.result, prometheus=prometheus)
    finally:
        locust.close()
        prometheus.close()


def test_the_totals_are_those_of_the_result(run):
    counts, prometheus = run.result["counts"], run.prometheus
    assert counts["journeys"] == 150
    for name in ("page_response_seconds_count", "page_duration_seconds_count"):
        assert prometheus.total(name, "page") == counts["pages_by_page"]
    assert prometheus.total("journeys_completed_total", "outcome") == counts["journeys_by_outcome"]
    assert prometheus.total("orders_total", "payment_option") == counts["orders_by_option"]


def test_the_verdict_is_pushed_without_errors(run):
    verdict = run.result["judgement"]["verdict"]
    shown = {dict(labels)["verdict"]: value for labels, value in run.prometheus.last("run_verdict").items()}
    assert shown == {name: int(name == verdict) for name in shown}
    assert {dict(labels)["run_id"] for labels in run.prometheus.last("run_info")} == {run.result["run_id"]}
    assert "--remote-write" not in run.finished.output


def test_the_password_appears_nowhere(run):
    texts = [path.read_bytes() for path in run.finished.results.rglob("*") if path.is_file()]
    assert len(texts) >= 3
    assert not any(SECRET.encode() in text for text in texts)
    assert SECRET not in run.finished.output
