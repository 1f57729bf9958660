"""Checks whether journeys and payment options came in the planned mix: another mix is another load."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.objectives.verdict import Finding, Severity
from harness.special_functions import chdtrc
from harness.units import format_count, format_number
from harness.validity.evidence import Evidence, LabelCount

ALPHA = 1e-4
"""How often chance alone may look like another mix: once in ten thousand runs."""
LEAST_EXPECTED = 5.0
"""The least expected number of each value for which the chi-square distribution holds (Cochran's rule)."""
REST = "all others"


def mix_as_planned(evidence: Evidence) -> Iterator[Finding]:
    """Whether journeys and payment options came in the proportions of the scenario, as far as chance allows."""
    conditions = evidence.conditions
    if conditions.disturbed:
        return
    for each in conditions.delivery.mixes:
        unplanned = [name for name, number in each.observed.items() if number and not each.expected.get(name)]
        if unplanned and any(each.expected.values()):
            yield Finding(
                "mix",
                Severity.INVALID,
                f"the mix differs from the scenario: {format_count(each.observed[unplanned[0]], 'arrival')} had the "
                f"{each.label} {unplanned[0]}, and none was planned",
                "check that all workers read the same scenario",
            )
            continue
        cells = _cells(each)
        if len(cells) < 2:  # noqa: PLR2004  one kind cannot be too frequent
            continue
        statistic = sum((observed - expected) ** 2 / expected for observed, expected in cells.values())
        p_value = chdtrc(len(cells) - 1, statistic)
        if p_value < ALPHA:
            name = max(cells, key=lambda name: abs(_deviation(cells[name])))
            observed, expected = cells[name]
            kind = f"a rare {each.label}" if name == REST else f"the {each.label} {name}"
            yield Finding(
                "mix",
                Severity.INVALID,
                f"the mix differs from the scenario: {observed:,.0f} arrivals had {kind}, and "
                f"{format_number(round(expected, 1))} were expected; chance does that in less than one of "
                f"{1 / ALPHA:,.0f} runs",
                "look for a lost worker, or for a journey without free users",
            )
        else:
            yield Finding("mix", Severity.OK, f"each {each.label} came as often as planned, within chance")


def _cells(counted: LabelCount) -> dict[str, tuple[float, float]]:
    """The observed and the expected number of each value; rare values are added up under ``REST``."""
    total, whole = sum(counted.observed.values()), math.fsum(counted.expected.values())
    if not total or whole <= 0:
        return {}
    cells: dict[str, tuple[float, float]] = {}
    rest = [0.0, 0.0]
    for name in dict.fromkeys((*counted.expected, *counted.observed)):
        observed, expected = counted.observed.get(name, 0), counted.expected.get(name, 0.0) / whole * total
        if expected >= LEAST_EXPECTED:
            cells[name] = (observed, expected)
        else:
            rest[0] += observed
            rest[1] += expected
    if rest[1] >= LEAST_EXPECTED:
        cells[REST] = (rest[0], rest[1])
    elif cells and any(rest):
        # The rare values are too few for a cell of their own. The smallest cell takes them, so that no arrival is left out.
        smallest = min(cells, key=lambda name: cells[name][1])
        observed_there, expected_there = cells[smallest]
        cells[smallest] = (observed_there + rest[0], expected_there + rest[1])
    return cells


def _deviation(cell: tuple[float, float]) -> float:
    """How far the observed number is from the expected one, in standard deviations."""
    observed, expected = cell
    return (observed - expected) / math.sqrt(expected)
