"""The workload of a run, made from a scenario: schedule, population, objectives and target."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import orjson

from harness.metrics.page_roles import PageRoles
from harness.run.steering.change import LoadChange, Steered
from harness.run.workload import Choices, Judging
from scenarios.loading.scenario import Scenario
from scenarios.runtime.accounts import ScenarioAccounts
from scenarios.runtime.embedded_shop import EmbeddedShop
from scenarios.runtime.population import ScenarioPopulation
from scenarios.runtime.schedule import ScenarioSchedule
from scenarios.runtime.steering import SIGNING_IN, steer, steering_form
from shop.contract import Page
from shop.settings import Settings
from users.funnel import FUNNEL_STEPS
from users.http.origin import parse_origin, refuse_proxy

PAGE_ROLES = PageRoles(
    steps=FUNNEL_STEPS,
    challenges=frozenset({Page.THREE_D_SECURE.value}),
    codes=frozenset({Page.VERIFY_SMS.value}),
    resends=frozenset({Page.SEND_SMS.value}),
)
"""The pages that metrics count in a special way."""


class ScenarioTarget:
    """The target of a scenario; the harness's ``TargetPolicy``."""

    def __init__(self, scenario: Scenario, accounts: ScenarioAccounts) -> None:
        self._scenario = scenario
        self._accounts = accounts
        self.allowed: Collection[str] = frozenset(scenario.target.allowed)

    def refusal(self, url: str) -> str:
        """Why this target cannot get load from here, even if it is allowed; empty if it can."""
        if self._scenario.target.client != "own":
            return ""
        try:
            refuse_proxy(parse_origin(url))
        except ValueError as error:
            return str(error)
        return ""

    @property
    def shop_settings(self) -> Settings:
        """The settings of the embedded shop."""
        return self._scenario.shop_settings

    def start(self) -> EmbeddedShop:
        """Start the embedded shop with the accounts of this run; raises ``UsageError`` with its message."""
        return EmbeddedShop.start(self.shop_settings, self._accounts.pool)


class ScenarioWorkload:
    """One scenario with the user's choices applied; the harness's ``Workload``."""

    def __init__(self, chosen: Scenario, choices: Choices) -> None:
        self._scenario = chosen
        self._choices = choices
        self._accounts = ScenarioAccounts(chosen)
        self._steered = chosen  # as the commands of a person have changed it so far
        self.name = chosen.name
        self.seed = chosen.seed
        self.page_roles = PAGE_ROLES
        self.schedule = ScenarioSchedule(chosen)
        self.population = ScenarioPopulation(chosen, self.schedule, self._accounts)
        self._users = self.population.users
        self.target = ScenarioTarget(chosen, self._accounts)
        prometheus = chosen.document.prometheus
        self.judging = Judging(
            objectives=chosen.objectives,
            metric_objectives=chosen.document.metric_objectives,
            prometheus=None if prometheus is None else prometheus.source,
            stop_rules=chosen.stop_rules,
            stop_when_certain=chosen.document.stop.when_certain,
            max_orders=chosen.document.stop.max_orders,
            max_sms=chosen.document.stop.max_sms,
            search=chosen.search,
            at_least=chosen.document.capacity.at_least if chosen.document.capacity else None,
            planned_minimum=self.population.planned_minimum,
        )

    def as_asked(self) -> dict[str, Any]:
        """The whole scenario and the options as plain JSON values."""
        chosen = {key: value for key, value in overrides_of(self._choices).items() if value not in (None, "", ())}
        if self._scenario.skipped_objectives:
            chosen["set_aside"] = list(self._scenario.skipped_objectives)
        return {"scenario": self._scenario.as_asked(), "chosen": chosen, "journeys": sorted(self.population.kinds)}

    def steer(self, asked: Mapping[str, Any], elapsed: float, *, embedded: bool) -> Steered:
        """Check a command to change the load while it is on."""
        rate = self.schedule.rate(elapsed)
        return steer(self._steered, asked, rate, self._users, self._accounts_by_journey, embedded=embedded)

    def steering_form(self, elapsed: float) -> Mapping[str, Any]:
        """What a person can change, and its values at this moment."""
        return steering_form(self._steered, self.schedule.rate(elapsed), self._users)

    def adopt(self, steered: Steered) -> None:
        """Take a checked command for the settings that later commands change."""
        self._steered = steered.settings
        if steered.users is not None:
            self._users = steered.users

    def change(self, change: LoadChange, start: float) -> None:
        """Change schedule and journeys of this process."""
        if change.rate is not None:
            self.schedule.change_rate(change.at, change.rate)
        if change.payments is not None:
            self.population.change_payments(change.at, change.payments, start)

    def change_think_scale(self, scale: float) -> None:
        """Change the think times of this process at once."""
        self.population.change_think_scale(scale)

    def _accounts_by_journey(self) -> Mapping[str, int]:
        pool = self._accounts.pool
        return {
            journey: sum(1 for account in pool.accounts if account.saved_choices is saved)
            for journey, saved in SIGNING_IN.items()
        }

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the scenario, the options, the accounts and the version. Master and workers must have the same one."""
        asked = {key: value for key, value in self.as_asked().items() if key != "journeys"}
        emails = [account.email for account in self._accounts.pool.accounts]
        trace = self._scenario.trace.digest if self._scenario.trace else ""
        pks = self._scenario.products.pks
        everything = [asked, emails, trace, pks, version("checkload")]
        return sha256(orjson.dumps(everything, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def secrets(self) -> Collection[str]:
        """Texts that no output may show: passwords, header values and the test system's SMS code."""
        passwords = {account.password for account in self._accounts.pool.accounts}
        codes = {self._scenario.policy.sms_code, self._scenario.shop_settings.sms.fixed_code or ""}
        headers = {part for value in self._scenario.headers.values() for part in (value, *value.split())}
        prometheus = self._scenario.document.prometheus
        token = "" if prometheus is None else prometheus.source.token
        return passwords | (codes | {token}) - {""} | headers


def overrides_of(choices: Choices) -> dict[str, Any]:
    """The choices under the names of ``scenarios.loading.overrides``; ``None`` is no choice."""
    return {
        "payment_mix": choices.payment_mix,
        "sms_share": choices.sms_share,
        "arrival_rate": choices.arrival_rate,
        "users": choices.users,
        "duration": choices.duration,
        "seed": choices.seed,
        "think_scale": choices.think_scale,
        "budget": choices.budget,
        "stop_when_certain": choices.stop_when_certain or None,
        "max_orders": choices.max_orders,
        "max_sms": choices.max_sms,
        "allow_target": choices.allowed,
        "verify_tls": None if choices.verify_tls else False,
    }
