"""Whether those came who were meant to: a mix that drifts is another load than the one that was asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from scipy.special import chdtrc

from harness.objectives.verdict import Finding, Severity
from harness.units import format_number
from harness.validity.evidence import Evidence, LabelCount

ALPHA = 1e-4
"""How seldom chance alone may look like a drift: once in ten thousand runs."""
LEAST_EXPECTED = 5.0
"""How many must be expected of each for the chi-square distribution to hold; the textbook's rule (Cochran)."""
REST = "all others"


def mix_as_planned(evidence: Evidence) -> Iterator[Finding]:
    """Whether journeys and payment options came in the proportions of the scenario, as far as chance allows."""
    conditions = evidence.conditions
    if conditions.disturbed:
        return
    for each in conditions.mixes:
        strangers = [name for name, came in each.observed.items() if came and not each.expected.get(name)]
        if strangers and any(each.expected.values()):
            yield Finding(
                "mix",
                Severity.INVALID,
                f"the mix is not the one asked for: nobody was to come with {each.label} {strangers[0]}, and "
                f"{each.observed[strangers[0]]:,} came",
                "look whether all workers read the same scenario",
            )
            continue
        cells = _cells(each)
        if len(cells) < 2:  # noqa: PLR2004  one kind cannot be too frequent
            continue
        statistic = sum((came - expected) ** 2 / expected for came, expected in cells.values())
        chance = float(chdtrc(len(cells) - 1, statistic))
        if chance < ALPHA:
            name = max(cells, key=lambda name: abs(_deviation(cells[name])))
            came, expected = cells[name]
            yield Finding(
                "mix",
                Severity.INVALID,
                f"the mix is not the one asked for: of {each.label} {name} came {came:,.0f}, and "
                f"{format_number(round(expected, 1))} were expected; chance does that less than once in "
                f"{1 / ALPHA:,.0f} runs",
                "look for a worker that was lost, or a journey without free users",
            )
        else:
            yield Finding("mix", Severity.OK, f"each {each.label} came as often as asked for, within chance")


def expected_counts(
    weights: Mapping[str, float], total: float, guaranteed: Mapping[str, float] | None = None
) -> dict[str, float]:
    """How many of each are expected among ``total``, where some of each are guaranteed whatever their weight.

    What the guarantees leave over is shared out such that all together keep to the weights, as far as that is possible;
    an option that has more guaranteed than its weight would give gets no more.
    """
    guaranteed = guaranteed or {}
    whole = math.fsum(weights.values())
    left = {
        name: max(0.0, weight / whole * total - guaranteed.get(name, 0.0)) for name, weight in weights.items() if whole
    }
    rest = max(0.0, total - math.fsum(guaranteed.values()))
    shares = left if any(left.values()) else dict(weights)
    spread = math.fsum(shares.values())
    return {
        name: guaranteed.get(name, 0.0) + (rest * shares.get(name, 0.0) / spread if spread else 0.0)
        for name in dict.fromkeys((*weights, *guaranteed))
    }


def _cells(counted: LabelCount) -> dict[str, tuple[float, float]]:
    """Of each label, how many came and were expected of as many in all; rare ones are taken together."""
    came_all, whole = sum(counted.observed.values()), math.fsum(counted.expected.values())
    if not came_all or whole <= 0:
        return {}
    cells: dict[str, tuple[float, float]] = {}
    rest = [0.0, 0.0]
    for name in dict.fromkeys((*counted.expected, *counted.observed)):
        came, expected = counted.observed.get(name, 0), counted.expected.get(name, 0.0) / whole * came_all
        if expected >= LEAST_EXPECTED:
            cells[name] = (came, expected)
        else:
            rest[0] += came
            rest[1] += expected
    if rest[1] >= LEAST_EXPECTED:
        cells[REST] = (rest[0], rest[1])
    elif cells and any(rest):
        # Too few for a place of their own: added to the smallest, so that nobody who came is left out.
        smallest = min(cells, key=lambda name: cells[name][1])
        came_there, expected_there = cells[smallest]
        cells[smallest] = (came_there + rest[0], expected_there + rest[1])
    return cells


def _deviation(cell: tuple[float, float]) -> float:
    """How far off one label is, in standard deviations."""
    came, expected = cell
    return (came - expected) / math.sqrt(expected)
