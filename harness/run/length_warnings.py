"""Warns before a run about objectives that it is too short for."""

from __future__ import annotations

import math
from typing import Any

from harness.objectives.sample_size import stall_warning, too_short
from harness.run.workload import Workload

MOST_DRAWN = 20_000
"""Most arrivals to draw before a run."""
STEPS = 200
"""Number of moments at which the profile's rate is read."""


def length_warnings(workload: Workload[Any]) -> list[str]:
    """The warnings for a workload. A closed load has none, since its arrivals are not known beforehand."""
    if workload.judging.search is not None:
        return list(stall_warning(workload.judging.objectives, workload.judging.search.confirm, "a confirming level"))
    seconds = workload.schedule.steady
    if not workload.schedule.is_open or not seconds > 0:
        return []
    rates = [
        workload.schedule.rate(workload.schedule.warm_up + seconds * (step + 0.5) / STEPS) for step in range(STEPS)
    ]
    arrivals = math.fsum(rates) / STEPS * seconds
    # Drawing each arrival takes a while; a longer schedule has enough of all but the rarest journeys.
    meant = (
        workload.population.planned_counts({}) if arrivals <= MOST_DRAWN else {"journey": workload.population.weights}
    )
    return list(too_short(workload.judging.objectives, meant, arrivals, seconds))
