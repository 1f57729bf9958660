"""Pairs the runs of two versions by the time at which they ran, so that each run counts once and drift cancels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

RunT = TypeVar("RunT")


class Side(StrEnum):
    """The version that a run measured."""

    BASELINE = "baseline"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class DatedRun(Generic[RunT]):
    """A run of one side, with the moment at which it started; ``label`` is the place where the user gave it."""

    side: Side
    label: str
    run_id: str
    started_at: datetime
    run: RunT


@dataclass(frozen=True, slots=True)
class Pairing(Generic[RunT]):
    """The pairs (baseline, candidate), the runs without a partner, and whether each pair began with the same version."""

    pairs: tuple[tuple[DatedRun[RunT], DatedRun[RunT]], ...]
    left_out: tuple[DatedRun[RunT], ...]
    same_order: bool


def repeated_runs(runs: Sequence[DatedRun[RunT]]) -> list[tuple[str, list[str]]]:
    """The runs that were given more than once: each run's id, and the places."""
    places: dict[str, list[str]] = {}
    for one in runs:
        places.setdefault(one.run_id, []).append(one.label)
    return [(run_id, labels) for run_id, labels in places.items() if len(labels) > 1]


def pair_by_time(runs: Sequence[DatedRun[RunT]]) -> Pairing[RunT]:
    """Pair each run with the run of the other version directly before or after it.

    A run with another run of its own version on both sides has no partner: what changed between the versions and what
    changed with time would be one. So all baselines before all candidates make one pair, and A B B A makes two.
    """
    order = sorted(runs, key=lambda one: one.started_at)
    pairs: list[tuple[DatedRun[RunT], DatedRun[RunT]]] = []
    left_out: list[DatedRun[RunT]] = []
    first: set[Side] = set()
    place = 0
    while place < len(order):
        here, after = order[place], order[place + 1] if place + 1 < len(order) else None
        if after is None or after.side is here.side:
            left_out.append(here)
            place += 1
            continue
        pairs.append((here, after) if here.side is Side.BASELINE else (after, here))
        first.add(here.side)
        place += 2
    return Pairing(tuple(pairs), tuple(left_out), len(pairs) > 1 and len(first) == 1)
