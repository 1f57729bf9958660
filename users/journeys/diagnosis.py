"""Why a response failed: a better name for the failure, the shop's own error text, and what to do about it.

Runs only for a response that is already known to be wrong, so it may take its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.checkout import DELIVERY_KEYS
from users.journeys.steps import PageRequest, ResponseFormat

_MAX_BODY = 65_536  # bytes; a longer response is not a refusal
_MAX_TEXTS, _MAX_LENGTH = 3, 160
_MAX_CLEANED = 500  # characters searched for private data; the search takes the square of their number
_MAX_DEPTH = 10  # tables or lists in one another; no shop nests its errors deeper
_ENVELOPE: Mapping[str, tuple[type, ...]] = {
    "context_list": (list,),
    "template_name": (str,),
    "errors": (list, dict, type(None)),
    "pre_order": (dict,),
}
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
# Anything that may be a phone number, a card number, a key, a token or an e-mail address.
_PRIVATE = re.compile(r"\S+@\S+|(?=\S*\d)[A-Za-z0-9_+/=.-]{20,}|\d[\d -]{2,}\d")

_LOCATION_LISTS = frozenset({Page.COUNTRIES, Page.CITIES, Page.TOWNSHIPS, Page.DISTRICTS})
_REMEDIES: Mapping[Outcome, str] = {
    Outcome.THROTTLED: "lower the rate, or exempt this machine from the shop's rate limit (with a key in [headers])",
    Outcome.CAPTCHA_WANTED: "switch the captcha off for this machine or these accounts (with a key in [headers])",
    Outcome.CODE_WANTED: "name accounts in [accounts] that sign in without a one-time code",
    Outcome.WAITING_ROOM: "exempt this machine from the waiting room (with a key in [headers]), or lower the rate",
    Outcome.SIGN_IN_REFUSED: "name accounts in [accounts] that the shop knows, with their passwords",
    Outcome.SESSION_LOST: "check that the shop keeps a session from page to page; a gate before it may need a key in [headers]",
}
_FORBIDDEN = (
    "check that the shop sets the cookie csrftoken, and whether a gate or firewall before it needs a key in [headers]"
)


def refine_outcome(request: PageRequest, status: int, body: bytes, location: str, found: Outcome) -> Outcome:
    """A more exact outcome than the one ``found``, if the response gives a reason; otherwise the same."""
    if found not in _UNCLEAR or len(body) > _MAX_BODY:
        return found
    if _QUEUE_ADDRESS.search(location):
        return Outcome.WAITING_ROOM
    signs_in = request.page is Page.LOGIN
    if signs_in and status == 202:  # noqa: PLR2004 - Accepted: the shop sends a code
        return Outcome.CODE_WANTED
    document = _read(body)
    if document is None:
        return _outcome_of_html(body) or found
    texts = " ".join(text for _, text in _error_texts(document, refused=status >= 400))  # noqa: PLR2004 - refused
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


def _outcome_of_html(body: bytes) -> Outcome | None:
    text = body.decode(errors="replace")
    if not text.lstrip().startswith("<"):
        return None
    if _QUEUE.search(text):
        return Outcome.WAITING_ROOM
    if _CAPTCHA.search(text):
        return Outcome.CAPTCHA_WANTED
    return Outcome.SESSION_LOST if _PASSWORD_FIELD.search(text) else None


def shop_error_text(status: int, body: bytes) -> str:
    """The shop's first error texts, for the report: short, and without private data."""
    if not body or len(body) > _MAX_BODY:
        return ""
    document = _read(body)
    if document is None:
        title = _TITLE.search(body.decode(errors="replace"))
        return without_private_data(title[1]) if title else ""
    found = _error_texts(document, refused=status >= 400)  # noqa: PLR2004 - refused
    texts = [f"{key}: {text}" if key not in _MESSAGE_KEYS else text for key, text in found][:_MAX_TEXTS]
    if not texts and (pages := _page_names(document)):
        texts = [f"the page {pages[-1]}"]
    return without_private_data("; ".join(texts))


def missing_keys(request: PageRequest, body: bytes) -> str:
    """The keys that a response lacks, or holds with a value of the wrong type, in words; empty if it has all."""
    document = {} if len(body) > _MAX_BODY else _read(body)
    if not document:
        return ""
    expect = request.expect
    keys = [key for key, kinds in _ENVELOPE.items() if not isinstance(document.get(key, ...), kinds)]
    if expect.format is not ResponseFormat.ENVELOPE:
        keys = [key for key in sorted(expect.keys) if document.get(key) is None]
    elif not keys:
        shown = _page_contexts(document)
        keys = [key for key in sorted(expect.keys) if all(context.get(key) is None for context in shown)]
        keys = keys or _missing_in_pre_order(request, document)
    return f"without {', '.join(keys)}" if keys else ""


def _missing_in_pre_order(request: PageRequest, document: Mapping[str, Any]) -> list[str]:
    """What the pre-order should hold: what was chosen, and on the payment page how the goods are sent."""
    echo = (*request.order.echo, *((request.form or ()) if request.expect.echoes_form else ()))
    delivery = DELIVERY_KEYS if Page.PAYMENT_OPTION.value in _page_names(document) else ()
    return [f"pre_order.{key}" for key in dict.fromkeys((*echo, *delivery)) if not document["pre_order"].get(key)]


def _page_contexts(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    contexts = [entry.get("page_context") for entry in document["context_list"] if isinstance(entry, dict)]
    return [context for context in contexts if isinstance(context, dict)]


def _page_names(document: Mapping[str, Any]) -> list[str]:
    entries = document.get("context_list")
    names = (
        [entry.get("page_name") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )
    return [name for name in names if isinstance(name, str)]


def _read(body: bytes) -> Mapping[str, Any] | None:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else {}


def _error_texts(document: Mapping[str, Any], *, refused: bool) -> Iterator[tuple[str, str]]:
    """The error texts of a response with the fields that they belong to; all texts of a refused one that is no envelope."""
    refused = refused and not (document.get("errors") and "context_list" in document)
    for key, value in document.items():
        if refused or key in _MESSAGE_KEYS:
            yield from _texts_in(key, value)


def _texts_in(key: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value:
        yield key, value
    elif depth == _MAX_DEPTH:
        return
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(key, each, depth + 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts_in(name, inner, depth + 1)


def without_private_data(text: str, longest: int = _MAX_LENGTH) -> str:
    """A shop's text on one line, of at most ``longest`` characters, without e-mail addresses, tokens and long numbers."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    text = " ".join(text.split())
    if len(text) > _MAX_CLEANED:
        # Cut between words: half a key would not be recognised as one.
        text = f"{text[:_MAX_CLEANED].rpartition(' ')[0]} …"
    text = _PRIVATE.sub("…", text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def remedy(outcome: Outcome, page: str | None, status: int) -> str:
    """What to do about a failure, as the end of a sentence; empty if only the shop's own logs can tell."""
    if page in _LOCATION_LISTS and outcome in (Outcome.HTTP_4XX, Outcome.ENVELOPE, Outcome.NOT_JSON):
        return "set country, city, township and district in [address]: the shop has no list of them"
    if page is Page.ADDRESS_ADD and outcome in (Outcome.HTTP_4XX, Outcome.BUSINESS_ERROR):
        return "set the fields that the shop wants of an address in [address]"
    if outcome is Outcome.NOT_OFFERED and page is Page.CHECKOUT:
        return "give guest and abandoning a weight of 0 in [journeys], or have the shop sell to guests"
    if page is Page.PRODUCT and status == 404:  # noqa: PLR2004 - Not Found
        return "name products that the shop has in [products]"
    if outcome is Outcome.HTTP_4XX and status == 403:  # noqa: PLR2004 - Forbidden
        return _FORBIDDEN
    return _REMEDIES.get(outcome, "")
