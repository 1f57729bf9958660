"""What a scenario says of payment options that checkload does not know: their pages, and the question whether one is available."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AVAILABILITY = "PaymentAvailability"
"""The page name of every request that asks whether a payment option is available."""

PERSONAL = (
    *("email", "phone", "first_name", "last_name", "amount", "currency", "bin_number"),
    *("card_number", "card_holder", "card_month", "card_year", "card_cvv"),
)
"""Placeholders for what the shopper knows."""

SHOWN = "shown"
"""``{shown.KEY}``: the value that the last page shows under this key."""
CHOSEN = "one_of"
"""``{one_of.LIST}``, ``{one_of.LIST.KEY}``: one row of a list that the last page shows: its ``pk``, or its value under this key."""

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")


@dataclass(frozen=True, slots=True)
class RecipePage:
    """One page of an option's recipe: the form to post to it, and the pages that may follow."""

    page: str
    fields: Mapping[str, str] = field(default_factory=dict)
    expect: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AvailabilityCheck:
    """The request that asks whether an option is available; ``answer`` is the key of the reply that holds yes or no."""

    path: str
    method: Literal["GET", "POST"] = "POST"
    fields: Mapping[str, str] = field(default_factory=dict)
    form: bool = False
    answer: str = "is_available"


def wrong_placeholders(text: str) -> list[str]:
    """The placeholders in a text that are not known, and ``{`` or ``}`` for a bracket without its partner."""
    wrong = [name for name in PLACEHOLDER.findall(text) if not _is_known(name)]
    rest = PLACEHOLDER.sub("", text)
    return wrong + [bracket for bracket in "{}" if bracket in rest]


def _is_known(name: str) -> bool:
    kind, *keys = name.split(".")
    if not keys:
        return kind in PERSONAL
    most = {SHOWN: 1, CHOSEN: 2}.get(kind, 0)
    return len(keys) <= most and all(map(_KEY.fullmatch, keys))
