"""Fills in the variables of a dashboard, as Grafana does before it asks Prometheus."""

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
    """The time that a dashboard shows and how finely, in seconds; ``scrape`` is how often Prometheus looks."""

    start: float
    end: float
    step: float
    scrape: float

    @property
    def clock(self) -> Mapping[str, str]:
        """The variables of time that Grafana knows of itself."""
        return {
            "__rate_interval": f"{max(self.step + self.scrape, 4 * self.scrape):g}s",
            "__interval": f"{self.step:g}s",
            "__range": f"{round(self.end - self.start)}s",
        }


@dataclass(slots=True)
class VariableValues:
    """What is chosen for each variable, and what there was to choose from."""

    chosen: dict[str, Sequence[str]] = field(default_factory=dict)
    offered: dict[str, Sequence[str]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """The text with every variable in it replaced; one that is unknown stays as it is and will be refused."""

        def value(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            if name in self.plain:
                return self.plain[name]
            if name not in self.chosen:
                return found[0]
            return _matching(self.chosen[name])

        return _NAMED.sub(value, text)

    def fill_title(self, text: str) -> str:
        """A title with the first value of each variable in it."""
        first = {name: (self.offered.get(name) or values or [""])[0] for name, values in self.chosen.items()}
        return _NAMED.sub(lambda found: first.get(found[1] or found[2], found[0]), text)


def _matching(values: Sequence[str]) -> str:
    """One value as it stands, several as alternatives of a regular expression; ``.+`` is Grafana's All."""
    if list(values) == [".+"]:
        return ".+"
    # In a string of PromQL, a backslash is written twice.
    escaped = [_SPECIAL.sub(r"\\\\\1", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def choose_variables(
    dashboard: Mapping[str, Any], prometheus: Prometheus, view: TimeRange, wanted: Mapping[str, Sequence[str]]
) -> VariableValues:
    """Choose what is wanted for each variable, else what a dashboard just opened shows: All, or the first there is."""
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
        if name == "shift" and choice.chosen[name]:  # a number, in a place where nothing is matched
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
    # Grafana's orders 2 and 1: downward and upward.
    return sorted(set(values), reverse=variable.get("sort") == 2)  # noqa: PLR2004 - named in the line above


def _query_result_text(line: QuerySeries) -> str:
    """A series as Grafana's query_result() writes it down: labels, value, and time in milliseconds."""
    labels = ",".join(f'{name}="{value}"' for name, value in line.labels.items())
    ((moment, value),) = line.values
    return f"{{{labels}}} {value:.15g} {moment * 1000:.0f}"
