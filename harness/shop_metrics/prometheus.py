"""Asks Prometheus, or a server with the same API, for the values of a query over a stretch of time."""

from __future__ import annotations

import http.client
import ssl
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
import orjson

from harness.shop_metrics.measurement import MetricSeries, labels_text
from harness.shop_metrics.source import PrometheusSource

PATH = "/api/v1/query_range"
LONGEST = 10.0
"""The most seconds that one query may take."""
LARGEST = 16_000_000
"""The largest answer in bytes."""
_LONGEST_MESSAGE = 200
_OK = 200


class QueryError(Exception):
    """A query without an answer; the message says why, as half a sentence."""


class NoAnswer(QueryError):
    """The server does not answer, so it answers no other query, either."""


class WrongQuery(QueryError):
    """Prometheus cannot read the query."""


def query_range(source: PrometheusSource, query: str, start: float, end: float, step: float) -> list[MetricSeries]:
    """The series of a query, with a value every ``step`` seconds; ``start`` and ``end`` are in seconds since 1970.

    Raises ``WrongQuery`` if the server cannot read the query, and ``QueryError`` if there is no answer.
    """
    form = urlencode({"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"})
    try:
        with gevent.Timeout(LONGEST, NoAnswer(f"it did not answer within {LONGEST:.0f} seconds")):
            status, content = _post(source, form.encode())
    except TimeoutError:
        raise NoAnswer(f"it did not answer within {LONGEST:.0f} seconds") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"it cannot be reached ({getattr(error, 'strerror', None) or type(error).__name__})") from None
    return _series(_data(status, content, source.token))


def _post(source: PrometheusSource, body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(source.url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=LONGEST, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=LONGEST)
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if source.token:
        headers["Authorization"] = f"Bearer {source.token}"
    try:
        connection.request("POST", parts.path.rstrip("/") + PATH, body, headers)
        with connection.getresponse() as reply:
            content = reply.read(LARGEST + 1)
    finally:
        connection.close()
    if len(content) > LARGEST:
        raise QueryError("its answer is too large; make the query yield fewer series, with sum, max or topk")
    return reply.status, content


def _data(status: int, content: bytes, token: str) -> Any:
    """The data of an answer."""
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110 section 15
        raise QueryError(f"it redirects elsewhere (HTTP status {status}); write the address that it leads to")
    if status in {401, 403}:
        raise QueryError(f"it refused access (HTTP status {status}); check the token and its variable")
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise QueryError(f"its answer is no JSON (HTTP status {status}); check its address and path") from None
    if not isinstance(answer, dict) or status != _OK or answer.get("status") != "success":
        found = answer if isinstance(answer, dict) else {}
        said = _readable(str(found.get("error") or f"HTTP status {status}"), token)
        raise (WrongQuery if found.get("errorType") == "bad_data" else QueryError)(said)
    return answer.get("data")


def _series(data: Any) -> list[MetricSeries]:
    try:
        return [
            MetricSeries(
                labels_text(one["metric"]), tuple((float(at), float(value)) for at, value in one.get("values", ()))
            )
            for one in data["result"]
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise QueryError("its answer does not have the form of Prometheus' API; check its address and path") from None


def _readable(text: str, token: str) -> str:
    if token:
        text = text.replace(token, "(hidden)")
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"
