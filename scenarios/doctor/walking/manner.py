"""How the shoppers of a walk behave: as the scenario says, with the changes that the shop turned out to need."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.finding import Finding
from users.journeys.context import JourneyContext
from users.population.journey_spec import ExternalPages, ShopperPolicy
from users.population.pools import LocationPool, ProductPool

MOST_PRODUCTS = 20
"""The most products that are tried before the walk gives up."""


@dataclass(slots=True)
class Manner:
    """What a scenario decides about shoppers; ``changed`` maps the keys that the walk changed to their values in TOML."""

    policy: ShopperPolicy
    places: LocationPool
    products: ProductPool
    searches: bool = False
    """Whether shoppers buy what the shop's list of products shows."""
    changed: dict[str, str] = field(default_factory=dict)
    products_tried: int = 0
    sold_out: list[str] = field(default_factory=list)


Adaptation = Callable[[Manner, Failure, Finding, JourneyContext | None], bool]


def adapt(manner: Manner, failure: Failure, finding: Finding, context: JourneyContext | None) -> bool:
    """Change what a scenario can change about this finding; whether the path is worth another try."""
    change = _ADAPTATIONS.get(finding.code)
    return change is not None and change(manner, failure, finding, context)


def _product(manner: Manner, _failure: Failure, _finding: Finding, context: JourneyContext | None) -> bool:
    """Leave this product alone; without another one, buy what the shop's list shows."""
    if context is None or manner.products_tried >= MOST_PRODUCTS:
        return False
    manner.products_tried += 1
    manner.products.mark_sold_out(context.product)
    manner.sold_out.append(context.product)
    return bool(manner.products.pks) or _search(manner)


def _search(manner: Manner) -> bool:
    """Buy what the shop's list shows; false if the shoppers do that already."""
    if manner.searches:
        return False
    manner.searches = True
    manner.changed["[products] search"] = '""'
    manner.products.pks, manner.products.search = None, ""
    return True


def _no_products(manner: Manner, _failure: Failure, _finding: Finding, _context: JourneyContext | None) -> bool:
    return _search(manner)


def _fixed_products(manner: Manner, _failure: Failure, _finding: Finding, _context: JourneyContext | None) -> bool:
    """The shop has no list: try the products that the embedded shop has, and then give up."""
    if "[conduct] products" in manner.changed:
        return False
    manner.changed["[conduct] products"] = '["1", "2", "3"]'
    manner.products.pks = ("1", "2", "3")
    return True


def _policy(key: str, name: str) -> Adaptation:
    """Set one field of the policy to the finding's value."""

    def change(manner: Manner, _failure: Failure, finding: Finding, _context: JourneyContext | None) -> bool:
        value = _read(finding.value)
        if not finding.value or key in manner.changed or getattr(manner.policy, name) == value:
            return False
        manner.policy = replace(manner.policy, **{name: value})
        manner.changed[key] = finding.value
        return True

    return change


def _token_in_page(manner: Manner, _failure: Failure, finding: Finding, _context: JourneyContext | None) -> bool:
    """Read the CSRF token from a page that shows it."""
    if manner.policy.csrf_in_page:
        return False
    manner.policy = replace(manner.policy, csrf_path=_read(finding.value), csrf_in_page=True)
    manner.changed |= dict([(finding.key, finding.value), *finding.also])
    return True


def _names(manner: Manner, _failure: Failure, finding: Finding, _context: JourneyContext | None) -> bool:
    """Send the names of places instead of their pks."""
    values = dict([(finding.key, finding.value), *finding.also])
    if '"..."' in values.values() or finding.key in manner.changed:
        return False
    manner.changed |= values
    pinned = {key.partition("] ")[2]: _read(value) for key, value in values.items()}
    manner.places = LocationPool(pinned, manner.places.seed)
    return True


def _unpin(manner: Manner, failure: Failure, finding: Finding, _context: JourneyContext | None) -> bool:
    """Look the place up in the shop's lists instead of sending the one of the scenario."""
    if not manner.places.pinned or finding.key.partition("] ")[2] not in failure.pinned:
        return False
    manner.changed |= {f"[address] {name}": "" for name in manner.places.pinned}
    manner.places = LocationPool({}, manner.places.seed)
    return True


def _stop_outside(manner: Manner, _failure: Failure, finding: Finding, context: JourneyContext | None) -> bool:
    """Leave at the page of a bank; for a bank that only 3-D Secure leads to, a scenario can do without 3-D Secure."""
    if manner.policy.external is ExternalPages.STOP or (context is not None and context.spec.three_d):
        return False
    manner.policy = replace(manner.policy, external=ExternalPages.STOP)
    manner.changed["[external] mode"] = finding.value
    return True


def _read(value: str) -> Any:
    return tomllib.loads(f"value = {value}")["value"] if value else ""


_ADAPTATIONS: Mapping[str, Adaptation] = {
    "product_missing": _product,
    "product_sold_out": _product,
    "product_variant": _product,
    "basket_refused": _product,
    "minimum_amount": _product,
    "quantity": _product,
    "no_products": _no_products,
    "no_search": _fixed_products,
    "option_refused": _policy("[conduct] option_value", "option_value"),
    "csrf_in_page": _token_in_page,
    "csrf_elsewhere": _policy("[conduct] csrf_path", "csrf_path"),
    "redirect_language": _policy("[conduct] locale", "locale"),
    "address_by_name": _names,
    "address_refused": _unpin,
    "place_unknown": _unpin,
    "external_host": _stop_outside,
    "bank_page": _stop_outside,
}
