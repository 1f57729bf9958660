"""What is wrong with a reply on the way to the shop, before anything of the checkout: gates, proxies, redirects, formats.

These look at the exchange alone, so they serve a walk and a recording.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from http import HTTPStatus

from scenarios.doctor.diagnosis.failure import json_object, where
from scenarios.doctor.diagnosis.html_pages import NOT_THE_API, SIGN_IN, html_page, is_html, title
from scenarios.doctor.diagnosis.redirects import redirect_finding
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_text
from users.journeys.diagnosis import shop_error_text

_SUCCESS, _REFUSALS = range(200, 300), range(400, 500)
_THROTTLED = re.compile(r"throttl|too many requests|rate.?limit|çok fazla istek", re.IGNORECASE)
_HEADER = re.compile(
    r"header.{0,60}(?:missing|required|invalid|must)|(?:missing|required|invalid|without|provide).{0,60}header"
    r"|api[ _-]?key|subscription key",
    re.IGNORECASE,
)
_HEADER_NAME = re.compile(r"\bx-[a-z][a-z0-9-]{1,40}", re.IGNORECASE)
_GRAPHQL = re.compile(r"graphql|must provide query|`query`|query string", re.IGNORECASE)
_SCHEMES = {
    "basic": ("basic_auth", '"Basic " and the base64 of user:password'),
    "bearer": ("bearer_auth", '"Bearer " and the token'),
}

Recogniser = Callable[[Exchange, str], Finding | None]


def finding_of_reply(exchange: Exchange, shop: str = "") -> Finding | None:
    """What is wrong with this reply, whatever was asked; ``None`` if it may be a reply of the shop itself.

    ``shop`` is the address of the shop, as ``https://staging.example.com``.
    """
    return next((found for one in _RECOGNISERS if (found := one(exchange, shop)) is not None), None)


def _authentication(exchange: Exchange, _shop: str) -> Finding | None:
    if exchange.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        remedy = "reach the shop without this proxy: the client does not sign in to a proxy"
        return Finding("proxy_auth", where(exchange), "was answered by a proxy that wants a sign-in (407)", remedy)
    challenge = exchange.reply_headers.get("www-authenticate", "")
    if exchange.status != HTTPStatus.UNAUTHORIZED or not (challenge or is_html(exchange)):
        return None
    scheme = challenge.split()[0].lower().strip(",") if challenge.split() else ""
    code, value = _SCHEMES.get(scheme, ("http_auth", "what the gate wants"))
    name = scheme.capitalize() if scheme in _SCHEMES else shown_text(scheme) or "of a kind that it does not name"
    remedy = (
        f"set the environment variable STAGING_AUTH to {value}, and write "
        'Authorization = "${STAGING_AUTH}" in [headers]'
    )
    again = "; the Authorization that was sent is not accepted" if "authorization" in exchange.headers else ""
    seen = f"was refused by a gate before the shop: it wants HTTP authentication ({name}){again}"
    return Finding(code, where(exchange), seen, remedy, "[headers] Authorization", '"${STAGING_AUTH}"')


def _header(exchange: Exchange, _shop: str) -> Finding | None:
    """A gateway that wants a header of its own, such as a key or a channel."""
    said = shop_error_text(exchange.status, exchange.body)
    if exchange.status not in _REFUSALS or "csrf" in said.lower() or not _HEADER.search(said):
        return None
    found = _HEADER_NAME.search(said)
    name = found[0] if found else "its name"
    variable = re.sub(r"\W", "_", name).upper() if found else "KEY"
    value = f'"${{{variable}}}"'
    key = f"[headers] {name}" if found else "[headers]"
    remedy = f"write {name} = {value} in [headers], and set the environment variable {variable}"
    return Finding(
        "header_wanted",
        where(exchange),
        f"wants a header (status {exchange.status}): {said}",
        remedy,
        key,
        value if found else "",
    )


def _graphql(exchange: Exchange, _shop: str) -> Finding | None:
    found = json_object(exchange)
    said = shop_error_text(exchange.status, exchange.body)
    if "errors" not in found or "context_list" in found or not _GRAPHQL.search(said):
        return None
    remedy = "check --host: checkload needs the checkout API with its paths, such as /orders/checkout/"
    return Finding("graphql", where(exchange), f"was answered by a GraphQL server: {said}", remedy)


def _throttled(exchange: Exchange, _shop: str) -> Finding | None:
    said = shop_error_text(exchange.status, exchange.body)
    if exchange.status != HTTPStatus.TOO_MANY_REQUESTS and not _THROTTLED.search(said):
        return None
    quoted = f": {said.rstrip('.')}" if said else ""
    wait = shown_text(exchange.reply_headers.get("retry-after", ""))
    after = f"; it says to wait {wait} s" if wait.isdecimal() else ""
    seen = f"was throttled with status {exchange.status}{quoted}{after}"
    remedy = "have this machine exempted from the rate limit (by a header in [headers], if the shop knows one), or lower the rate"
    return Finding("throttled", where(exchange), seen, remedy, "[headers]")


def _html(exchange: Exchange, _shop: str) -> Finding | None:
    if exchange.status in _REFUSALS and "csrf" in exchange.body[:65_536].decode(errors="replace").lower():
        return None  # the shop's own refusal, which names the token
    page = html_page(exchange)
    if page is None or (page is SIGN_IN and exchange.method == "POST" and "/users/login/" in exchange.path):
        return None
    said = title(exchange)
    quoted = f': "{said}"' if said else ""
    seen = f"was answered with status {exchange.status} and {page.what}{quoted}"
    return Finding(page.code, where(exchange), seen, page.remedy, "[headers]" if "[headers]" in page.remedy else "")


def _status(exchange: Exchange, _shop: str) -> Finding | None:
    status, said = exchange.status, shop_error_text(exchange.status, exchange.body)
    quoted = f": {said}" if said else ""
    server = shown_text(exchange.reply_headers.get("server", ""))
    if status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT):
        by = f" ({server})" if server else ""
        remedy = "start the shop behind the proxy; the proxy answers, and the shop behind it does not"
        return Finding(
            "bad_gateway", where(exchange), f"was answered by a proxy{by} with status {status}{quoted}", remedy
        )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        remedy = "end the maintenance, or start the shop behind its proxy; then call this again"
        return Finding("maintenance", where(exchange), f"was answered with status 503, not available{quoted}", remedy)
    if status in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED):
        seen = f"was refused: the server takes no {exchange.method} here (status {status})"
        return Finding("wrong_method", where(exchange), seen, NOT_THE_API)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        remedy = "look into the log of the shop: the error is there"
        return Finding("server_error", where(exchange), f"was answered with status {status}{quoted}", remedy)
    return None


def _format(exchange: Exchange, _shop: str) -> Finding | None:
    body = exchange.body
    if exchange.status not in _SUCCESS or not body or json_object(exchange):
        return None
    at = where(exchange)
    for mark, name in ((codecs.BOM_UTF8, "UTF-8"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")):
        if body.startswith(mark):
            seen = f"was answered with JSON that begins with a byte order mark ({name})"
            return Finding(
                "byte_order_mark", at, seen, "have the shop write UTF-8 without a byte order mark, as JSON requires"
            )
    if body.lstrip()[:1] in (b"{", b"["):
        if exchange.media in ("", "application/json") or exchange.media.endswith("+json"):
            seen = f"was answered with JSON that cannot be read ({len(body)} bytes)"
        else:
            seen = f"was answered with something like JSON ({len(body)} bytes, {shown_text(exchange.media)})"
        remedy = "look into the log of the shop and of its proxies: the reply was cut off or mixed with other text"
        return Finding("not_json", at, seen, remedy)
    kind = shown_text(exchange.media) or "no media type"
    seen = f"was answered with status {exchange.status} and something that is not JSON ({kind}, {len(body)} bytes)"
    return Finding("not_json", at, seen, "check --host: it must be the address at which the checkout API answers")


_RECOGNISERS: tuple[Recogniser, ...] = (
    _authentication,
    redirect_finding,
    _throttled,
    _header,
    _graphql,
    _html,
    _status,
    _format,
)
