"""Serves the metrics to Prometheus, without disturbing the load that the same process makes."""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import gevent
from gevent import socket
from gevent.pywsgi import WSGIHandler, WSGIServer

from harness.host_header import ALLOWED_HOSTS_OPTION, is_allowed_host
from harness.metrics.collector import SCRAPE_PAUSE, RunCollector
from harness.metrics.exposition import ExpositionFormat
from harness.metrics.scrapers import MAX_WAIT, Scrapers
from harness.metrics.series_file import GZIP
from harness.network import METRICS_PORT, bind_problem
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")

_PIECE = 1 << 16  # bytes sent at once
_POLL = 0.25  # seconds
_PLAUSIBLE = 3600.0  # the longest timeout in seconds that is believed

_SCRAPER = "HTTP_X_PROMETHEUS_SCRAPE_TIMEOUT_SECONDS"  # sent only by scrapers with an interval

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class PortInUse(Exception):
    """The metrics cannot be served at this address; the message names address, port and remedy."""


class _Handler(WSGIHandler):
    """Answers 400 to a malformed request line; gevent itself would log a traceback."""

    def read_request(self, raw_requestline: str) -> Any:
        try:
            return super().read_request(raw_requestline)
        except (LookupError, ValueError):
            return False


class MetricsServer:
    """A running server; ``port`` is the port that it got if 0 was requested."""

    def __init__(self, server: WSGIServer, host: str, port: int, scrapers: Scrapers) -> None:
        self._server = server
        self.host = host
        self.port = port
        self._scrapers = scrapers

    def linger(self) -> None:
        """Wait until every regular scraper has scraped once more, for a minute at most."""
        now = done = time.monotonic()
        while now < self._scrapers.wait_deadline(done, now):
            gevent.sleep(_POLL)
            now = time.monotonic()
        # A scrape that has just begun gets its whole answer.
        gevent.sleep(_POLL)

    def stop(self) -> None:
        """Stop serving; a scrape in progress is cut off."""
        self._server.stop(timeout=0)


def serve(
    collector: RunCollector,
    host: str = "127.0.0.1",
    port: int = METRICS_PORT,
    *,
    native: bool = False,
    allowed_hosts: Collection[str] = (),
) -> MetricsServer:
    """Serve ``GET /metrics`` and a pointer to it at ``/``; PortInUse if that cannot be done there.

    ``allowed_hosts`` are more names that a request may have in Host. With ``native``, a scraper that asks for protocol buffers
    first gets native histograms. The server answers as long as gevent's event loop runs, as in Locust.
    """

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not is_allowed_host(environ.get("HTTP_HOST", ""), host, allowed_hosts):
            message = f"The host name of this request is not allowed; if it is a name of this machine, add {ALLOWED_HOSTS_OPTION}.\n"
            return _plain(start_response, "403 Forbidden", message)
        if path not in {"/", "/metrics"}:
            return _plain(start_response, "404 Not Found", "Only /metrics exists here.\n")
        if environ["REQUEST_METHOD"] != "GET":
            return _plain(start_response, "405 Method Not Allowed", "Only GET is allowed here.\n", ("Allow", "GET"))
        if path == "/":
            return _plain(start_response, "200 OK", "checkload: the metrics for Prometheus are at /metrics\n")
        if patience := environ.get(_SCRAPER):
            scrapers.record_scrape(
                f"{environ.get('REMOTE_ADDR')} {environ.get('HTTP_USER_AGENT')}", _seconds(patience), time.monotonic()
            )
        form = _negotiated_format(environ.get("HTTP_ACCEPT", ""), native=native)
        headers = [("Content-Type", form.value), ("Cache-Control", "no-store"), ("Vary", "Accept, Accept-Encoding")]
        pieces = collector.text(YieldToLoad(gevent.sleep, SCRAPE_PAUSE), form)
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            headers.append(("Content-Encoding", "gzip"))
            pieces = _gzipped(pieces)
        start_response("200 OK", headers)
        return _in_chunks(pieces)

    scrapers = Scrapers()
    listener = _listener(host, port)
    server = WSGIServer(listener, application, log=None, error_log=logger, handler_class=_Handler)
    server.start()
    return MetricsServer(server, host, int(listener.getsockname()[1]), scrapers)


def _listener(host: str, port: int) -> socket.socket:
    # gevent's own function leaves the socket open when this fails.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(16)
    except OSError as error:
        listener.close()
        raise PortInUse(bind_problem(error, host, port)) from error
    return listener


def _plain(start_response: StartResponse, status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    body = text.encode()
    length = ("Content-Length", str(len(body)))
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), length, *headers])
    return [body]


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return min(seconds, MAX_WAIT) if 0 <= seconds <= _PLAUSIBLE else 0.0


def _negotiated_format(accept: str, *, native: bool) -> ExpositionFormat:
    """OpenMetrics for a client that accepts it, as Prometheus does, and plain text for all others."""
    first = accept.partition(",")[0].replace(" ", "")
    if native and first.startswith(ExpositionFormat.PROTOBUF.value.replace(" ", "")):
        return ExpositionFormat.PROTOBUF
    return (
        ExpositionFormat.OPENMETRICS
        if ExpositionFormat.OPENMETRICS.value.partition(";")[0] in accept
        else ExpositionFormat.TEXT
    )


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, GZIP)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _in_chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
