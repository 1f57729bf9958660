"""The whole shop: from a request to its reply, with the books kept on the way."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from second_shop import addresses, outside
from second_shop.counter import STOREFRONT, Counter
from second_shop.customers import Customer, Session, Sessions, csrf_is_right
from second_shop.exchange import CHECKOUT, Books, Refused, Reply, Request
from second_shop.goods import card_plans, is_sold, product, products
from second_shop.options import RETURNS
from second_shop.places import LISTS, within
from second_shop.places import listed as as_list
from second_shop.variations import Variations

_FORBIDDEN = "<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body><h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.</p></body></html>"
_WAITING = "<!DOCTYPE html><html><head><title>Waiting room</title></head><body><p>You are in a queue.</p></body></html>"
_LOGIN, _LOGOUT, _BASKET = "/users/login/", "/users/logout/", "/baskets/basket/"
# The storefront's own server asks here, without a browser's token.
_NO_TOKEN = {_LOGIN, outside.BANK, outside.GARANTI} | RETURNS


class Application:
    """The shop's exchanges; ``reported`` are the variations in force, ``books`` what was sold and refused."""

    def __init__(self, reported: Variations, customers: dict[str, Customer]) -> None:
        self.reported, self.customers = reported, customers
        self.books, self.sessions = Books(), Sessions()
        self._counter = Counter(self.books, self.sessions)
        self._paths: dict[str, Callable[[Request], Reply]] = {
            "/": lambda _request: Reply(html=STOREFRONT),
            "/csrf_token/": self._csrf_token,
            _LOGIN: self._login,
            _LOGOUT: self._logout,
            "/current_user/": self._current_user,
            "/users/profile/": self._profile,
            _BASKET: self._basket,
            "/address/": self._add_address,
            "/address/detailed/": self._list_addresses,
            "/list/": lambda _request: Reply({"products": products(self.reported.sold_out), "search_text": None}),
            "/orders/contract/": lambda _request: Reply(html="<p>The contract.</p>"),
            "/orders/redirect-three-d/": lambda request: self._way_out(request, "CreditCardThreeDSecurePage"),
            "/orders/redirection/": lambda request: self._way_out(request, "RedirectionPageCompletePage"),
            outside.BANK: lambda request: Reply(html=outside.bank(request.form())),
            outside.GARANTI: lambda request: Reply(html=outside.bank(request.query, request.query.get("then", ""))),
            "/payments/my_wallet/check/": self._ask_wallet,
            CHECKOUT: lambda request: self._counter.serve(request, self.reported),
        }

    def answer(self, request: Request) -> Reply:
        """The reply to a request; refusals are recorded in ``books``."""
        self.books.count(request)
        try:
            reply = self._answer(request)
        except Refused as refusal:
            self.books.refuse(request, refusal.status, refusal.body, provoked=refusal.provoked)
            if isinstance(refusal.body, str):
                return Reply(html=refusal.body, status=refusal.status)
            return Reply(refusal.body, refusal.status)
        if self.reported.extra_keys and isinstance(reply.document, dict):
            _add_keys(reply.document)
        return reply

    def _answer(self, request: Request) -> Reply:
        if request.name in self.reported.queue:
            raise Refused(200, _WAITING, provoked=True)
        if request.method != "GET" and request.name not in _NO_TOKEN and not csrf_is_right(request):
            html = self.reported.csrf_refusal == "html" or request.path == _LOGOUT
            raise Refused(403, _FORBIDDEN if html else {"detail": "CSRF Failed: CSRF token missing or incorrect."})
        if request.path in LISTS:
            rows = (
                []
                if request.path == "/address/district/" and not self.reported.districts
                else within(request.path, request.query)
            )
            return Reply(as_list(rows))
        if request.path in self._paths:
            return self._paths[request.path](request)
        room, _, rest = request.path.strip("/").partition("/")
        if room == "product":
            return self._product(rest)
        if request.path.startswith("/payments/cards/"):
            return Reply(as_list([card_plans(request.path.strip("/").rpartition("/")[2])]))
        if request.path.startswith("/orders/completed/"):
            return self._completed(request)
        raise Refused(404, "<!DOCTYPE html><html><body><h1>Not Found</h1></body></html>")

    # -- who ----------------------------------------------------------------------------------------

    def _csrf_token(self, request: Request) -> Reply:
        token = request.cookies.get("csrftoken") or secrets.token_urlsafe(24).replace("-", "a").replace("_", "b")
        reply = Reply({"csrf_token": token})
        reply.set("csrftoken", token)
        return reply

    def _login(self, request: Request) -> Reply:
        given = request.json()
        if self.reported.sign_in != "key":
            captcha = self.reported.sign_in == "captcha"
            self.books.refuse(request, 200 if captcha else 202, self.reported.sign_in, provoked=True)
            return Reply({"redirect_url": "/users/pz-captcha/"}) if captcha else Reply({}, 202)
        customer = self.customers.get(str(given.get("email")))
        if customer is None or customer.password != given.get("password"):
            raise Refused(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
        session = self.sessions.find(request) or self.sessions.open()
        self.sessions.sign_in(session, customer)
        reply = Reply({"key": secrets.token_hex(20)})
        reply.set("osessionid", session.id, hidden=True)
        reply.set("csrftoken", secrets.token_hex(16))
        return reply

    def _logout(self, request: Request) -> Reply:
        if session := self.sessions.find(request):
            self.sessions.close(session)
        reply = Reply(status=302, location="/")
        reply.set("osessionid", "", hidden=True)
        return reply

    def _current_user(self, request: Request) -> Reply:
        return Reply(self._customer(request).document())

    def _profile(self, request: Request) -> Reply:
        return Reply(self._customer(request).profile())

    def _customer(self, request: Request) -> Customer:
        session = self.sessions.find(request)
        if session is None or session.customer is None:
            raise Refused(401, {"detail": "Authentication credentials were not provided."})
        return session.customer

    # -- what ---------------------------------------------------------------------------------------

    def _product(self, pk: str) -> Reply:
        if not is_sold(pk):
            raise Refused(404, {"detail": "Not found."})
        gone = int(pk) in self.reported.sold_out and self.reported.stock_shown
        found = product(int(pk), stock=0 if gone else 900) | {"basket_offers": []}
        return Reply({"in_stock": not gone, "product": found, "variants": [{}], "selected_variant": None})

    def _basket(self, request: Request) -> Reply:
        session, reply = self.sessions.find(request), Reply()
        if session is None:
            session = self.sessions.open()
            reply.set("osessionid", session.id, hidden=True)
        basket = session.basket
        match request.method:
            case "POST" | "PUT":
                self._put(request, basket.lines, add=request.method == "POST")
            case "PATCH":
                raise Refused(400, {"non_field_errors": ["There is no such voucher."]})
            case "DELETE":
                basket.lines.clear()
        if request.method != "GET":
            session.order.after_shipping()
        reply.document = {"basket": basket.document(Decimal(self.reported.campaign)), "osessionid": session.id}
        return reply

    def _put(self, request: Request, lines: dict[int, int], *, add: bool) -> None:
        given = request.json()
        pk, quantity = given.get("product"), given.get("quantity")
        if not is_sold(pk) or not isinstance(quantity, int):
            raise Refused(400, {"product": ["Invalid pk - object does not exist."]})
        if int(str(pk)) in self.reported.sold_out:
            raise Refused(406, {"non_field_errors": ["The product is out of stock."]}, provoked=True)
        lines[int(str(pk))] = quantity + (lines.get(int(str(pk)), 0) if add else 0)
        if lines[int(str(pk))] <= 0:
            del lines[int(str(pk))]

    # -- where --------------------------------------------------------------------------------------

    def _known(self, request: Request) -> Session:
        session = self.sessions.find(request)
        if session is None:
            raise Refused(401, {"detail": "Authentication credentials were not provided."})
        return session

    def _add_address(self, request: Request) -> Reply:
        session = self._known(request)
        user = session.customer.document() if session.customer else None
        added = addresses.add(request.json(), user, session.email, districts=self.reported.districts)
        session.addresses.append(added)
        return Reply(added, 201)

    def _list_addresses(self, request: Request) -> Reply:
        return Reply(as_list(self._known(request).addresses))

    # -- how ----------------------------------------------------------------------------------------

    def _ask_wallet(self, request: Request) -> Reply:
        asked, session = request.json(), self._known(request)
        wrong = [
            name for name in ("phone", "amount", "currency") if not isinstance(asked.get(name), str) or not asked[name]
        ]
        if wrong:
            raise Refused(400, {name: ["This field is required."] for name in wrong})
        session.order.wallet_asked = True
        return Reply({"is_available": self.reported.wallet == "yes", "limit": "5000.00"})

    # -- after the checkout --------------------------------------------------------------------------

    def _way_out(self, request: Request, back_on: str) -> Reply:
        session = self._known(request)
        if back_on not in session.order.reached:
            raise Refused(404, "<!DOCTYPE html><html><body><h1>Not Found</h1></body></html>")
        session.order.is_redirected = back_on == "RedirectionPageCompletePage"
        return Reply(html=outside.way_out(session.order.reference, back_on))

    def _completed(self, request: Request) -> Reply:
        token = request.path.strip("/").rpartition("/")[2]
        order = next((one for one in self.books.orders if one["token"] == token), None)
        if order is None:
            raise Refused(404, {"detail": "Not found."})
        return Reply(order["document"]) if request.query.get("format") == "json" else Reply(html=STOREFRONT)


def _add_keys(document: dict[str, Any]) -> None:
    """Unknown keys, at the top, in each page's context and in the pre-order."""
    known = [document, document.get("pre_order"), *[one["page_context"] for one in document.get("context_list", [])]]
    for place in known:
        if isinstance(place, dict):
            place["pz_experiment"] = {"pk": 1, "slug": "b", "results": [], "enabled": None}
