"""Finds objectives that a run cannot meet, because nothing is measured for them.

An override can cause this: a run with one payment option out of fourteen has no samples for the other thirteen. These
objectives are skipped. In a scenario file by itself, such an objective is an error.
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
    """The objectives that the scenario file can meet, and that the scenario with overrides cannot."""
    return tuple(
        text
        for text, objective in zip(scenario.document.sample_objectives, scenario.objectives, strict=True)
        if (_is_unreachable(objective, chosen) and not _is_unreachable(objective, scenario))
        or (objective.metric is Metric.RATE and _highest_rate(chosen) < _highest_rate(scenario))
    )


def refuse_unreachable_objectives(scenario: Scenario) -> None:
    """Raise ``ScenarioError`` if a scenario file has objectives without anything to measure: no run could pass."""
    problems = [
        Problem(
            f"objectives[{scenario.document.objectives.index(text)}]",
            objective.text,
            "an objective that the scenario's own load can meet; this one never gets a sample",
            _unreachable_remedy(objective, scenario),
        )
        for text, objective in zip(scenario.document.sample_objectives, scenario.objectives, strict=True)
        if _is_unreachable(objective, scenario)
    ]
    if problems:
        raise ScenarioError(f"scenario {scenario.name}", problems)


def _unreachable_remedy(objective: Objective, scenario: Scenario) -> str:
    option, script = objective.label("payment"), objective.label("verification")
    if option and not _pays_with(scenario, option):
        return f"give {option} a weight above 0 in [payments], or leave the objective out"
    if objective.subject in _JOURNEY_SUBJECTS and objective.name and not scenario.mix.journeys.get(objective.name, 0.0):
        return f"give {objective.name} a weight above 0 in [journeys], or leave the objective out"
    if script and _asks_for_a_code(scenario):
        return f"give {script} a weight above 0 in [sms], or leave the objective out"
    return "name a payment option that is in the mix under [shop.sms] options, with a share above 0, or leave the objective out"


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
        return True  # a real shop decides itself when it asks for a code
    return sms.share > 0 and any(_pays_with(scenario, option) for option in sms.options)


def _highest_rate(scenario: Scenario) -> float:
    profile = scenario.profile()
    return profile.peak_rate if profile else scenario.users
