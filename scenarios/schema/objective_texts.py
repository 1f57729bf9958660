"""Checks the objectives and the stop rules of a scenario file: their grammar, and the names of pages and payment options."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from harness.objectives import parser, stop_rule
from harness.objectives.model import ObjectiveError, unknown_names
from harness.shop_metrics.objective import is_metric_objective, parse_metric_objective
from scenarios.schema.names import JOURNEY_NAMES, NO_OWN_NAMES, OUTCOME_NAMES, SMS_NAMES, OwnNames, own_names_of


def objective_errors(text: str, own: OwnNames = NO_OWN_NAMES) -> list[ObjectiveError]:
    """Everything that is wrong with the text of an objective: its grammar, or the names in it; ``own`` names are known, too."""
    try:
        if is_metric_objective(text):
            parse_metric_objective(text)
            return []
        objective = parser.parse(text)
    except ObjectiveError as error:
        return [error]
    return unknown_names(
        objective,
        pages=own.all_pages,
        journeys=JOURNEY_NAMES,
        payments=own.payments,
        outcomes=OUTCOME_NAMES,
        verifications=SMS_NAMES,
    )


def _check_objective(text: str, info: ValidationInfo) -> str:
    if errors := objective_errors(text, own_names_of(info)):
        raise _validation_error(
            "; ".join(error.problem for error in errors), "; ".join(error.remedy for error in errors)
        )
    return text


def _check_stop_rule(text: str) -> str:
    try:
        stop_rule.parse(text)
    except ObjectiveError as error:
        raise _validation_error(error.problem, error.remedy) from None
    return text


def _validation_error(problem: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("sentence", "{expected}", {"expected": problem, "remedy": remedy})


ObjectiveText = Annotated[str, AfterValidator(_check_objective)]
StopRuleText = Annotated[str, AfterValidator(_check_stop_rule)]
