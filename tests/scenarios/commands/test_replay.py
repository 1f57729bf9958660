"""How `checkload replay` waits for its Prometheus."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from scenarios.commands import replay


@pytest.fixture
def address():
    """A server that answers every request."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def ended_or_not(code):
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)


def test_a_prometheus_that_has_ended_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(replay.time, "sleep", lambda _seconds: pytest.fail("it waits"))
    with ended_or_not("") as process:
        process.wait()
        assert not replay.is_ready(process, "http://127.0.0.1:1")


def test_a_proxy_of_the_environment_is_not_asked(address, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(replay.time, "sleep", lambda _seconds: pytest.fail("it waits"))
    with ended_or_not("input()") as process:
        assert replay.is_ready(process, address)
        process.communicate(b"\n")
