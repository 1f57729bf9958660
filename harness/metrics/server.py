"""Serves the metrics to Prometheus, out of the way of the load that the same process is putting on."""

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
from harness.metrics.collector import RunCollector
from harness.metrics.exposition import ExpositionFormat
from harness.metrics.scrapers import MAX_WAIT, Scrapers
from harness.network import bind_problem
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")

PORT = 9646
_PIECE = 1 << 16  # bytes sent at once
_POLL = 0.25  # seconds
_PLAUSIBLE = 3600.0  # seconds that a scraper may say it waits for an answer
_GZIP = 31  # zlib's way of saying: with the header and the end of a gzip file
# A real timer and not 0: the loop then looks at its sockets, too, before the next piece is made.
_PAUSE = 0.0005  # seconds

_SCRAPER = "HTTP_X_PROMETHEUS_SCRAPE_TIMEOUT_SECONDS"  # only who scrapes by the clock sends it

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class PortInUse(Exception):
    """The metrics cannot be served there; the message names address, port and remedy."""


class _Handler(WSGIHandler):
    """Answers 400 to a first line of a request that gevent itself would end in a traceback on."""

    def read_request(self, raw_requestline: str) -> Any:
        try:
            return super().read_request(raw_requestline)
        except (LookupError, ValueError):
            return False


class MetricsServer:
    """A running server; ``port`` is the one it got where 0 was asked for, ``scrapers`` knows who has scraped."""

    def __init__(self, server: WSGIServer, host: str, port: int, scrapers: Scrapers) -> None:
        self._server = server
        self.host = host
        self.port = port
        self._scrapers = scrapers

    def linger(self) -> None:
        """Wait until everybody who scrapes regularly has come once more from now on, a minute at most."""
        now = done = time.monotonic()
        while now < self._scrapers.wait_deadline(done, now):
            gevent.sleep(_POLL)
            now = time.monotonic()
        # Who has just come gets to the end of what it asked for.
        gevent.sleep(_POLL)

    def stop(self) -> None:
        """Stop serving; a scrape under way is cut off."""
        self._server.stop(timeout=0)


def serve(
    collector: RunCollector,
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    native: bool = False,
    allowed_hosts: Collection[str] = (),
) -> MetricsServer:
    """Serve ``GET /metrics`` and a pointer to it at ``/``; PortTaken if that cannot be done there.

    ``allowed_hosts`` are further names under which it may be asked. ``native``: a scraper that asks for protocol buffers first gets native histograms. Answers as long as gevent's event loop runs, as it does in Locust.
    """

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not is_allowed_host(environ.get("HTTP_HOST", ""), host, allowed_hosts):
            told = f"Not served under the name in Host; name it with {ALLOWED_HOSTS_OPTION} if it is this machine's.\n"
            return _plain(start_response, "403 Forbidden", told)
        if path not in {"/", "/metrics"}:
            return _plain(start_response, "404 Not Found", "There is only /metrics here.\n")
        if environ["REQUEST_METHOD"] != "GET":
            return _plain(start_response, "405 Method Not Allowed", "Only GET is answered here.\n", ("Allow", "GET"))
        if path == "/":
            return _plain(start_response, "200 OK", "checkload: the metrics for Prometheus are at /metrics\n")
        if patience := environ.get(_SCRAPER):
            scrapers.record_scrape(
                f"{environ.get('REMOTE_ADDR')} {environ.get('HTTP_USER_AGENT')}", _seconds(patience), time.monotonic()
            )
        form = _negotiated_format(environ.get("HTTP_ACCEPT", ""), native=native)
        headers = [("Content-Type", form.value), ("Cache-Control", "no-store"), ("Vary", "Accept, Accept-Encoding")]
        pieces = collector.text(YieldToLoad(gevent.sleep, _PAUSE), form)
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
    # gevent's own way of opening it leaves the socket open where that fails.
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
    """OpenMetrics for who names it, as Prometheus does, and the plain text for everybody else."""
    first = accept.partition(",")[0].replace(" ", "")
    if native and first.startswith(ExpositionFormat.PROTOBUF.value.replace(" ", "")):
        return ExpositionFormat.PROTOBUF
    return (
        ExpositionFormat.OPENMETRICS
        if ExpositionFormat.OPENMETRICS.value.partition(";")[0] in accept
        else ExpositionFormat.TEXT
    )


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
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
