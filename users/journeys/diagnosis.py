"""Why a shop turned a request down: throttled, a captcha or a code wanted, a waiting room, sold out; and what it said.

Only looked at when a reply is already known to be wrong, so it may take its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.steps import PageRequest, ResponseFormat

_MOST_READ = 65_536  # bytes; a longer reply is no refusal
_MOST_TEXTS, _LONGEST = 3, 160
_SENT = ("delivery_option", "shipping_option")
_ENVELOPE: Mapping[str, tuple[type, ...]] = {
    "context_list": (list,),
    "template_name": (str,),
    "errors": (list, dict, type(None)),
    "pre_order": (dict,),
}
_MOST_CLEANED = 500  # characters that are searched for what is private, which takes the square of their number
_DEEPEST = 10  # tables or lists in one another; no shop nests its errors deeper
_UNCLEAR = frozenset(
    {
        Outcome.HTTP_3XX,
        Outcome.HTTP_4XX,
        Outcome.HTTP_5XX,
        Outcome.BUSINESS_ERROR,
        Outcome.SIGN_IN_REFUSED,
        Outcome.NOT_JSON,
        Outcome.ENVELOPE,
        Outcome.UNEXPECTED_PAGE,
    }
)
_THROTTLED = re.compile(r"throttl|too many requests|rate.?limit", re.IGNORECASE)
_CAPTCHA = re.compile(r"captcha|cf-challenge", re.IGNORECASE)
_CODE = re.compile(r"\botp\b|one.time (?:code|password)", re.IGNORECASE)
_QUEUE = re.compile(r"waiting.?room|queue-it|in a queue|virtual queue|bekleme odas", re.IGNORECASE)
_QUEUE_ADDRESS = re.compile(r"queue|waiting.?room", re.IGNORECASE)
_PASSWORD_FIELD = re.compile(r"type\s*=\s*[\"']?password", re.IGNORECASE)
_SOLD_OUT = re.compile(r"\bstock\b|\bstok|sold out|tükendi", re.IGNORECASE)
_TITLE = re.compile(r"<(?:title|h1)\b[^>]{0,200}+>([^<]*)", re.IGNORECASE)
_MESSAGE_KEYS = ("errors", "non_field_errors", "detail", "message")
# Whatever may be a telephone, a card, a key, a token or an address of mail.
_PRIVATE = re.compile(r"\S+@\S+|(?=\S*\d)[A-Za-z0-9_+/=.-]{20,}|\d[\d -]{2,}\d")


def refine_outcome(request: PageRequest, status: int, body: bytes, location: str, found: Outcome) -> Outcome:
    """A better name for what is wrong with a reply, or the one it has been ``found`` to have."""
    if found not in _UNCLEAR or len(body) > _MOST_READ:
        return found
    if _QUEUE_ADDRESS.search(location):
        return Outcome.WAITING_ROOM
    signs_in = request.page is Page.LOGIN
    if signs_in and status == 202:  # noqa: PLR2004 - Accepted: a code is on its way
        return Outcome.CODE_WANTED
    document = _read(body)
    if document is None:
        return _in_html(body) or found
    texts = " ".join(text for _, text in _texts(document, everything=status >= 400))  # noqa: PLR2004 - refused
    redirect = document.get("redirect_url")
    marks = (
        (_CAPTCHA, Outcome.CAPTCHA_WANTED, True),
        (_THROTTLED, Outcome.THROTTLED, True),
        (_CODE, Outcome.CODE_WANTED, signs_in),
        (_SOLD_OUT, Outcome.UNAVAILABLE, request.page is Page.BASKET_ADD),
    )
    if isinstance(redirect, str) and _CAPTCHA.search(redirect):
        return Outcome.CAPTCHA_WANTED
    return next((outcome for mark, outcome, applies in marks if applies and mark.search(texts)), found)


def _in_html(body: bytes) -> Outcome | None:
    text = body.decode(errors="replace")
    if not text.lstrip().startswith("<"):
        return None
    if _QUEUE.search(text):
        return Outcome.WAITING_ROOM
    if _CAPTCHA.search(text):
        return Outcome.CAPTCHA_WANTED
    return Outcome.SESSION_LOST if _PASSWORD_FIELD.search(text) else None


def shop_error_text(status: int, body: bytes) -> str:
    """What a shop said of a refusal, for the report: its first error texts, short, without anything private."""
    if not body or len(body) > _MOST_READ:
        return ""
    document = _read(body)
    if document is None:
        title = _TITLE.search(body.decode(errors="replace"))
        return _clean(title[1]) if title else ""
    found = _texts(document, everything=status >= 400)  # noqa: PLR2004 - refused
    texts = [f"{key}: {text}" if key not in _MESSAGE_KEYS else text for key, text in found][:_MOST_TEXTS]
    if not texts and (pages := _pages(document)):
        texts = [f"the page {pages[-1]}"]
    return _clean("; ".join(texts))


def missing_keys(request: PageRequest, body: bytes) -> str:
    """The keys that a reply lacks, or holds with a value of another kind, in words; empty where it has them all."""
    document = {} if len(body) > _MOST_READ else _read(body)
    if not document:
        return ""
    keys = [key for key, kinds in _ENVELOPE.items() if not isinstance(document.get(key, ...), kinds)]
    if request.response_format is not ResponseFormat.ENVELOPE:
        keys = [key for key in sorted(request.required_keys) if document.get(key) is None]
    elif not keys:
        shown = _contexts(document)
        keys = [key for key in sorted(request.required_keys) if all(context.get(key) is None for context in shown)]
        keys = keys or _not_in_pre_order(request, document)
    return f"without {', '.join(keys)} as it is due" if keys else ""


def _not_in_pre_order(request: PageRequest, document: Mapping[str, Any]) -> list[str]:
    """What the pre-order should hold by now: what was just chosen, and on the payment page how the goods are sent."""
    sent = _SENT if Page.PAYMENT_OPTION.value in _pages(document) else ()
    return [f"pre_order.{key}" for key in dict.fromkeys((*request.echo, *sent)) if not document["pre_order"].get(key)]


def _contexts(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    contexts = [entry.get("page_context") for entry in document["context_list"] if isinstance(entry, dict)]
    return [context for context in contexts if isinstance(context, dict)]


def _read(body: bytes) -> Mapping[str, Any] | None:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else {}


def _texts(document: Mapping[str, Any], *, everything: bool) -> Iterator[tuple[str, str]]:
    """The errors of a reply with the fields they belong to; of a refused one, whatever it says."""
    for key, value in document.items():
        if everything or key in _MESSAGE_KEYS:
            yield from _of(key, value)


def _of(key: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value:
        yield key, value
    elif depth == _DEEPEST:
        return
    elif isinstance(value, list):
        for each in value:
            yield from _of(key, each, depth + 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _of(name, inner, depth + 1)


def _pages(document: Mapping[str, Any]) -> list[str]:
    entries = document.get("context_list")
    names = (
        [entry.get("page_name") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )
    return [name for name in names if isinstance(name, str)]


def _clean(text: str) -> str:
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(text) > _MOST_CLEANED:
        # Half a key would not be known for one.
        text = f"{text[:_MOST_CLEANED].rpartition(' ')[0]} …"
    text = _PRIVATE.sub("…", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


_LISTS = frozenset({Page.COUNTRIES, Page.CITIES, Page.TOWNSHIPS, Page.DISTRICTS})

_BY_OUTCOME: Mapping[Outcome, str] = {
    Outcome.THROTTLED: "lower the rate, or have the shop's rate limit let this machine through (a key in [headers])",
    Outcome.CAPTCHA_WANTED: "switch the captcha off for this machine or these accounts (a key in [headers])",
    Outcome.CODE_WANTED: "name accounts in [accounts] that sign in without a one-time code",
    Outcome.WAITING_ROOM: "have this machine let past the waiting room (a key in [headers]), or lower the rate",
    Outcome.SIGN_IN_REFUSED: "name accounts in [accounts] that the shop knows, with their passwords",
    Outcome.SESSION_LOST: "see whether the shop keeps a session from page to page; a gate before it may want a key in [headers]",
}
_FORBIDDEN = (
    "see whether the shop sets the cookie csrftoken, and whether a gate or firewall before it wants a key in [headers]"
)


def remedy(outcome: Outcome, page: Page | None, status: int) -> str:
    """The remedy for a failure, as the end of a sentence; empty where only the shop's own logs can tell."""
    if page in _LISTS and outcome in (Outcome.HTTP_4XX, Outcome.ENVELOPE, Outcome.NOT_JSON):
        return "pin country, city, township and district in [address]: the shop has no list of them"
    if page is Page.ADDRESS_ADD and outcome in (Outcome.HTTP_4XX, Outcome.BUSINESS_ERROR):
        return "give in [address] what the shop wants of an address"
    if outcome is Outcome.NOT_OFFERED and page is Page.CHECKOUT:
        return "give guest and abandoning a weight of 0 in [journeys], or have the shop sell to guests"
    if page is Page.PRODUCT and status == 404:  # noqa: PLR2004 - Not Found
        return "name products that the shop has in [products]"
    if outcome is Outcome.HTTP_4XX and status == 403:  # noqa: PLR2004 - Forbidden
        return _FORBIDDEN
    return _BY_OUTCOME.get(outcome, "")
