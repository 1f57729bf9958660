"""What Prometheus said about one objective: its series over the steady part, or why there are none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.objectives.model import Operator

MOST_KEPT_SERIES = 5
"""The most series that a result keeps for each objective: the worst ones."""
MOST_KEPT_VALUES = 200
"""The most values that a result keeps of each series."""
_LONGEST_LABELS = 200

Points = Sequence[tuple[float, float]]
"""Moments in seconds, and the value at each."""


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """One series: its labels as PromQL writes them (``{instance="db1"}``), and its values with their moments in seconds."""

    labels: str
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricMeasurement:
    """The series of one objective, by its ``text``; moments are in seconds from the start of the load.

    ``problem`` says why Prometheus gave no answer (``""``: it gave one).
    """

    text: str
    series: tuple[MetricSeries, ...] = ()
    problem: str = ""

    def shortened(self, operator: Operator) -> MetricMeasurement:
        """The worst series only, each with the worst value of every few: enough for a chart."""
        worst = sorted(self.series, key=lambda one: badness(one.points, operator), reverse=True)[:MOST_KEPT_SERIES]
        return replace(self, series=tuple(MetricSeries(one.labels, _thinned(one.points, operator)) for one in worst))

    def to_json(self) -> dict[str, Any]:
        """The measurement as JSON values; a value that is not finite is written as a text."""
        return {
            "text": self.text,
            "problem": self.problem,
            "series": [
                {
                    "labels": one.labels,
                    "moments": [round(moment, 3) for moment, _ in one.points],
                    "values": [value if math.isfinite(value) else str(value) for _, value in one.points],
                }
                for one in self.series
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> MetricMeasurement:
        """Read back what ``to_json`` wrote."""
        series = (
            MetricSeries(one["labels"], tuple(zip(map(float, one["moments"]), map(float, one["values"]), strict=True)))
            for one in document["series"]
        )
        return cls(text=document["text"], problem=document["problem"], series=tuple(series))


def labels_text(labels: Mapping[str, Any]) -> str:
    """The labels as PromQL writes them, in one line that is not too long; empty without labels."""
    shown = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    text = "".join(letter if letter.isprintable() else "?" for letter in shown)
    if not text:
        return ""
    return f"{{{text if len(text) <= _LONGEST_LABELS else text[:_LONGEST_LABELS] + '…'}}}"


def badness(points: Points, operator: Operator) -> float:
    """How bad the worst value is, higher is worse; NaN counts as the best, because it says nothing."""
    signed = [(-value if operator.upward else value) for _, value in points if not math.isnan(value)]
    return max(signed, default=-math.inf)


def _thinned(points: Points, operator: Operator) -> Points:
    size = -(-len(points) // MOST_KEPT_VALUES) or 1
    groups: Iterable[Points] = (points[start : start + size] for start in range(0, len(points), size))
    return tuple(max(group, key=lambda point: badness((point,), operator)) for group in groups)
