"""Fixtures: scenario files, and the problems of wrong ones."""

from textwrap import dedent

import pytest

from scenarios.loading.reader import read_scenario
from scenarios.loading.scenario import Scenario
from scenarios.schema.problems import ScenarioError


@pytest.fixture
def written(tmp_path):
    """Writes a scenario file and reads it."""

    def write(text: str, name: str = "own.toml") -> Scenario:
        path = tmp_path / name
        path.write_text(dedent(text), encoding="utf-8")
        return read_scenario(str(path))

    return write


@pytest.fixture
def complaints(written):
    """Writes a wrong scenario file and returns its problems by key."""

    def complain(text: str) -> dict:
        with pytest.raises(ScenarioError) as error:
            written(text)
        return {problem.key: problem for problem in error.value.problems}

    return complain
