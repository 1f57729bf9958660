"""Checks a command to change a run while it is on, with the rules and the words of the options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from scenarios.loading.overrides import OPTIONS, override
from scenarios.loading.scenario import Scenario
from scenarios.schema.problems import Problem, ScenarioError, did_you_mean, one_of
from scenarios.schema.scenario_file import ScenarioDocument
from scenarios.schema.validation_errors import problems_of

FAULTS = "faults"
QUANTITIES = ("arrival_rate", "users", "payment_mix", "sms_share", "think_scale", FAULTS)
"""What can be changed while a run is on."""
OF_THE_SHOP = frozenset({"sms_share", FAULTS})
"""The quantities of the embedded shop."""
_NO_SHOP = "nothing here: a shop of your own decides this itself, and only the embedded shop can be told"


def steered_scenario(scenario: Scenario, asked: Mapping[str, Any], *, embedded: bool) -> Scenario:
    """The scenario with the changed quantities; raises ``ScenarioError`` with every problem, each under its quantity.

    ``asked`` has keys of ``QUANTITIES`` and values as JSON has them. ``None`` and an empty text are no change.
    """
    given = {key: value for key, value in asked.items() if value is not None and value != ""}
    problems = [
        Problem(key, value, f"one of {one_of(QUANTITIES)}", did_you_mean(key, QUANTITIES) or "leave it out")
        for key, value in given.items()
        if key not in QUANTITIES
    ]
    if not given:
        problems.append(Problem("change", {}, f"at least one of {one_of(QUANTITIES)}", "set the value to change"))
    for key in [key for key in QUANTITIES if key in given]:
        problems += _problems(scenario, key, given[key], embedded=embedded)
    wrong = {problem.key for problem in problems}
    choices = {key: value for key, value in given.items() if key in OPTIONS and key not in wrong}
    made = scenario
    try:
        made = override(scenario, choices)
    except ScenarioError as error:
        problems += [_under_quantity(problem) for problem in error.problems]
    if FAULTS in given and FAULTS not in wrong:
        made, found = _with_faults(made, given[FAULTS])
        problems += found
    if problems:
        raise ScenarioError("this change", problems)
    return made


def _problems(scenario: Scenario, key: str, value: Any, *, embedded: bool) -> Iterator[Problem]:
    """What is wrong with the type of a value, and with a quantity that this run cannot change."""
    number_or_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    trace = scenario.trace
    if key in OF_THE_SHOP and not embedded:
        yield Problem(key, value, _NO_SHOP, "leave it out, or start a run without a host")
    elif key == FAULTS and not isinstance(value, list):
        yield Problem(key, value, "a list of faults; an empty list ends them")
    elif key != FAULTS and not number_or_text:
        yield Problem(key, value, "a number or a text")
    elif key == "users" and scenario.is_open:
        yield Problem(key, value, "no users: an open load starts those that its rate needs", "change arrival_rate")
    elif key == "arrival_rate" and trace is not None:
        yield Problem(key, value, "no rate for arrivals from a trace", "start a run with --arrival-rate")
    elif key == "payment_mix" and (scenario.document.cover or (trace is not None and trace.options)):
        yield Problem(key, value, "no mix: the scenario lists its payment options one by one", "leave it out")


def _under_quantity(problem: Problem) -> Problem:
    """The problem under the name of the quantity instead of the option."""
    named = {option: quantity for quantity, option in OPTIONS.items() if quantity in QUANTITIES}
    remedy = problem.remedy
    for option, quantity in named.items():
        remedy = remedy.replace(option, quantity)
    return Problem(named.get(problem.key, problem.key), problem.value, problem.expected, remedy)


def _with_faults(scenario: Scenario, faults: list[Any]) -> tuple[Scenario, list[Problem]]:
    """The scenario whose embedded shop makes these faults, and no others."""
    document = scenario.document
    tables = {"shop": {FAULTS: faults}}
    try:
        shop = type(document.shop).model_validate(tables["shop"])
    except ValidationError as error:
        found = problems_of(error, ScenarioDocument, tables)
        return scenario, [Problem(one.key, one.value, one.expected, one.remedy) for one in found]
    changed = document.shop.model_copy(update={FAULTS: shop.faults})
    return replace(scenario, document=document.model_copy(update={"shop": changed})), []
