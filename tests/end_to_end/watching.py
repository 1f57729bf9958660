"""A short real load with every event that the dashboards show, scraped by a Prometheus."""

import json
from dataclasses import dataclass

from running import ROOT

from dashboards.examine.prometheus import Prometheus as PrometheusApi
from dashboards.examine.variables import TimeRange, choose_variables

BOARDS = sorted((ROOT / "dashboards" / "grafana" / "dashboards").glob("*.json"))

EVENTFUL = """
description = "A quarter of a minute of everything, some of it going wrong."
objectives = [
    "page response_time p95 < 1s",
    "page.PaymentOptionSelectionPage response_time p95 < 1s",
    "journey failures < 30%",
]
[arrivals]
process = "uniform"
warm_up = "2s"
drain = "15s"
stages = [
    { rate = "12/s", duration = "4s" },
    { rate = "24/s", duration = "6s" },
]
[sms]
share = 1.0
right = 8
wrong = 1
resend = 1
[cards]
three_d = 0.5
[think]
scale = 0
[[shop.faults]]
name = "server_error"
share = 0.01
"""


@dataclass(frozen=True)
class Watched:
    """A finished run, and the Prometheus that scraped it."""

    prometheus: object
    run_ids: list
    view: TimeRange

    @property
    def api(self):
        return PrometheusApi(self.prometheus.address)

    def choice(self, dashboard, **wanted):
        """The variables of a dashboard that shows the first of the runs, beside the last."""
        runs = {"run_id": self.run_ids[:1], "baseline": self.run_ids[-1:]}
        return choose_variables(dashboard, self.api, self.view, {**runs, **wanted})


def read(path):
    """A dashboard's file."""
    return json.loads(path.read_text())
