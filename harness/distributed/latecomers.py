"""Remembers the workers that joined while a run was on."""

from __future__ import annotations

LATECOMER_DELAY = 1.0
"""Seconds after which a worker that joined late can receive messages."""


class Latecomers:
    """The workers that joined after the users were dealt out; each is told once to wait for the next run."""

    def __init__(self) -> None:
        self._joined_at: dict[str, float] = {}
        self._untold: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._joined_at

    def add(self, name: str, now: float) -> None:
        """Record a worker that joins."""
        self._joined_at[name] = now
        self._untold.add(name)

    def due(self, now: float) -> list[str]:
        """The workers to tell now; a new worker cannot receive messages at once."""
        ready = [
            name for name in self._joined_at if name in self._untold and now - self._joined_at[name] > LATECOMER_DELAY
        ]
        self._untold.difference_update(ready)
        return ready
