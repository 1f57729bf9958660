"""Demands that a choice leaves with nothing to measure, or that it makes impossible by itself.

A run with one payment option of the fourteen would otherwise never pass, for want of the thirteen others.
"""

from __future__ import annotations

from harness.demand import Metric, Objective, Subject
from scenarios.scenario import Scenario
from shop.contract import Page

_SMS_PAGES = frozenset({Page.VERIFY_SMS, Page.SEND_SMS, Page.SMS_INBOX})


def moot_demands(scenario: Scenario, chosen: Scenario) -> tuple[str, ...]:
    """The objectives that made sense for the scenario as it stands in its file, and do not as it was chosen."""
    return tuple(
        text
        for text, objective in zip(scenario.document.objectives, scenario.objectives, strict=True)
        if (_on_nobody(objective, chosen) and not _on_nobody(objective, scenario))
        or (objective.metric is Metric.RATE and _load(chosen) < _load(scenario))
    )


def _on_nobody(objective: Objective, scenario: Scenario) -> bool:
    option = objective.label("payment")
    if option and not _pays_with(scenario, option):
        return True
    on_sms = objective.subject is Subject.PAGE and objective.name in _SMS_PAGES
    return (on_sms or bool(objective.label("verification"))) and not _asks_for_a_code(scenario)


def _pays_with(scenario: Scenario, option: str) -> bool:
    return scenario.mix.payments.get(option, 0.0) > 0


def _asks_for_a_code(scenario: Scenario) -> bool:
    sms = scenario.shop_settings.sms
    return sms.share > 0 and any(_pays_with(scenario, option) for option in sms.options)


def _load(scenario: Scenario) -> float:
    profile = scenario.profile()
    return profile.highest if profile else scenario.users
