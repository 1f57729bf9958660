"""A receiver of OpenTelemetry traces over HTTP: it decodes them with the protocol's own messages, or misbehaves.

It also stands in for the page of a trace, as Tempo has one.
"""

import importlib.util
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

needs_otlp = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None, reason="needs the OpenTelemetry SDK: checkload[otlp]"
)


@dataclass
class Receiver:
    """The spans that came, the attributes of each resource, and the paths that a browser has opened."""

    address: str = ""
    spans: list = field(default_factory=list)
    resources: list = field(default_factory=list)
    opened: list = field(default_factory=list)
    requests: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def take(self, body):
        """Keep the spans of one request."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415

        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append(attributes(of_resource.resource))
            self.spans += [span for scope in of_resource.scope_spans for span in scope.spans]


def attributes(thing):
    """The attributes of a span or a resource, as plain values."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in thing.attributes}


@contextmanager
def receiver(*, status=200, hangs=False):
    """A receiver that listens; ``status`` is its answer, and with ``hangs`` it gives none."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            found.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if hangs:
                found.released.wait(60)
                self.close_connection = True
                return
            assert self.path == "/v1/traces"
            if status == 200:
                found.take(body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            found.opened.append(self.path)
            page = b"<title>A trace</title>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        found.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
