"""A kill switch that needs no terminal: the run ends as soon as a file exists."""

from __future__ import annotations

from pathlib import Path


class StopFile:
    """Looks for one file."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def found(self) -> str:
        """Why the run must end now, as a sentence; empty while the file does not exist."""
        return f"the stop file {self._path} exists" if self._path.exists() else ""
