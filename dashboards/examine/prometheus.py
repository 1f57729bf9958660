"""A client for the query API of Prometheus."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TIMEOUT = 30.0  # seconds


class QueryRefused(Exception):
    """Prometheus refused a query or did not answer; the message says why."""


@dataclass(frozen=True, slots=True)
class QuerySeries:
    """One series of an answer: its labels, and pairs of a time in seconds since 1970 and a value."""

    labels: Mapping[str, str]
    values: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus at an address like ``http://127.0.0.1:9090``."""

    address: str

    def query(self, query: str, moment: float) -> list[QuerySeries]:
        """Run an instant query at a time in seconds since 1970."""
        found = self._get("query", query=query, time=f"{moment:.3f}")
        if found["resultType"] == "scalar":
            return [QuerySeries({}, (_pair(found["result"]),))]
        return [QuerySeries(one["metric"], (_pair(one["value"]),)) for one in found["result"]]

    def query_range(self, query: str, start: float, end: float, step: float) -> list[QuerySeries]:
        """Run a query from start to end, with a value every ``step`` seconds."""
        found = self._get("query_range", query=query, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step:g}")
        return [QuerySeries(one["metric"], tuple(map(_pair, one["values"]))) for one in found["result"]]

    def label_values(self, label: str, selector: str, start: float, end: float) -> list[str]:
        """The values of a label of these series between two times."""
        asked = {"match[]": selector, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        return [str(value) for value in self._get(f"label/{label}/values", **asked)]

    def _get(self, what: str, **parameters: str) -> Any:
        url = f"{self.address}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        if not url.startswith(("http://", "https://")):
            raise QueryRefused(f"{self.address} is not an address such as http://127.0.0.1:9090")
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as reply:  # noqa: S310 - checked above
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise QueryRefused(json.load(error).get("error", str(error))) from error
        except OSError as error:
            raise QueryRefused(f"no Prometheus answers at {self.address}: {error}") from error


def _pair(pair: Any) -> tuple[float, float]:
    moment, value = pair
    return float(moment), float(value)
