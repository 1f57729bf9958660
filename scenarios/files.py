"""Finds scenario files by name, and reads TOML so that a slip of the pen is shown with its line and column."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from scenarios.problems import ABSENT, Problem, ScenarioError, did_you_mean, one_of

FOLDER = Path(__file__).parent
"""Where the scenarios that come with checkload lie; drop in a file to add one."""

_AT = re.compile(r"^(?P<what>.*?) \(at line (?P<line>\d+), column (?P<column>\d+)\)$")


def names(folder: Path = FOLDER) -> list[str]:
    """The scenarios of a folder by name, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def find(path_or_name: str, folder: Path = FOLDER) -> Path:
    """The file of the scenario of this name, or the file itself; raises ``ScenarioError`` for a name nobody knows."""
    if path_or_name.endswith(".toml") or "/" in path_or_name or "\\" in path_or_name:
        return Path(path_or_name)
    known = names(folder)
    if path_or_name not in known:
        expected = f"{one_of(known)}, or the path of a TOML file" if known else "the path of a TOML file"
        problem = Problem("scenario", path_or_name, expected, did_you_mean(path_or_name, known))
        raise ScenarioError("the scenario", [problem])
    return folder / f"{path_or_name}.toml"


def tables(path: Path, kind: str = "scenario") -> dict[str, Any]:
    """What stands in the file; raises ``ScenarioError``, which calls it a ``kind``, if it cannot be read or is no TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8"
        problem = Problem(kind, str(path), f"a TOML file that can be read. {reason}")
        raise ScenarioError(f"the {kind}", [problem]) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{kind} {path.stem}", [_syntax_problem(str(error), text)]) from None


def _syntax_problem(message: str, text: str) -> Problem:
    match = _AT.match(message)
    if match is None:
        return Problem("the end of the file", ABSENT, f"valid TOML; found: {message}", "close what was opened")
    line = int(match["line"])
    standing = "".join(text.splitlines()[line - 1 : line]).strip()
    place = f"line {line}, column {match['column']}"
    return Problem(place, standing, f"valid TOML; found: {match['what']}", "put texts in quotes, and each key once")
