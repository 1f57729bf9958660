"""Finds the scenarios in a folder and makes workloads of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import UsageError
from harness.run.workload import Choices
from scenarios.loading.files import SCENARIO_FOLDER, scenario_names
from scenarios.loading.overrides import apply_overrides
from scenarios.loading.reader import read_scenario
from scenarios.loading.unreachable_objectives import refuse_unreachable_objectives
from scenarios.runtime.workload import ScenarioWorkload, overrides_of
from scenarios.schema.problems import ScenarioError


class ScenarioFolder:
    """The harness's ``ScenarioProvider``: every scenario file in a folder."""

    def __init__(self, folder: Path = SCENARIO_FOLDER) -> None:
        self._folder = folder

    def names(self) -> Sequence[str]:
        """The names of the scenarios."""
        return scenario_names(self._folder)

    def choose(self, choices: Choices) -> ScenarioWorkload:
        """Read a scenario and apply the choices; raises ``UsageError`` with every problem at once."""
        try:
            chosen = read_scenario(choices.scenario, folder=self._folder)
            refuse_unreachable_objectives(chosen)
            return ScenarioWorkload(apply_overrides(chosen, overrides_of(choices)), choices)
        except ScenarioError as error:
            raise UsageError(str(error)) from None
