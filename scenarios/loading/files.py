"""Finds scenario files by name, and reads TOML. Errors of syntax come with line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness import files
from harness.files import MAX_TOML_BYTES, TomlError, UnreadableFile
from scenarios.schema.problems import HIDDEN_VALUE, Problem, ScenarioError, did_you_mean, one_of

SCENARIO_FOLDER = Path(__file__).parents[1]
"""The folder of the scenarios that come with checkload. A file that you put there is a scenario, too."""


def scenario_names(folder: Path = SCENARIO_FOLDER) -> list[str]:
    """The names of the scenarios in a folder, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def find_scenario_file(path_or_name: str, folder: Path = SCENARIO_FOLDER) -> Path:
    """The path of a scenario, from its name or its path; raises ``ScenarioError`` for an unknown name."""
    if path_or_name.endswith(".toml") or "/" in path_or_name or "\\" in path_or_name:
        return Path(path_or_name)
    known = scenario_names(folder)
    if path_or_name not in known:
        expected = f"{one_of(known)}, or the path of a TOML file" if known else "the path of a TOML file"
        problem = Problem("scenario", path_or_name, expected, did_you_mean(path_or_name, known))
        raise ScenarioError("the scenario", [problem])
    return folder / f"{path_or_name}.toml"


def read_toml(path: Path, kind: str = "scenario") -> dict[str, Any]:
    """Read the tables of a TOML file; raises ``ScenarioError``. ``kind`` is the word for the file in messages."""
    try:
        return files.parse_toml(files.read_text(path, MAX_TOML_BYTES))
    except TomlError as error:
        expected = f"valid TOML; found: {error.what}"
        remedy = "put texts in quotes, and write each key once" if error.place else "close the open bracket or quote"
        problem = Problem(error.place or "the end of the file", HIDDEN_VALUE, expected, remedy)
        raise ScenarioError(f"{kind} {path.stem}", [problem]) from None
    except UnreadableFile as error:
        problem = Problem(kind, str(path), f"a readable TOML file; {error}")
        raise ScenarioError(f"the {kind}", [problem]) from None
