"""Prepares runs from Locust's options: the workload, the user classes, the journey log."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.host_header import parse_allowed_hosts
from harness.judging import finish
from harness.judging.shop_metrics import check_prometheus
from harness.locust_plugin.option_checks import (
    refuse_candidate,
    refuse_host,
    refuse_journey_log,
    refuse_rebalancing,
    refuse_results,
    refuse_slow_ramp,
    selected_user_classes,
    set_weights,
)
from harness.locust_plugin.options import choices
from harness.locust_plugin.web.form import UserSettings
from harness.run.journey_log import JourneyLog
from harness.run.workload import Choices, ScenarioProvider, Workload
from harness.tracing.otlp import otlp_endpoint

logger = logging.getLogger("checkload")

CHOICES_ATTRIBUTE = "checkload_chosen"


class Preparation:
    """Prepares the runs of a process that judges them; ``user_settings`` knows which numbers a person chose.

    Raises ``UsageError`` for an impossible ramp.
    """

    def __init__(self, environment: Any, provider: ScenarioProvider[Any]) -> None:
        options = environment.parsed_options
        self._environment = environment
        self._provider = provider
        self._chosen: Sequence[Any] = list(environment.user_classes)
        self.user_settings = UserSettings(options.num_users, options.spawn_rate)

    def check_options(self) -> Workload[Any]:
        """Check all options before anything is sent; returns the workload that they ask for, or raises ``UsageError``."""
        options = self._environment.parsed_options
        workload = self.choose_and_ask(options)
        refuse_host(options.host or "", workload.target.allowed)
        refuse_candidate(options, workload)
        refuse_rebalancing(options)
        parse_allowed_hosts(options.web_allowed_hosts)
        otlp_endpoint(options.otlp, workload.target.allowed)
        refuse_results(options.results, finish.RESULTS)
        refuse_journey_log(options.journey_log)
        selected_user_classes(self._chosen, workload, options)
        return workload

    def choose(self, options: Any) -> Workload[Any]:
        """The scenario with the overrides of the command line or of the web form; raises ``UsageError``."""
        workload = self._provider.choose(choices(options, self.user_settings.users(options)))
        refuse_slow_ramp(workload, self.user_settings.ramp(options))
        return workload

    def choose_and_ask(self, options: Any) -> Workload[Any]:
        """The same, after Prometheus has read the queries of the objectives; raises ``UsageError``."""
        workload = self.choose(options)
        check_prometheus(workload.judging, workload.target.allowed, time.time())
        return workload

    def next_workload(self) -> Workload[Any]:
        """The workload of the next run; the options then hold the choices for the workers. Raises ``UsageError``."""
        options = self._environment.parsed_options
        workload = self.choose(options)
        # Locust sends our options to its workers, but not its own; so number of users and run time travel in one of ours.
        setattr(options, CHOICES_ATTRIBUTE, asdict(choices(options, self.user_settings.users(options))))
        refuse_host(self._environment.host or "", workload.target.allowed)
        self._select_users(workload)
        return workload

    @property
    def kinds(self) -> dict[str, str]:
        """The journey of each user class, by the class name."""
        return {one.__name__: one.kind for one in self._chosen}

    def _select_users(self, workload: Workload[Any]) -> None:
        """Keep the chosen user classes that have a weight in the scenario."""
        options = self._environment.parsed_options
        picked = self._environment.user_classes if getattr(options, "class_picker", False) else self._chosen
        kept = selected_user_classes(picked, workload, options)
        set_weights(kept, workload)
        workload.population.restrict([one.kind for one in kept])
        self._environment.user_classes = kept


def workload_for_worker(environment: Any, provider: ScenarioProvider[Any]) -> Workload[Any]:
    """The workload of a worker's next run, by the choices that the master sent; raises ``UsageError``."""
    options = environment.parsed_options
    sent = getattr(options, CHOICES_ATTRIBUTE, None)
    asked = Choices(**{**sent, "allowed": tuple(sent["allowed"])}) if sent else choices(options, None)
    workload = provider.choose(asked)
    refuse_host(environment.host or "", workload.target.allowed)
    return workload


def open_journey_log(path: Path) -> JourneyLog | None:
    """The journey log of a run, or ``None`` with a warning if it cannot be opened."""
    try:
        return JourneyLog(path)
    except OSError as error:
        logger.warning("The run continues without a journey log: %s: %s", path, error.strerror or error)
        return None
