"""Asks a Prometheus."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TIMEOUT = 30.0  # seconds


class Refused(Exception):
    """Prometheus did not answer the query; the message is its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series of an answer: its labels, and pairs of seconds since 1970 and a value (one pair for an instant query)."""

    labels: Mapping[str, str]
    values: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus at an address like ``http://127.0.0.1:9090``."""

    address: str

    def at(self, query: str, moment: float) -> list[Line]:
        """What a query yields at a moment, seconds since 1970."""
        found = self._ask("query", query=query, time=f"{moment:.3f}")
        if found["resultType"] == "scalar":
            return [Line({}, (_pair(found["result"]),))]
        return [Line(one["metric"], (_pair(one["value"]),)) for one in found["result"]]

    def over(self, query: str, start: float, end: float, step: float) -> list[Line]:
        """What a query yields from start to end, every ``step`` seconds."""
        found = self._ask("query_range", query=query, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step:g}")
        return [Line(one["metric"], tuple(map(_pair, one["values"]))) for one in found["result"]]

    def label_values(self, label: str, selector: str, start: float, end: float) -> list[str]:
        """The values that a label of these series had between two moments."""
        asked = {"match[]": selector, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        return [str(value) for value in self._ask(f"label/{label}/values", **asked)]

    def _ask(self, what: str, **parameters: str) -> Any:
        url = f"{self.address}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        if not url.startswith(("http://", "https://")):
            raise Refused(f"{self.address} is no address like http://127.0.0.1:9090")
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as reply:  # noqa: S310 - looked at just above
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise Refused(json.load(error).get("error", str(error))) from error
        except OSError as error:
            raise Refused(f"no Prometheus answers at {self.address}: {error}") from error


def _pair(pair: Any) -> tuple[float, float]:
    moment, value = pair
    return float(moment), float(value)
