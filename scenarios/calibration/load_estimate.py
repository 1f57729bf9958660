"""Estimates the load of a log: the rate, the arrival pattern and the warm-up."""

from __future__ import annotations

import math
from enum import StrEnum

from scenarios.calibration.arrival_statistics import FEWEST_WINDOWS, PEAK_MINUTES, ArrivalStatistics
from scenarios.calibration.estimates import Z
from scenarios.calibration.journey_counts import JourneyCounts

EVEN_DISPERSION = 0.5
"""Arrivals with a smaller index of dispersion are uniform: half as uneven as a Poisson process."""

LONG_JOURNEY_QUANTILE = 0.995
"""This share of the journeys is shorter than the stretch at the end of a log that is left out."""

WARM_UP_QUANTILE = 0.95
"""The warm-up is as long as this share of the journeys takes at most."""

_LEAST_WARM_UP = 30.0
_TENS = 10


class LoadShape(StrEnum):
    """The part of the log that sets the load of the scenario."""

    PEAK = "peak"
    HOUR = "hour"
    MEAN = "mean"


class ArrivalPattern(StrEnum):
    """How arrivals are spread, by the index of dispersion."""

    POISSON = "poisson"
    UNIFORM = "uniform"
    BURSTY = "bursty"
    UNKNOWN = "too few windows to tell"


def arrival_pattern(arrivals: ArrivalStatistics) -> ArrivalPattern:
    """The arrival pattern; unknown with so few windows that a Poisson process could show any index down to 0."""
    dispersion = arrivals.widest_reliable
    low, high = dispersion.poisson_interval
    if dispersion.windows >= FEWEST_WINDOWS and dispersion.index > high:
        return ArrivalPattern.BURSTY
    if dispersion.windows < FEWEST_WINDOWS or low <= 0:
        return ArrivalPattern.UNKNOWN
    return ArrivalPattern.UNIFORM if dispersion.index < min(low, EVEN_DISPERSION) else ArrivalPattern.POISSON


def estimated_rate(arrivals: ArrivalStatistics, shape: LoadShape) -> tuple[float, float, float, str]:
    """The rate in arrivals a minute, its 95 % interval, and what it is the rate of."""
    count, minutes, what = arrivals.counted, arrivals.minutes, f"mean of the log, {arrivals.counted:,} arrivals"
    if shape is LoadShape.PEAK and arrivals.peak.is_known:
        count, minutes = arrivals.peak.count, PEAK_MINUTES
        what = "the busiest ten minutes; each half of the arrivals is counted where the other half peaks"
    half = Z * math.sqrt(count * max(1.0, arrivals.widest_reliable.index)) / minutes
    return count / minutes, max(0.0, count / minutes - half), count / minutes + half, what


def warm_up_seconds(tally: JourneyCounts) -> float:
    """The warm-up in whole tens of seconds: the time until journeys end as often as they begin."""
    return max(_LEAST_WARM_UP, math.ceil(tally.length_quantile(WARM_UP_QUANTILE) / _TENS) * _TENS)
