"""What keeps shoppers from being known to the shop: the CSRF token, the sign-in, guests, and lost sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from harness.measurement.outcomes import Outcome
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.diagnosis.goods import MINIMUM
from scenarios.doctor.diagnosis.html_pages import SIGN_IN, STOREFRONT, html_page
from scenarios.doctor.diagnosis.replies import finding_of_reply
from scenarios.doctor.finding import Finding
from shop.contract import COOKIE_CSRF, COOKIE_SESSION, HEADER_CSRF, PATHS, Page

_NO_SUCH_PAGE = ("not_found", "storefront_page", "not_json", "redirect")
_CSRF_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST)
_FOREIGN = re.compile(r"origin|referer|trusted", re.IGNORECASE)
_GUESTS = re.compile(r"guest|member|sign.?in|log.?in|register|üye|misafir", re.IGNORECASE)
_CAPTCHA_OFF = (
    "switch the captcha off for this machine or for these accounts, for example by a header that you name in "
    "[headers]; or buy as guests only: give returning and first_time the weight 0 in [journeys]"
)
_GUESTS_ONLY = "or buy as guests only: give returning and first_time the weight 0 in [journeys]"
_NAME_ACCOUNTS = "name accounts that the shop knows in a CSV file, and the file in [accounts]"
_SIGN_IN_PATH = re.compile(r"log-?in|sign-?in|/users/", re.IGNORECASE)
_NO_GUESTS = "give guest and abandoning the weight 0 in [journeys], and name accounts in [accounts]"


def csrf(failure: Failure) -> Finding | None:
    """The shop has no token where checkload looks for it, or does not accept the one that it gave."""
    exchange = failure.exchange
    if failure.page is Page.CSRF_TOKEN:
        return _no_token(failure) if lacks_token(failure) else None
    body = exchange.body[:65_536].decode(errors="replace")
    if exchange.status not in _CSRF_REFUSALS or "csrf" not in body.lower():
        return None
    quoted = f": {failure.said}" if failure.said else ""
    if _FOREIGN.search(body):
        origin = exchange.headers.get("origin", "")
        remedy = (
            "let the shop trust this origin; or send one that it trusts: set Origin and Referer in [headers] to the "
            "public address of the storefront"
        )
        seen = f"was refused: the shop does not trust the origin {origin or 'of the request'}{quoted}"
        return failure.finding("csrf_origin", seen, remedy, "[headers] Origin", '"https://www.example.com"')
    if HEADER_CSRF not in exchange.headers:
        return _sent_without_token(failure, quoted)
    seen = f"was refused: the shop does not accept the CSRF token that it gave at {PATHS[Page.CSRF_TOKEN]}{quoted}"
    remedy = f"check that all servers of the shop share their secret key, and that no proxy drops {HEADER_CSRF} or the cookie"
    return failure.finding("csrf_refused", seen, remedy)


def _sent_without_token(failure: Failure, quoted: str) -> Finding:
    if _sends_none(failure):
        seen = f"was refused: it wants a CSRF token, and no client sends one on the way back from a bank or a wallet{quoted}"
        return failure.finding("csrf_wanted", seen, "exempt this page from the check, as the platform does")
    if failure.token is not None and failure.token.path:
        return _no_token(failure)
    seen = f"was refused: it had no CSRF token, because the shop set no cookie {COOKIE_CSRF}{quoted}"
    return failure.finding("csrf_elsewhere", seen, _set_cookie(""), "[conduct] csrf_path")


def _sends_none(failure: Failure) -> bool:
    return failure.request is not None and not failure.request.csrf


def lacks_token(failure: Failure) -> bool:
    """Whether the page of the token has none, or a form was refused without one; a gate before the shop is another matter."""
    exchange = failure.exchange
    if failure.page is not Page.CSRF_TOKEN or not exchange.status:
        return (
            not _sends_none(failure)
            and exchange.status in _CSRF_REFUSALS
            and HEADER_CSRF not in exchange.headers
            and b"csrf" in exchange.body[:65_536].lower()
        )
    gate = finding_of_reply(failure.exchange, failure.url)
    return gate is None or gate.code in _NO_SUCH_PAGE


def _no_token(failure: Failure) -> Finding:
    source, status = failure.token, failure.exchange.status
    said = f"gave no CSRF token (status {status})"
    if failure.page is not Page.CSRF_TOKEN:
        said = f"was refused without a CSRF token (status {status})"
    if source is None or not source.path:
        seen = f"{said}, and neither did any other page that was tried"
        remedy = f'{_set_cookie("")}; if the shop needs no token, set csrf_path = "" in [conduct]'
        return failure.finding("csrf_elsewhere", seen, remedy, "[conduct] csrf_path", '""')
    seen = f"{said}; {source.path} gives one: {source.how}"
    if source.usable:
        remedy = f'set csrf_path = "{source.path}" in [conduct]'
        return failure.finding("csrf_elsewhere", seen, remedy, "[conduct] csrf_path", f'"{source.path}"')
    if source.in_page:
        remedy = f'set csrf_path = "{source.path}" and csrf_from = "page" in [conduct]'
        key, value = "[conduct] csrf_path", f'"{source.path}"'
        also = (("[conduct] csrf_from", '"page"'),)
        return Finding("csrf_in_page", failure.where, seen, remedy, key, value, also=also)
    return failure.finding("csrf_elsewhere", seen, _set_cookie(" as well"), "[conduct] csrf_path")


def _set_cookie(more: str) -> str:
    return (
        f"have the shop set the cookie {COOKIE_CSRF}{more}, at {PATHS[Page.CSRF_TOKEN]} or at a page that you name as "
        "csrf_path in [conduct]"
    )


def sign_in(failure: Failure) -> Finding | None:
    """The shop does not sign the shopper in."""
    if failure.outcome is Outcome.NO_ACCOUNT:
        seen = "was not tried: the scenario has no account of this kind"
        return Finding("no_accounts", "The sign-in", seen, _NAME_ACCOUNTS, "[accounts] file", stops=False)
    if failure.page is not Page.LOGIN or not failure.exchange.status:
        return None
    quoted = f": {failure.said}" if failure.said else ""
    if failure.outcome is Outcome.CAPTCHA_WANTED:
        return failure.finding("captcha", "wants a captcha", _CAPTCHA_OFF, "[headers]")
    if failure.outcome is Outcome.CODE_WANTED:
        seen = f"wants a one-time code (status {failure.exchange.status}){quoted}"
        remedy = f"name accounts in [accounts] that sign in without a one-time code, {_GUESTS_ONLY}"
        return failure.finding("one_time_code", seen, remedy, "[accounts] file")
    if _is_html_sign_in(failure):
        remedy = f"have the shop answer JSON at this path, as the API does, {_GUESTS_ONLY}"
        return failure.finding(
            "html_sign_in", "was answered with an HTML page: the sign-in is a form for people", remedy, "[journeys]"
        )
    return _account_refused(failure, quoted) if failure.outcome is Outcome.SIGN_IN_REFUSED else None


def _account_refused(failure: Failure, quoted: str) -> Finding:
    if failure.invented_account:
        seen = f"refused an invented account, as it should{quoted}"
        return Finding(
            "no_accounts", failure.where, seen, f"to cover customers, {_NAME_ACCOUNTS}", "[accounts] file", stops=False
        )
    remedy = f"check e-mail and password of this account in the file of [accounts], {_GUESTS_ONLY}"
    return failure.finding("sign_in_refused", f"refused an account of the scenario{quoted}", remedy, "[accounts] file")


def _is_html_sign_in(failure: Failure) -> bool:
    exchange = failure.exchange
    location = exchange.reply_headers.get("location", "")
    if HTTPStatus.MULTIPLE_CHOICES <= exchange.status < HTTPStatus.BAD_REQUEST:
        try:
            path = urlsplit(location).path
        except ValueError:
            return False
        return path == "/" or bool(_SIGN_IN_PATH.search(path))
    return html_page(exchange) in (SIGN_IN, STOREFRONT)


def guests(failure: Failure) -> Finding | None:
    """The shop sells nothing to guests, or refuses what the guest says of themselves."""
    if failure.outcome is Outcome.NOT_OFFERED and failure.page is Page.CHECKOUT:
        return failure.finding("guests_refused", "sells nothing to guests", _NO_GUESTS, "[journeys] guest", "0")
    if failure.page is not Page.INDEX or failure.outcome not in (Outcome.BUSINESS_ERROR, Outcome.HTTP_4XX):
        return None
    errors = failure.document.get("errors")
    about_guest = isinstance(errors, dict) and {"user_email", "phone_number"} & errors.keys()
    if not about_guest and MINIMUM.search(failure.said):
        return None
    if not about_guest and _GUESTS.search(failure.said):
        return failure.finding(
            "guests_refused", f"refused the guest: {failure.said}", _NO_GUESTS, "[journeys] guest", "0"
        )
    remedy = (
        "let the shop accept e-mail addresses of shoppers.example, and phone numbers of eleven digits that begin with 05; "
        "or buy with accounts only"
    )
    return failure.finding(
        "guest_details", f"refused e-mail or phone number of a guest: {failure.said}", remedy, "[journeys] guest", "0"
    )


def session(failure: Failure) -> Finding | None:
    """The shop has forgotten who the shopper is, or what is in the basket."""
    if failure.outcome not in (Outcome.SESSION_LOST, Outcome.BASKET_LOST):
        return None
    for code, seen, remedy in _cookie_problems(failure):
        return failure.finding(code, seen, remedy)
    known = sum(
        one.path.startswith(PATHS[Page.CHECKOUT]) and one.status == HTTPStatus.OK for one in failure.history[:-1]
    )
    if failure.guest and failure.outcome is Outcome.SESSION_LOST and not known:
        seen = f"was answered as if a sign-in were needed (status {failure.exchange.status})"
        return failure.finding(
            "guests_refused", seen, f"if the shop sells nothing to guests, {_NO_GUESTS}", "[journeys] guest", "0"
        )
    what = "who the shopper is" if failure.outcome is Outcome.SESSION_LOST else "what is in the basket"
    remedy = "check that all servers of the shop share their sessions, and that no proxy drops the cookie; a gate may need a key in [headers]"
    passed = failure.exchange.started - failure.history[0].started
    after = f", {len(failure.history) - 1} requests and {passed:.1f} s after the first one"
    return failure.finding(
        f"{'session' if 'who' in what else 'basket'}_lost", f"shows that the shop forgot {what}{after}", remedy
    )


def _cookie_problems(failure: Failure) -> Iterator[tuple[str, str, str]]:
    """Why the cookie of the session did not come back: code, what was seen, remedy."""
    host = urlsplit(failure.url).hostname or ""
    lines = [line for one in failure.history for line in one.reply_headers.get("set-cookie", "").splitlines()]
    held = [line for line in lines if line.partition("=")[0].strip() == COOKIE_SESSION]
    if not held and failure.exchange.status != HTTPStatus.UNAUTHORIZED:
        seen = f"came without a session: the shop never set the cookie {COOKIE_SESSION}"
        yield (
            "session_cookie",
            seen,
            f"have the shop name the cookie of its session {COOKIE_SESSION}, as the platform does",
        )
    if not held:
        return
    attributes = [one.strip().lower() for one in held[-1].split(";")[1:]]
    if "secure" in attributes and failure.url.startswith("http://"):
        seen = f"came without the session: its cookie {COOKIE_SESSION} is for https only (Secure), and --host is http"
        yield "cookie_secure", seen, f"use --host https://{host}, or have the shop set the cookie without Secure"
    domain = next((one.partition("=")[2].lstrip(".") for one in attributes if one.startswith("domain=")), "")
    if domain and host != domain and not host.endswith(f".{domain}"):
        seen = f"came without the session: its cookie {COOKIE_SESSION} is for the domain {domain}, and --host is {host}"
        yield "cookie_domain", seen, f"use a --host in {domain}, or have the shop set the cookie for its own host"
