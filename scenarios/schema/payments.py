"""The tables of a scenario file that say how shoppers pay, also by options that only this file knows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from scenarios.schema.names import OwnPageName, PaymentName, UrlPath
from scenarios.schema.problems import did_you_mean
from scenarios.schema.quantities import Weight
from scenarios.schema.section import Section
from users.journeys.context import ORDER_PLACED_PAGES
from users.population.recipes import PERSONAL, AvailabilityCheck, RecipePage, wrong_placeholders

MOST_GUARANTEED = 100_000
"""The highest value in ``[payments.minimum]``. The places of these journeys are drawn before the run."""
MOST_RECIPES = 10
"""The most recipes, and the most pages of a recipe: each page is a label of metrics."""

_KNOWN = f"{', '.join(f'{{{name}}}' for name in PERSONAL)}, {{shown.KEY}}, {{one_of.LIST}} or {{one_of.LIST.KEY}}"


def _template(text: str) -> str:
    if wrong := wrong_placeholders(text):
        close = did_you_mean(wrong[0], PERSONAL)
        expected = f"a text with these placeholders only: {_KNOWN}"
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": close})
    return text


Template = Annotated[str, AfterValidator(_template)]
FieldName = Annotated[str, Field(min_length=1, max_length=80)]


class RecipePageSection(Section):
    """One page of a recipe: its form is posted to ``/orders/checkout/?page=NAME``."""

    page: OwnPageName
    """The name of the page, as the shop shows it."""
    fields: dict[FieldName, Template] = Field(default={})
    """The fields of its form. A value may hold placeholders: ``{phone}``, ``{email}``, ``{amount}``, ``{card_number}`` and others for
    what the shopper knows, ``{shown.KEY}`` for what the shop shows on the last page, ``{one_of.LIST}`` for the ``pk`` of a row that it
    offers there."""
    expect: Annotated[tuple[OwnPageName, ...], Field(strict=False)] = ()
    """The pages that the shop may show next. Without it, the next page of the recipe; after the last one, the order or the form for an
    SMS code."""


class RecipeSection(Section):
    """How to pay by one option: its pages, in their order. The first one is the page that the shop shows after the choice."""

    pages: Annotated[tuple[RecipePageSection, ...], Field(strict=False, min_length=1, max_length=MOST_RECIPES)]
    """The pages, such as ``[{ page = "MyWalletPage", fields = { agreement = "true" } }]``. The last one places the order."""

    @property
    def steps(self) -> tuple[RecipePage, ...]:
        """The pages, each with the pages that may follow it."""
        following = [frozenset({one.page}) for one in self.pages[1:]] + [frozenset(map(str, ORDER_PLACED_PAGES))]
        return tuple(
            RecipePage(one.page, dict(one.fields), frozenset(one.expect) or then)
            for one, then in zip(self.pages, following, strict=True)
        )


class AvailabilitySection(Section):
    """A question that the checkout asks before it offers an option: is it available to this shopper? Buy now, pay later often has one."""

    path: Annotated[UrlPath, Field(min_length=1)]
    """The path of the question at the shop."""
    method: Literal["POST", "GET"] = "POST"
    """How to send it."""
    fields: dict[FieldName, Template] = Field(default={})
    """What to send, with the placeholders of recipes."""
    body: Literal["json", "form"] = "json"
    """How a ``POST`` sends the fields."""
    answer: Annotated[str, Field(min_length=1)] = "is_available"
    """The key of the JSON reply that holds ``true`` or ``false``. With ``false``, the shopper takes ``conduct.fallback``, or gives up with
    the outcome ``unavailable``."""

    @property
    def check(self) -> AvailabilityCheck:
        """The question, for the journeys."""
        return AvailabilityCheck(self.path, self.method, dict(self.fields), self.body == "form", self.answer)


class PaymentsSection(Section):
    """How shoppers pay: a weight for each payment option, such as ``gpay = 3``. Without any, all options have the same weight."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[PaymentName, Weight] = Field(init=False)
    minimum: dict[PaymentName, Annotated[int, Field(ge=0, le=MOST_GUARANTEED)]] = Field(default={})
    """``[payments.minimum]``: how many journeys use an option at least, whatever its weight. It gives rare options enough samples."""
    recipes: Annotated[dict[PaymentName, RecipeSection], Field(max_length=MOST_RECIPES)] = Field(default={})
    """``[payments.recipes.NAME]``: how to pay by an option that checkload does not know; ``NAME`` is its ``payment_type``. A recipe of a
    known option replaces what checkload does."""
    availability: dict[PaymentName, AvailabilitySection] = Field(default={})
    """``[payments.availability.NAME]``: a question to ask before shoppers choose this option."""

    @property
    def weights(self) -> dict[str, float]:
        """The weights by payment option, as given."""
        return dict(self.__pydantic_extra__)
