"""Makes an exchange of an entry, as Chrome, Firefox, Safari, Charles and others write it.

They differ: headers of HTTP/2 begin with a colon, bodies are text or base64 or missing, forms are a text or a list, cookies are left out.
Nothing here trusts a type.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from scenarios.doctor.exchange import Exchange
from shop.contract import COOKIE_SESSION

_FRACTION = re.compile(r"(\.\d{6})\d+")
_SESSION = re.compile(rf"(?:^|;\s*|\n){COOKIE_SESSION}=([^;\s]{{1,200}})")
_GZIP = b"\x1f\x8b"
_NOT_MODIFIED = 304
_LARGEST_BODY = 4_000_000
_LONGEST_TIME = 86_400_000.0  # milliseconds


class NoRequest(ValueError):
    """An entry that is not a request."""


def method_and_url(entry: Any) -> tuple[str, str]:
    """Method and URL of an entry; raises ``NoRequest``."""
    request = _object(_object(entry).get("request"))
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        raise NoRequest
    return method.upper(), url


def started_at(entry: Any) -> float:
    """When the request began, in seconds since 1970; raises ``NoRequest`` if the entry does not say."""
    text = _object(entry).get("startedDateTime")
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text if isinstance(text, str) else ""))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        raise NoRequest from None


def has_body(entry: Any) -> bool:
    """Whether the recording has the body of the reply."""
    content = _object(_object(_object(entry).get("response")).get("content"))
    return isinstance(content.get("text"), str) and content["text"] != ""


def is_unchanged(entry: Any) -> bool:
    """Whether the reply only says that the browser has the page already, and the recording does not show it."""
    return _object(_object(entry).get("response")).get("status") == _NOT_MODIFIED and not has_body(entry)


def sessions_of(entry: Any) -> tuple[str, ...]:
    """The cookies of the session that the request sends and the reply sets."""
    request, response = _object(_object(entry).get("request")), _object(_object(entry).get("response"))
    sent, given = (
        _headers(request.get("headers")).get("cookie", ""),
        _headers(response.get("headers")).get("set-cookie", ""),
    )
    return tuple(value for text in (sent, given) for value in _SESSION.findall(text))


def exchange_of(entry: Any, path: str) -> Exchange:
    """The exchange of an entry; ``path`` is that at the shop."""
    request, response = _object(_object(entry).get("request")), _object(_object(entry).get("response"))
    method, _ = method_and_url(entry)
    reply_headers = _headers(response.get("headers"))
    content = _object(response.get("content"))
    if isinstance(mime := content.get("mimeType"), str) and mime and "content-type" not in reply_headers:
        reply_headers["content-type"] = mime
    if isinstance(target := response.get("redirectURL"), str) and target and "location" not in reply_headers:
        reply_headers["location"] = target
    status = response.get("status")
    status = 200 if status == _NOT_MODIFIED and has_body(entry) else status  # the browser's own copy
    status = status if isinstance(status, int) and not isinstance(status, bool) and 100 <= status < 1000 else 0  # noqa: PLR2004
    return Exchange(
        method,
        path,
        _headers(request.get("headers")),
        _fields(_object(request.get("postData"))),
        status,
        reply_headers,
        _body(content),
        _seconds(_object(entry).get("time")),
        started_at(entry),
        "" if status else "no reply came",
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[tuple[str, str]]:
    """The names and values of a list of headers, cookies or form fields."""
    pairs = (
        [(row.get("name"), row.get("value")) for row in value if isinstance(row, dict)]
        if isinstance(value, list)
        else []
    )
    return [(name, text if isinstance(text, str) else "") for name, text in pairs if isinstance(name, str)]


def _headers(value: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in _rows(value):
        key = name.strip().lower()
        if not key.startswith(":"):
            # Each cookie of a reply has a line of its own.
            found[key] = f"{found[key]}\n{text}" if key == "set-cookie" and key in found else text
    return found


def _seconds(value: Any) -> float:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
    return number / 1000 if math.isfinite(number) and 0 <= number <= _LONGEST_TIME else 0.0


def _body(content: Mapping[str, Any]) -> bytes:
    text = content.get("text")
    if not isinstance(text, str) or len(text) > _LARGEST_BODY:
        return b""
    body = _decoded(text) if content.get("encoding") == "base64" else text.encode(errors="replace")
    return _unpacked(body) if body.startswith(_GZIP) else body


def _unpacked(body: bytes) -> bytes:
    """The body of a reply that the recording has as it was sent: compressed."""
    try:
        return zlib.decompressobj(wbits=31).decompress(body, _LARGEST_BODY)
    except zlib.error:
        return body


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return b""


def _fields(posted: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a form, as a text or as a list, or those of a JSON object."""
    text, mime = posted.get("text"), posted.get("mimeType")
    if not isinstance(text, str) or not text:
        return dict(_rows(posted.get("params")))
    if posted.get("encoding") == "base64":
        text = _decoded(text).decode(errors="replace")
    if text.lstrip().startswith("{") or (isinstance(mime, str) and "json" in mime):
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            return {}
        return document if isinstance(document, dict) else {}
    if isinstance(mime, str) and "multipart" in mime:
        return dict(_rows(posted.get("params"))) or _parts(text)
    return dict(parse_qsl(text, keep_blank_values=True))


def _parts(text: str) -> dict[str, str]:
    """The text fields of a multipart form; files are left out."""
    found = re.finditer(r'name="([^"\r\n]{1,80})"\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)\r?\n--', text, re.DOTALL)
    return {match[1]: match[2] for match in found if "filename=" not in match[0].partition("\n\n")[0]}
