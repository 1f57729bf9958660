"""Changes a scenario's load while it is on: what a command means for the processes with load and for the embedded shop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.errors import UsageError
from harness.run.steering.change import Steered, SteeredQuantity
from harness.units import format_percent
from scenarios.loading.scenario import Scenario
from scenarios.loading.steering import FAULTS, OF_THE_SHOP, QUANTITIES, steered_scenario
from scenarios.runtime.embedded_shop import EmbeddedShop
from scenarios.schema.problems import Problem, ScenarioError
from shop.contract import Page
from shop.settings import FaultName

SIGNING_IN = {"returning": True, "first_time": False}
"""The journeys that need an account, and whether it needs saved choices."""


def steer(
    scenario: Scenario,
    asked: Mapping[str, Any],
    rate: float,
    users: int,
    accounts: Callable[[], Mapping[str, int]],
    *,
    embedded: bool,
) -> Steered:
    """Check a command; raises ``UsageError`` with every problem at once.

    ``rate`` is the arrival rate at this moment, a second. ``users`` is the number of virtual users, ``accounts`` how many accounts
    each journey has.
    """
    try:
        made = steered_scenario(scenario, asked, embedded=embedded)
        named = {key for key in QUANTITIES if asked.get(key) not in (None, "")}
        needed = _users(scenario, made, users, named)
        _refuse_missing_accounts(made, needed, asked, accounts, named)
    except ScenarioError as error:
        raise UsageError("\n".join(_sentence(problem) for problem in error.problems)) from None
    in_words = _words(made)
    before = _words(scenario) | {"arrival_rate": f"{rate:g}/s", "users": str(users)}
    new_rate = _peak(made) if "arrival_rate" in named else None
    if new_rate is not None:
        in_words["arrival_rate"] = f"{new_rate:g}/s"
    quantities = [
        SteeredQuantity(name=key, before=before[key], after=in_words[key], of_shop=key in OF_THE_SHOP)
        for key in QUANTITIES
        if key in named
    ]
    return Steered(
        quantities=quantities,
        rate=new_rate,
        users=needed,
        payments=dict(made.mix.payments) if "payment_mix" in named else None,
        think_scale=made.think.scale if "think_scale" in named else None,
        change_shop=_shop_change(made) if named & OF_THE_SHOP else None,
        settings=made,
    )


def steering_form(scenario: Scenario, rate: float, users: int) -> Mapping[str, Any]:
    """The values of all quantities as a person would type them, the faults, and the names of faults and pages."""
    faults = scenario.shop_settings.faults
    return {
        "values": _words(scenario) | {"arrival_rate": f"{rate:g}/s", "users": str(users)},
        "faults": [one.model_dump(mode="json", exclude_defaults=True) for one in faults],
        "fault_names": [name.value for name in FaultName],
        "pages": [page.value for page in Page],
    }


def _users(scenario: Scenario, made: Scenario, users: int, named: set[str]) -> int | None:
    """How many virtual users there must be; ``None``: those that are there are enough."""
    if not made.is_open:
        return made.users if "users" in named else None
    if not named & {"arrival_rate", "think_scale"}:
        return None
    # What a person chose for the rate before was enough for it: twice the rate needs twice as many.
    busier = (_peak(made) * _journey(made)) / (_peak(scenario) * _journey(scenario) or 1.0)
    by_rule = replace(made, document=_without_users(made)).users
    needed = min(max(by_rule, math.ceil(scenario.users * busier)), made.target.most_users)
    return needed if needed > users else None


def _without_users(scenario: Scenario) -> Any:
    document = scenario.document
    assert document.arrivals is not None, "only an open load starts users by itself"  # noqa: S101
    return document.model_copy(update={"arrivals": document.arrivals.model_copy(update={"users": None})})


def _peak(scenario: Scenario) -> float:
    profile = scenario.profile()
    return 0.0 if profile is None else profile.peak_rate


def _journey(scenario: Scenario) -> float:
    return 0.1 + scenario.think.mean()


def _refuse_missing_accounts(
    made: Scenario,
    needed: int | None,
    asked: Mapping[str, Any],
    accounts: Callable[[], Mapping[str, int]],
    named: set[str],
) -> None:
    if needed is None:
        return
    weights = made.mix.journeys
    whole = sum(weights.values())
    for journey, number in accounts().items():
        most = math.ceil(needed * weights.get(journey, 0.0) / whole) if whole else 0
        if most > number:
            key = next(key for key in ("arrival_rate", "users", "think_scale") if key in named)
            expected = f"a load for {number:,} accounts of {journey} shoppers; this one needs {most:,}"
            remedy = f"choose less, or start a run with accounts.{journey} = {most} in its scenario"
            raise ScenarioError("this change", [Problem(key, asked[key], expected, remedy)])


def _words(scenario: Scenario) -> dict[str, str]:
    settings = scenario.shop_settings
    faults = ", ".join(f"{one.name.value} {format_percent(one.share)}" for one in settings.faults)
    return {
        "arrival_rate": "",
        "users": str(scenario.users),
        "payment_mix": ",".join(f"{slug}={weight:g}" for slug, weight in scenario.mix.payments.items() if weight > 0),
        "sms_share": format_percent(settings.sms.share),
        "think_scale": f"{scenario.think.scale:g}",
        FAULTS: faults or "none",
    }


def _shop_change(made: Scenario) -> Callable[[Any], None]:
    settings = made.shop_settings

    def change(shop: Any) -> None:
        if isinstance(shop, EmbeddedShop):
            shop.change(sms_share=settings.sms.share, faults=settings.faults)

    return change


def _sentence(problem: Problem) -> str:
    """A problem on one line, as the page shows it beside a field."""
    return "; ".join(" ".join(line.split()) for line in str(problem).splitlines())
