"""Checks whether the recipes of a scenario fit its other tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scenarios.schema.problems import ABSENT, Problem, one_of
from scenarios.schema.scenario_file import ScenarioDocument
from users.journeys.context import ORDER_PLACED_PAGES
from users.population.recipes import PLACEHOLDER

HIDDEN_TEXT = "(hidden)"
"""Replaces secrets in a result, such as the SMS code of a test system."""


def recorded_payments(payments: dict[str, Any]) -> dict[str, Any]:
    """The table ``[payments]`` as results hold it: without empty tables, and without texts of recipes that may be secrets."""
    recorded = {key: value for key, value in payments.items() if key not in ("recipes", "availability") or value}
    for recipe in recorded.get("recipes", {}).values():
        for page in recipe["pages"]:
            page["fields"] = _hidden(page["fields"])
    for question in recorded.get("availability", {}).values():
        question["fields"] = _hidden(question["fields"])
    return recorded


def _hidden(fields: dict[str, str]) -> dict[str, str]:
    return {name: text if PLACEHOLDER.fullmatch(text) else HIDDEN_TEXT for name, text in fields.items()}


def recipe_problems(document: ScenarioDocument, _folder: Path) -> Iterator[Problem]:
    """Yield a problem for a recipe without a weight, and for one that cannot end with an order."""
    payments, end = document.payments, set(map(str, ORDER_PLACED_PAGES))
    for name, recipe in payments.recipes.items():
        if payments.weights and name not in payments.weights:
            yield Problem(
                f"payments.{name}",
                ABSENT,
                "a weight, as other options have one",
                f"add `{name} = 1`, or 0 to leave it out",
            )
        last = len(recipe.pages) - 1
        if extra := set(recipe.pages[last].expect) - end:
            yield Problem(
                f"payments.recipes.{name}.pages[{last}].expect",
                sorted(extra),
                f"{one_of(sorted(end))}: the last page of a recipe places the order",
                "leave it out, or add the page that follows",
            )
