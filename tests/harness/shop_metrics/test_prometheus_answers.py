"""Whatever a server answers is an answer, a query that it cannot read, or no answer with its reason."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.shop_metrics import prometheus as module
from harness.shop_metrics.prometheus import NoAnswer, QueryError, WrongQuery, query_range
from harness.shop_metrics.source import PrometheusSource

TOKEN = "swordfish"
GOOD = {
    "status": "success",
    "data": {"resultType": "matrix", "result": [{"metric": {"a": "b"}, "values": [[5, "1.5"]]}]},
}


@pytest.fixture
def server(monkeypatch):
    """A server that gives ``reply``, and keeps what it was asked."""
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)

    class Handler(BaseHTTPRequestHandler):
        reply = (200, json.dumps(GOOD).encode(), {})
        asked = ()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            type(self).asked = (self.path, body, self.headers["Authorization"])
            status, content, headers = self.reply
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing."""

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Handler.source = PrometheusSource(f"http://127.0.0.1:{listening.server_port}/metrics/", "SHOP_TOKEN")
    yield Handler
    listening.shutdown()
    thread.join()
    listening.server_close()


def ask(source):
    return query_range(source, "up{a='b c'}", 1.0, 9.0, 2.0)


def test_the_query_goes_to_the_path_of_the_server_with_its_token(server):
    (series,) = ask(server.source)
    assert (series.labels, series.points) == ('{a="b"}', ((5.0, 1.5),))
    path, body, authorization = server.asked
    assert path == "/metrics/api/v1/query_range"
    assert body == "query=up%7Ba%3D%27b+c%27%7D&start=1.000&end=9.000&step=2.000"
    assert authorization == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("status", "content", "error", "said"),
    [
        (
            400,
            {"status": "error", "errorType": "bad_data", "error": f"parse error {TOKEN}"},
            WrongQuery,
            r"parse error \(hidden\)",
        ),
        (422, {"status": "error", "errorType": "execution", "error": "many-to-many"}, QueryError, "many-to-many"),
        (503, {"status": "error"}, QueryError, "HTTP status 503"),
        (302, "", QueryError, "redirects elsewhere"),
        (401, "", QueryError, "refused access"),
        (200, "<html>", QueryError, "no JSON"),
        (200, [1], QueryError, "HTTP status 200"),
        (200, {"status": "success", "data": {"result": [{"metric": 5}]}}, QueryError, "form of Prometheus"),
        (200, {"status": "success", "data": None}, QueryError, "form of Prometheus"),
        (200, {"status": "success", "data": {"result": [{"metric": {}, "values": [[1, {}]]}]}}, QueryError, "form of"),
        (200, "x" * 3000, QueryError, "too large"),
    ],
)
def test_any_other_answer_says_why_it_is_none(server, monkeypatch, status, content, error, said):
    monkeypatch.setattr(module, "LARGEST", 2000)
    text = content if isinstance(content, str) else json.dumps(content)
    server.reply = (status, text.encode(), {"Location": "http://192.0.2.1/"} if status == 302 else {})
    with pytest.raises(error, match=said) as raised:
        ask(server.source)
    assert TOKEN not in str(raised.value)


def test_a_server_that_is_not_there_or_says_nothing_is_no_answer(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NoAnswer, match="did not answer within"):
            ask(PrometheusSource(address))
    with pytest.raises(NoAnswer, match="cannot be reached"):
        ask(PrometheusSource(address))
