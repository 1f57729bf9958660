"""Learns from a recording how the person paid: which options the shop offers, which one was chosen, whether it led to an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from scenarios.doctor.exchange import Exchange
from scenarios.doctor.facts import OfferedOption
from scenarios.doctor.har.envelope import Envelope, text_of
from shop.contract import PAYMENT_OPTIONS, RETURN_PAGES, Page
from users.journeys.html_form import first_form

_NAME_KEYS = ("payment_type", "slug", "name")
_COMPLETED = "/completed/"
_LEFT_FOR = frozenset({Page.THREE_D_REDIRECT, Page.REDIRECTION})


@dataclass(slots=True)
class PaymentLearning:
    """What is known of payments so far. ``option_value`` is what the person's browser sent for an option."""

    options: dict[str, OfferedOption] = field(default_factory=dict)
    chosen: str = ""
    option_value: Literal["slug", "pk"] | None = None
    bought: set[str] = field(default_factory=set)
    asked_for_code: set[str] = field(default_factory=set)
    left_for_bank: set[str] = field(default_factory=set)
    three_d: bool = False
    bank_hosts: dict[str, str] = field(default_factory=dict)
    """The host of another site to which an option sends the shopper, by option."""

    def add(
        self, exchange: Exchange, page: Page | None, envelope: Envelope | None, html: str = "", shop: str = ""
    ) -> None:
        """Take the next exchange with its envelope, if it has one; ``html`` is its page, ``shop`` the host it came from."""
        if envelope is not None:
            self._offer(envelope)
        posted = exchange.fields.get("payment_option") if exchange.method == "POST" else None
        if page is Page.PAYMENT_OPTION and text_of(posted) and not (envelope and envelope.refused):
            self._choose(text_of(posted))
        if envelope is not None:
            self._follow(page, envelope)
        if page in _LEFT_FOR:
            self.left_for_bank.add(self.chosen)
            self.three_d |= page is Page.THREE_D_REDIRECT
            if (host := _leads_to(exchange, html)) and host != shop:
                self.bank_hosts[self.chosen] = host
        if page in RETURN_PAGES and exchange.status < 400 and not (envelope and envelope.refused):  # noqa: PLR2004
            self.left_for_bank.discard(self.chosen)
        sent_to_receipt = _COMPLETED in exchange.reply_headers.get("location", "")
        if sent_to_receipt or (page is Page.COMPLETED_ORDER and 200 <= exchange.status < 300):  # noqa: PLR2004
            self._buy()

    def offered(self) -> tuple[OfferedOption, ...]:
        """The options with what was learnt of them; an option that was used but never listed comes last."""
        used = self.bought | self.left_for_bank
        outside = self.left_for_bank - self.bought | set(self.bank_hosts)
        listed = [
            replace(option, covered=name in used, ends_outside=name in outside) for name, option in self.options.items()
        ]
        return tuple(listed)

    def _offer(self, envelope: Envelope) -> None:
        for row in envelope.rows("payment_options"):
            option = _option(row)
            if option.payment_type:
                self.options.setdefault(option.payment_type, option)

    def _choose(self, value: str) -> None:
        for name, option in self.options.items():
            if value in (option.pk, option.slug, option.payment_type):
                self.chosen = name
                self.option_value = "pk" if value == option.pk else "slug"
                return
        if value in PAYMENT_OPTIONS:  # the recording lacks the list
            self.options[value] = OfferedOption(value, value)
            self.chosen, self.option_value = value, "slug"

    def _follow(self, page: Page | None, envelope: Envelope) -> None:
        held = envelope.pre_order.get("payment_option")
        if not self.chosen and isinstance(held, dict) and (option := _option(held)).payment_type:
            self.chosen = option.payment_type
            self.options.setdefault(self.chosen, option)
        if Page.VERIFY_SMS in envelope.pages:
            self.asked_for_code.add(self.chosen)
        shows_receipt = Page.THANK_YOU in envelope.pages or _COMPLETED in text_of(envelope.shown.get("redirect_url"))
        if shows_receipt or (page is Page.THANK_YOU and envelope.shown.get("order_number")):
            self._buy()

    def _buy(self) -> None:
        if self.chosen:
            self.bought.add(self.chosen)
            self.left_for_bank.discard(self.chosen)


def _leads_to(exchange: Exchange, html: str) -> str:
    """The host to which a page on the way to a bank leads; empty if it stays at the shop."""
    form = first_form(html)
    for url in (exchange.reply_headers.get("location", ""), form.action if form else ""):
        try:
            if host := urlsplit(url).hostname:
                return host
        except ValueError:
            continue
    return ""


def _option(row: Mapping[str, Any]) -> OfferedOption:
    kind = next((text for key in _NAME_KEYS if (text := text_of(row.get(key)))), "")
    return OfferedOption(
        kind[:60], text_of(row.get("slug"))[:60], text_of(row.get("pk"))[:20], text_of(row.get("name"))[:60]
    )
