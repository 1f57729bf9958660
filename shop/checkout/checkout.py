"""The checkout: it keeps the order of the pages, whatever page is requested, and completes each order once."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from shop.checkout.context import CheckoutContext, PostResult
from shop.checkout.payments import HANDLERS, use_credit
from shop.checkout.steps import (
    STEP_HANDLERS,
    first_missing_step,
    keep_early_choice,
    restore_saved_choices,
    saved_choices_of,
    step_order,
)
from shop.checkout.views import basket_is_empty, entry, envelope, page_context, pre_order_document, thank_you
from shop.contract import PAYMENT_OPTIONS, RETURN_PAGES, Page
from shop.customers.address_book import owner_document
from shop.customers.session import Session, SessionStore
from shop.forms import FORMS, Form, check_fields
from shop.http_messages import Errors, refused
from shop.ledger import Ledger, Order
from shop.packed import PackedDocument
from shop.settings import FaultName, Settings
from shop.sms import MESSAGES, CodeResult, SmsService

Document = dict[str, Any]

NOTE_AND_COUPON = frozenset({Page.ORDER_NOTE, Page.COUPON})
"""Pages that can be requested and posted at any time; they are no steps."""


class Checkout:
    """Answers the pages of ``/orders/checkout/``.

    The state is in the pre-order. A reply shows the current page of the shopper: the first step that is not done, whatever
    page was requested.
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

    def context(
        self, session: Session, now: float, origin: str, active_faults: frozenset[FaultName] = frozenset()
    ) -> CheckoutContext:
        """The context of one request, with the current settings."""
        return CheckoutContext(session, self._settings(), now, origin, self._rng, active_faults)

    def show(self, page: Page | None, context: CheckoutContext) -> Document:
        """Answer a GET: show the requested page if it was shown before, else the current page."""
        session, last = context.session, context.session.last_order
        if page is Page.THANK_YOU and last is not None and not session.basket.lines:
            # In the API description, this entry has no name.
            return envelope(context.conventions, [{"page_context": thank_you(context, last)}], last.pre_order.read())
        if not session.basket.lines:
            return basket_is_empty(context.conventions)
        restore_saved_choices(context)
        if page is None:
            return self._reply(context, self._current_page(context), opened=True)
        return self._reply(context, page if self._was_shown(page, context) else self._current_page(context))

    def post(self, page: Page, form: Form, context: CheckoutContext) -> Document:
        """Answer a POST: accept the form if the page is due, and show the next page."""
        if page not in FORMS:
            raise refused(HTTPStatus.METHOD_NOT_ALLOWED, "This page is only ever read.")
        if not context.session.basket.lines:
            return self._repeat_completion(page, form, context)
        restore_saved_choices(context)
        if page in STEP_HANDLERS:
            return self._choose(page, form, context)
        if page in NOTE_AND_COUPON:
            return self._update_note_or_coupon(page, form, context)
        if first_missing_step(context) is not Page.PAYMENT_OPTION:
            return self._reply_out_of_turn(page, context)
        if page in (Page.VERIFY_SMS, Page.SEND_SMS):
            return self._verify(page, form, context)
        return self._pay(page, form, context)

    def _current_page(self, context: CheckoutContext) -> Page:
        payment = context.pre_order.payment
        missing = first_missing_step(context)
        if missing is not Page.PAYMENT_OPTION or payment is None:
            return missing
        return Page.VERIFY_SMS if context.pre_order.verification else payment.page

    def _was_shown(self, page: Page, context: CheckoutContext) -> bool:
        standing, order, session = self._current_page(context), step_order(context), context.session
        if page in order:
            if page is Page.INDEX and session.account is not None:
                return False
            return standing not in order or order.index(page) <= order.index(standing)
        if page in NOTE_AND_COUPON or page is Page.LOYALTY_USAGE:
            return session.is_known
        payment = context.pre_order.payment
        return page is standing or (standing not in order and payment is not None and page in payment.visited)

    def _choose(self, page: Page, form: Form, context: CheckoutContext) -> Document:
        if not self._was_shown(page, context):
            keep_early_choice(page, form, context)
            return self._reply(context, self._current_page(context))
        if errors := check_fields(page, form, strict=context.strict) or STEP_HANDLERS[page](form, context):
            return self._reply(context, page, errors)
        restore_saved_choices(context)
        return self._reply(context, self._current_page(context))

    def _update_note_or_coupon(self, page: Page, form: Form, context: CheckoutContext) -> Document:
        """Take a note or a coupon. Neither is a step, so no choice changes."""
        errors = check_fields(page, form, strict=context.strict)
        if page is Page.COUPON:
            return self._reply(context, page, errors or {"coupon": ["This coupon is not one of yours."]})
        if not errors:
            context.pre_order.notes = form.get("notes") or None
        return self._reply(context, self._current_page(context), errors)

    def _pay(self, page: Page, form: Form, context: CheckoutContext) -> Document:
        pre_order = context.pre_order
        if pre_order.verification is not None and pre_order.verification.locked:
            pre_order.verification.reason = CodeResult.LOCKED
            return self._reply(context, Page.VERIFY_SMS, {"verify_code": [MESSAGES[CodeResult.LOCKED]]})
        if page is Page.LOYALTY_USAGE:
            return self._use_credit(form, context)
        handler = HANDLERS[pre_order.payment.option.flow] if pre_order.payment else None
        if handler is None or not handler.may_post(page, context):
            return self._reply_out_of_turn(page, context)
        errors = check_fields(page, form, strict=context.strict)
        step = PostResult(errors=errors) if errors else handler.posts[page](form, context)
        if step.errors:
            stays_on = page if page in context.payment.visited else context.payment.page
            return self._reply(context, stays_on, step.errors)
        if step.page is None:
            return self._complete(page, context)
        self._advance(page, step.page, context)
        return self._reply(context, self._current_page(context), page_extras=step.page_extras)

    def _advance(self, page: Page, following: Page, context: CheckoutContext) -> None:
        payment = context.payment
        seen = payment.visited
        shown = seen[: seen.index(page)] if page in seen else seen
        payment.visited = list(dict.fromkeys([*shown, page, following]))
        payment.page = following
        context.pre_order.verification = None

    def _use_credit(self, form: Form, context: CheckoutContext) -> Document:
        if errors := check_fields(Page.LOYALTY_USAGE, form, strict=context.strict):
            return self._reply(context, self._current_page(context), errors)
        step = use_credit(form, context)
        return self._reply(context, self._current_page(context), step.errors)

    def _reply_out_of_turn(self, page: Page, context: CheckoutContext) -> Document:
        errors = None
        if page in RETURN_PAGES:
            # No return from a bank is expected. A missing earlier step is not the reason.
            name = FORMS[page].required[0]
            errors = {name: ["This payment is not expected, or no longer."]}
        return self._reply(context, self._current_page(context), errors)

    def _verify(self, page: Page, form: Form, context: CheckoutContext) -> Document:
        verification, pre_order = context.pre_order.verification, context.pre_order
        if verification is None:
            return self._reply_out_of_turn(page, context)
        if errors := check_fields(page, form, strict=context.strict):
            return self._reply(context, Page.VERIFY_SMS, errors)
        if page is Page.SEND_SMS:
            lost = FaultName.LOST_SMS in context.active_faults
            pre_order.verification = verification = self._sms.resend(verification, context.now, lost=lost)
            reason, field_name = verification.reason, "non_field_errors"
        else:
            reason, field_name = self._sms.verify(verification, form["verify_code"], context.now), "verify_code"
            if reason is CodeResult.RIGHT:
                return self._complete_order(page, context)
        return self._reply(context, Page.VERIFY_SMS, {field_name: [MESSAGES[reason]]} if reason else None)

    def _complete(self, page: Page, context: CheckoutContext) -> Document:
        pre_order, slug, phone = context.pre_order, context.payment.option.slug, context.session.phone
        if pre_order.verification is None:
            if not self._sms.requires_code(slug, phone):
                return self._complete_order(page, context)
            pre_order.verification = self._sms.send(
                phone, context.now, lost=FaultName.LOST_SMS in context.active_faults
            )
        return self._reply(context, Page.VERIFY_SMS)

    def _complete_order(self, page: Page, context: CheckoutContext) -> Document:
        session, pre_order, payment, account = (
            context.session,
            context.pre_order,
            context.payment,
            context.session.account,
        )
        number = self._ledger.next_id()
        repeated = self._ledger.first_number if FaultName.REPEATED_ORDER_NUMBER in context.active_faults else ""
        verification = pre_order.verification
        order = Order(
            id=number,
            number=repeated or f"ON{100_000 + number}",
            token=f"{self._rng.getrandbits(128):032x}",
            slug=payment.option.slug,
            amount=context.bill.charged,
            email=session.email,
            pre_order=PackedDocument(pre_order_document(context)),
            completed_by=page,
            placed=context.now,
            customer=PackedDocument(owner_document(session)),
            interest=context.bill.interest,
            installments=payment.plan.count if payment.plan else 1,
            bin_number=payment.bin_number,
            checkout_token=pre_order.token,
            proof=payment.token if page is Page.MASTERPASS_COMPLETE else payment.reference,
            new_user=account is not None and account.orders == 0,
            verified=self._sms.page_context(verification, context.now) if verification else {},
        )
        self._ledger.add(order)
        if account is not None:
            account.orders += 1
            account.saved_choices = saved_choices_of(session)
        session.last_order = order
        session.basket = self._sessions.fresh_basket()
        session.pre_order = self._sessions.fresh_pre_order()
        return self._thank_you(context, order)

    def _thank_you(self, context: CheckoutContext, order: Order) -> Document:
        fields = thank_you(context, order) | order.verified
        return envelope(
            context.conventions, [entry(context.conventions, Page.THANK_YOU, fields)], order.pre_order.read()
        )

    def _repeat_completion(self, page: Page, form: Form, context: CheckoutContext) -> Document:
        """Answer a repeated completing post, whose reply was lost, with the existing order.

        The same holds for another page that completes orders of this payment option.
        """
        last = context.session.last_order
        if last is None or page not in {last.completed_by, *HANDLERS[PAYMENT_OPTIONS[last.slug].flow].completes}:
            return basket_is_empty(context.conventions)
        if page in RETURN_PAGES and form.get(FORMS[page].required[0]) != last.proof:
            return basket_is_empty(context.conventions)
        if page is last.completed_by:
            self._ledger.double_completions += 1
        return self._thank_you(context, last)

    def _reply(
        self,
        context: CheckoutContext,
        page: Page,
        errors: Errors | None = None,
        *,
        page_extras: Mapping[str, Any] | None = None,
        opened: bool = False,
    ) -> Document:
        """The envelope that shows a page. ``opened`` says that the request named no page."""
        shape = context.conventions.context_list
        pages = (
            self._pages_up_to(page, context) if shape == "cumulative" or (opened and shape == "recorded") else [page]
        )
        entries = [entry(context.conventions, shown, self._page_context(shown, context)) for shown in pages]
        if page_extras:
            entries[-1]["page_context"] = {**entries[-1]["page_context"], **page_extras}
        return envelope(context.conventions, entries, pre_order_document(context), errors)

    def _pages_up_to(self, page: Page, context: CheckoutContext) -> list[Page]:
        order = step_order(context)
        if page in order:
            return list(order[: order.index(page) + 1])
        visited = context.pre_order.payment.visited if context.pre_order.payment else []
        shown = visited[: visited.index(page)] if page in visited else visited
        return [*order, *shown, page]

    def _page_context(self, page: Page, context: CheckoutContext) -> Document:
        verification = context.pre_order.verification
        if page is Page.VERIFY_SMS and verification is not None:
            return self._sms.page_context(verification, context.now)
        return page_context(page, context)
