"""What a shop offers: its payment options, in its own words, and what is special about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from scenarios.doctor.diagnosis.failure import json_object
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.facts import OfferedOption
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_text
from shop.contract import PATHS, PAYMENT_OPTIONS, Page
from users.journeys.basket import is_sold_out
from users.journeys.context import has_value, rows_of

_WHERE = "The list of payment options"
_MOST = 50
_MOST_PAIRS = 3


def offered_options(page_context: Mapping[str, Any]) -> tuple[OfferedOption, ...]:
    """The options of the list, each once."""
    found: dict[str, OfferedOption] = {}
    for row in (rows_of(page_context, "payment_options") or ())[:_MOST]:
        words = {key: str(row[key]) for key in ("payment_type", "slug", "name", "pk") if has_value(row.get(key))}
        # As our shoppers do: by its type, or else by a slug or a name that is one.
        keys = [words.get(key, "") for key in ("payment_type", "slug", "name")]
        kind = next((key for key in keys if key in PAYMENT_OPTIONS), next(filter(None, keys), "unknown"))
        slug, pk, name = (shown_text(words.get(key, "")) for key in ("slug", "pk", "name"))
        found.setdefault(kind, OfferedOption(shown_text(kind), slug, pk, name))
    return tuple(found.values())


def option_notes(page_context: Mapping[str, Any], recipes: Collection[str]) -> Iterator[Finding]:
    """What is special about the list: options that are unknown and have no recipe, other slugs, unavailable options."""
    options = offered_options(page_context)
    for option in options:
        if not option.known and option.payment_type not in recipes:
            yield _unknown(option)
    renamed = [option for option in options if option.known and option.slug and option.slug != option.payment_type]
    if renamed:
        yield _renamed(renamed)
    unavailable = rows_of(page_context, "unavailable_options") or ()
    for row in unavailable[:_MOST]:
        name = shown_text(str(row.get("payment_type") or row.get("slug") or row.get("name") or "an option"))
        why = row.get("error_message")
        seen = f"says that {name} is unavailable{f': {shown_text(why)}' if isinstance(why, str) and why else ''}"
        remedy = f"switch {name} on for the test system if you want to load it"
        yield Finding("option_unavailable", _WHERE, seen, remedy, stops=False)
    if not any(option.known or option.payment_type in recipes for option in options):
        seen = "has no option that checkload knows"
        remedy = "describe an option of your own by a recipe in [payments.recipes], or switch on one of the fourteen"
        yield Finding("no_known_option", _WHERE, seen, remedy, "[payments]")


def not_offered(option: str) -> Finding:
    """The finding for an option of the scenario that is not in the list."""
    remedy = f"remove {option} from [payments], or switch it on in the shop"
    return Finding("not_offered", _WHERE, f"does not have {option}", remedy, f"[payments] {option}", "0")


def stock_note(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Yield a note if the list of products that shoppers saw has some that are sold out."""
    for exchange in exchanges:
        if exchange.path.partition("?")[0] != PATHS[Page.SEARCH]:
            continue
        rows = rows_of(json_object(exchange), "products") or ()
        gone = [shown_text(str(row.get("pk"))) for row in rows if is_sold_out(row)]
        if gone:
            named = ", ".join(gone[:_MOST_PAIRS]) + (" and others" if len(gone) > _MOST_PAIRS else "")
            seen = f"has {len(rows)} products, {len(gone)} of them out of stock: {named}"
            remedy = "shoppers leave them out; put them in stock if the load needs more products"
            yield Finding("product_sold_out", "The list of products", seen, remedy, stops=False)
        return


def _unknown(option: OfferedOption) -> Finding:
    label = f" ({option.name})" if option.name and option.name != option.payment_type else ""
    seen = (
        f"has an unknown option: {option.payment_type}{label}, slug {option.slug or 'none'}, pk {option.pk or 'none'}"
    )
    like = next((name for name in (_word(option), option.slug.replace("-", "_")) if name in PAYMENT_OPTIONS), "")
    if like:
        remedy = f'if it is {like}, have the shop say so: payment_type = "{like}"'
        return Finding("unknown_option", _WHERE, seen, remedy, stops=False)
    remedy = f"scenarios leave it out; to pay with it, describe its pages in [payments.recipes.{_word(option)}]"
    return Finding("unknown_option", _WHERE, seen, remedy, f"[payments.recipes.{_word(option)}]", stops=False)


def _word(option: OfferedOption) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in option.payment_type) or "own"


def _renamed(options: Sequence[OfferedOption]) -> Finding:
    pairs = ", ".join(f"{option.payment_type} is {option.slug}" for option in options[:_MOST_PAIRS])
    pairs += f", and {len(options) - _MOST_PAIRS} more" if len(options) > _MOST_PAIRS else ""
    seen = f"uses slugs of its own: {pairs}"
    remedy = (
        "nothing has to change: a scenario names an option by its payment_type, and shoppers send the slug of the shop"
    )
    return Finding("other_slugs", _WHERE, seen, remedy, stops=False)
