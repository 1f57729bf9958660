"""Reads a scenario file and checks it; reports every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.loading.consistency import consistency_problems
from scenarios.loading.files import SCENARIO_FOLDER, find_scenario_file, read_toml
from scenarios.loading.key_checks import key_problems, unit_problems
from scenarios.loading.scenario import Scenario
from scenarios.schema.names import own_names
from scenarios.schema.problems import Problem, ScenarioError
from scenarios.schema.scenario_file import ScenarioDocument
from scenarios.schema.validation_errors import problems_of


def read_scenario(path_or_name: str, *, folder: Path = SCENARIO_FOLDER) -> Scenario:
    """Read a scenario by its name or path; raises ``ScenarioError`` with every problem at once."""
    path = find_scenario_file(path_or_name, folder)
    document = read_toml(path)
    return build_scenario(document, name=path.stem, folder=path.parent, found=unit_problems(document))


def build_scenario(
    document: Mapping[str, Any], *, name: str, folder: Path = SCENARIO_FOLDER, found: Iterable[Problem] = ()
) -> Scenario:
    """Build a scenario from TOML tables; raises ``ScenarioError`` with every problem at once, those ``found`` before among them."""
    problems, own = [*found, *key_problems(document)], own_names(document)
    try:
        made = ScenarioDocument.model_validate(document, context=own)
    except ValidationError as error:
        problems += problems_of(error, ScenarioDocument, document)
        wrong = {str(detail["loc"][0]) for detail in error.errors(include_url=False)}
        # The tables without errors are checked further, so that no error hides another.
        rest = {key: value for key, value in document.items() if key not in wrong}
        made = ScenarioDocument.model_validate(rest, context=own)
        problems += consistency_problems(made, wrong, folder)
        raise ScenarioError(f"scenario {name}", problems) from None
    problems += consistency_problems(made, set(), folder)
    if problems:
        raise ScenarioError(f"scenario {name}", problems)
    return Scenario(name, made, folder, written=document)
