"""The runs in a results folder, and the files of each. Nothing outside the folder can be read, whatever a request names."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from harness import files
from harness.files import JsonError, UnreadableFile
from harness.results.compact import SUFFIX
from harness.results.store import RESULT
from harness.yield_to_load import NEVER, YieldToLoad

SUMMARY, REPORT = "summary.json", "report.html"
MOST_RUNS = 200
"""The newest runs that are listed."""
LARGEST_SUMMARY = 200_000
LARGEST_REPORT = 50_000_000
BASELINES = Path("baselines")
"""Where ``checkload baseline`` stores runs."""


class ListedRun(NamedTuple):
    """One run of the folder: ``name`` is that of its own folder, ``.`` for the results folder itself."""

    name: str
    scenario: str
    started_at: str
    verdict: str
    reason: str
    journeys: int
    failed: int
    p95: float | str | None
    changed: bool
    report: bool


class ResultsFolder:
    """A results folder: it may hold one run itself, and more runs in folders of their own."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def runs(self, yield_to_load: YieldToLoad = NEVER) -> list[ListedRun]:
        """The newest runs, the newest first; a folder without a readable summary is left out."""
        found = []
        for path in self._folders():
            if (run := _listed(self.base, path)) is not None:
                found.append(run)
            yield_to_load()
        return sorted(found, key=lambda run: run.started_at, reverse=True)[:MOST_RUNS]

    def find(self, name: str) -> Path | None:
        """The folder of a run by its name; None for anything that is not one of these runs."""
        return next((path for path in self._folders() if _name(self.base, path) == name), None)

    def report(self, name: str) -> bytes | None:
        """The report of a run; None: there is none."""
        folder = self.find(name)
        if folder is None or not _is_own_file(folder / REPORT):
            return None
        try:
            return files.read_bytes(folder / REPORT, LARGEST_REPORT)
        except UnreadableFile:
            return None

    def write_zip(self, name: str, to: Any) -> bool:
        """Write all files of a run into a zip file; False: there is no such run."""
        folder = self.find(name)
        if folder is None:
            return False
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(folder.iterdir()):
                if _is_own_file(path) and not path.name.startswith("."):
                    archive.write(path, f"{folder.resolve().name}/{path.name}")
        return True

    def _folders(self) -> Iterator[Path]:
        if not files.is_directory(self.base):
            return
        for path in (self.base, *self.base.iterdir()):
            if (path == self.base or not path.is_symlink()) and path.is_dir() and _is_own_file(path / RESULT):
                yield path


def stored_baselines(folder: Path = BASELINES) -> list[str]:
    """The names of the stored baselines, the newest first."""
    if not files.is_directory(folder):
        return []
    return sorted((path.name for path in folder.glob(f"*{SUFFIX}") if _is_own_file(path)), reverse=True)


def _name(base: Path, path: Path) -> str:
    return "." if path == base else path.name


def _is_own_file(path: Path) -> bool:
    """Whether this is a regular file and no link to another place."""
    return not path.is_symlink() and path.is_file()


def _listed(base: Path, path: Path) -> ListedRun | None:
    try:
        if not _is_own_file(path / SUMMARY):
            return None
        document = files.parse_json(files.read_bytes(path / SUMMARY, LARGEST_SUMMARY))
        journeys = document["all_journeys"]
        return ListedRun(
            _name(base, path),
            str(document["scenario"]),
            str(document["started_at"]),
            str(document["verdict"]),
            str(document["reason"]),
            int(journeys["count"]),
            int(journeys["failed"]),
            journeys["response_time"]["p95"],
            changed=any(one["check"] == "exploration" for one in document["findings"]),
            report=_is_own_file(path / REPORT),
        )
    except (JsonError, UnreadableFile, LookupError, TypeError, ValueError):
        return None
