"""Checks the objectives and the stop rules of a scenario file: their grammar, and the names of pages and payment options."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from harness.objectives import parser, stop_rule
from harness.objectives.model import ObjectiveError, unknown_names
from scenarios.schema.names import JOURNEY_NAMES, OUTCOME_NAMES, PAGE_NAMES, PAYMENT_NAMES, SMS_NAMES


def objective_errors(text: str) -> list[ObjectiveError]:
    """Everything that is wrong with the text of an objective: its grammar, or the names in it."""
    try:
        objective = parser.parse(text)
    except ObjectiveError as error:
        return [error]
    return unknown_names(
        objective,
        pages=PAGE_NAMES,
        journeys=JOURNEY_NAMES,
        payments=PAYMENT_NAMES,
        outcomes=OUTCOME_NAMES,
        verifications=SMS_NAMES,
    )


def _check_objective(text: str) -> str:
    if errors := objective_errors(text):
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
