"""Every page of the checkout: what is asked for, what is filled in, and what is shown next."""

from __future__ import annotations

from typing import Any

from second_shop import checkout, payments, receipts
from second_shop.customers import Session, Sessions
from second_shop.exchange import Books, Refused, Reply, Request
from second_shop.options import listed, row
from second_shop.variations import Variations

STOREFRONT = "<!DOCTYPE html><html><head><title>Shop 2</title></head><body><div id='root'></div></body></html>"
_THROTTLED = "Request was throttled. Expected available in 3 seconds."
_BASKET = "/baskets/basket/"


class Counter:
    """Serves the checkout. ``GET`` shows the pages up to the current one, a post the next page alone."""

    def __init__(self, books: Books, sessions: Sessions) -> None:
        self.books, self.sessions, self.reported = books, sessions, Variations()

    def serve(self, request: Request, reported: Variations) -> Reply:
        """The reply to a request for a page of the checkout, or for the checkout itself."""
        self.reported = reported
        page = request.query.get("page", "")
        if not request.is_ajax:
            raise Refused(200, STOREFRONT)
        session = self.sessions.find(request)
        if session is None:
            self.books.refuse(request, 200, "no session")
            return Reply({"context_list": [], "template_name": "orders/index.html", "errors": [], "pre_order": {}})
        if page in self.reported.throttled or (not page and "Checkout" in self.reported.throttled):
            self.books.refuse(request, 200, _THROTTLED, provoked=True)
            return self._reply(
                session, [self._entry(session, page or checkout.INDEX)], {"non_field_errors": _THROTTLED}
            )
        if page == payments.SOLD and request.method == "GET" and session.last_order:
            return Reply(self._thanks(session))
        if not session.basket.lines:
            self.books.refuse(request, 200, "the basket is empty")
            return Reply(checkout.envelope([], {}, []) | {"redirect_url": _BASKET, "pre_order": None})
        checkout.remember(session)
        if session.customer and session.customer.remembered and not session.order.option and not page:
            self._pay(session, checkout.PAYMENT, {"payment_option": "1"}, request)
        if request.method == "GET":
            return self._look(session, page, request)
        return self._fill_in(session, page, request)

    def _look(self, session: Session, page: str, request: Request) -> Reply:
        aside: dict[str, dict[str, Any]] = {
            "LoyaltyMoneyUsagePage": {"balance": self.reported.credit},
            "CouponSelectionPage": {"coupons": []},
        }
        if page in aside:
            return self._reply(session, [(page, aside[page])])
        shown = checkout.pages(session, self.reported, self.reported.lists)
        if page:
            if page not in checkout.pages(session, self.reported, "needed"):
                self.books.refuse(request, 200, f"not open yet; {shown[-1]} is")
            else:
                shown = [page]
        return self._reply(session, [self._entry(session, one) for one in shown])

    def _fill_in(self, session: Session, page: str, request: Request) -> Reply:
        form = request.form()
        if page in checkout.SETTERS:
            errors = checkout.SETTERS[page](session, form, self.reported)
            if errors:
                self.books.refuse(request, 200, errors)
                return self._reply(session, [self._entry(session, page)], errors)
            return self._reply(session, [self._entry(session, checkout.needed(session, self.reported))])
        if page == "OrderNotePage":
            session.order.notes = form.get("notes")
            return self._reply(session, [self._entry(session, checkout.needed(session, self.reported))])
        return self._pay(session, page, form, request)

    def _pay(self, session: Session, page: str, form: dict[str, str], request: Request) -> Reply:
        order = session.order
        if page == checkout.PAYMENT:
            handler: payments.Handler = payments.choose
        elif page == "LoyaltyMoneyUsagePage":
            handler = payments.use_credit
        elif page in order.reached:
            handler = payments.HANDLERS[page]
        else:
            self.books.refuse(request, 200, f"{page} is not open; {checkout.needed(session, self.reported)} is")
            return self._reply(session, [self._entry(session, checkout.needed(session, self.reported))])
        step = handler(session, form, self.reported)
        if step.errors:
            self.books.refuse(request, 200, step.errors, provoked=step.provoked)
            again = page if page in checkout.SETTERS or page == checkout.PAYMENT else order.shown[0]
            return self._reply(session, [self._entry(session, again)], step.errors)
        missing = checkout.needed(session, self.reported)
        if step.page == payments.SOLD:
            if missing != order.shown[0]:
                self.books.refuse(request, 200, f"paid before {missing} was filled in")
                return self._reply(session, [self._entry(session, missing)])
            return self._sell(session)
        if missing in (order.shown[0], step.page):
            return self._reply(session, [(step.page, step.shown or self._entry(session, step.page)[1])])
        return self._reply(session, [self._entry(session, missing)])

    def _sell(self, session: Session) -> Reply:
        state = self._state(session)
        order = receipts.order_of(session, row(session.order.option, self.reported), state)
        self.books.orders.append(order)
        session.last_order = order
        session.basket.lines.clear()
        session.order = type(session.order)()
        shown = {"redirect_url": f"/orders/completed/{order['token']}/"}
        return Reply(checkout.envelope([(payments.SOLD, shown)], state, self.reported.no_errors))

    def _thanks(self, session: Session) -> dict[str, Any]:
        # The description's own example of this page has neither name nor slug.
        entry = {"page_context": receipts.thank_you(session.last_order or {})}
        return checkout.envelope([], {}, self.reported.no_errors) | {"context_list": [entry]}

    def _entry(self, session: Session, page: str) -> tuple[str, dict[str, Any]]:
        return page, checkout.context(page, session, self.reported, listed(self.reported))

    def _state(self, session: Session) -> dict[str, Any]:
        option = session.order.option
        return checkout.pre_order(session, self.reported, row(option, self.reported) if option else None)

    def _reply(self, session: Session, entries: list[tuple[str, dict[str, Any]]], errors: Any = None) -> Reply:
        return Reply(checkout.envelope(entries, self._state(session), errors or self.reported.no_errors))
