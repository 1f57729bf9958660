"""A real Prometheus, where one is installed: it finds no fault with our metrics, and stores what was counted."""

import json
import random
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import gevent
import pytest

from harness.exporter import RunCollector, RunState
from harness.metrics_server import serve
from harness.recorder import Recorder
from harness.sample import JourneySample, PageSample, Window

pytestmark = pytest.mark.end_to_end


def program(name):
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


@pytest.fixture
def collector():
    chance = random.Random(2)
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for _ in range(300):
        due = chance.uniform(0, 100)
        option = chance.choice(["credit_card", "gpay"])
        end = chance.choice([("ok", "nobody"), ("timeout", "shop")])
        recorder.page(PageSample("BinNumberPage", option, *end, due, due, due + chance.expovariate(10)))
        recorder.journey(JourneySample("guest", option, *end, due, due, due + 1, ordered=end[0] == "ok"))
        recorder.offered(due)
        recorder.started(due, 0.001, 0.0)
    state = RunState(recorder, "baseline-1", "baseline", users={"Guest": 3}, rate_target=20.0, in_flight={"gpay": 1})
    return RunCollector(lambda: state)


def test_promtool_finds_no_fault(collector):
    text = b"".join(collector.text())
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, timeout=30, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.fixture
def prometheus(collector, tmp_path):
    """The address of a Prometheus that scrapes our server every second."""
    installed = program("prometheus")
    server = serve(collector, port=0)
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "checkload", "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen(
        [
            installed,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield address
    process.terminate()
    process.wait(timeout=10)
    server.stop()


def ask(address, query):
    """The value of a query that has one series; ``None`` while it has none."""

    def fetch():
        url = f"http://{address}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url, timeout=5) as reply:
            return json.load(reply)["data"]["result"]

    try:
        series = gevent.get_hub().threadpool.apply(fetch)
    except OSError:
        return None
    return float(series[0]["value"][1]) if series else None


def test_prometheus_stores_what_was_counted(collector, prometheus):
    deadline = time.monotonic() + 20
    while ask(prometheus, "checkout_load_run_info") is None:
        assert time.monotonic() < deadline, "Prometheus has scraped nothing"
        gevent.sleep(0.1)
    counts = collector._state().recorder.counts()
    assert ask(prometheus, "sum(checkout_load_page_duration_seconds_count)") == counts.pages == 300
    failed = 'sum(checkout_load_page_duration_seconds_count{result="failure"})'
    assert ask(prometheus, failed) == counts.failed_pages
    assert ask(prometheus, "sum(checkout_load_orders_total)") == counts.orders
    assert ask(prometheus, 'sum(checkout_load_page_duration_seconds_bucket{le="+Inf"})') == counts.pages
    p95 = ask(prometheus, "histogram_quantile(0.95, sum by (le) (checkout_load_page_duration_seconds_bucket))")
    cells = collector._state().recorder.pages.values()
    exact = sorted(value for cell in cells for value, n in cell.service.values() for _ in range(n))[285]
    assert p95 == pytest.approx(exact, rel=0.14)
