"""Recognises where a redirect leads: to https, to another host, to a sign-in, to a page with a language, to itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urljoin, urlsplit

from scenarios.doctor.diagnosis.failure import where
from scenarios.doctor.diagnosis.html_pages import CAPTCHA, COOKIE_CONSENT, WAITING_ROOM, HtmlPage
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_path

_REDIRECTS = range(300, 400)
_LANGUAGE = re.compile(r"/([a-z]{2}(?:-[a-z]{2})?)(/.*|$)", re.IGNORECASE)
_PAGES: tuple[tuple[HtmlPage, re.Pattern[str]], ...] = (
    (WAITING_ROOM, re.compile(r"queue|waiting.?room", re.IGNORECASE)),
    (COOKIE_CONSENT, re.compile(r"consent|cookie", re.IGNORECASE)),
    (CAPTCHA, re.compile(r"captcha", re.IGNORECASE)),
)
_BASKET = re.compile(r"basket|\bcart\b|sepet", re.IGNORECASE)
_SIGN_IN = re.compile(r"log-?in|sign-?in|/users/|giris", re.IGNORECASE)


def redirect_finding(exchange: Exchange, shop: str) -> Finding | None:
    """Where the reply redirects to, and what to do about it; ``None`` if it is no redirect."""
    location = exchange.reply_headers.get("location", "").splitlines()[:1]
    if exchange.status not in _REDIRECTS or not location:
        return None
    asked = exchange.path if "://" in exchange.path else urljoin(shop or "http://shop", exchange.path)
    try:
        old, new = urlsplit(asked), urlsplit(urljoin(asked, location[0]))
        _ = old.port, new.port  # an invalid port raises only when it is read
    except ValueError:
        return None
    seen = f"was redirected to {shown_path(location[0])} ({exchange.status})"
    code, more, remedy, key, value = next(_explanations(old, new))
    return Finding(code, where(exchange), f"{seen}{more}", remedy, key, value)


def _explanations(old: SplitResult, new: SplitResult) -> Iterator[tuple[str, str, str, str, str]]:
    """Code, rest of what was seen, remedy, key and value; the first one counts."""
    same_host = old.hostname == new.hostname
    address = f"{new.scheme}://{new.netloc.rpartition('@')[2].lower()}"
    if same_host and (old.scheme, old.port, old.path, old.query) == (new.scheme, new.port, new.path, new.query):
        remedy = "look at the rules of the proxy before the shop: this redirect never ends"
        yield "redirect_loop", ", which is the same address", remedy, "", ""
    if same_host and (old.scheme, new.scheme) == ("http", "https"):
        yield "redirect_https", "", f"use --host {address}", "--host", address
    for page, mark in _PAGES:
        if mark.search(f"{new.hostname}{new.path}"):
            yield page.code, f", {page.what}", page.remedy, "[headers]", ""
    if _SIGN_IN.search(new.path):
        remedy = (
            "the shop wants a sign-in first: name accounts in [accounts]; if a gate before the shop wants it, "
            "name its key in [headers]"
        )
        yield "sign_in_wanted", "", remedy, "[accounts] file", ""
    if same_host and old.path != new.path and old.path.rstrip("/") == new.path.rstrip("/"):
        remedy = (
            "have the shop or its proxy take the path as it is: the paths of the checkout API end with a slash, and a "
            "shopper who buys follows no redirect"
        )
        yield "redirect_slash", ", the same path with another end", remedy, "", ""
    if _BASKET.search(new.path) and not _BASKET.search(old.path):
        remedy = (
            "look at this basket in the shop: it may be worth too little, hold a product that is gone, or belong to a "
            "session that is lost"
        )
        yield "basket_lost", ", back to the basket", remedy, "", ""
    if not same_host:
        remedy = f"use --host {address}, and --allow-target {new.hostname} if you may load that host"
        yield "redirect_host", ", another host", remedy, "--host", address
    language = _LANGUAGE.fullmatch(new.path)
    if language and language[2].rstrip("/") == old.path.rstrip("/"):
        remedy = (
            f'set locale = "{language[1]}" in [conduct]; if that does not help, have the shop serve the API without '
            "the language in its paths"
        )
        yield "redirect_language", "", remedy, "[conduct] locale", f'"{language[1]}"'
    yield "redirect", "", "have the shop answer at this path itself: the checkout API has no redirects here", "", ""
