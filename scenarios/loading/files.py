"""Finds scenario files by name, and reads TOML so that a slip of the pen is told with its line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness import files
from harness.files import MAX_TOML_BYTES, TomlError, UnreadableFile
from scenarios.schema.problems import HIDDEN_VALUE, Problem, ScenarioError, did_you_mean, one_of

SCENARIO_FOLDER = Path(__file__).parents[1]
"""Where the scenarios that come with checkload lie; drop in a file to add one."""


def scenario_names(folder: Path = SCENARIO_FOLDER) -> list[str]:
    """The scenarios of a folder by name, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def find_scenario_file(path_or_name: str, folder: Path = SCENARIO_FOLDER) -> Path:
    """The file of the scenario of this name, or the file itself; raises ``ScenarioError`` for a name nobody knows."""
    if path_or_name.endswith(".toml") or "/" in path_or_name or "\\" in path_or_name:
        return Path(path_or_name)
    known = scenario_names(folder)
    if path_or_name not in known:
        expected = f"{one_of(known)}, or the path of a TOML file" if known else "the path of a TOML file"
        problem = Problem("scenario", path_or_name, expected, did_you_mean(path_or_name, known))
        raise ScenarioError("the scenario", [problem])
    return folder / f"{path_or_name}.toml"


def read_toml(path: Path, kind: str = "scenario") -> dict[str, Any]:
    """What stands in the file; raises ``ScenarioError``, which calls it a ``kind``, if it cannot be read or is no TOML."""
    try:
        return files.parse_toml(files.read_text(path, MAX_TOML_BYTES))
    except TomlError as error:
        expected = f"valid TOML; found: {error.what}"
        remedy = "put texts in quotes, and each key once" if error.place else "close what was opened"
        problem = Problem(error.place or "the end of the file", HIDDEN_VALUE, expected, remedy)
        raise ScenarioError(f"{kind} {path.stem}", [problem]) from None
    except UnreadableFile as error:
        problem = Problem(kind, str(path), f"a TOML file that can be read; {error}")
        raise ScenarioError(f"the {kind}", [problem]) from None
