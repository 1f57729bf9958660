"""Checks the files that a command is going to write, before it does any work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def output_problems(option: str, name: str | None, *, overwrite: bool) -> Iterator[str]:
    """Why this file cannot be written, as sentences; ``None`` is no file."""
    if name is None:
        return
    if not name.isprintable():
        yield f"{option} {name!r}: a file name must have printable characters only; choose another one"
    elif Path(name).exists() and not overwrite:
        yield f"{option} {name}: the file exists; choose another one, or add --overwrite"
    elif not Path(name).parent.is_dir():
        yield f"{option} {name}: the folder {Path(name).parent} does not exist; create it first"


def scenario_name_problems(option: str, name: str | None) -> Iterator[str]:
    """Why this cannot be the name of a scenario file."""
    if name and not name.endswith(".toml"):
        yield f"{option} {name}: the name of a scenario file must end in .toml"
