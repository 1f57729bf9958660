"""What to do when the harness itself could not keep up, with the figures that say so."""

from __future__ import annotations

import math

from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence

SAFE_CPU = 0.60
"""Of one core: up to here a process starts its arrivals on time."""


def busiest_process(evidence: Evidence) -> tuple[str, float] | None:
    """The process that used most of its core in the steady part, and how much of it; None: not measured."""
    shares = [
        (share, process.name)
        for process in evidence.conditions.processes
        if (share := process.machine.share(process.machine.processor)) is not None
    ]
    if shares:
        share, name = max(shares)
        return name, share
    ratio = evidence.conditions.cpu_ratio
    return None if ratio is None else ("", ratio)


def overload_remedy(evidence: Evidence) -> str:
    """More workers, where our own work is too much for those there are; otherwise whatever may help."""
    near = ", or run the shop on another machine" if evidence.conditions.embedded else ""
    most = busiest_process(evidence)
    if most is None or most[1] <= SAFE_CPU:
        return f"lower the rate, spread it over more worker processes{near}, or leave the machine to the harness alone"
    share = most[1]
    now = max(1, len(evidence.conditions.processes))
    more = max(1, math.ceil(now * share / SAFE_CPU) - now)
    lag = _worst_lag(evidence)
    said = (
        f"lag p99 was {format_duration(lag)} at {format_percent(share)} CPU" if lag else f"{format_percent(share)} CPU"
    )
    cores = [each.machine.cores for each in evidence.conditions.processes if each.machine.cores is not None]
    where = " on another machine" if cores and now + more > max(cores) else ""
    return f"add {more} worker{'s' * (more > 1)}{where}: {said}; or lower the rate{near}"


def _worst_lag(evidence: Evidence) -> float:
    """The worst of our own lags that one in a hundred met, in seconds; 0: none is known."""
    lags = [evidence.recorder.lateness, evidence.conditions.loop_lag]
    lags += [lag for each in evidence.conditions.processes for lag in (each.lateness, each.steady_lag)]
    return max((lag.quantile(0.99) for lag in lags if lag is not None and lag.total), default=0.0)
