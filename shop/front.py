"""The whole shop behind one door: a request goes in, a reply comes out, and no socket is in sight."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import quote

import orjson

from shop.accounts import Accounts
from shop.address_book import add_address
from shop.bank import bank_page, way_to_bank
from shop.catalogue import products
from shop.checkout import Checkout
from shop.contract import CHECKOUT_PATH, COOKIE_CSRF, COOKIE_SESSION, RETURN_PAGES, Page
from shop.exchange import FORM_TYPE, Refused, Reply, Request, cookie, refused
from shop.ledger import Ledger
from shop.pre_order import Basket
from shop.routes import OUTSIDE, Route
from shop.session import CsrfTokens, Session, SessionStore
from shop.settings import FaultName, Settings
from shop.sign_in import sign_in
from shop.sms import SmsOffice
from shop.views import signed_out

NOTHING: frozenset[FaultName] = frozenset()
_MOST_PIECES = 100
_POS_ERROR_COOKIE = "pz-pos-error"


class Shop:
    """Every exchange of the shop. Time comes with each request, chance from the seed in the settings."""

    def __init__(self, settings: Settings, accounts: Accounts | None = None) -> None:
        rng = random.Random(f"shop {settings.seed}")
        self.settings = settings
        self.accounts = accounts or Accounts()
        self.ledger = Ledger(settings.order_history)
        self.sessions = SessionStore(lambda: self.settings.sessions, rng)
        self.sms = SmsOffice(lambda: self.settings.sms, settings.seed, rng)
        self.checkout = Checkout(lambda: self.settings, self.sessions, self.sms, self.ledger, rng)
        self._csrf = CsrfTokens(rng)
        self._products = products(settings.seed)
        self._product_documents = {pk: {"product": product.document()} for pk, product in self._products.items()}
        self._exchanges: Mapping[Page, Callable[[Request, str, float], Reply]] = {
            Page.CSRF_TOKEN: self._csrf_token,
            Page.LOGIN: self._login,
            Page.LOGOUT: self._logout,
            Page.CURRENT_USER: self._current_user,
            Page.PRODUCT: self._product,
            Page.BASKET: self._basket,
            Page.BASKET_ADD: self._basket_add,
            Page.ADDRESS_ADD: self._address_add,
            Page.ADDRESS_LIST: self._address_list,
            Page.THREE_D_REDIRECT: self._three_d_redirect,
            Page.REDIRECTION: self._redirection,
            Page.BANK: self._bank,
            Page.COMPLETED_ORDER: self._completed_order,
            Page.SMS_INBOX: self._sms_inbox,
        }

    def answer(self, request: Request, asked: Route, now: float, broken: frozenset[FaultName] = NOTHING) -> Reply:
        """Do what a request asks for at this moment; ``broken`` names promises to break while doing it."""
        try:
            return self._answer(request, asked, now, broken)
        except Refused as refusal:
            return Reply(dict(refusal.document), refusal.status)

    def _answer(self, request: Request, asked: Route, now: float, broken: frozenset[FaultName]) -> Reply:
        page = asked.page
        if request.method != "GET" and page not in RETURN_PAGES and page not in OUTSIDE:
            self._must_hold_csrf_token(request)
        if FaultName.SESSION_DROPPED in broken:
            self.sessions.forget(request.session_id)
        if FaultName.EMPTY_BASKET in broken and (session := self.sessions.find(request.session_id, now)):
            session.basket.lines.clear()
        if page in self._exchanges:
            return self._exchanges[page](request, asked.argument, now)
        return self._checkout_page(page, request, now, broken)

    def _must_hold_csrf_token(self, request: Request) -> None:
        if not self._csrf.accepts(*request.csrf_pair):
            raise refused(HTTPStatus.FORBIDDEN, "CSRF Failed: the token is missing or wrong.")

    # -- the checkout -----------------------------------------------------------------------------

    def _checkout_page(self, page: Page, request: Request, now: float, broken: frozenset[FaultName]) -> Reply:
        session = self.sessions.find(request.session_id, now)
        if session is None:
            document = signed_out(self.settings.conventions)
        else:
            till = self.checkout.till(session, now, request.origin, broken)
            if request.method == "GET":
                document = self.checkout.show(None if page is Page.CHECKOUT else page, till)
            else:
                document = self.checkout.post(page, request.form(), till)
        if page in RETURN_PAGES and request.method == "POST" and not request.is_ajax:
            return _send_browser_on(document)
        return Reply(document)

    def _three_d_redirect(self, request: Request, _argument: str, now: float) -> Reply:
        return self._way_out(request, now, Page.THREE_D_SECURE, "three-d")

    def _redirection(self, request: Request, _argument: str, now: float) -> Reply:
        return self._way_out(request, now, Page.REDIRECTION_COMPLETE, "redirection")

    def _way_out(self, request: Request, now: float, back_on: Page, kind: str) -> Reply:
        session = self.sessions.find(request.session_id, now)
        payment = session.pre_order.payment if session else None
        if payment is None or payment.return_page is not back_on or not payment.reference:
            return Reply(location=CHECKOUT_PATH, status=HTTPStatus.SEE_OTHER)
        return Reply(html=way_to_bank(kind, payment.reference))

    def _completed_order(self, request: Request, token: str, _now: float) -> Reply:
        order = self.ledger.order(token)
        if order is None:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such order.")
        if request.query.get("format") == "json":
            return Reply(order.document())
        return Reply(html=f"<!doctype html><title>Thank you</title><p>Your order is {order.number}.</p>")

    # -- outside the shop -------------------------------------------------------------------------

    def _bank(self, request: Request, kind: str, _now: float) -> Reply:
        posted = request.form() if request.method == "POST" and _is_form(request) else {}
        return Reply(html=bank_page(kind, {**request.query, **posted}))

    def _sms_inbox(self, _request: Request, phone: str, now: float) -> Reply:
        return Reply({"messages": self.sms.inbox(phone, now)})

    # -- who she is -------------------------------------------------------------------------------

    def _csrf_token(self, request: Request, _argument: str, now: float) -> Reply:
        token = self._csrf.issue()
        reply = Reply({"csrf_token": token}, cookies=[cookie(COOKIE_CSRF, token)])
        self._session(request, now, reply)
        return reply

    def _login(self, request: Request, _argument: str, now: float) -> Reply:
        session = self.sessions.find(request.session_id, now)
        document = request.document()
        return sign_in(document, session, self.accounts, self.sessions, settings=self.settings.sign_in, now=now)

    def _logout(self, request: Request, _argument: str, _now: float) -> Reply:
        self.sessions.forget(request.session_id)
        return Reply(cookies=[cookie(COOKIE_SESSION, "", hidden=True, forget=True)])

    def _current_user(self, request: Request, _argument: str, now: float) -> Reply:
        session = self.sessions.find(request.session_id, now)
        if session is None or session.account is None:
            raise refused(HTTPStatus.UNAUTHORIZED, "Nobody is signed in.")
        return Reply(session.account.document())

    def _session(self, request: Request, now: float, reply: Reply) -> Session:
        session = self.sessions.find(request.session_id, now)
        if session is None:
            session = self.sessions.open(now)
            reply.cookies.append(cookie(COOKIE_SESSION, session.id, hidden=True))
        return session

    def _known_session(self, request: Request, now: float) -> Session:
        session = self.sessions.find(request.session_id, now)
        if session is None:
            raise refused(HTTPStatus.UNAUTHORIZED, "The session is not known, or no longer.")
        return session

    # -- what she wants ---------------------------------------------------------------------------

    def _product(self, _request: Request, pk: str, _now: float) -> Reply:
        if pk not in self._product_documents:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such product.")
        return Reply(dict(self._product_documents[pk]))

    def _basket(self, request: Request, _argument: str, now: float) -> Reply:
        session = self.sessions.find(request.session_id, now)
        return Reply({"basket": (session.basket if session else Basket(0)).document()})

    def _basket_add(self, request: Request, _argument: str, now: float) -> Reply:
        wanted = request.document()
        pk, quantity = wanted.get("product"), wanted.get("quantity")
        errors = {
            name: ["This field is not known here."] for name in wanted.keys() - {"product", "quantity", "attributes"}
        }
        product = self._products.get(str(pk)) if isinstance(pk, int | str) and not isinstance(pk, bool) else None
        if product is None:
            errors["product"] = ["There is no such product."]
        if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= _MOST_PIECES:
            errors["quantity"] = [f"Give a number of pieces from 1 to {_MOST_PIECES}."]
        if not isinstance(wanted.get("attributes", {}), dict):
            errors["attributes"] = ["Give an object."]
        if errors or product is None or not isinstance(quantity, int):
            raise Refused(HTTPStatus.BAD_REQUEST, errors)
        reply = Reply()
        session = self._session(request, now, reply)
        session.basket.add(product, quantity)
        session.pre_order.restart()
        reply.document = {"basket": session.basket.document()}
        return reply

    def _address_add(self, request: Request, _argument: str, now: float) -> Reply:
        session = self._known_session(request, now)
        return Reply(add_address(request.document(), session), HTTPStatus.CREATED)

    def _address_list(self, request: Request, _argument: str, now: float) -> Reply:
        entries = list(self._known_session(request, now).addresses.entries.values())
        return Reply({"count": len(entries), "results": entries})


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(FORM_TYPE)


def _send_browser_on(document: Mapping[str, object]) -> Reply:
    """What a browser that comes back from a bank is told, instead of the envelope that a program reads."""
    entries = document["context_list"]
    context = entries[-1]["page_context"] if isinstance(entries, list) and entries else {}
    if document["errors"]:
        errors = quote(orjson.dumps(document["errors"]))
        return Reply(location=CHECKOUT_PATH, status=HTTPStatus.SEE_OTHER, cookies=[cookie(_POS_ERROR_COOKIE, errors)])
    target = context.get("redirect_url") if context.get("order_number") else None
    return Reply(location=str(target or CHECKOUT_PATH), status=HTTPStatus.SEE_OTHER)
