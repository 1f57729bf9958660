"""How long a run must be at least to pass each objective; said before it, for those that it is too short for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from harness.objectives.model import Metric, Objective, Statistic, Subject
from harness.objectives.statistics import fewest_samples
from harness.units import format_duration

MIN_SAMPLES_MEAN_MAX = 30
"""How many samples a mean or a maximum needs to pass: the usual size from which a mean behaves like one."""
STALL_SECONDS = 3.0
"""Seconds for which a shop may stand still now and then: restarts of a worker, a pause of its collector, a lock on a table."""
STALLS_EXPECTED = 3.0
"""Where so many stalls are expected by chance, one run of twenty meets none."""

ExpectedMix = Mapping[str, Mapping[str, float]]
"""How many of each journey and payment option are meant to come, as ``Workload.drawn`` says."""


def samples_needed(objective: Objective) -> int | None:
    """How many samples a pass takes at least, were none of them over the bound; None where it is no matter of samples."""
    if 0 < objective.allowed < 1:
        return fewest_samples(objective.allowed, objective.confidence)
    return MIN_SAMPLES_MEAN_MAX if objective.statistic in (Statistic.MEAN, Statistic.MAX) else None


def shortest_run(objective: Objective, samples: float, seconds: float) -> float | None:
    """How many seconds must be judged at least to pass, where these seconds bring so many samples; None: cannot be said."""
    needed = samples_needed(objective)
    if needed is None or not samples or not 0 < seconds < math.inf:
        return None
    return seconds * needed / samples


def too_short(objectives: Sequence[Objective], meant: ExpectedMix, arrivals: float, seconds: float) -> Iterator[str]:
    """A line for each objective that the run cannot pass: ``seconds`` are judged, in which so many ``arrivals`` are due.

    How many answers a page gives is known only afterwards; objectives on one page are passed over. One line more says which trouble a
    percentile cannot exclude.
    """
    for objective in objectives:
        needed, expected = samples_needed(objective), _expected(objective, meant, arrivals)
        if needed is None or expected is None or expected >= needed:
            continue
        least = shortest_run(objective, expected, seconds)
        hence = "no length of run can pass"
        if least is not None:
            hence = f"the shortest run that can pass judges {format_duration(least)}"
        yield (
            f'"{objective.text}": {format_duration(seconds)} bring about {expected:,.0f} of the {needed:,} samples '
            f"that a pass takes; {hence}"
        )
    percentiles = [one.allowed for one in objectives if one.statistic is Statistic.PERCENTILE]
    if percentiles and seconds < (takes := STALLS_EXPECTED * STALL_SECONDS / min(percentiles)):
        yield (
            f"{format_duration(seconds)} do not exclude that the shop stands still for {format_duration(STALL_SECONDS)} now and "
            f"then: a percentile may pass because no stall came; to exclude it takes {format_duration(takes)}"
        )


def _expected(objective: Objective, meant: ExpectedMix, arrivals: float) -> float | None:
    """How many samples the objective speaks of are due; None: not known."""
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
