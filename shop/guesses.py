"""Lists the guesses of the embedded shop as a Markdown page: ``python -m shop.guesses > docs/guesses.md``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

from shop.contract import PAYMENT_OPTIONS, Page, Source
from shop.forms import FORMS

GUESSES: Mapping[Page, str] = MappingProxyType(
    {
        Page.LOGOUT: "Without a valid token, the reply is 403 with a form that has one.",
        Page.PROFILE: "PUT and PATCH reply with the profile, as GET does.",
        Page.SEARCH: "`search_text` finds names that contain it. The reply has `products` and `pagination`.",
        Page.BASKET_ADD: "The reply has the basket, as for GET.",
        Page.BASKET_CHANGE: "A quantity of 0 removes the product.",
        Page.BASKET_VOUCHER: "Every code is accepted, and none gives a discount.",
        Page.ADDRESS_ADD: "Country, city and township are required; the district is optional.",
        Page.RETAIL_STORES: "`/stores/` lists the stores of the checkout with their addresses.",
        Page.CONTRACT: "A contract is an HTML text about the current order.",
        Page.CHECKOUT_BY_TOKEN: "The URL redirects to the checkout of the session.",
        Page.CHECKOUT_STATUS: "The reply has `status` (waiting, completed) and `order_number`.",
        Page.CHECKOUT: "With an empty basket there is no `pre_order`. Otherwise the storefront's client would post its choices for ever.",
        Page.RETAIL_STORE: "`shipping_options` and `payment_options` are empty lists until a store is chosen.",
        Page.ORDER_NOTE: "The reply shows the current page; `pre_order` has `notes`.",
        Page.COUPON: "`coupons` is empty, and every coupon is refused.",
        Page.LOYALTY_USAGE: "If store credit pays the whole order, LoyaltyPaymentSelectedPage is next.",
        Page.MOBIL_EXPRESS_SELECTION: "stored_card leads to this page, because no other option does; the page has `stored_cards`.",
        Page.SAVED_CARD_SELECTION: "The page has `saved_cards`, and InstallmentSelectionPage follows.",
        Page.CONFIRMATION_SELECTED: "After the check page, it has `validation_url`; any other http(s) URL works, too.",
        Page.CONFIRMATION_QUERY: "The page has `payment_token`; any other text works, too.",
        Page.VERIFY_SMS: "A wrong or expired code, and too many tries, are errors on this page.",
        Page.THANK_YOU: "A post of another page that completes the same option gets the existing order.",
        Page.BANK: "A browser that comes back without `x-requested-with` gets a redirect (303).",
    }
)
"""The guesses about replies. Guesses about payment options and forms are marked in their own tables."""

_HEAD = """# What the embedded shop guesses

Some facts are in none of our sources: the API description, the recorded replies and the storefront's client. There, the
embedded shop answers by analogy, and a real shop may differ. `python -m shop.guesses` writes this page from `shop/`.
"""


def guesses_page() -> str:
    """The whole page: payment options, forms, replies."""
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
            "## Payment options\n\nThe first page is known. The page that completes the order is a guess.\n",
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
