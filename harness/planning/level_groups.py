"""Takes levels of nearly the same rate together: a search tries the rates near its answer many times over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from harness.planning.load_levels import LoadLevel

NEAR = 0.08
"""How much faster than the slowest of them the fastest of some neighbours may be, in proportion."""


def group_by_rate(levels: Iterable[LoadLevel]) -> Iterator[list[LoadLevel]]:
    """Groups of levels by rising rate, each of rates near each other."""
    group: list[LoadLevel] = []
    for level in sorted(levels, key=lambda one: one.rate):
        if group and level.rate > group[0].rate * (1 + NEAR):
            yield group
            group = []
        group.append(level)
    if group:
        yield group


def group_by_source(levels: Iterable[LoadLevel]) -> Iterator[list[LoadLevel]]:
    """Neighbours of one source, of as many instances, of which the same is known of the objectives; by rising rate."""
    kinds: dict[tuple[str, int, bool | None], list[LoadLevel]] = {}
    for level in levels:
        kinds.setdefault((level.source, level.instances or 1, level.kept), []).append(level)
    groups = [group for kind in kinds.values() for group in group_by_rate(kind)]
    yield from sorted(groups, key=lambda group: middle([level.rate for level in group]))


def middle(values: Sequence[float]) -> float:
    """The median: one odd level of seconds does not move it."""
    return float(median(values))
