"""Fills in the variables of a dashboard, as Grafana does before a query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.examine.prometheus import Prometheus, QuerySeries

_NAMED = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)")
_RESULT = re.compile(r"query_result\((.+)\)", re.DOTALL)
_SPECIAL = re.compile(r"([\\^$.|?*+()\[\]{}])")


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The time that a dashboard shows: start, end and step in seconds. ``scrape`` is the scrape interval of Prometheus."""

    start: float
    end: float
    step: float
    scrape: float

    @property
    def clock(self) -> Mapping[str, str]:
        """Grafana's built-in variables of time."""
        return {
            "__rate_interval": f"{max(self.step + self.scrape, 4 * self.scrape):g}s",
            "__interval": f"{self.step:g}s",
            "__range": f"{round(self.end - self.start)}s",
        }


@dataclass(slots=True)
class VariableValues:
    """The chosen values of each variable, and the values to choose from."""

    chosen: dict[str, Sequence[str]] = field(default_factory=dict)
    offered: dict[str, Sequence[str]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """Replace every variable in a text. An unknown one stays, so that Prometheus refuses it."""

        def value(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            if name in self.plain:
                return self.plain[name]
            if name not in self.chosen:
                return found[0]
            return _matching(self.chosen[name])

        return _NAMED.sub(value, text)

    def fill_title(self, text: str) -> str:
        """Replace every variable in a title with its first value."""
        first = {name: (self.offered.get(name) or values or [""])[0] for name, values in self.chosen.items()}
        return _NAMED.sub(lambda found: first.get(found[1] or found[2], found[0]), text)


def _matching(values: Sequence[str]) -> str:
    """A regular expression that matches these values; ``.+`` is Grafana's All."""
    if list(values) == [".+"]:
        return ".+"
    # A string of PromQL needs two backslashes for one.
    escaped = [_SPECIAL.sub(r"\\\\\1", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def choose_variables(
    dashboard: Mapping[str, Any], prometheus: Prometheus, view: TimeRange, wanted: Mapping[str, Sequence[str]]
) -> VariableValues:
    """Choose the wanted values of each variable, else its default: All, or the first value."""
    choice = VariableValues(plain=dict(view.clock))
    for variable in dashboard["templating"]["list"]:
        name = variable["name"]
        if variable["type"] == "datasource":
            choice.chosen[name] = ["prometheus"]
            continue
        offered = _offered(variable, choice, prometheus, view)
        choice.offered[name] = offered
        if variable.get("includeAll") and name not in wanted:
            choice.chosen[name] = [variable["allValue"]]
        else:
            choice.chosen[name] = wanted.get(name, offered[:1])
        if name in {"shift", "run_label"} and choice.chosen[name]:  # a number and a name, no matchers
            choice.plain[name] = choice.chosen[name][0]
    return choice


def _offered(variable: Mapping[str, Any], choice: VariableValues, prometheus: Prometheus, view: TimeRange) -> list[str]:
    query = choice.fill(variable["query"]["query"])
    if found := _VALUES.fullmatch(query):
        values = prometheus.label_values(found[2], found[1], view.start, view.end)
    elif found := _RESULT.fullmatch(query):
        values = [_query_result_text(line) for line in prometheus.query(found[1], view.end)]
        pattern = re.compile(variable["regex"].strip("/"))
        values = [match[1] for match in map(pattern.search, values) if match]
    else:
        raise ValueError(f"variable {variable['name']}: {query} is neither label_values() nor query_result()")
    # Grafana's sort orders: 2 is descending, 1 is ascending.
    return sorted(set(values), reverse=variable.get("sort") == 2)  # noqa: PLR2004 - explained above


def _query_result_text(line: QuerySeries) -> str:
    """A series in the form of Grafana's query_result(): labels, value, and time in milliseconds."""
    labels = ",".join(f'{name}="{value}"' for name, value in line.labels.items())
    ((moment, value),) = line.values
    return f"{{{labels}}} {value:.15g} {moment * 1000:.0f}"
