"""Recognises the HTML pages that stand between a client and a shop: sign-in, captcha, maintenance, consent and others."""

from __future__ import annotations

import re
from typing import NamedTuple

from scenarios.doctor.exchange import Exchange
from scenarios.doctor.masking import shown_text

_MAX_SEARCHED = 65_536
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_TAGS = re.compile(
    r"<script\b.{0,20000}?</script>|<style\b.{0,20000}?</style>|<[^>]{0,2000}>", re.IGNORECASE | re.DOTALL
)
_START = re.compile(
    r"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype|html|head|body|h1|title|p|div|center)\b", re.IGNORECASE | re.DOTALL
)


class HtmlPage(NamedTuple):
    """A kind of page: its code, what it is, and what helps."""

    code: str
    what: str
    remedy: str


_EXEMPT = "have this machine exempted from it: by its address, or by a header whose value you name in [headers]"
CAPTCHA = HtmlPage("captcha", "a captcha", f"switch the captcha off for this machine, or {_EXEMPT}")
WAITING_ROOM = HtmlPage("waiting_room", "a waiting room", _EXEMPT)
MAINTENANCE = HtmlPage("maintenance", "a maintenance page", "end the maintenance of the shop, then call this again")
COOKIE_CONSENT = HtmlPage("cookie_consent", "a page that asks for consent to cookies", _EXEMPT)
JAVASCRIPT = HtmlPage(
    "javascript_wanted",
    "a page that checks the browser with JavaScript",
    f"switch the bot protection off, or {_EXEMPT}",
)
FIREWALL = HtmlPage("firewall", "the page of a firewall", f"allow this machine in the firewall, or {_EXEMPT}")
BAD_GATEWAY = HtmlPage(
    "bad_gateway",
    "the error page of a proxy",
    "start the shop behind the proxy; the proxy answers, and the shop behind it does not",
)
SIGN_IN = HtmlPage(
    "html_sign_in",
    "a page with a sign-in form",
    "have the shop answer JSON here; if a gate before the shop asks for this sign-in, name its key in [headers]",
)
SERVER_ERROR = HtmlPage("server_error", "an error page", "look into the log of the shop: the error is there")
NOT_THE_API = (
    "check --host: it must be the address at which the checkout API answers; an API below a path, such as /api/, needs "
    "a host name of its own"
)
NOT_FOUND = HtmlPage(
    "not_found",
    'a page that says "not found"',
    NOT_THE_API,
)
STOREFRONT = HtmlPage(
    "storefront_page",
    "an HTML page where JSON is due",
    "check --host: it must be the address of the checkout API itself, not of the storefront before it",
)

# The first that matches counts. Each needs words that other pages do not have.
_MARKS: tuple[tuple[HtmlPage, re.Pattern[str]], ...] = tuple(
    (page, re.compile(pattern, re.IGNORECASE))
    for page, pattern in (
        (WAITING_ROOM, r"waiting.?room|queue-it|in a queue|virtual queue|bekleme odas"),
        (
            JAVASCRIPT,
            r"cf-challenge|just a moment|enable javascript|javascript is (?:required|disabled)|checking your browser",
        ),
        (CAPTCHA, r"captcha"),
        (MAINTENANCE, r"maintenance|under construction|be right back|back soon|bak\u0131m"),
        (
            BAD_GATEWAY,
            r"bad gateway|gateway time-?out|no server is available|upstream (?:connect|request)|backend fetch failed",
        ),
        (
            FIREWALL,
            r"access denied|request blocked|web application firewall|\bWAF\b|you have been blocked|attention required",
        ),
        (SIGN_IN, r"type\s*=\s*[\"']?password"),
        (COOKIE_CONSENT, r"cookie.{0,40}(?:consent|accept|onay)|(?:consent|accept|onay).{0,40}cookie|çerez"),
    )
)
_SERVER_ERRORS = 500
_BY_STATUS = {404: NOT_FOUND, 500: SERVER_ERROR, 502: BAD_GATEWAY, 503: MAINTENANCE, 504: BAD_GATEWAY}


def is_html(exchange: Exchange) -> bool:
    """Whether the body of a reply is an HTML page, whatever media type it claims."""
    return bool(_START.match(_text(exchange)))


def html_page(exchange: Exchange) -> HtmlPage | None:
    """What kind of HTML page a reply is; ``None`` if it is none. A page that is not known is one of the storefront."""
    if not is_html(exchange):
        return None
    text = _text(exchange)
    found = next((page for page, mark in _MARKS if mark.search(text)), None)
    if found is COOKIE_CONSENT and exchange.status >= _SERVER_ERRORS:  # an error page may have a cookie banner, too
        found = None
    return (
        found or _BY_STATUS.get(exchange.status) or (SERVER_ERROR if exchange.status >= _SERVER_ERRORS else STOREFRONT)
    )


def title(exchange: Exchange) -> str:
    """The title of an HTML page, or else its first words; without private data."""
    text = _text(exchange)
    found = _TITLE.search(text)
    words = found[1] if found and found[1].strip() else _TAGS.sub(" ", text)
    return shown_text(words[:200])


def _text(exchange: Exchange) -> str:
    return exchange.body[:_MAX_SEARCHED].decode(errors="replace")
