"""The whole shop without a network: it takes a request and returns a reply."""

from __future__ import annotations

import random
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from urllib.parse import quote

import orjson

from shop.bank import bank_page, bank_redirect_page
from shop.checkout.basket_pages import BasketPages
from shop.checkout.checkout import Checkout
from shop.checkout.completed_order import completed_order_document
from shop.checkout.views import signed_out
from shop.contract import CHECKOUT_PATH, OUTSIDE_PAGES, RETURN_PAGES, Page
from shop.customers.account_pages import AccountPages
from shop.customers.accounts import Accounts
from shop.customers.address_pages import AddressPages
from shop.customers.session import CsrfTokens, SessionStore
from shop.http_messages import Endpoint, Refused, Reply, Request, cookie, refused
from shop.ledger import Ledger
from shop.routes import Route
from shop.settings import FaultName, Settings
from shop.sms import SmsService

NO_FAULTS: frozenset[FaultName] = frozenset()
_NO_CSRF_PAGES = RETURN_PAGES | OUTSIDE_PAGES | {Page.LOGIN, Page.LOGOUT}
"""Pages that need no CSRF token for a post. Signing out checks the token itself."""
_POS_ERROR_COOKIE = "pz-pos-error"


class Shop:
    """Answers every request of the shop. The caller gives the time; random draws come from the seed in the settings."""

    def __init__(self, settings: Settings, accounts: Accounts | None = None) -> None:
        rng = random.Random(f"shop {settings.seed}")
        self.settings = settings
        self.accounts = accounts or Accounts()
        self.ledger = Ledger(settings.order_history, lambda: self.settings.sessions.age)
        self.sessions = SessionStore(lambda: self.settings.sessions, rng)
        self.sms = SmsService(lambda: self.settings.sms, settings.seed, rng)
        self.checkout = Checkout(lambda: self.settings, self.sessions, self.sms, self.ledger, rng)
        self._csrf = CsrfTokens(rng)
        self._exchanges: Mapping[Page, Endpoint] = {
            **AccountPages(lambda: self.settings, self.accounts, self.sessions, self._csrf).exchanges,
            **BasketPages(lambda: self.settings, self.sessions).exchanges,
            **AddressPages(lambda: self.settings, self.sessions).exchanges,
            Page.THREE_D_REDIRECT: self._three_d_redirect,
            Page.REDIRECTION: self._redirection,
            Page.CONTRACT: self._contract,
            Page.CHECKOUT_BY_TOKEN: self._checkout_by_token,
            Page.CHECKOUT_STATUS: self._checkout_status,
            Page.COMPLETED_ORDER: self._completed_order,
            Page.BANK: self._bank,
            Page.SMS_INBOX: self._sms_inbox,
        }

    def handle(
        self, request: Request, route: Route, now: float, active_faults: frozenset[FaultName] = NO_FAULTS
    ) -> Reply:
        """Answer a request at this time; ``active_faults`` are the faults to apply."""
        try:
            return self._handle(request, route, now, active_faults)
        except Refused as refusal:
            return Reply(dict(refusal.document), refusal.status)

    def _handle(self, request: Request, route: Route, now: float, active_faults: frozenset[FaultName]) -> Reply:
        page = route.page
        if request.method != "GET" and page not in _NO_CSRF_PAGES:
            self._must_hold_csrf_token(request)
        if FaultName.SESSION_DROPPED in active_faults:
            self.sessions.forget(request.session_id)
        if FaultName.EMPTY_BASKET in active_faults and (session := self.sessions.find(request.session_id, now)):
            session.basket.clear(now)
        if page in self._exchanges:
            return self._exchanges[page](request, route.argument, now)
        return self._checkout_page(page, request, now, active_faults)

    def _must_hold_csrf_token(self, request: Request) -> None:
        if not self._csrf.accepts(*request.csrf_pair, strict=self.settings.csrf == "strict"):
            raise refused(HTTPStatus.FORBIDDEN, "CSRF Failed: the token is missing or wrong.")

    # -- the checkout -----------------------------------------------------------------------------

    def _checkout_page(self, page: Page, request: Request, now: float, active_faults: frozenset[FaultName]) -> Reply:
        session = self.sessions.find(request.session_id, now)
        if session is None:
            document = signed_out(self.settings.conventions)
        else:
            context = self.checkout.context(session, now, request.origin, active_faults)
            if request.method == "GET":
                document = self.checkout.show(None if page is Page.CHECKOUT else page, context)
            else:
                document = self.checkout.post(page, request.form(), context)
        if page in RETURN_PAGES and request.method == "POST" and not request.is_ajax:
            return _browser_redirect(document)
        return Reply(document)

    def _three_d_redirect(self, request: Request, _argument: str, now: float) -> Reply:
        return self._redirect_page(request, now, Page.THREE_D_SECURE, "three-d")

    def _redirection(self, request: Request, _argument: str, now: float) -> Reply:
        return self._redirect_page(request, now, Page.REDIRECTION_COMPLETE, "redirection")

    def _redirect_page(self, request: Request, now: float, back_on: Page, kind: str) -> Reply:
        session = self.sessions.find(request.session_id, now)
        payment = session.pre_order.payment if session else None
        if payment is None or payment.return_page is not back_on or not payment.reference:
            return Reply(location=CHECKOUT_PATH, status=HTTPStatus.SEE_OTHER)
        payment.redirected = back_on is Page.REDIRECTION_COMPLETE
        return Reply(html=bank_redirect_page(kind, payment.reference))

    def _completed_order(self, request: Request, token: str, _now: float) -> Reply:
        order = self.ledger.order(token)
        if order is None:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such order.")
        if request.query.get("format") == "json":
            return Reply(completed_order_document(order))
        return Reply(html=f"<!doctype html><title>Thank you</title><p>Your order is {order.number}.</p>")

    def _contract(self, request: Request, _argument: str, now: float) -> Reply:
        """A contract text about the current order."""
        session = self.sessions.find(request.session_id, now)
        name = escape(request.query.get("contract_name", ""))
        pieces = sum(line.quantity for line in session.basket.lines.values()) if session else 0
        return Reply(html=f"<h1>{name}</h1><p>This contract is about {pieces} pieces.</p>")

    def _checkout_by_token(self, request: Request, token: str, now: float) -> Reply:
        session = self.sessions.find(request.session_id, now)
        if session is None or session.pre_order.token != token:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such checkout.")
        return Reply(location=CHECKOUT_PATH, status=HTTPStatus.SEE_OTHER)

    def _checkout_status(self, request: Request, token: str, now: float) -> Reply:
        session = self.sessions.find(request.session_id, now)
        last = session.last_order if session else None
        if last is not None and last.checkout_token == token:
            return Reply({"status": "completed", "order_number": last.number})
        if session is None or session.pre_order.token != token:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such checkout.")
        return Reply({"status": "waiting", "order_number": None})

    # -- outside the shop -------------------------------------------------------------------------

    def _bank(self, request: Request, kind: str, _now: float) -> Reply:
        posted = request.form() if request.method == "POST" and request.is_form else {}
        return Reply(html=bank_page(kind, {**request.query, **posted}))

    def _sms_inbox(self, _request: Request, phone: str, now: float) -> Reply:
        return Reply({"messages": self.sms.inbox(phone, now)})


def _browser_redirect(document: Mapping[str, object]) -> Reply:
    """The reply for a browser that returns from a bank: a redirect instead of an envelope."""
    entries = document["context_list"]
    context = entries[-1]["page_context"] if isinstance(entries, list) and entries else {}
    if document["errors"]:
        errors = quote(orjson.dumps(document["errors"]))
        return Reply(location=CHECKOUT_PATH, status=HTTPStatus.SEE_OTHER, cookies=[cookie(_POS_ERROR_COOKIE, errors)])
    target = context.get("redirect_url") if context.get("order_number") else None
    return Reply(location=str(target or CHECKOUT_PATH), status=HTTPStatus.SEE_OTHER)
