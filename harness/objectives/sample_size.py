"""How long a run must be to pass each objective; a run that is too short says so before it starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from harness.objectives.model import Metric, Objective, Statistic, Subject
from harness.objectives.statistics import fewest_samples
from harness.units import format_duration

MIN_SAMPLES_MEAN_MAX = 30
"""How many samples a mean or a maximum needs to pass; from there on a mean is about normal."""
STALL_SECONDS = 3.0
"""Seconds that an occasional stall of a shop lasts: a restart of a worker, a garbage collection, a lock on a table."""
STALLS_EXPECTED = 3.0
"""With this many stalls expected, only one run of twenty has none."""

ExpectedMix = Mapping[str, Mapping[str, float]]
"""The planned number of each journey and payment option, from ``Workload.drawn``."""


def samples_needed(objective: Objective) -> int | None:
    """The least number of samples for a pass, with none over the bound; None if a pass does not depend on their number."""
    if 0 < objective.allowed < 1:
        return fewest_samples(objective.allowed, objective.confidence)
    return MIN_SAMPLES_MEAN_MAX if objective.statistic in (Statistic.MEAN, Statistic.MAX) else None


def shortest_run(objective: Objective, samples: float, seconds: float) -> float | None:
    """The shortest steady part in seconds that can pass, if ``seconds`` bring this many samples; None if unknown."""
    needed = samples_needed(objective)
    if needed is None or not samples or not 0 < seconds < math.inf:
        return None
    return seconds * needed / samples


def too_short(objectives: Sequence[Objective], meant: ExpectedMix, arrivals: float, seconds: float) -> Iterator[str]:
    """A line for each objective that the run is too short to pass: ``arrivals`` are due in a steady part of ``seconds``.

    Objectives on pages are left out, because the number of pages is known only afterwards. One more line says which stalls of the
    shop the run is too short to rule out.
    """
    for objective in objectives:
        needed, expected = samples_needed(objective), _expected(objective, meant, arrivals)
        if needed is None or expected is None or expected >= needed:
            continue
        least = shortest_run(objective, expected, seconds)
        remedy = "no run is long enough to pass"
        if least is not None:
            remedy = f"a steady part of {format_duration(least)} can pass"
        yield (
            f'"{objective.text}": the steady part of {format_duration(seconds)} brings about {expected:,.0f} samples, '
            f"and a pass needs {needed:,}; {remedy}"
        )
    yield from stall_warning(objectives, seconds, "a steady part")


def stall_warning(objectives: Sequence[Objective], seconds: float, part: str) -> Iterator[str]:
    """A line if a percentile may pass only because the shop did not stall in this ``part`` of so many seconds."""
    if needed := seconds_to_meet_stalls(objectives, seconds):
        yield f"{stall_text(seconds, part)}; {format_duration(needed)} are long enough"


def stall_text(seconds: float, part: str) -> str:
    """That a ``part`` of so many seconds is too short to meet stalls."""
    return (
        f"{part} of {format_duration(seconds)} is too short to meet occasional stalls of the shop of "
        f"{format_duration(STALL_SECONDS)}: a percentile may pass only because no stall happened"
    )


def seconds_to_meet_stalls(objectives: Sequence[Objective], seconds: float) -> float | None:
    """How long a part must be to meet stalls that break a percentile; None if ``seconds`` are enough, or none is on one."""
    percentiles = [one.allowed for one in objectives if one.statistic is Statistic.PERCENTILE]
    needed = STALLS_EXPECTED * STALL_SECONDS / min(percentiles) if percentiles else 0.0
    return needed if seconds < needed else None


def _expected(objective: Objective, meant: ExpectedMix, arrivals: float) -> float | None:
    """How many samples of an objective are expected; None if unknown."""
    if objective.subject is Subject.PAGE or objective.label("verification"):
        return None
    if objective.label("outcome") and objective.metric is not Metric.FAILURES:
        return None
    expected = arrivals
    for what, name in (("journey", objective.name), ("payment option", objective.label("payment"))):
        if name:
            counts = meant.get(what)
            if counts is None:
                return None
            expected *= counts.get(name, 0.0) / max(1.0, math.fsum(counts.values()))
    return expected
