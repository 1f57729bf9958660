"""What does not fit together in a scenario that searches for the capacity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.capacity.controller import can_be_searched
from harness.capacity.effective_rate import LAG_SHARE
from harness.objectives import parser
from scenarios.schema.load import PAGES_PER_JOURNEY, CapacitySection
from scenarios.schema.problems import Problem
from scenarios.schema.scenario_file import ScenarioDocument


def keys_beside_capacity(arrivals: Mapping[str, Any]) -> Iterator[Problem]:
    """Keys of ``[arrivals]`` that say what a search finds; looks at the raw table."""
    for key in ("stages", "rate", "duration", "warm_up", "trace"):
        if key in arrivals:
            yield Problem(
                f"arrivals.{key}", arrivals[key], f"no `{key}` beside [capacity], which finds the rate", "leave it out"
            )


def capacity_problems(document: ScenarioDocument, _folder: Path) -> Iterator[Problem]:
    """Everything that does not fit a search; nothing for a scenario without one."""
    capacity = document.capacity
    if capacity is None:
        return
    if document.closed is not None or document.cover:
        what = "closed" if document.closed is not None else "cover"
        yield Problem(what, True, "an open load beside [capacity]", f"leave out {what}")
    yield from _limits(capacity, document.target.highest_rate)
    yield from _journeys(capacity, document.think.times.mean())
    yield from _minimum(document)
    yield from _objectives(document)
    if document.stop.when_certain:
        yield Problem(
            "stop.when_certain", True, "nothing beside [capacity], which ends when it has its answer", "leave it out"
        )


def _limits(capacity: CapacitySection, ceiling: float) -> Iterator[Problem]:
    if capacity.start > capacity.most:
        yield Problem(
            "capacity.start", f"{capacity.start:g}/s", f"at most capacity.most, {capacity.most:g}/s", "lower it"
        )
    if capacity.most > ceiling:
        yield Problem(
            "capacity.most",
            f"{capacity.most:g}/s",
            f"at most target.highest_rate, {ceiling:g}/s",
            "lower it, or raise that",
        )
    needed = capacity.confirm + 4 * max(capacity.level, capacity.arrivals / capacity.start)
    if capacity.budget < needed:
        yield Problem(
            "capacity.budget",
            capacity.budget,
            f"at least {needed:g} s: four levels and the confirmation",
            "raise it, or shorten capacity.confirm and capacity.level",
        )


def _journeys(capacity: CapacitySection, think: float) -> Iterator[Problem]:
    """A budget that is too short for shoppers who think so many seconds before a page, on average."""
    plan, journey = capacity.search_plan, PAGES_PER_JOURNEY * think
    if journey > LAG_SHARE * plan.length(plan.start) and plan.budget < (least := plan.shortest(journey)):
        yield Problem(
            "capacity.budget",
            capacity.budget,
            f"at least {least / 60:.0f} minutes: a journey takes some {journey:.0f} s, and the shop feels a rate only after that",
            "raise it, or lower the think times (think.scale)",
        )


def _minimum(document: ScenarioDocument) -> Iterator[Problem]:
    for slug, count in document.payments.minimum.items():
        if count:
            yield Problem(
                f"payments.minimum.{slug}",
                count,
                "no guarantee beside [capacity]: how many come is not known",
                "leave it out",
            )


def _objectives(document: ScenarioDocument) -> Iterator[Problem]:
    for index, text in enumerate(document.objectives):
        if not can_be_searched(parser.parse(text)):
            yield Problem(
                f"objectives[{index}]",
                text,
                "a demand that holds at one rate and not at another: a percentile of response times, failures or dropped",
                "leave it out of a search",
            )
