"""Which panels without data are a problem of a dashboard."""

import math

from dashboards.examine.answer_checks import answer_problems
from dashboards.examine.prometheus import QuerySeries
from dashboards.examine.variables import TimeRange, VariableValues

VIEW = TimeRange(start=0.0, end=10.0, step=1.0, scrape=1.0)


class Prometheus:
    """Answers each query by the metric in it: without data, with nothing but NaN, or with a number."""

    def query_range(self, query, *_):
        if "page_errors_total" in query or "run_valid" in query:
            return []
        value = math.nan if "scrape_render" in query else 1.0
        return [QuerySeries({}, ((0.0, value),))]


def problems(*metrics, eventful=False):
    targets = [{"refId": "A", "expr": f'checkout_load_{name}{{run_id="x"}}'} for name in metrics]
    board = {"annotations": {"list": []}, "panels": [{"type": "timeseries", "title": "T", "targets": targets}]}
    choice = VariableValues(plain={"__range": "10s"})
    return list(answer_problems(board, choice, Prometheus(), VIEW, eventful=eventful))


def test_what_only_some_runs_have_may_be_missing():
    assert problems("page_errors_total", "scrape_render_seconds_bucket", "orders_total") == []


def test_everything_else_must_have_numbers():
    (one,) = problems("run_valid", "orders_total")
    assert one.startswith("T: A has no data: ")
