"""Keeps compact results of earlier runs in a plain folder, one file each; all of them can be compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import files
from harness.regression.likeness import Place, unlike
from harness.regression.trust import Trust, cause_of_invalidity, trust_in
from harness.results.compact import SUFFIX, compact, compressed
from harness.results.result import Result
from harness.results.store import ResultError, read, write_atomically

MAX_BYTES = 200_000
"""The size of the largest baseline that is stored."""


class BaselineError(Exception):
    """A baseline that cannot be stored or read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A stored run and its file."""

    path: Path
    result: Result


def stored(folder: Path) -> list[Baseline]:
    """The baselines of a folder, the oldest first; BaselineError names each file that cannot be read."""
    problems, found = [], []
    if folder.exists() and not files.is_directory(folder):
        raise BaselineError(f"{folder}: is not a folder; name the folder of the baselines")
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.exists() else ():
        try:
            found.append(Baseline(path, read(path)))
        except ResultError as error:
            problems.append(str(error))
    if problems:
        raise BaselineError("\n".join(problems))
    return sorted(found, key=lambda one: (one.result.started_at, one.result.run_id))


def add(folder: Path, place: Place) -> Baseline:
    """Store a compact copy of a result; BaselineError if it is of no use, is there already, or is unlike the stored ones."""
    label, result = place
    if trust_in(result) is not Trust.FULL:
        raise BaselineError(f"{label} is invalid: {cause_of_invalidity(result)}; store a run that can be trusted")
    earlier = stored(folder)
    same = [one for one in earlier if one.result.run_id == result.run_id]
    if same:
        raise BaselineError(f"{label}: the run {result.run_id} is stored already, as {same[0].path}")
    if useless := [*unlike([place])]:
        raise BaselineError("\n".join(useless))
    newest = [(str(one.path), one.result) for one in earlier[-1:]]
    problems = [*unlike([*newest, place], remedy="use the same machine and the same checkload")]
    if problems:
        raise BaselineError("\n".join(f"{one}; or store this run in another --folder" for one in problems))
    content = compressed(compact(result))
    if len(content) > MAX_BYTES:
        raise BaselineError(
            f"{label}: takes {len(content):,} bytes as a baseline, and {MAX_BYTES:,} is the most; store a shorter run"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.run_id}{SUFFIX}"
    write_atomically(path, content)
    return Baseline(path, result)


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all baselines but the newest ones; returns the deleted files."""
    old = [one.path for one in stored(folder)]
    deleted: Sequence[Path] = old[:-keep] if keep else old
    for path in deleted:
        path.unlink()
    return list(deleted)
