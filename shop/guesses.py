"""What the embedded shop only guesses, as a page of Markdown: ``python -m shop.guesses > docs/guesses.md``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

from shop.contract import PAYMENT_OPTIONS, Page, Source
from shop.forms import FORMS

GUESSES: Mapping[Page, str] = MappingProxyType(
    {
        Page.LOGOUT: "Without a token that is wanted, the reply is 403 with a form that holds one.",
        Page.PROFILE: "PUT and PATCH answer the profile as GET does.",
        Page.SEARCH: "`search_text` finds names that contain it; the reply has `products` and `pagination`.",
        Page.BASKET_ADD: "The reply holds the basket as GET does.",
        Page.BASKET_CHANGE: "A quantity of 0 takes the product out.",
        Page.BASKET_VOUCHER: "Any code is written down, and none is worth anything.",
        Page.ADDRESS_ADD: "Country, city and township are wanted, the district is not.",
        Page.RETAIL_STORES: "`/stores/` lists the stores of the checkout with their addresses.",
        Page.CONTRACT: "A contract is HTML about the order so far.",
        Page.CHECKOUT_BY_TOKEN: "The address leads on to the checkout of the session that asks.",
        Page.CHECKOUT_STATUS: "The reply has `status` (waiting, completed) and `order_number`.",
        Page.CHECKOUT: "An empty basket has no `pre_order`, as the storefront's client would fill it over and over.",
        Page.RETAIL_STORE: "Until a store is chosen, `shipping_options` and `payment_options` are empty lists.",
        Page.ORDER_NOTE: "The reply shows the page that the shopper stands on; `pre_order` has `notes`.",
        Page.COUPON: "`coupons` is empty, and each coupon is refused.",
        Page.LOYALTY_USAGE: "When all is paid by store credit, LoyaltyPaymentSelectedPage is next.",
        Page.MOBIL_EXPRESS_SELECTION: "stored_card leads here, by elimination; the page has `stored_cards`.",
        Page.SAVED_CARD_SELECTION: "The page has `saved_cards`, and InstallmentSelectionPage follows.",
        Page.CONFIRMATION_SELECTED: "After the check page it has `validation_url`; any other http(s) address does as well.",
        Page.CONFIRMATION_QUERY: "The page has `payment_token`; any other text does as well.",
        Page.VERIFY_SMS: "A wrong, late or too often tried code is an error on this page.",
        Page.THANK_YOU: "Another page that completes the same option is answered with the order that is there.",
        Page.BANK: "A browser that comes back without `x-requested-with` is sent on with 303.",
    }
)
"""How the embedded shop answers where nothing public says it; what is guessed of forms and options is said there."""

_HEAD = """# What the embedded shop guesses

Where the API description, the recorded replies and the storefront's client say nothing, the embedded shop answers by
analogy. A real shop may differ there. `python -m shop.guesses` writes this page out of `shop/contract.py`.
"""


def guesses_page() -> str:
    """The page: options, then forms, then replies."""
    options = [
        f"| `{option.slug}` | {option.first_page} | {option.completed_by} |"
        for option in PAYMENT_OPTIONS.values()
        if option.completion_known_from is Source.GUESS
    ]
    forms = [
        f"| {page} | {', '.join(f'`{name}`' for name in (*fields.required, *fields.optional))} |"
        for page, fields in FORMS.items()
        if fields.known_from is Source.GUESS
    ]
    replies = [f"| {page} | {guess} |" for page, guess in GUESSES.items()]
    return "\n".join(
        [
            _HEAD,
            "## Payment options\n\nThe description names the first page. By which page the order is completed is a guess.\n",
            "| option | first page | completed by |\n|---|---|---|",
            *options,
            "\n## Forms\n\nThe names of the fields are guesses.\n",
            "| page | fields |\n|---|---|",
            *forms,
            "\n## Replies\n",
            "| page | guess |\n|---|---|",
            *replies,
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(guesses_page())
