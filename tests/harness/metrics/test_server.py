"""The metrics over HTTP, as Prometheus requests them."""

import gzip
import socket
import urllib.error
import urllib.request
from contextlib import closing

import gevent
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.metrics.collector import RunCollector
from harness.metrics.run_metrics import RunMetrics
from harness.metrics.server import PortInUse, serve

WINDOW = Window(0.0, 0.0, 100.0)


def a_collector(pages=3):
    recorder = Recorder(WINDOW)
    for n in range(pages):
        recorder.page(PageSample(f"Page{n}", "gpay", "ok", "nobody", 1.0, 1.0, 1.1))
    return RunCollector(lambda: RunMetrics(recorder, "run-1", "baseline"))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("harness.metrics.server._POLL", 0.01)
    server = serve(a_collector(), port=0)
    yield server
    server.stop()


def ask(port, path, method="GET", headers=None):
    """Request from a separate thread while gevent's loop answers; returns status, content type and body."""

    def fetch():
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.headers["Content-Type"], reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read().decode()

    return gevent.get_hub().threadpool.apply(fetch)


def test_prometheus_gets_what_it_can_parse(server):
    status, content_type, body = ask(server.port, "/metrics")
    assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = {family.name: family for family in text_string_to_metric_families(body)}
    counts = [s.value for s in families["checkout_load_page_duration_seconds"].samples if s.name.endswith("_count")]
    assert counts == [1, 1, 1]


@pytest.mark.parametrize(
    ("bound", "host", "status"),
    [
        ("127.0.0.1", "localhost:9646", 200),
        ("127.0.0.1", "rebound.example:9646", 403),
        ("127.0.0.1", "master:9646", 200),
        ("127.0.0.1", "[", 403),
        ("0.0.0.0", "rebound.example", 403),
        ("0.0.0.0", "10.0.0.5:9646", 200),
        ("0.0.0.0", "MASTER.", 200),
    ],
)
@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_requests_must_name_this_machine(bound, host, status, path):
    server = serve(a_collector(), bound, port=0, allowed_hosts={"master"})
    try:
        answered, _, body = ask(server.port, path, headers={"Host": host})
    finally:
        server.stop()
    assert answered == status
    assert ("--web-allowed-hosts" in body) == (status == 403)


def test_a_query_behind_the_path_changes_nothing(server):
    assert ask(server.port, "/metrics?x=1")[0] == 200


def test_the_root_points_to_the_metrics(server):
    status, _, body = ask(server.port, "/")
    assert (status, body) == (200, "checkload: the metrics for Prometheus are at /metrics\n")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/stats", "GET", 404), ("/metrics/../etc", "GET", 404), ("/metrics", "POST", 405), ("/", "DELETE", 405)],
)
def test_other_paths_and_methods_are_refused(server, path, method, status):
    assert ask(server.port, path, method)[0] == status


def test_before_any_run_the_page_is_empty():
    server = serve(RunCollector(lambda: None), port=0)
    try:
        assert ask(server.port, "/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8", "")
    finally:
        server.stop()


def test_many_series_are_served_while_other_greenlets_run():
    server = serve(a_collector(pages=80), port=0)
    turns = []

    def work():
        while True:
            turns.append(1)
            gevent.sleep(0.001)

    worker = gevent.spawn(work)
    try:
        _, _, body = ask(server.port, "/metrics")
    finally:
        worker.kill()
        server.stop()
    assert len(body) > 5 * 65_536
    assert body.count("checkout_load_page_duration_seconds_count{") == 80
    assert len(turns) > 5


def test_a_port_in_use_is_an_error_with_a_remedy(server):
    with pytest.raises(PortInUse, match=rf"^port {server.port} of 127\.0\.0\.1 is in use by another program$"):
        serve(a_collector(), port=server.port)


def test_an_address_of_another_machine_is_an_error():
    with pytest.raises(PortInUse, match=r"192\.0\.2\.1 is not an address of this machine"):
        serve(a_collector(), host="192.0.2.1", port=0)


def test_it_listens_on_loopback_and_the_port_is_free_after_the_stop():
    server = serve(a_collector(), port=0)
    assert server.host == "127.0.0.1"
    server.stop()
    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0


def test_answers_are_compressed_on_request(server):
    def fetch():
        url = f"http://127.0.0.1:{server.port}/metrics"
        wanted = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
        asked = urllib.request.Request(url, headers={"Accept": wanted, "Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked, timeout=10) as reply:
            return reply.headers["Content-Encoding"], reply.headers["Content-Type"], gzip.decompress(reply.read())

    encoding, content_type, body = gevent.get_hub().threadpool.apply(fetch)
    assert (encoding, content_type) == ("gzip", "application/openmetrics-text; version=1.0.0; charset=utf-8")
    families = {family.name for family in openmetrics.text_string_to_metric_families(body.decode())}
    assert "checkout_load_page_duration_seconds" in families


PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


@pytest.mark.parametrize(
    ("native", "accept", "reported"),
    [
        (True, f"{PROTOBUF},{OPENMETRICS};q=0.8,*/*;q=0.1", "application/vnd.google.protobuf"),
        (True, f"{OPENMETRICS},{PROTOBUF};q=0.8", "application/openmetrics-text"),
        (True, PROTOBUF.replace("delimited", "text"), "text/plain"),
        (False, f"{PROTOBUF},{OPENMETRICS};q=0.8,*/*;q=0.1", "application/openmetrics-text"),
    ],
)
def test_protocol_buffers_need_the_option_and_the_first_place_in_accept(native, accept, reported):
    server = serve(a_collector(), port=0, native=native)

    def fetch():
        asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(asked, timeout=10) as reply:
            return reply.headers["Content-Type"].partition(";")[0], reply.read()

    content_type, body = gevent.get_hub().threadpool.apply(fetch)
    server.stop()
    assert content_type == reported
    assert b"checkout_load_page_duration_seconds" in body


@pytest.mark.parametrize(
    "line", [b"GET /metrics HTTP/9", b"GET /metrics HTTP/1.x", b"GET /metrics HTTP/", b"\x00", b"GET"]
)
def test_a_malformed_request_line_is_refused_without_a_traceback(server, capfd, line):
    def send():
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
            connection.sendall(line + b"\r\nHost: localhost\r\n\r\n")
            return connection.recv(100)

    assert b" 200 " not in gevent.get_hub().threadpool.apply(send)
    assert "Traceback" not in capfd.readouterr().err
    assert ask(server.port, "/metrics")[0] == 200


def test_without_scrapers_the_server_does_not_linger(server):
    assert ask(server.port, "/metrics")[0] == 200
    with gevent.Timeout(30):
        server.linger()


@pytest.mark.parametrize("timeout", ["1e12", "inf", "nan", "-1", "4000", "soon", "9" * 5000])
def test_an_absurd_timeout_is_ignored(server, timeout):
    assert ask(server.port, "/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": timeout})[0] == 200
    with gevent.Timeout(30):
        server.linger()


def test_the_server_lingers_until_the_next_scrape(server):
    def scrape():
        url = f"http://127.0.0.1:{server.port}/metrics"
        asked = urllib.request.Request(url, headers={"X-Prometheus-Scrape-Timeout-Seconds": "40"})
        with urllib.request.urlopen(asked, timeout=10) as reply:
            reply.read()

    gevent.get_hub().threadpool.apply(scrape)
    waiting = gevent.spawn(server.linger)
    gevent.sleep(0)
    assert not waiting.ready()
    gevent.get_hub().threadpool.apply(scrape)
    waiting.join(timeout=30)
    assert waiting.successful()
