"""Checks for scenarios that search for the capacity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.capacity.controller import can_be_searched
from harness.capacity.effective_rate import LAG_SHARE
from harness.objectives import parser
from harness.shop_metrics.objective import is_metric_objective
from scenarios.schema.load import PAGES_PER_JOURNEY, CapacitySection
from scenarios.schema.problems import Problem
from scenarios.schema.scenario_file import ScenarioDocument


def keys_beside_capacity(arrivals: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each key of ``[arrivals]`` that the search sets itself; looks at the raw table."""
    for key in ("stages", "rate", "duration", "warm_up", "trace"):
        if key in arrivals:
            yield Problem(
                f"arrivals.{key}",
                arrivals[key],
                f"no `{key}` together with [capacity]: the search sets the rate",
                "leave it out",
            )


def capacity_problems(document: ScenarioDocument, _folder: Path) -> Iterator[Problem]:
    """Yield a problem for everything that does not fit a search; nothing for a scenario without ``[capacity]``."""
    capacity = document.capacity
    if capacity is None:
        return
    if document.closed is not None or document.cover:
        what = "closed" if document.closed is not None else "cover"
        yield Problem(what, True, "an open load for [capacity]", f"leave {what} out")
    yield from _limits(capacity, document.target.highest_rate)
    yield from _journeys(capacity, document.think.times.mean())
    yield from _minimum(document)
    yield from _objectives(document)
    if document.stop.when_certain:
        yield Problem(
            "stop.when_certain",
            True,
            "no early end with [capacity]: the search ends when it has its answer",
            "leave it out",
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
            "lower it, or raise target.highest_rate",
        )
    needed = capacity.confirm + 4 * max(capacity.level, capacity.arrivals / capacity.start)
    if capacity.budget < needed:
        yield Problem(
            "capacity.budget",
            capacity.budget,
            f"at least {needed:g} s, for four levels and the confirmation",
            "raise it, or shorten capacity.confirm and capacity.level",
        )


def _journeys(capacity: CapacitySection, think: float) -> Iterator[Problem]:
    """Yield a problem if the budget is too short for the length of a journey; ``think`` is the mean think time."""
    plan, journey = capacity.search_plan, PAGES_PER_JOURNEY * think
    if journey > LAG_SHARE * plan.length(plan.start) and plan.budget < (least := plan.shortest(journey)):
        yield Problem(
            "capacity.budget",
            capacity.budget,
            f"at least {least / 60:.0f} minutes: a journey takes about {journey:.0f} s, and the shop has the full load of a rate only after that",
            "raise it, or lower the think times (think.scale)",
        )


def _minimum(document: ScenarioDocument) -> Iterator[Problem]:
    for slug, count in document.payments.minimum.items():
        if count:
            yield Problem(
                f"payments.minimum.{slug}",
                count,
                "no minimum with [capacity]: the number of journeys is not known in advance",
                "leave it out",
            )


def _objectives(document: ScenarioDocument) -> Iterator[Problem]:
    for index, text in enumerate(document.objectives):
        if is_metric_objective(text):
            yield Problem(
                f"objectives[{index}]",
                text,
                "no objective on metrics of Prometheus with [capacity]: a search judges its levels by samples",
                "leave it out",
            )
        elif not can_be_searched(parser.parse(text)):
            yield Problem(
                f"objectives[{index}]",
                text,
                "an objective that depends on the rate: a percentile of response times, failures or dropped",
                "leave it out",
            )
