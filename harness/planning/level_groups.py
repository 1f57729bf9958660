"""Groups levels of nearly the same rate, because a search tries rates near its answer many times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from harness.planning.load_levels import LoadLevel

NEAR = 0.08
"""The highest rate of a group is at most this share above the lowest."""


def group_by_rate(levels: Iterable[LoadLevel]) -> Iterator[list[LoadLevel]]:
    """Groups of levels with similar rates, by rising rate."""
    group: list[LoadLevel] = []
    for level in sorted(levels, key=lambda one: one.rate):
        if group and level.rate > group[0].rate * (1 + NEAR):
            yield group
            group = []
        group.append(level)
    if group:
        yield group


def group_by_source(levels: Iterable[LoadLevel]) -> Iterator[list[LoadLevel]]:
    """Groups of levels with similar rates and the same source, number of instances and verdict; by rising rate."""
    kinds: dict[tuple[str, int, bool | None], list[LoadLevel]] = {}
    for level in levels:
        kinds.setdefault((level.source, level.instances or 1, level.kept), []).append(level)
    groups = [group for kind in kinds.values() for group in group_by_rate(kind)]
    yield from sorted(groups, key=lambda group: middle([level.rate for level in group]))


def middle(values: Sequence[float]) -> float:
    """The median, which a single unusual level does not change."""
    return float(median(values))
