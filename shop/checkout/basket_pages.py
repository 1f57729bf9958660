"""The endpoints for products, their installments, and the basket."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from shop.catalogue import Product, installment_table, products
from shop.contract import Page
from shop.customers.session import Session, SessionStore, require_session, session_or_new
from shop.forms import unknown_field_errors
from shop.http_messages import Endpoint, Errors, Refused, Reply, Request, refused
from shop.pre_order import Basket
from shop.settings import Settings

_MOST_PIECES = 100
_LINE = ("product", "quantity", "attributes")
_LONGEST_VOUCHER = 100


class BasketPages:
    """Answers requests for products and baskets."""

    def __init__(self, settings: Callable[[], Settings], sessions: SessionStore) -> None:
        self._settings = settings
        self._sessions = sessions
        self._products = products(settings().seed)
        self._documents: dict[str, dict[str, Any]] = {
            pk: {
                "product": product.document() | {"basket_offers": []},
                "in_stock": True,
                "variants": [{}],
                "selected_variant": None,
            }
            for pk, product in self._products.items()
        }
        self.exchanges: dict[Page, Endpoint] = {
            Page.SEARCH: self._search,
            Page.PRODUCT: self._product,
            Page.PRODUCT_INSTALLMENTS: self._installments,
            Page.BASKET: self._show,
            Page.BASKET_ADD: self._add,
            Page.BASKET_CHANGE: self._change,
            Page.BASKET_VOUCHER: self._voucher,
            Page.BASKET_CLEAR: self._clear,
        }

    # -- products ---------------------------------------------------------------------------------

    def _search(self, request: Request, _argument: str, _now: float) -> Reply:
        wanted = request.query.get("search_text", "").casefold()
        found = [product.document() for product in self._products.values() if wanted in product.name.casefold()]
        pagination = {"current_page": 1, "num_pages": 1, "page_size": len(found), "total_count": len(found)}
        return Reply({"products": found, "pagination": pagination, "facets": [], "search_text": wanted or None})

    def _product(self, _request: Request, pk: str, _now: float) -> Reply:
        if pk not in self._documents:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such product.")
        return Reply(dict(self._documents[pk]))

    def _installments(self, _request: Request, pk: str, _now: float) -> Reply:
        product = self._products.get(pk)
        if product is None:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such product.")
        rows = installment_table(product.price, self._settings().monthly_interest)
        return Reply({"count": len(rows), "next": None, "previous": None, "results": rows})

    # -- the basket -------------------------------------------------------------------------------

    def _show(self, request: Request, _argument: str, now: float) -> Reply:
        session = self._sessions.find(request.session_id, now)
        document = (session.basket if session else Basket(0)).document()
        # Recorded replies have the basket at the top level; the storefront's client reads it from ``basket``.
        return Reply({"basket": document, **document})

    def _add(self, request: Request, _argument: str, now: float) -> Reply:
        product, quantity = self._line(request, fewest=1)
        reply = Reply()
        session = session_or_new(self._sessions, request, now, reply)
        session.basket.add(product, quantity, now)
        return _changed(session, reply)

    def _change(self, request: Request, _argument: str, now: float) -> Reply:
        session = require_session(self._sessions, request, now)
        product, quantity = self._line(request, fewest=0)
        session.basket.put(product, quantity, now)
        return _changed(session, Reply())

    def _clear(self, request: Request, _argument: str, now: float) -> Reply:
        session = require_session(self._sessions, request, now)
        session.basket.clear(now)
        return _changed(session, Reply())

    def _voucher(self, request: Request, _argument: str, now: float) -> Reply:
        """Store or remove the code of a voucher. No voucher gives a discount."""
        session = require_session(self._sessions, request, now)
        given = request.document()
        code = None if given.get("remove_voucher_code") is True else given.get("voucher_code", "")
        if code is not None and (not isinstance(code, str) or not 0 < len(code) <= _LONGEST_VOUCHER):
            raise Refused(HTTPStatus.BAD_REQUEST, {"voucher_code": ["Give the code of a voucher."]})
        session.basket.voucher = code
        session.basket.touch(now)
        return Reply({"basket": session.basket.document()})

    def _line(self, request: Request, *, fewest: int) -> tuple[Product, int]:
        """The product and the quantity of the request."""
        wanted = request.document()
        pk, quantity = wanted.get("product"), wanted.get("quantity")
        errors: Errors = unknown_field_errors(wanted, _LINE) if self._settings().unknown_fields == "refuse" else {}
        product = self._products.get(str(pk)) if isinstance(pk, int | str) and not isinstance(pk, bool) else None
        if product is None:
            errors["product"] = ["There is no such product."]
        if not isinstance(quantity, int) or isinstance(quantity, bool) or not fewest <= quantity <= _MOST_PIECES:
            errors["quantity"] = [f"Give a number of pieces from {fewest} to {_MOST_PIECES}."]
        if not isinstance(wanted.get("attributes", {}), dict):
            errors["attributes"] = ["Give an object."]
        if errors or product is None or not isinstance(quantity, int):
            raise Refused(HTTPStatus.BAD_REQUEST, errors)
        return product, quantity


def _changed(session: Session, reply: Reply) -> Reply:
    session.pre_order.restart()
    reply.document = {"basket": session.basket.document()}
    return reply
