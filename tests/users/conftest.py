"""A shop in memory that answers as the API description says, to run journeys without a socket.

Longer than 300 lines: the shop is one class, whose pages share the state of one order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import DECLINED_CARD, PAYMENT_OPTIONS, RETURN_PAGES, Flow, Page
from shop.forms import FORMS
from users.journeys.catalogue import JOURNEYS, Receipt
from users.journeys.checks import check_response
from users.journeys.context import JourneyContext
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, drive_journey
from users.population.accounts import Account
from users.population.journey_spec import JourneySpec, ShopperPolicy
from users.population.pools import LocationPool, ProductPool

ORIGIN = "http://127.0.0.1:8000"
NEXT = {
    Page.BIN_NUMBER: Page.INSTALLMENT,
    Page.SAVED_CARD_SELECTION: Page.INSTALLMENT,
    Page.INSTALLMENT: Page.CARD_CONFIRMATION,
    Page.FUNDS_TRANSFER_CHOICE: Page.FUNDS_TRANSFER,
    Page.MASTERPASS_BIN_NUMBER: Page.MASTERPASS_INSTALLMENT,
    Page.MASTERPASS_INSTALLMENT: Page.MASTERPASS_ORDER_NO,
    Page.MASTERPASS_ORDER_NO: Page.MASTERPASS_COMPLETE,
    Page.CREDIT_PAYMENT_SELECTION: Page.CREDIT_PAYMENT_CONFIRMATION,
    Page.CONFIRMATION_CHECK: Page.CONFIRMATION_SELECTED,
    Page.CONFIRMATION_SELECTED: Page.CONFIRMATION_QUERY,
    Page.CONFIRMATION_QUERY: Page.CONFIRMATION_COMPLETE,
    Page.LOYALTY_USAGE: Page.LOYALTY_SELECTED,
}
PLACES = {Page.COUNTRIES: (100, 2), Page.CITIES: (200, 5), Page.TOWNSHIPS: (300, 5), Page.DISTRICTS: (400, 5)}
PINNED = {"country": 1, "city": 40, "township": 457, "district": 7}
AS_RECORDED = (Page.INDEX, Page.DELIVERY_OPTION, Page.ADDRESS_SELECTION, Page.SHIPPING_OPTION)
AWAY = {
    Page.BEX_SELECTION: ("/orders/redirection/", Page.BEX_COMPLETE),
    Page.PAY_SELECTION: ("/orders/redirection/", Page.GPAY_COMPLETE),
    Page.REDIRECTION_SELECTED: ("/orders/redirection/", Page.REDIRECTION_COMPLETE),
    Page.CARD_CONFIRMATION: ("/orders/redirect-three-d/", Page.THREE_D_SECURE),
}
CONTEXTS: Mapping[Page, Mapping[str, Any]] = {
    Page.INDEX: {"can_guest_purchase": True},
    Page.ADDRESS_SELECTION: {"addresses": []},
    Page.DELIVERY_OPTION: {
        "delivery_options": [{"pk": 8, "delivery_option_type": "retail_store"}, {"pk": 7, "slug": "home"}]
    },
    Page.RETAIL_STORE: {"retail_stores": [{"pk": 21}]},
    Page.SHIPPING_OPTION: {"shipping_options": [{"pk": 3, "shipping_amount": "5.00"}]},
    Page.INSTALLMENT: {"installments": [{"pk": 1}, {"pk": 2}]},
    Page.MASTERPASS_INSTALLMENT: {"installments": [{"pk": 1}, {"pk": 2}]},
    Page.MASTERPASS_COMPLETE: {"token": "wallet-token", "order_no": "77", "extras": {}},
    Page.FUNDS_TRANSFER_CHOICE: {"bank_accounts": [{"pk": 4}]},
    Page.DELIVERY_PAYMENT_CHOICE: {"payment_choices": [{"label": "Pesin", "sku": "00002", "value": "cash"}]},
    Page.MOBIL_EXPRESS_SELECTION: {"stored_cards": [{"pk": 5}]},
    Page.SAVED_CARD_SELECTION: {"saved_cards": [{"pk": 6}]},
    Page.CREDIT_PAYMENT_SELECTION: {"credit_payment_options": [{"pk": 9}]},
    Page.CONFIRMATION_SELECTED: {"validation_url": "https://bank.example/validate"},
    Page.CONFIRMATION_QUERY: {"payment_token": "query-token"},
}
AT_ONCE = {
    Flow.PAY_ON_DELIVERY: Page.PAY_ON_DELIVERY,
    Flow.LOYALTY: Page.LOYALTY_SELECTED,
    Flow.CONFIRMATION: Page.CONFIRMATION_SELECTED,
}
FIRST = {option.first_page for option in PAYMENT_OPTIONS.values()}
ECHOED = {
    "shipping_address",
    "billing_address",
    "retail_store",
    "delivery_option",
    "shipping_option",
    "installment",
    "credit_payment_option",
}


def envelope(page: str | None, context: Mapping[str, Any], pre_order: Mapping[str, Any], errors: Any = None) -> Any:
    entry: dict[str, Any] = {"page_context": dict(context)}
    if page is not None:
        entry |= {"page_name": page, "page_slug": page.lower()}
    return {
        "context_list": [entry],
        "template_name": "orders/checkout.html",
        "errors": errors,
        "pre_order": dict(pre_order),
    }


@dataclass
class MemoryShop:
    """Answers requests as the API description says; ``spoil`` may change a response."""

    sms: bool = False
    cumulative: bool = False
    absolute: bool = False
    no_errors: Any = None
    pod_page: bool = False
    loyalty: str = "agreement"
    balance: str = "1000.00"
    remembers: bool = False
    unavailable: frozenset[str] = frozenset()
    seconds_left: int = 60
    lock_after: int = 3
    inbox_empty_for: int = 0
    price: str = "10.00"
    bank_host: str = ORIGIN
    redirect_by_header: bool = False
    spoil: Callable[[PageRequest, Any], Any] = lambda request, document: document
    order: tuple[Page, ...] = AS_RECORDED
    shows_options: bool = True  # on the page that a post leads to, and not only on request
    remembers_option: str = ""
    addresses: tuple[int, ...] = ()
    stores_only: bool = False
    confirms_at_once: bool = False
    rows: Any = None  # rows of payment options instead of one per option, named by the option
    # -- state
    page: Page | None = None
    done: set[Page] = field(default_factory=set)
    pre_order: dict[str, Any] = field(default_factory=dict)
    requests: list[PageRequest] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)
    goods_amount: int = 0
    in_basket: int = 0
    back_on: Page | None = None
    declined: bool = False
    codes: list[str] = field(default_factory=list)
    expired: bool = False
    tries: int = 0
    polls: int = 0
    sold: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[Page]:
        return [request.page for request in self.requests]

    def posted(self, page: Page) -> Mapping[str, str]:
        return next(request.form for request in self.requests if request.page is page and request.method == "POST")

    def fetch(self, request: PageRequest) -> PageResponse:
        self.requests.append(request)
        assert request.method == "GET" or request.csrf is (request.page not in RETURN_PAGES | {Page.BANK})
        status, reply, location = 200, self._reply(request), ""
        if isinstance(reply, int):
            status, reply = reply, b""
        elif isinstance(reply, str) and reply.startswith("->"):
            status, location, reply = 302, reply[2:], b""
        spoilt = self.spoil(request, deepcopy(reply))
        if isinstance(spoilt, int):
            status, spoilt = spoilt, b""
        body = spoilt if isinstance(spoilt, bytes) else spoilt.encode() if isinstance(spoilt, str) else None
        response, outcome = check_response(request, status, orjson.dumps(spoilt) if body is None else body, location)
        self.outcomes.append(outcome)
        if response is None:
            raise JourneyFailed(outcome, request.page)
        return response

    def _reply(self, request: PageRequest) -> Any:
        target = urlsplit(request.path)
        if target.path == "/orders/checkout/":
            asked = parse_qs(target.query).get("page", [None])[0]
            return self._read(asked) if request.method == "GET" else self._post(Page(asked), dict(request.form))
        if request.page is Page.COMPLETED_ORDER:
            assert target.path.startswith("/orders/completed/")  # behind it stands whatever the shop gave as a token
            assert target.query == "format=json"
        return self._elsewhere[request.page](request)

    @property
    def _elsewhere(self) -> Mapping[Page, Callable[[PageRequest], Any]]:
        """The exchanges that have a path of their own."""
        return {
            Page.CSRF_TOKEN: lambda _: {"csrf_token": "t"},
            Page.LOGIN: self._sign_in,
            Page.PRODUCT: lambda _: {"product": {"pk": 1, "price": self.price}},
            Page.SEARCH: lambda _: {"products": [{"pk": 31}, {"pk": 32, "in_stock": False}, {"pk": 33, "stock": 1}]},
            **dict.fromkeys(PLACES, self._list),
            Page.BASKET_ADD: self._add,
            Page.BASKET: lambda _: self._basket(),
            Page.ADDRESS_ADD: lambda _: {"pk": 11},
            Page.COMPLETED_ORDER: lambda _: {
                "order": {"id": 1, "number": "ON1", "amount": self.pre_order["total_amount_with_interest"]},
                "campaigns": [],
            },
            Page.SMS_INBOX: self._inbox,
            Page.THREE_D_REDIRECT: self._send_away,
            Page.REDIRECTION: self._send_away,
            Page.BANK: self._send_back,
        }

    def _list(self, request: PageRequest) -> Any:
        first, rows = PLACES[request.page]
        assert request.page is Page.COUNTRIES or urlsplit(request.path).query
        return {"count": rows, "next": None, "results": [{"pk": first + row, "is_active": True} for row in range(rows)]}

    def _sign_in(self, request: PageRequest) -> Any:
        assert set(request.json) == {"email", "password", "formType", "locale"}
        self.done |= {Page.INDEX, *(self.order if self.remembers else ())}
        return {"key": "k"}

    def _add(self, request: PageRequest) -> Any:
        self.in_basket += request.json["quantity"]
        total = f"{float(self.price) * self.in_basket:.2f}"
        self.pre_order |= {"total_amount": total, "unpaid_amount": total, "shipping_amount": None}
        reply = self._basket()
        if self.remembers:
            self.pre_order |= {"delivery_option": {"pk": 7}, "shipping_option": {"pk": 3}}
            self._ship("5.00")
        return reply

    def _basket(self) -> Any:
        return {"basket": {"total_amount": self.pre_order["total_amount"], "total_quantity": self.in_basket}}

    def _inbox(self, request: PageRequest) -> Any:
        self.polls += 1
        ready = self.codes if self.polls > self.inbox_empty_for else []
        return {"messages": [{"code": code} for code in ready]}

    def _send_away(self, request: PageRequest) -> Any:
        if self.redirect_by_header:
            return f"->{self.bank_host}/_bank/?reference=r1"
        return f'<form method="post" action="{self.bank_host}/_bank/"><input name="reference" value="r1"></form>'

    def _send_back(self, request: PageRequest) -> Any:
        status = "failure" if self.declined else "success"
        return (
            f'<form method="POST" action="{ORIGIN}/orders/checkout/?page={self.back_on}">'
            f'<input type="hidden" name="reference" value="r1"><input name="status" value="{status}"></form>'
        )

    def _ship(self, shipping: str) -> None:
        total = f"{float(self.price) * self.in_basket + float(shipping):.2f}"
        self.pre_order |= {
            "total_amount": total,
            "unpaid_amount": total,
            "total_amount_with_interest": total,
            "shipping_amount": shipping,
        }

    def _show(self, page: Page, context: Mapping[str, Any] | None = None, errors: Any = None) -> Any:
        self.page = page
        shown = {**CONTEXTS.get(page, {}), **(context or {})}
        if page in (Page.ADDRESS_SELECTION, Page.RETAIL_STORE):
            shown["addresses"] = [{"pk": pk} for pk in self.addresses]
        if page is Page.DELIVERY_OPTION and self.stores_only:
            shown["delivery_options"] = [{"pk": 8, "delivery_option_type": "retail_store"}]
        if page in AS_RECORDED and not self.shows_options and self.requests[-1].method == "POST":
            shown = {}
        if page is Page.PAYMENT_OPTION or (page in FIRST and self.requests[-1].method == "GET"):
            rows = self.rows or [
                {"pk": 100 + row.pk, "slug": row.slug, "name": row.label, "payment_type": row.slug}
                for row in PAYMENT_OPTIONS.values()
            ]
            shown["payment_options"] = [row for row in rows if row["slug"] not in self.unavailable]
            shown["unavailable_options"] = [row for row in rows if row["slug"] in self.unavailable]
        if page is Page.LOYALTY_MONEY:
            shown["balance"] = self.balance
        document = envelope(page, shown, self.pre_order, errors or self.no_errors)
        if self.cumulative:
            self.contexts += document["context_list"]
            document["context_list"] = list(self.contexts)
        return document

    def _read(self, asked: str | None) -> Any:
        if asked == Page.THANK_YOU:
            assert self.sold
            base = ORIGIN if self.absolute else ""
            context = {"redirect_url": f"{base}/orders/completed/tok/", "order_number": "ON1", "token": "tok"}
            return envelope(None, context, {}, self.no_errors)
        if asked is not None:
            return self._show(Page(asked))
        return self._show(self.page or self._missing())

    def _missing(self) -> Page:
        """The first page that is not done; if all are done, the payment page or the remembered option's page."""
        page = next((page for page in self.order if page not in self.done), None)
        if page is Page.ADDRESS_SELECTION and self.stores_only:
            return Page.RETAIL_STORE
        if page is None and self.remembers_option:
            self.pre_order["payment_option"] = {"slug": self.remembers_option}
            return PAYMENT_OPTIONS[self.remembers_option].first_page
        return page or Page.PAYMENT_OPTION

    def _refuse(self, page: Page, context: Mapping[str, Any] | None = None) -> Any:
        return self._show(page, context, {"non_field_errors": "no"})

    def _post(self, page: Page, form: dict[str, str]) -> Any:
        fields = FORMS[page]
        assert set(fields.required) <= set(form) <= {*fields.required, *fields.optional}, page
        self.pre_order |= {name: {"pk": value} for name, value in form.items() if name in ECHOED}
        if page in (*AS_RECORDED, Page.RETAIL_STORE):
            self.done.add(Page.ADDRESS_SELECTION if page is Page.RETAIL_STORE else page)
            if page is Page.SHIPPING_OPTION:
                self._ship("5.00")
            return self._show(self._missing())
        if page in RETURN_PAGES:
            return self._come_back(page, form)
        special = self._posts.get(page)
        if special is not None and (reply := special(form)) is not None:
            return reply
        if page in AWAY:
            path, self.back_on = AWAY[page]
            return self._show(page, {"redirect_url": (ORIGIN if self.absolute else "") + path})
        return self._show(NEXT[page]) if page in NEXT else self._sell()

    @property
    def _posts(self) -> Mapping[Page, Callable[[dict[str, str]], Any]]:
        """The pages that do more than lead to the next page; ``None`` also leads there."""
        return {
            Page.PAYMENT_OPTION: self._choose_option,
            Page.INSTALLMENT: self._choose_plan,
            Page.MASTERPASS_INSTALLMENT: self._choose_plan,
            Page.CARD_CONFIRMATION: self._confirm_card,
            Page.DELIVERY_PAYMENT_CHOICE: self._choose_cash,
            Page.LOYALTY_MONEY: self._agree_to_credit,
            Page.LOYALTY_USAGE: self._use_credit,
            Page.VERIFY_SMS: self._verify,
            Page.SEND_SMS: self._resend,
        }

    def _come_back(self, page: Page, form: dict[str, str]) -> Any:
        if page is Page.MASTERPASS_COMPLETE:
            assert form == {"token": "wallet-token"}
            return self._sell()
        return self._sell() if form == {"reference": "r1", "status": "success"} else self._refuse(page)

    def _choose_option(self, form: dict[str, str]) -> Any:
        chosen = form["payment_option"]
        if self.rows is not None:
            found = next(row for row in self.rows if chosen in (row["slug"], str(row["pk"])))
            self.pre_order["payment_option"] = found
            return self._show(PAYMENT_OPTIONS[found["payment_type"]].first_page)
        row = next((row for row in PAYMENT_OPTIONS.values() if chosen in (row.slug, str(100 + row.pk))), None)
        if row is None:
            return self._refuse(Page.PAYMENT_OPTION)
        self.pre_order["payment_option"] = {"pk": 100 + row.pk, "slug": row.slug}
        if self.confirms_at_once and row.flow in AT_ONCE:
            return self._show(AT_ONCE[row.flow], CONTEXTS.get(row.first_page))
        return self._show(row.first_page)

    def _choose_plan(self, form: dict[str, str]) -> None:
        if form["installment"] == "2":
            self.pre_order["total_amount_with_interest"] = "99.99"

    def _confirm_card(self, form: dict[str, str]) -> Any:
        self.declined = form.get("card_number") == DECLINED_CARD
        if form["use_three_d"] == "1":
            return None
        return self._refuse(Page.CARD_CONFIRMATION) if self.declined else self._sell()

    def _choose_cash(self, form: dict[str, str]) -> Any:
        self.pre_order["payment_choice"] = {"value": form["payment_choice"]}
        return self._show(Page.PAY_ON_DELIVERY) if self.pod_page else None

    def _agree_to_credit(self, form: dict[str, str]) -> Any:
        pages = {"selected": Page.LOYALTY_SELECTED, "usage": Page.LOYALTY_USAGE}
        return self._show(pages[self.loyalty]) if self.loyalty in pages else None

    def _use_credit(self, form: dict[str, str]) -> Any:
        in_part = float(form["loyalty_amount_to_use"]) < float(self.pre_order["unpaid_amount"])
        return self._show(Page.PAYMENT_OPTION) if in_part else None

    def _resend(self, form: dict[str, str]) -> Any:
        self.expired = False
        return self._send_code()

    def _sell(self) -> Any:
        if self.sms:
            return self._send_code()
        self.sold.append(self.pre_order["payment_option"]["slug"])
        return self._show(Page.THANK_YOU)

    def _send_code(self) -> Any:
        self.codes.append(f"{123456 + len(self.codes)}")
        return self._show(Page.VERIFY_SMS, {"verification": True, "seconds_left": self.seconds_left, "retry": True})

    def _verify(self, form: dict[str, str]) -> Any:
        self.expired |= self.requests[-1].extra_wait > self.seconds_left
        if form["verify_code"] == self.codes[-1] and not self.expired:
            self.sms = False
            return self._sell()
        self.tries += 1
        locked = self.tries >= self.lock_after
        reason = "locked" if locked else "expired" if self.expired else "wrong"
        return self._refuse(Page.VERIFY_SMS, {"verification": True, "retry": not locked, "reason": reason})


@dataclass
class Walk:
    shop: MemoryShop
    context: JourneyContext
    receipt: Receipt | None = None
    failure: JourneyFailed | None = None

    @property
    def outcome(self) -> Outcome:
        return Outcome.OK if self.failure is None else self.failure.outcome


class Walker:
    """Runs a journey in a shop in memory, and returns how it ended."""

    Shop = MemoryShop
    envelope = staticmethod(envelope)
    origin = ORIGIN

    def __call__(
        self,
        shop: MemoryShop,
        option: str = "credit_card",
        journey: str = "guest",
        *,
        policy: ShopperPolicy | None = None,
        order_is_new: Callable[[str], bool] = lambda number: True,
        signed_in: bool = False,
        account: Account | None = None,
        places: LocationPool | None = None,
        products: ProductPool | None = None,
        **spec: Any,
    ) -> Walk:
        if account is None and JOURNEYS[journey].signs_in:
            account = Account("ada@shoppers.example", "Secret-Word-1", phone="06000000001")
        context = JourneyContext(
            spec=JourneySpec(1, journey, option, **spec),
            policy=policy or ShopperPolicy(),
            order_is_new=order_is_new,
            account=account,
            signed_in=signed_in,
            shop_url=ORIGIN,
            places=LocationPool(PINNED) if places is None else places,
            products=ProductPool(("1", "2", "3")) if products is None else products,
        )
        walked = Walk(shop, context)
        try:
            walked.receipt = drive_journey(JOURNEYS[journey].steps(context), shop.fetch)
        except JourneyFailed as failure:
            walked.failure = failure
        return walked


@pytest.fixture(scope="session")
def walker() -> Walker:
    return Walker()
