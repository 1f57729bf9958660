"""Says what a scenario is for and what it sends, beside the form of the web UI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import files
from harness.files import MAX_TOML_BYTES, TomlError, UnreadableFile
from harness.objectives.text import FEWEST_ALIKE, without_label_values
from harness.run.workload import Workload
from harness.units import format_duration, format_number, format_percent

MOST_FILES = 100
"""The most files of a folder that are looked at."""
MOST_SHARES = 6
"""Of more payment options or journeys than these, only the heaviest are named."""
_RATE_SAMPLES = 50


def own_scenarios(folder: Path) -> list[str]:
    """The scenario files in a folder, as paths: TOML files with objectives and a load."""
    return [f"./{path.name}" for path in sorted(folder.glob("*.toml"))[:MOST_FILES] if _is_scenario(path)]


def _is_scenario(path: Path) -> bool:
    try:
        document = files.parse_toml(files.read_text(path, MAX_TOML_BYTES))
    except (TomlError, UnreadableFile):
        return False
    return "objectives" in document and bool({"arrivals", "closed"} & document.keys())


def scenario_facts(workload: Workload[Any]) -> dict[str, Any]:
    """What the form shows of a scenario, as plain JSON values."""
    asked = workload.as_asked()["scenario"]
    schedule = workload.schedule
    warm_up = f" after {format_duration(schedule.warm_up)} of warm-up" if schedule.warm_up else ""
    lines = [
        f"Load: {_load(workload)}, for {format_duration(schedule.steady)}{warm_up}.",
        f"Journeys: {_shares(workload.population.weights)}.",
        f"Payment options: {_shares(asked.get('payments', {}))}.",
    ]
    return {
        "description": str(asked.get("description", "")),
        "lines": lines,
        "objectives": _alike_together([str(text) for text in asked.get("objectives", ())]),
        "users": workload.population.users,
        "ramp": workload.population.spawn_rate,
    }


def _alike_together(objectives: Sequence[str]) -> list[str]:
    """The objectives; many that differ only in a label are one."""
    alike = Counter(without_label_values(text) for text in objectives)
    found = dict.fromkeys(
        f"{kind} (each of {alike[kind]})" if alike[kind := without_label_values(text)] >= FEWEST_ALIKE else text
        for text in objectives
    )
    return list(found)


def _load(workload: Workload[Any]) -> str:
    schedule = workload.schedule
    if workload.judging.search is not None:
        return "a search for the highest rate that the shop carries"
    if not schedule.is_open:
        return f"{format_number(workload.population.users)} users, each with one journey after the other"
    moments = (schedule.warm_up + schedule.steady * (place + 0.5) / _RATE_SAMPLES for place in range(_RATE_SAMPLES))
    rates = sorted(schedule.rate(moment) for moment in moments)
    low, high = format_number(rates[0]), format_number(rates[-1])
    return f"{low} journeys a second" if low == high else f"{low} to {high} journeys a second"


def _shares(weights: Mapping[str, Any]) -> str:
    numbers = {
        name: float(weight) for name, weight in weights.items() if isinstance(weight, int | float) and weight > 0
    }
    total = sum(numbers.values())
    heaviest = sorted(numbers, key=lambda name: -numbers[name])
    said = [f"{name} {format_percent(numbers[name] / total)}" for name in heaviest[:MOST_SHARES]]
    more = len(numbers) - MOST_SHARES
    return ", ".join(said) + (f" and {more} more" if more > 0 else "") if said else "all alike"
