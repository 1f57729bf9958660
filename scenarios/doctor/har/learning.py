"""Learns from the exchanges of a recording, one after the other, what a scenario for this shop needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from harness.allowed_targets import is_loopback
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.facts import ShopFacts
from scenarios.doctor.har.envelope import Envelope, envelope_of, text_of
from scenarios.doctor.har.payment_learning import PaymentLearning
from scenarios.doctor.har.recipe_learning import RecipeLearning
from scenarios.doctor.har.recording import RecordedExchange
from scenarios.doctor.har.think_gaps import ThinkGaps
from shop.contract import COOKIE_CSRF, HEADER_CSRF, RETURN_PAGES, Page
from shop.forms import FORMS
from users.journeys.html_form import csrf_token_in

_MOST_PRODUCTS = 5
_PK = re.compile(r"[\w-]{1,40}", re.ASCII)
_CODE = re.compile(r"[A-Za-z]{2,5}(?:-[A-Za-z]{2})?")
_COOKIE = re.compile(r"(?:^|;\s*)(pz-locale|pz-currency)=([\w-]+)")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_MOST_FIELDS = 10
_LONGEST_PAGE = 65_536
_ADDRESS_FIELDS = frozenset(
    {"title", "first_name", "last_name", "phone_number", "email", "country", "city", "township", "district", "line"}
    | {"postcode", "is_corporate", "type"}
)


@dataclass(slots=True)
class Learner:
    """Takes the exchanges of a recording in the order of time, and keeps only what was learnt."""

    payments: PaymentLearning = field(default_factory=PaymentLearning)
    recipes: RecipeLearning = field(default_factory=RecipeLearning)
    thinking: ThinkGaps = field(default_factory=ThinkGaps)
    products: dict[str, None] = field(default_factory=dict)
    direct_hosts: dict[str, int] = field(default_factory=dict)
    """How many requests the browser sent to each host of the shop."""
    proxied: bool = False
    signed_in: bool = False
    guests_allowed: bool | None = None
    adds_address: bool = False
    locale: str = ""
    currency: str = ""
    wants_authorization: bool = False
    captchas: dict[str, None] = field(default_factory=dict)
    """The pages that were posted with the answer to a captcha."""
    extra_fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of fields that checkload does not send, by page."""
    languages: set[str] = field(default_factory=set)
    """What stands before the paths that the browser asked of the shop itself; empty: nothing."""
    _person: int = 0
    _token_shown: bool = False
    _token_sent: bool = False
    _token_in_cookie: bool = False
    _cookies_recorded: bool = False

    def add(self, recorded: RecordedExchange, document: Mapping[str, Any]) -> None:
        """Take the next exchange; ``document`` is its reply as a JSON object, empty if it is none."""
        exchange, meaning = recorded.exchange, recorded.meaning
        page, envelope = meaning.page, envelope_of(document)
        if recorded.person != self._person:
            self._person, self.payments.chosen = recorded.person, ""
            self.thinking.next_person()
        self.proxied |= meaning.proxied
        if not meaning.proxied and document:
            host = urlsplit(meaning.origin).hostname or ""
            self.direct_hosts[host] = self.direct_hosts.get(host, 0) + 1
            self.languages.add(meaning.language)
            self._set_locale(meaning.language.strip("/"))
            self.wants_authorization |= "authorization" in exchange.headers
        self.thinking.add(exchange, page, meaning.page_name)
        html = text_of(document.get("result")) if document else exchange.body[:_LONGEST_PAGE].decode(errors="replace")
        self.payments.add(exchange, page, envelope, html, urlsplit(meaning.origin).hostname or "")
        self.recipes.add(exchange, page, meaning.page_name, envelope, self.payments.chosen)
        self._token(exchange, page)
        self._language(exchange)
        self._shopper(exchange, page, envelope, document)
        self._fields(exchange, page, meaning.page_name)

    def see_page(self, recorded: RecordedExchange) -> None:
        """Take a page of the storefront that the browser opened: the receipt means that the person has bought."""
        if recorded.meaning.page is Page.COMPLETED_ORDER:
            self.payments.add(recorded.exchange, Page.COMPLETED_ORDER, None)

    @property
    def main_host(self) -> str:
        """The host of the shop that got most requests; empty if there is none."""
        return max(filter(None, self.direct_hosts), key=lambda name: self.direct_hosts[name], default="")

    @property
    def csrf_in_page(self) -> bool:
        """Whether the browser sent a CSRF token that a reply has shown, and that is in no cookie."""
        sent = self._token_sent and self._token_shown and not self.proxied
        return sent and self._cookies_recorded and not self._token_in_cookie

    def facts(self, host: str, source: str) -> ShopFacts:
        """What was learnt; ``host`` is the shop's host if the command line names it, ``source`` says what was read."""
        target = host or self.main_host
        journey = ("first_time" if self.adds_address else "returning") if self.signed_in else "guest"
        paying = self.payments
        recipes = {name: recipe for name in paying.bought if (recipe := self.recipes.recipe(name)) is not None}
        fidelity: Literal["api", "storefront"] = "storefront" if self.proxied else "api"
        return ShopFacts(
            host="" if not target or is_loopback(target) else target,
            learnt_from=source,
            options=tuple(
                replace(option, covered=option.covered and (option.known or option.payment_type in recipes))
                for option in paying.offered()
            ),
            option_value=paying.option_value or ("pk" if self.proxied else "slug"),
            fidelity=fidelity,
            csrf_in_page=self.csrf_in_page,
            locale=self.locale,
            currency=self.currency,
            journeys={journey: 1},
            search=None if self.products else "",
            products=tuple(self.products),
            headers={"Authorization": "${STAGING_AUTH}"} if self.wants_authorization else {},
            sms_options=tuple(sorted(paying.asked_for_code & paying.bought)),
            external="stop" if paying.left_for_bank or paying.bank_hosts else "follow",
            three_d=paying.three_d and not paying.left_for_bank and not paying.bank_hosts,
            think_times=self.thinking.medians,
            more={f"payments.recipes.{name}": recipe for name, recipe in recipes.items()},
            journey_seconds=max(1.0, self.thinking.length),
        )

    def _shopper(
        self, exchange: Exchange, page: Page | None, envelope: Envelope | None, document: Mapping[str, Any]
    ) -> None:
        good = 200 <= exchange.status < 400 and not (envelope and envelope.refused)  # noqa: PLR2004
        if page is Page.LOGIN and exchange.method == "POST" and good:
            self.signed_in = True
            self._set_locale(text_of(exchange.fields.get("locale")))
        if envelope is not None and isinstance(allowed := envelope.shown.get("can_guest_purchase"), bool):
            self.guests_allowed = allowed
        if envelope is not None and envelope.shown.get("is_user_logged_in") is True:
            self.signed_in = True
        if page is Page.ADDRESS_ADD and exchange.method == "POST" and good:
            self.adds_address = True
        product = text_of(exchange.fields.get("product")) if page is Page.BASKET_ADD and good else ""
        if _PK.fullmatch(product) and len(self.products) < _MOST_PRODUCTS:
            self.products[product] = None
        if page is Page.COMPLETED_ORDER and isinstance(order := document.get("order"), dict):
            currency = order.get("currency")
            self._set_currency(text_of(currency.get("value") if isinstance(currency, dict) else currency))

    def _fields(self, exchange: Exchange, page: Page | None, name: str) -> None:
        if exchange.method != "POST" or page is None:
            return
        filled = [
            field for field, value in exchange.fields.items() if value not in ("", None) and _FIELD.fullmatch(field)
        ]
        if any("captcha" in field.lower() for field in filled):
            self.captchas[name] = None
        known = _ADDRESS_FIELDS if page is Page.ADDRESS_ADD else _form_fields(page)
        if known and (extra := tuple(sorted(field for field in filled if field not in known))):
            self.extra_fields[name] = extra[:_MOST_FIELDS]

    def _token(self, exchange: Exchange, page: Page | None) -> None:
        cookies = exchange.headers.get("cookie", "") + "\n" + exchange.reply_headers.get("set-cookie", "")
        self._cookies_recorded |= bool(cookies.strip())
        self._token_in_cookie |= f"{COOKIE_CSRF}=" in cookies
        self._token_sent |= exchange.method == "POST" and HEADER_CSRF in exchange.headers
        self._token_shown |= page is Page.CSRF_TOKEN and bool(csrf_token_in(exchange.body))

    def _language(self, exchange: Exchange) -> None:
        for name, value in _COOKIE.findall(exchange.headers.get("cookie", "")):
            (self._set_locale if name == "pz-locale" else self._set_currency)(value)
        self._set_currency(exchange.headers.get("x-currency", ""))

    def _set_locale(self, locale: str) -> None:
        if not self.locale and _CODE.fullmatch(locale):
            self.locale = locale

    def _set_currency(self, currency: str) -> None:
        if not self.currency and _CODE.fullmatch(currency):
            self.currency = currency


def _form_fields(page: Page) -> frozenset[str]:
    form = FORMS.get(page)
    return frozenset() if form is None or page in RETURN_PAGES else frozenset((*form.required, *form.optional))
