"""A run stores its whole time series: live and replayed, it shows the same numbers as the result, even after a kill."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from report_browser import report_browser
from running import QUICK, ROOT, Locust, needs
from scraping import PREFIX, Prometheus, a_free_port, fetch

from harness.metrics.series_file import SERIES_FILE_NAME, read
from harness.results.store import run_folder

pytestmark = [pytest.mark.end_to_end, needs("prometheus", "promtool")]
CHECKLOAD = (str(Path(sys.executable).with_name("checkload")),)


class Replayed(Prometheus):
    """The Prometheus that ``checkload replay`` starts."""

    def __init__(self, results, log, environment=()):
        port = a_free_port()
        self.address = f"http://127.0.0.1:{port}"
        command = [*CHECKLOAD, "replay", str(results), "--port", str(port), "--for", "60"]
        with log.open("w") as said:  # closed here: if it is not ready in time, nothing is left open to the next test
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **dict(environment)}
            )
        try:
            self._wait_until_ready(log)
        except BaseException:
            self.close()
            raise

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One load from two workers, scraped by a Prometheus, with the default linger time."""
    folder = tmp_path_factory.mktemp("artefact")
    (folder / "quick.toml").write_text(f"{QUICK}[trace]\nsampled = 0.5\n")
    port = a_free_port()
    prometheus = Prometheus(folder / "prometheus", port, "--enable-feature=exemplar-storage")
    link, scenario = str(a_free_port()), ("--headless", "--scenario", str(folder / "quick.toml"))
    master = ("--master", "--expect-workers", "2", "--master-bind-port", link, "--metrics-port", str(port))
    master += ("--journey-log", str(folder / "log.jsonl"))
    locust = Locust(folder / "results", *scenario, *master)
    workers = [Locust(folder / f"worker-{n}", *scenario, "--worker", "--master-port", link) for n in range(2)]
    replayed = None
    try:
        finished = locust.wait(60)
        replayed = Replayed(finished.results, folder / "said")
        yield SimpleNamespace(
            finished=finished, result=finished.result, live=prometheus, replayed=replayed, folder=folder
        )
    finally:
        for process in (locust, *workers):
            process.close()
        prometheus.close()
        if replayed is not None:
            replayed.close()


def last_values(path):
    """The last value of each series in a file of snapshots, as written."""
    found = {}
    for line in b"".join(read(path)).decode().splitlines():
        if not line.startswith("#"):
            series, value, _ = line.rsplit(" ", 2)
            found[series] = float(value)
    return found


def in_file(path, name):
    """The last values of a counter, added up."""
    return sum(value for series, value in last_values(path).items() if series.startswith(f"{PREFIX}{name}{{"))


def test_result_live_scrape_file_and_replay_agree(run):
    counts = run.result["counts"]
    path = run.finished.folder / SERIES_FILE_NAME
    expected = {
        "page_response_seconds_count": counts["pages"],
        "page_outcomes_total": counts["pages"],
        "journeys_completed_total": counts["journeys"],
        "orders_total": counts["orders"],
    }
    assert counts["journeys"] == 150
    for name, total in expected.items():
        reported = (in_file(path, name), run.replayed.total(name), run.live.total(name))
        assert reported == (total, total, total), name
    assert run.replayed.total("orders_total", "payment_option") == counts["orders_by_option"]


def test_the_replay_and_the_live_scrape_hold_the_same_buckets(run):
    name = "page_response_seconds_bucket"
    assert run.replayed.total(name, "page", "le") == run.live.total(name, "page", "le")


def test_the_verdict_is_in_the_file_and_in_the_last_scrape(run):
    verdict = run.result["judgement"]["verdict"]
    for prometheus in (run.replayed, run.live):
        shown = {dict(labels)["verdict"]: value for labels, value in prometheus.last("run_verdict").items()}
        assert shown[verdict] == 1
        assert sum(shown.values()) == 1


def test_both_workers_are_in_the_metrics(run):
    seen = {dict(labels)["worker"] for labels in run.live.last("worker_reports_total")}
    assert seen == {"0", "1"}
    assert set(run.live.last("workers_expected").values()) == {2.0}
    assert run.live.total("generator_loop_lag_seconds_count") > 100


def test_the_users_of_all_workers_are_in_the_metrics(run):
    most = run.live.ask(f"max_over_time(sum without (user_class) ({PREFIX}users)[15m:1s])")
    assert list(most.values()) == [run.result["asked"]["users"]]
    classes = {dict(labels)["user_class"] for labels in run.live.last("users")}
    assert len(classes) == 4


def test_a_slow_page_leads_to_its_trace_and_the_journey_log_to_its_journey(run):
    name = f"{PREFIX}page_response_seconds_bucket"
    span = urlencode({"query": name, "start": time.time() - 900, "end": time.time()})
    answer = json.loads(fetch(f"{run.live.address}/api/v1/query_exemplars?{span}"))
    seen = {one["labels"]["trace_id"] for series in answer["data"] for one in series["exemplars"]}
    logs = run.folder.glob("log.worker-*.jsonl")
    walked = {json.loads(line)["trace"] for log in logs for line in log.read_text().splitlines()}
    assert len(walked) == run.result["counts"]["journeys"]
    assert seen
    assert seen <= walked


def test_the_live_run_is_scraped_beside_the_replay(run):
    config = fetch(f"{run.replayed.address}/api/v1/status/config").decode()
    assert "127.0.0.1:9646" in config


def test_a_killed_run_leaves_its_series_up_to_the_last_interval(tmp_path):
    scenario = tmp_path / "long.toml"
    scenario.write_text(QUICK.replace('"6s"', '"60s"'))
    locust = Locust(tmp_path / "results", "--headless", "--scenario", str(scenario))
    try:
        locust.until(" s, steady, ")
        path = run_folder(tmp_path / "results") / SERIES_FILE_NAME
        deadline = time.monotonic() + 40
        while len(list(read(path))) < 4:  # three snapshots and the end
            assert time.monotonic() < deadline, "no snapshots are taken"
            time.sleep(0.2)
        locust.process.kill()
        locust.process.wait()
    finally:
        locust.close()
    # As if the end had come in the middle of writing.
    path.write_bytes(path.read_bytes()[:-7])
    text = b"".join(read(path)).decode()
    assert text.endswith("# EOF\n")
    moments = sorted({float(line.rpartition(" ")[2]) for line in text.splitlines() if not line.startswith("#")})
    assert len(moments) >= 2
    assert in_file(path, "journeys_completed_total") > 50
    made = subprocess.run(
        [*CHECKLOAD, "replay", str(tmp_path / "results"), "--into", str(tmp_path / "blocks")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    (block,) = (tmp_path / "blocks").iterdir()
    listed = subprocess.run(
        ["promtool", "tsdb", "list", str(tmp_path / "blocks")], capture_output=True, text=True, timeout=30, check=True
    )
    assert re.search(rf"{block.name} +\d+ +\d+ +\S+ +\d+", listed.stdout)


@pytest.fixture(scope="module")
def drawn(run):
    """The addresses of the pages that the replay has drawn."""
    deadline = time.monotonic() + 60
    while "payments.html" not in (said := (run.folder / "said").read_text()):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    return [line for line in said.splitlines() if line.startswith("file://")]


def test_replay_draws_the_four_dashboards(drawn):
    names = ("capacity", "overview", "pages", "payments")
    assert [page.rpartition("/")[2] for page in drawn] == [f"{name}.html" for name in names]


@needs("chromium", "chromedriver")
def test_a_browser_draws_every_chart_of_the_dashboards(drawn, tmp_path):
    empty = "return [...document.querySelectorAll('[data-chart]')].filter((one) => !one.querySelector('svg')).length"
    with report_browser(tmp_path) as opened:
        for page in drawn:
            opened.open(page)
            assert (opened.errors(), opened.run(empty)) == ([], 0), page
            assert opened.run("return document.querySelectorAll('[data-chart] path').length") > 0


def test_a_replay_that_is_terminated_ends_its_prometheus_and_removes_its_files(run, tmp_path):
    (tmp_path / "temporary").mkdir()
    replayed = Replayed(run.finished.results, tmp_path / "said", {"TMPDIR": str(tmp_path / "temporary")})
    replayed.close()
    assert replayed.process.returncode == 130
    assert "Interrupted" in (tmp_path / "said").read_text()
    with pytest.raises(OSError, match="refused"):
        fetch(replayed.address)
    assert not list((tmp_path / "temporary").iterdir())
