"""Reads the panels of a dashboard and runs their queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.examine.prometheus import Prometheus, QuerySeries
from dashboards.examine.variables import TimeRange, VariableValues

NO_LABEL = "_"
"""In place of ``run_id`` in a legend, if only one run is chosen."""
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """The answer to one query of a panel."""

    ref: str
    legend: str
    query: str
    series: list[QuerySeries]

    def name(self, line: QuerySeries) -> str:
        """The name of a series in the legend."""
        if not self.legend:
            return ", ".join(f"{label}={value}" for label, value in line.labels.items())
        return _LABEL.sub(lambda found: line.labels.get(found[1], ""), self.legend).strip()

    @property
    def named(self) -> set[str]:
        """The labels in the legend."""
        return set(_LABEL.findall(self.legend)) - {NO_LABEL}


def panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every panel with queries, also those in collapsed rows."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels") or ()
        else:
            yield panel


def answers(
    panel: Mapping[str, Any], choice: VariableValues, prometheus: Prometheus, view: TimeRange
) -> Iterator[QueryAnswer]:
    """Run each query of a panel; raises ``QueryRefused`` if Prometheus refuses one."""
    for target in panel["targets"]:
        query = choice.fill(target["expr"])
        if target.get("instant"):
            lines = prometheus.query(query, view.end)
        else:
            lines = prometheus.query_range(query, view.start, view.end, view.step)
        yield QueryAnswer(target["refId"], choice.fill(target.get("legendFormat", "")), query, lines)
