"""The checkout: pages in their order, whatever order they are asked for in, and each order sold once."""

from __future__ import annotations

import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from shop.accounts import Choices
from shop.choosing import CHOICES, ORDER, first_missing, recall
from shop.contract import FORMS, RETURN_PAGES, Page
from shop.exchange import Errors, refused
from shop.forms import Form, check_fields
from shop.ledger import Ledger, Order
from shop.payments import HANDLERS, use_credit
from shop.session import Session, SessionStore
from shop.settings import FaultName, Settings
from shop.sms import MESSAGES, SmsOffice, Tried
from shop.till import Step, Till
from shop.views import basket_is_empty, entry, envelope, page_context, pre_order_document, thank_you

Document = dict[str, Any]


class Checkout:
    """Answers the pages of ``/orders/checkout/`` for one session at a time.

    The state is the pre-order's, so a reply shows where the shopper now stands: the page that is missing first, whatever
    page she asked for.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        sessions: SessionStore,
        sms: SmsOffice,
        ledger: Ledger,
        rng: random.Random,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._sms = sms
        self._ledger = ledger
        self._rng = rng

    def till(self, session: Session, now: float, origin: str, broken: frozenset[FaultName] = frozenset()) -> Till:
        """A shopper at the till, as the settings of the moment have it."""
        return Till(session, self._settings(), now, origin, self._rng, broken)

    def show(self, page: Page | None, till: Till) -> Document:
        """Answer a GET: the page asked for if the shopper has come so far, or else the one she stands on."""
        session, last = till.session, till.session.last_order
        if page is Page.THANK_YOU and last is not None and not session.basket.lines:
            # The description prints this entry without a name.
            return envelope(till.conventions, [{"page_context": thank_you(till, last)}], last.pre_order)
        if not session.basket.lines:
            return self._empty(till)
        recall(session)
        standing = self._standing(session)
        return self._reply(till, page if page and self._was_shown(page, standing, session) else standing)

    def post(self, page: Page, form: Form, till: Till) -> Document:
        """Answer a POST: take what was sent if it is its turn, and show what comes next."""
        session = till.session
        if page not in FORMS:
            raise refused(HTTPStatus.METHOD_NOT_ALLOWED, "This page is only ever read.")
        if not session.basket.lines:
            return self._once_more(page, form, till)
        recall(session)
        if page in CHOICES:
            return self._choose(page, form, till)
        if first_missing(session) is not Page.PAYMENT_OPTION:
            return self._out_of_turn(page, till)
        if page in (Page.VERIFY_SMS, Page.SEND_SMS):
            return self._verify(page, form, till)
        return self._pay(page, form, till)

    def _empty(self, till: Till) -> Document:
        return basket_is_empty(till.conventions, pre_order_document(till.session))

    def _standing(self, session: Session) -> Page:
        payment = session.pre_order.payment
        missing = first_missing(session)
        if missing is not Page.PAYMENT_OPTION or payment is None:
            return missing
        return Page.VERIFY_SMS if session.pre_order.verification else payment.page

    def _was_shown(self, page: Page, standing: Page, session: Session) -> bool:
        if page in ORDER:
            if page is Page.INDEX and session.account is not None:
                return False
            return standing not in ORDER or ORDER.index(page) <= ORDER.index(standing)
        payment = session.pre_order.payment
        return page is standing or (standing not in ORDER and payment is not None and page in payment.visited)

    def _choose(self, page: Page, form: Form, till: Till) -> Document:
        session = till.session
        if not self._was_shown(page, self._standing(session), session):
            return self._reply(till, self._standing(session))
        if errors := check_fields(page, form) or CHOICES[page](form, till):
            return self._reply(till, page, errors)
        recall(session)
        return self._reply(till, self._standing(session))

    def _pay(self, page: Page, form: Form, till: Till) -> Document:
        pre_order = till.pre_order
        if pre_order.verification is not None and pre_order.verification.locked:
            pre_order.verification.reason = Tried.LOCKED
            return self._reply(till, Page.VERIFY_SMS, {"verify_code": [MESSAGES[Tried.LOCKED]]})
        if page is Page.LOYALTY_USAGE:
            return self._use_credit(form, till)
        handler = HANDLERS[pre_order.payment.option.flow] if pre_order.payment else None
        if handler is None or not handler.may_post(page, till):
            return self._out_of_turn(page, till)
        errors = check_fields(page, form)
        step = Step(errors=errors) if errors else handler.posts[page](form, till)
        if step.errors:
            stays_on = page if page in till.payment.visited else till.payment.page
            return self._reply(till, stays_on, step.errors)
        if step.page is None:
            return self._complete(page, till)
        self._go_on(page, step.page, till)
        return self._reply(till, self._standing(till.session))

    def _go_on(self, page: Page, following: Page, till: Till) -> None:
        payment = till.payment
        seen = payment.visited
        shown = seen[: seen.index(page)] if page in seen else seen
        payment.visited = list(dict.fromkeys([*shown, page, following]))
        payment.page = following
        till.pre_order.verification = None

    def _use_credit(self, form: Form, till: Till) -> Document:
        if errors := check_fields(Page.LOYALTY_USAGE, form):
            return self._reply(till, self._standing(till.session), errors)
        step = use_credit(form, till)
        return self._reply(till, self._standing(till.session), step.errors)

    def _out_of_turn(self, page: Page, till: Till) -> Document:
        errors = None
        if page in RETURN_PAGES:
            # Nobody is expected back from a bank: a page earlier would not be what is missing.
            name = FORMS[page].required[0]
            errors = {name: ["This payment is not expected, or no longer."]}
        return self._reply(till, self._standing(till.session), errors)

    def _verify(self, page: Page, form: Form, till: Till) -> Document:
        verification, pre_order = till.pre_order.verification, till.pre_order
        if verification is None:
            return self._out_of_turn(page, till)
        if errors := check_fields(page, form):
            return self._reply(till, Page.VERIFY_SMS, errors)
        if page is Page.SEND_SMS:
            lost = FaultName.LOST_SMS in till.broken
            pre_order.verification = verification = self._sms.resend(verification, till.now, lost=lost)
            reason, field_name = verification.reason, "non_field_errors"
        else:
            reason, field_name = self._sms.verify(verification, form["verify_code"], till.now), "verify_code"
            if reason is Tried.RIGHT:
                return self._sell(page, till)
        return self._reply(till, Page.VERIFY_SMS, {field_name: [MESSAGES[reason]]} if reason else None)

    def _complete(self, page: Page, till: Till) -> Document:
        pre_order, slug, phone = till.pre_order, till.payment.option.slug, till.session.phone
        if pre_order.verification is None:
            if not self._sms.asks(slug, phone):
                return self._sell(page, till)
            pre_order.verification = self._sms.send(phone, till.now, lost=FaultName.LOST_SMS in till.broken)
        return self._reply(till, Page.VERIFY_SMS)

    def _sell(self, page: Page, till: Till) -> Document:
        session, pre_order, payment, account = till.session, till.pre_order, till.payment, till.session.account
        number = self._ledger.next_id()
        repeated = self._ledger.first_number if FaultName.REPEATED_ORDER_NUMBER in till.broken else ""
        verification = pre_order.verification
        order = Order(
            id=number,
            number=repeated or f"ON{100_000 + number}",
            token=f"{self._rng.getrandbits(128):032x}",
            slug=payment.option.slug,
            amount=till.bill.charged,
            email=session.email,
            lines=[line.document() for line in session.basket.lines.values()],
            pre_order=pre_order_document(session),
            sold_on=page,
            proof=payment.token if page is Page.MASTERPASS_COMPLETE else payment.reference,
            new_user=account is not None and account.orders == 0,
            verified=self._sms.page_context(verification, till.now) if verification else {},
        )
        self._ledger.sell(order)
        if account is not None:
            account.orders += 1
            account.remembered = _choices_of(session)
        session.last_order = order
        session.basket = self._sessions.fresh_basket()
        session.pre_order = self._sessions.fresh_pre_order()
        return self._thanks(till, order)

    def _thanks(self, till: Till, order: Order) -> Document:
        context = thank_you(till, order) | order.verified
        return envelope(till.conventions, [entry(till.conventions, Page.THANK_YOU, context)], order.pre_order)

    def _once_more(self, page: Page, form: Form, till: Till) -> Document:
        """A completing post that comes again, as its reply was lost, is answered with the order it made."""
        last = till.session.last_order
        if last is None or page is not last.sold_on:
            return self._empty(till)
        if page in RETURN_PAGES and form.get(FORMS[page].required[0]) != last.proof:
            return self._empty(till)
        self._ledger.double_completions += 1
        return self._thanks(till, last)

    def _reply(self, till: Till, page: Page, errors: Errors | None = None) -> Document:
        pages = [page]
        if till.conventions.context_list == "cumulative":
            pages = self._up_to(page, till.session)
        entries = [entry(till.conventions, shown, self._context(shown, till)) for shown in pages]
        return envelope(till.conventions, entries, pre_order_document(till.session), errors)

    def _up_to(self, page: Page, session: Session) -> list[Page]:
        first = 0 if session.account is None else 1
        if page in ORDER:
            return list(ORDER[first : ORDER.index(page) + 1])
        visited = session.pre_order.payment.visited if session.pre_order.payment else []
        shown = visited[: visited.index(page)] if page in visited else visited
        return [*ORDER[first:], *shown, page]

    def _context(self, page: Page, till: Till) -> Document:
        verification = till.pre_order.verification
        if page is Page.VERIFY_SMS and verification is not None:
            return self._sms.page_context(verification, till.now)
        return page_context(page, till)


def _choices_of(session: Session) -> Choices | None:
    chosen = session.pre_order
    if not (chosen.shipping_address and chosen.billing_address and chosen.delivery and chosen.shipping):
        return None
    return Choices(
        str(chosen.shipping_address["pk"]),
        str(chosen.billing_address["pk"]),
        str(chosen.delivery.pk),
        str(chosen.shipping.pk),
    )
