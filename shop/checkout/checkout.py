"""The checkout: pages in their order, whatever order they are asked for in, and each order sold once."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from shop.checkout.context import CheckoutContext, Step
from shop.checkout.payments import HANDLERS, use_credit
from shop.checkout.steps import (
    CHOICES,
    first_missing_step,
    keep_early_choice,
    order_of,
    restore_saved_choices,
    saved_choices_of,
)
from shop.checkout.views import basket_is_empty, entry, envelope, page_context, pre_order_document, thank_you
from shop.contract import FORMS, PAYMENT_OPTIONS, RETURN_PAGES, Page
from shop.customers.address_book import owner_document
from shop.customers.session import Session, SessionStore
from shop.forms import Form, check_fields
from shop.http_messages import Errors, refused
from shop.ledger import Ledger, Order
from shop.settings import FaultName, Settings
from shop.sms import MESSAGES, CodeResult, SmsService

Document = dict[str, Any]

NOTE_AND_COUPON = frozenset({Page.ORDER_NOTE, Page.COUPON})
"""Pages that may be asked for and posted at any time, and are no step of the checkout."""


class Checkout:
    """Answers the pages of ``/orders/checkout/`` for one session at a time.

    The state is the pre-order's, so a reply shows where the shopper now stands: the page that is missing first, whatever
    page she asked for.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        sessions: SessionStore,
        sms: SmsService,
        ledger: Ledger,
        rng: random.Random,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._sms = sms
        self._ledger = ledger
        self._rng = rng

    def till(
        self, session: Session, now: float, origin: str, broken: frozenset[FaultName] = frozenset()
    ) -> CheckoutContext:
        """A shopper at the till, as the settings of the moment have it."""
        return CheckoutContext(session, self._settings(), now, origin, self._rng, broken)

    def show(self, page: Page | None, till: CheckoutContext) -> Document:
        """Answer a GET: the page asked for if the shopper has come so far, or else the one they stand on."""
        session, last = till.session, till.session.last_order
        if page is Page.THANK_YOU and last is not None and not session.basket.lines:
            # The description prints this entry without a name.
            return envelope(till.conventions, [{"page_context": thank_you(till, last)}], last.pre_order)
        if not session.basket.lines:
            return basket_is_empty(till.conventions)
        restore_saved_choices(till)
        if page is None:
            return self._reply(till, self._standing(till), opened=True)
        return self._reply(till, page if self._was_shown(page, till) else self._standing(till))

    def post(self, page: Page, form: Form, till: CheckoutContext) -> Document:
        """Answer a POST: take what was sent if it is its turn, and show what comes next."""
        if page not in FORMS:
            raise refused(HTTPStatus.METHOD_NOT_ALLOWED, "This page is only ever read.")
        if not till.session.basket.lines:
            return self._repeat_completion(page, form, till)
        restore_saved_choices(till)
        if page in CHOICES:
            return self._choose(page, form, till)
        if page in NOTE_AND_COUPON:
            return self._update_note_or_coupon(page, form, till)
        if first_missing_step(till) is not Page.PAYMENT_OPTION:
            return self._reply_out_of_turn(page, till)
        if page in (Page.VERIFY_SMS, Page.SEND_SMS):
            return self._verify(page, form, till)
        return self._pay(page, form, till)

    def _standing(self, till: CheckoutContext) -> Page:
        payment = till.pre_order.payment
        missing = first_missing_step(till)
        if missing is not Page.PAYMENT_OPTION or payment is None:
            return missing
        return Page.VERIFY_SMS if till.pre_order.verification else payment.page

    def _was_shown(self, page: Page, till: CheckoutContext) -> bool:
        standing, order, session = self._standing(till), order_of(till), till.session
        if page in order:
            if page is Page.INDEX and session.account is not None:
                return False
            return standing not in order or order.index(page) <= order.index(standing)
        if page in NOTE_AND_COUPON or page is Page.LOYALTY_USAGE:
            return session.is_known
        payment = till.pre_order.payment
        return page is standing or (standing not in order and payment is not None and page in payment.visited)

    def _choose(self, page: Page, form: Form, till: CheckoutContext) -> Document:
        if not self._was_shown(page, till):
            keep_early_choice(page, form, till)
            return self._reply(till, self._standing(till))
        if errors := check_fields(page, form, strict=till.strict) or CHOICES[page](form, till):
            return self._reply(till, page, errors)
        restore_saved_choices(till)
        return self._reply(till, self._standing(till))

    def _update_note_or_coupon(self, page: Page, form: Form, till: CheckoutContext) -> Document:
        """A note for the order, or a coupon: neither is a step, and nothing that is chosen changes."""
        errors = check_fields(page, form, strict=till.strict)
        if page is Page.COUPON:
            return self._reply(till, page, errors or {"coupon": ["This coupon is not one of yours."]})
        if not errors:
            till.pre_order.notes = form.get("notes") or None
        return self._reply(till, self._standing(till), errors)

    def _pay(self, page: Page, form: Form, till: CheckoutContext) -> Document:
        pre_order = till.pre_order
        if pre_order.verification is not None and pre_order.verification.locked:
            pre_order.verification.reason = CodeResult.LOCKED
            return self._reply(till, Page.VERIFY_SMS, {"verify_code": [MESSAGES[CodeResult.LOCKED]]})
        if page is Page.LOYALTY_USAGE:
            return self._use_credit(form, till)
        handler = HANDLERS[pre_order.payment.option.flow] if pre_order.payment else None
        if handler is None or not handler.may_post(page, till):
            return self._reply_out_of_turn(page, till)
        errors = check_fields(page, form, strict=till.strict)
        step = Step(errors=errors) if errors else handler.posts[page](form, till)
        if step.errors:
            stays_on = page if page in till.payment.visited else till.payment.page
            return self._reply(till, stays_on, step.errors)
        if step.page is None:
            return self._complete(page, till)
        self._go_on(page, step.page, till)
        return self._reply(till, self._standing(till), told=step.told)

    def _go_on(self, page: Page, following: Page, till: CheckoutContext) -> None:
        payment = till.payment
        seen = payment.visited
        shown = seen[: seen.index(page)] if page in seen else seen
        payment.visited = list(dict.fromkeys([*shown, page, following]))
        payment.page = following
        till.pre_order.verification = None

    def _use_credit(self, form: Form, till: CheckoutContext) -> Document:
        if errors := check_fields(Page.LOYALTY_USAGE, form, strict=till.strict):
            return self._reply(till, self._standing(till), errors)
        step = use_credit(form, till)
        return self._reply(till, self._standing(till), step.errors)

    def _reply_out_of_turn(self, page: Page, till: CheckoutContext) -> Document:
        errors = None
        if page in RETURN_PAGES:
            # Nobody is expected back from a bank: a page earlier would not be what is missing.
            name = FORMS[page].required[0]
            errors = {name: ["This payment is not expected, or no longer."]}
        return self._reply(till, self._standing(till), errors)

    def _verify(self, page: Page, form: Form, till: CheckoutContext) -> Document:
        verification, pre_order = till.pre_order.verification, till.pre_order
        if verification is None:
            return self._reply_out_of_turn(page, till)
        if errors := check_fields(page, form, strict=till.strict):
            return self._reply(till, Page.VERIFY_SMS, errors)
        if page is Page.SEND_SMS:
            lost = FaultName.LOST_SMS in till.broken
            pre_order.verification = verification = self._sms.resend(verification, till.now, lost=lost)
            reason, field_name = verification.reason, "non_field_errors"
        else:
            reason, field_name = self._sms.verify(verification, form["verify_code"], till.now), "verify_code"
            if reason is CodeResult.RIGHT:
                return self._sell(page, till)
        return self._reply(till, Page.VERIFY_SMS, {field_name: [MESSAGES[reason]]} if reason else None)

    def _complete(self, page: Page, till: CheckoutContext) -> Document:
        pre_order, slug, phone = till.pre_order, till.payment.option.slug, till.session.phone
        if pre_order.verification is None:
            if not self._sms.asks(slug, phone):
                return self._sell(page, till)
            pre_order.verification = self._sms.send(phone, till.now, lost=FaultName.LOST_SMS in till.broken)
        return self._reply(till, Page.VERIFY_SMS)

    def _sell(self, page: Page, till: CheckoutContext) -> Document:
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
            pre_order=pre_order_document(till),
            sold_on=page,
            placed=till.now,
            customer=owner_document(session),
            interest=till.bill.interest,
            installments=payment.plan.count if payment.plan else 1,
            bin_number=payment.bin_number,
            checkout_token=pre_order.token,
            proof=payment.token if page is Page.MASTERPASS_COMPLETE else payment.reference,
            new_user=account is not None and account.orders == 0,
            verified=self._sms.page_context(verification, till.now) if verification else {},
        )
        self._ledger.sell(order)
        if account is not None:
            account.orders += 1
            account.remembered = saved_choices_of(session)
        session.last_order = order
        session.basket = self._sessions.fresh_basket()
        session.pre_order = self._sessions.fresh_pre_order()
        return self._thanks(till, order)

    def _thanks(self, till: CheckoutContext, order: Order) -> Document:
        context = thank_you(till, order) | order.verified
        return envelope(till.conventions, [entry(till.conventions, Page.THANK_YOU, context)], order.pre_order)

    def _repeat_completion(self, page: Page, form: Form, till: CheckoutContext) -> Document:
        """A completing post that comes again, as its reply was lost, is answered with the order it made.

        So is another page that completes orders of this payment option.
        """
        last = till.session.last_order
        if last is None or page not in {last.sold_on, *HANDLERS[PAYMENT_OPTIONS[last.slug].flow].completes}:
            return basket_is_empty(till.conventions)
        if page in RETURN_PAGES and form.get(FORMS[page].required[0]) != last.proof:
            return basket_is_empty(till.conventions)
        if page is last.sold_on:
            self._ledger.double_completions += 1
        return self._thanks(till, last)

    def _reply(
        self,
        till: CheckoutContext,
        page: Page,
        errors: Errors | None = None,
        *,
        told: Mapping[str, Any] | None = None,
        opened: bool = False,
    ) -> Document:
        """An envelope that shows a page; ``opened``: the checkout was opened, no page of it was asked for."""
        shape = till.conventions.context_list
        pages = self._pages_up_to(page, till) if shape == "cumulative" or (opened and shape == "recorded") else [page]
        entries = [entry(till.conventions, shown, self._context(shown, till)) for shown in pages]
        if told:
            entries[-1]["page_context"] = {**entries[-1]["page_context"], **told}
        return envelope(till.conventions, entries, pre_order_document(till), errors)

    def _pages_up_to(self, page: Page, till: CheckoutContext) -> list[Page]:
        order = order_of(till)
        if page in order:
            return list(order[: order.index(page) + 1])
        visited = till.pre_order.payment.visited if till.pre_order.payment else []
        shown = visited[: visited.index(page)] if page in visited else visited
        return [*order, *shown, page]

    def _context(self, page: Page, till: CheckoutContext) -> Document:
        verification = till.pre_order.verification
        if page is Page.VERIFY_SMS and verification is not None:
            return self._sms.page_context(verification, till.now)
        return page_context(page, till)
