"""Makes a recipe of the pages on which the person of a recording paid by an option that checkload does not know.

What they typed never gets into it: a value that the shop had shown, or that a shopper of checkload knows, becomes a placeholder. Only yes
and no stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.doctor.exchange import Exchange
from scenarios.doctor.har.envelope import Envelope, rows_of, text_of
from shop.contract import PAYMENT_OPTIONS, Page
from users.population.recipes import PERSONAL

_NOT_PAYMENT = frozenset(
    {Page.PAYMENT_OPTION, Page.THANK_YOU, Page.VERIFY_SMS, Page.SEND_SMS, Page.ORDER_NOTE, Page.COUPON}
)
_YES_OR_NO = frozenset({"true", "false", "1", "0", "yes", "no", "on"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}", re.ASCII)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}", re.ASCII)
_MOST_PAGES, _MOST_FIELDS = 10, 30
_OTHER_NAMES = {"phone_number": "phone", "user_email": "email", "total_amount": "amount"}


@dataclass(slots=True)
class RecipeLearning:
    """The pages of each unknown option, and the fields whose values nothing explains (by option)."""

    pages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    unexplained: dict[str, dict[str, None]] = field(default_factory=dict)
    _shown: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def add(self, exchange: Exchange, page: Page | None, name: str, envelope: Envelope | None, chosen: str) -> None:
        """Take the next exchange; ``name`` is its page's name, ``chosen`` the payment option by then."""
        refused = envelope is not None and envelope.refused
        if page is Page.PAYMENT_OPTION and exchange.method == "POST":
            self.pages.pop(chosen, None)
            self.unexplained.pop(chosen, None)
        elif (
            exchange.method == "POST"
            and _is_unknown(chosen)
            and page not in _NOT_PAYMENT
            and not refused
            and "page=" in exchange.path
        ):
            self._add_page(exchange, name, chosen)
        if envelope is not None:
            self._shown = envelope.shown

    def recipe(self, option: str) -> dict[str, Any] | None:
        """The table of this option in ``[payments.recipes]``; ``None`` if the recording does not tell all of it."""
        pages = self.pages.get(option)
        return {"pages": pages} if pages and not self.unexplained.get(option) else None

    def _add_page(self, exchange: Exchange, name: str, option: str) -> None:
        pages = self.pages.setdefault(option, [])
        fields = {}
        for key, value in list(exchange.fields.items())[:_MOST_FIELDS]:
            if not _KEY.fullmatch(key):
                self.unexplained.setdefault(option, {})[f"a field of {name}"] = None
            elif (text := self._template(key, text_of(value) or str(value).lower())) is not None:
                fields[key] = text
            else:
                self.unexplained.setdefault(option, {})[f"{key} of {name}"] = None
        if len(pages) < _MOST_PAGES:
            pages.append({"page": name, "fields": fields} if fields else {"page": name})

    def _template(self, key: str, value: str) -> str | None:
        personal = _OTHER_NAMES.get(key, key)
        if personal in PERSONAL:
            return f"{{{personal}}}"
        if value.lower() in _YES_OR_NO or value == "":
            return value
        for shown, content in self._shown.items():
            if not _KEY.fullmatch(shown):
                continue
            if text_of(content) == value:
                return f"{{shown.{shown}}}"
            for row in rows_of(content):
                found = next(
                    (name for name, cell in row.items() if text_of(cell) == value and _KEY.fullmatch(name)), None
                )
                if found is not None:
                    return f"{{one_of.{shown}}}" if found == "pk" else f"{{one_of.{shown}.{found}}}"
        return None


def _is_unknown(option: str) -> bool:
    return bool(_NAME.fullmatch(option)) and option not in PAYMENT_OPTIONS
