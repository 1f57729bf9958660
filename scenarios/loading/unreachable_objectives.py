"""Demands that a choice leaves with nothing to measure, or that it makes impossible by itself.

A run with one payment option of the fourteen would otherwise never pass, for want of the thirteen others.
"""

from __future__ import annotations

from harness.objectives.model import Metric, Objective, Subject
from scenarios.loading.scenario import Scenario
from scenarios.schema.problems import Problem, ScenarioError
from shop.contract import Page
from users.population.journey_spec import SmsScript

_JOURNEY_SUBJECTS = frozenset({Subject.JOURNEY, Subject.ORDERS})
_SMS_PAGES = frozenset({Page.VERIFY_SMS, Page.SEND_SMS, Page.SMS_INBOX})


def unreachable_objectives(scenario: Scenario, chosen: Scenario) -> tuple[str, ...]:
    """The objectives that made sense for the scenario as it stands in its file, and do not as it was chosen."""
    return tuple(
        text
        for text, objective in zip(scenario.document.objectives, scenario.objectives, strict=True)
        if (_is_unreachable(objective, chosen) and not _is_unreachable(objective, scenario))
        or (objective.metric is Metric.RATE and _highest_rate(chosen) < _highest_rate(scenario))
    )


def refuse_unreachable_objectives(scenario: Scenario) -> None:
    """Raise ``ScenarioError`` for demands that a file leaves with nothing to measure by itself: a run could never pass."""
    problems = [
        Problem(
            f"objectives[{place}]",
            objective.text,
            "a demand that the scenario's own load can meet; nobody would ever be counted under this one",
            _unreachable_remedy(objective, scenario),
        )
        for place, objective in enumerate(scenario.objectives)
        if _is_unreachable(objective, scenario)
    ]
    if problems:
        raise ScenarioError(f"scenario {scenario.name}", problems)


def _unreachable_remedy(objective: Objective, scenario: Scenario) -> str:
    option, script = objective.label("payment"), objective.label("verification")
    if option and not _pays_with(scenario, option):
        return f"give {option} a weight above 0 in [payments], or leave the demand out"
    if objective.subject in _JOURNEY_SUBJECTS and objective.name and not scenario.mix.journeys.get(objective.name, 0.0):
        return f"give {objective.name} a weight above 0 in [journeys], or leave the demand out"
    if script and _asks_for_a_code(scenario):
        return f"give {script} a weight above 0 in [sms], or leave the demand out"
    return "name a payment option that is in the mix under [shop.sms] options, with a share above 0, or leave the demand out"


def _is_unreachable(objective: Objective, scenario: Scenario) -> bool:
    option, script = objective.label("payment"), objective.label("verification")
    if option and not _pays_with(scenario, option):
        return True
    if objective.subject in _JOURNEY_SUBJECTS and objective.name and not scenario.mix.journeys.get(objective.name, 0.0):
        return True
    if script and not scenario.mix.sms.get(SmsScript(script), 0.0):
        return True
    on_sms = objective.subject is Subject.PAGE and objective.name in _SMS_PAGES
    return (on_sms or bool(objective.label("verification"))) and not _asks_for_a_code(scenario)


def _pays_with(scenario: Scenario, option: str) -> bool:
    return scenario.mix.payments.get(option, 0.0) > 0 or scenario.mix.minimum.get(option, 0) > 0


def _asks_for_a_code(scenario: Scenario) -> bool:
    sms = scenario.shop_settings.sms
    if scenario.target.allowed:
        return True  # a shop of somebody else's decides for itself whom it asks
    return sms.share > 0 and any(_pays_with(scenario, option) for option in sms.options)


def _highest_rate(scenario: Scenario) -> float:
    profile = scenario.profile()
    return profile.peak_rate if profile else scenario.users
