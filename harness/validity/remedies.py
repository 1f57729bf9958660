"""The remedy when checkload itself cannot keep up, with the figures that show it."""

from __future__ import annotations

import math

from harness.units import format_count, format_duration, format_percent
from harness.validity.evidence import Evidence

SAFE_CPU = 0.60
"""The share of one core up to which a process starts its arrivals on time."""


def busiest_process(evidence: Evidence) -> tuple[str, float] | None:
    """The label of the process that used most of its core in the steady part, with the share; None: not measured."""
    shares = [
        (share, process.label)
        for process in evidence.conditions.generator.processes
        if (share := process.machine.share(process.machine.processor)) is not None
    ]
    if shares:
        share, label = max(shares)
        return label, share
    ratio = evidence.conditions.generator.cpu_ratio
    return None if ratio is None else ("checkload", ratio)


def overload_remedy(evidence: Evidence) -> str:
    """More workers where the present ones use too much of their cores; otherwise everything that may help."""
    most = busiest_process(evidence)
    if most is None or most[1] <= SAFE_CPU:
        ways = ["lower the rate", "use more worker processes"]
        last = "stop other programs on this machine"
    else:
        ways = [_more_workers(evidence, most[1])]
        last = "lower the rate"
    if evidence.conditions.shop.embedded:
        ways.append("run the shop on another machine")
    return f"{', '.join(ways)}, or {last}"


def _more_workers(evidence: Evidence, share: float) -> str:
    processes = evidence.conditions.generator.processes
    now = max(1, len(processes))
    more = max(1, math.ceil(now * share / SAFE_CPU) - now)
    cores = [each.machine.cores for each in processes if each.machine.cores is not None]
    where = " on another machine" if cores and now + more > max(cores) else ""
    lag = _worst_lag(evidence)
    seen = f"{format_percent(share)} CPU"
    if lag:
        seen = f"lag p99 was {format_duration(lag)} at {seen}"
    return f"add {format_count(more, 'worker')}{where} ({seen})"


def _worst_lag(evidence: Evidence) -> float:
    """The worst 99th percentile of checkload's own lags, in seconds; 0: none is known."""
    lags = [evidence.recorder.lateness, evidence.conditions.generator.loop_lag]
    lags += [lag for each in evidence.conditions.generator.processes for lag in (each.lateness, each.steady_lag)]
    return max((lag.quantile(0.99) for lag in lags if lag is not None and lag.total), default=0.0)
