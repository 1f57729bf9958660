"""Remote write sends the same metrics as a scrape, and never disturbs a run."""

import logging
import math
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from prometheus_client.parser import text_string_to_metric_families
from protobuf_reading import fields, varint

from harness.measurement.histogram import Histogram
from harness.metrics.collector import RunCollector
from harness.metrics.exposition import ExpositionFormat, ExpositionWriter
from harness.metrics.family import family
from harness.metrics.remote_write.destination import parse_destination
from harness.metrics.remote_write.requests import MAX_SERIES, RequestEncoder, snappy
from harness.metrics.remote_write.sender import LAST_TRIES, RemoteWriter, http_sender


def unpacked(block):
    """The content of a block of literals."""
    length, at = varint(block, 0)
    content = b""
    while at < len(block):
        assert block[at] == 61 << 2
        size = int.from_bytes(block[at + 1 : at + 3], "little") + 1
        content += block[at + 3 : at + 3 + size]
        at += 3 + size
    assert len(content) == length
    return content


def some_families(options=2):
    orders, users = family("orders_total"), family("users")
    for n in range(options):
        orders.increment(("run-1", f"option{n}"), n)
    users.set_value(("run-1", 'Gäst "1"'), 0.5)
    times = Histogram()
    for seconds in (0.01, 0.3, math.inf):
        times.record(seconds)
    response = family("page_response_seconds")
    response.add_histogram(("run-1", "Checkout", "success"), times)
    return [orders, users, response]


def series(bodies):
    for body in bodies:
        for one in map(fields, fields(unpacked(body))[1]):
            labels = [(pair[1][0].decode(), pair[2][0].decode()) for pair in map(fields, one[1])]
            (sample,) = map(fields, one[2])
            yield labels, sample[1][0], sample[2][0]


@pytest.mark.parametrize("length", [0, 1, 59, 65_535, 65_536, 65_537, 200_000])
def test_a_snappy_block_contains_its_input(length):
    content = bytes(n % 251 for n in range(length))
    assert unpacked(snappy(content)) == content


def test_remote_write_and_text_agree():
    text = b"".join(ExpositionWriter().encode(some_families(), ExpositionFormat.TEXT)).decode()
    plain = [
        (s.labels | {"__name__": s.name}, s.value)
        for each in text_string_to_metric_families(text)
        for s in each.samples
    ]
    requests = RequestEncoder()
    for at in (1750000000.25, 1750000005.25):
        found = list(series(requests.bodies(some_families(), at)))
        assert [(dict(labels), value) for labels, value, _ in found] == plain
        assert all(labels == sorted(labels) for labels, *_ in found)
        assert {moment for *_, moment in found} == {round(at * 1000)}


def test_many_series_are_sent_in_several_requests():
    bodies = list(RequestEncoder().bodies(some_families(2 * MAX_SERIES), 1.0))
    sizes = [len(list(series([body]))) for body in bodies]
    assert len(bodies) == 3
    assert max(sizes) == MAX_SERIES
    assert sum(sizes) == 2 * MAX_SERIES + 1 + len(family("page_response_seconds").bounds) + 3


class Straw(RunCollector):
    """A collector with a few constant metrics."""

    def families(self, _pause, **_):
        return iter(some_families())


def writer(post, waits):
    return RemoteWriter(Straw(lambda: None), post, "localhost:9090", lambda: 5.0, waits.append)


def test_the_last_values_are_sent_again_after_a_failure(caplog):
    answers = iter([503, 204])
    with caplog.at_level(logging.INFO):
        writer(lambda _: next(answers), []).finish()
    (said,) = caplog.messages
    assert (
        "1 of 2 deliveries to localhost:9090 failed (the last one: HTTP status 503). The last values arrived." in said
    )


def test_the_run_ends_even_if_every_delivery_fails(caplog):
    tries = []

    def post(body):
        tries.append(body)
        raise ConnectionRefusedError(111, "Connection refused")

    writer(post, []).finish()
    assert len(tries) == LAST_TRIES
    (said,) = caplog.messages
    assert f"{LAST_TRIES} of {LAST_TRIES} deliveries" in said
    assert "Connection refused" in said
    assert "The last values did not arrive." in said


def test_successful_deliveries_are_silent_and_have_increasing_timestamps(caplog):
    bodies = []
    one = writer(lambda body: bodies.append(body) or 204, [])
    one.finish()
    one.finish()
    assert caplog.messages == []
    moments = [{moment for *_, moment in series([body])} for body in bodies]
    assert moments == [{5000}, {5001}]


class Receiver(BaseHTTPRequestHandler):
    """Redirects every request, and remembers it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.send_response(307)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        """Log nothing."""


def test_credentials_go_to_the_destination_and_follow_no_redirect():
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.seen = []
        thread = Thread(target=server.handle_request)
        thread.start()
        post = http_sender(parse_destination(f"http://127.0.0.1:{server.server_port}/push?tenant=a", "abc", ()))
        assert post(b"body") == 307
        thread.join(10)
        ((path, headers, body),) = server.seen
    assert (path, body) == ("/push?tenant=a", b"body")
    assert headers["Authorization"] == "Bearer abc"
    assert (headers["Content-Encoding"], headers["X-Prometheus-Remote-Write-Version"]) == ("snappy", "0.1.0")
