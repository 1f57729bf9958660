"""The dashboard for a first look at a run: its validity, its load, and what is slow or fails in the shop."""

from __future__ import annotations

from dashboards.boards import promql as q
from dashboards.boards.colours import BY_OUTCOME
from dashboards.boards.panel import BASELINE, OBJECTIVE, Board, Kind, Panel, Query, Row, Threshold, Unit

_GOOD, _BAD, _INVALID, _UNSURE, _PLAIN = "green", "red", "purple", "orange", "blue"
_FAILED = 'result="failed"'
_TAKEN = 'outcome!="dropped"'
_OF_ALL_PAGES = ('subject="page"', 'page=""', 'metric="response_time"')

_VERDICTS = {"passed": _GOOD, "failed": _BAD, "invalid": _INVALID, "inconclusive": _UNSURE}
# A number for each verdict, so that a panel can show it as a word in its colour.
_NUMBERED = " + ".join(
    f"{number} * " + q.last("run_verdict", f'verdict="{verdict}"') for number, verdict in enumerate(_VERDICTS, start=1)
)

_VERDICT = Row(
    "The verdict",
    (
        Panel(
            Kind.STAT,
            "Verdict",
            "Bad: failed (the shop broke an objective), invalid (the measurement cannot be trusted, whatever the other panels show) or "
            "inconclusive (too few samples). Pending until the run ends.",
            Unit.PLAIN,
            (Query(_NUMBERED),),
            width=6,
            height=5,
            value_mappings=(
                (0, "pending", _PLAIN),
                *((number, verdict, colour) for number, (verdict, colour) in enumerate(_VERDICTS.items(), start=1)),
            ),
        ),
        Panel(
            Kind.STAT,
            "Is it valid?",
            "Bad: no. Then look at the dashboard Capacity and generator, not at the shop. It shows no until the verdict is known.",
            Unit.PLAIN,
            (Query(q.last("run_valid")),),
            width=4,
            height=5,
            value_mappings=((0, "not (yet)", _UNSURE), (1, "valid", _GOOD)),
        ),
        Panel(
            Kind.STAT,
            "Orders",
            "Orders of the whole run. Bad: fewer than the journeys that do not abandon on purpose.",
            Unit.COUNT,
            (Query(q.total("orders_total")),),
            width=3,
            height=5,
            thresholds=(Threshold(None, _PLAIN),),
        ),
        Panel(
            Kind.STAT,
            "Journeys that failed",
            "The share of all journeys that failed because of the shop. Bad: above the bound of the objective, often 1 %.",
            Unit.RATIO,
            (Query(q.share(q.total("journeys_completed_total", _FAILED), q.total("journeys_completed_total"))),),
            width=4,
            height=5,
            thresholds=(Threshold(None, _GOOD), Threshold(0.005, _UNSURE), Threshold(0.01, _BAD)),
            decimals=2,
        ),
        Panel(
            Kind.STAT,
            "Dropped arrivals",
            "The share of all arrivals that were dropped. Bad: above 0. Each one counts as never answered.",
            Unit.RATIO,
            (Query(q.share(q.total("arrivals_dropped_total"), q.total("arrivals_scheduled_total"))),),
            width=4,
            height=5,
            thresholds=(Threshold(None, _GOOD), Threshold(0.001, _UNSURE), Threshold(0.005, _BAD)),
            decimals=2,
        ),
        Panel(
            Kind.STAT,
            "Response p95",
            "Response time of all pages over the whole run, from the time at which the request was due. Bad: above the objective.",
            Unit.SECONDS,
            (Query(q.quantile_of_all(0.95, "page_response_seconds")),),
            width=3,
            height=5,
            thresholds=(Threshold(None, _PLAIN),),
        ),
    ),
)


def _in_percent(metric: str) -> str:
    """A number of each objective; a share as per cent, with % as its unit."""
    by = "run_id, objective, unit"
    shares, others = q.last(metric, 'unit="share"', by=by), q.last(metric, 'unit!="share"', by=by)
    return f'100 * label_replace({shares}, "unit", "%", "", "") or {others}'


_OBJECTIVES = Row(
    "The objectives",
    (
        Panel(
            Kind.TABLE,
            "Objectives and their state",
            "Measured in the steady part, in the unit of the last column; what is broken comes first. Bad: broken so far, or failed. Inconclusive at the end means too few "
            "samples; not_judged means that the measurement is in doubt.",
            Unit.PLAIN,
            (
                Query(
                    f"max by (run_id, objective, state) (last_over_time({q.series('objective_state')}{q.WHOLE})) == 1",
                    "",
                    instant=True,
                ),
                Query(_in_percent("objective_bound"), "", instant=True),
                Query(_in_percent("objective_measured"), "", instant=True),
            ),
            width=24,
            columns=(
                ("run_id", "Run"),
                ("objective", "Objective"),
                ("state", "State"),
                ("Value #B", "Bound"),
                ("Value #C", "Measured"),
                ("unit", "Unit"),
            ),
            sort_by="state",
            descending=False,
            decimals=4,
        ),
    ),
)

_LOAD = Row(
    "The load",
    (
        Panel(
            Kind.GRAPH,
            "Journeys a second: target, due, started, ended",
            "Bad: started stays below due (no virtual user is free), or ended stays below started (journeys pile up in the shop).",
            Unit.PER_SECOND,
            (
                Query(q.gauge("arrival_rate_target"), "target {{run_id}}"),
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.rate("arrivals_started_total"), "started {{run_id}}"),
                Query(q.rate("journeys_completed_total", _TAKEN), "ended {{run_id}}"),
            ),
        ),
        Panel(
            Kind.STACK,
            "Journeys in flight, by payment option",
            "Bad: it grows while the arrival rate does not. In a steady state, it is arrival rate times duration.",
            Unit.COUNT,
            (
                Query(
                    q.gauge("journeys_in_flight", q.OPTION, by="run_id, payment_option"),
                    "{{payment_option}} {{run_id}}",
                ),
            ),
        ),
        Panel(
            Kind.STACK,
            "Orders a minute, by payment option",
            "Bad: one band gets thin while the others stay. That payment option no longer works.",
            Unit.PER_MINUTE,
            (
                Query(
                    "60 * " + q.rate("orders_total", q.OPTION, by="run_id, payment_option"),
                    "{{payment_option}} {{run_id}}",
                ),
            ),
        ),
    ),
)

_SHOP = Row(
    "The shop",
    (
        Panel(
            Kind.GRAPH,
            "Response time of all pages",
            "From the time at which the request was due. Bad: above the red line of an objective, or p99 far above p50. Grey: p95 of the run to "
            "compare with, shifted to the same start.",
            Unit.SECONDS,
            (
                *(
                    Query(q.quantile(p, "page_response_seconds"), f"p{p * 100:g} {{{{run_id}}}}", exemplars=True)
                    for p in (0.5, 0.95, 0.99)
                ),
                Query(
                    q.gauge("slo_threshold_seconds", *_OF_ALL_PAGES, by="run_id, objective", of="max"),
                    "{{objective}}",
                    ref=OBJECTIVE,
                ),
                Query(q.earlier(0.95, "page_response_seconds"), "p95 {{run_id}}", ref=BASELINE),
            ),
            log=True,
        ),
        Panel(
            Kind.STACK,
            "Failures a second, by kind",
            "Failures of the shop. Bad: above 0. A single kind usually names the cause.",
            Unit.PER_SECOND,
            (Query(q.rate("page_errors_total", by="run_id, kind"), "{{kind}} {{run_id}}"),),
            colours=BY_OUTCOME,
        ),
        Panel(
            Kind.GRAPH,
            "Apdex of the pages",
            "The share of pages within 250 ms, plus half of those from 250 ms to 1 s. Failed pages count as never served. Bad: below 0.85; below "
            "0.7, shoppers complain.",
            Unit.RATIO,
            (
                Query(
                    "("
                    + q.rate("page_duration_seconds_bucket", 'le="0.25"', 'result="success"')
                    + " + "
                    + q.rate("page_duration_seconds_bucket", 'le="1.0"', 'result="success"')
                    + ") / 2 / "
                    + q.rate("page_duration_seconds_count")
                ),
            ),
            maximum=1,
        ),
        Panel(
            Kind.BARS,
            "The ten slowest pages (service p95 of the whole run)",
            "Service time, from the sending of the request. Bad: one page far slower than the rest. The dashboard Pages has details.",
            Unit.SECONDS,
            (
                Query(
                    f"topk(10, {q.quantile_of_all(0.95, 'page_duration_seconds', by='run_id, page')})",
                    "{{page}} {{run_id}}",
                    instant=True,
                ),
            ),
            width=12,
        ),
        Panel(
            Kind.BARS,
            "The ten pages with most failures (whole run)",
            "How many requests of each page failed because of the shop. Bad: above 0.",
            Unit.COUNT,
            (
                Query(
                    "topk(10, " + q.total("page_errors_total", by="run_id, page") + ")",
                    "{{page}} {{run_id}}",
                    instant=True,
                ),
            ),
            width=12,
        ),
    ),
)

_INSTRUMENT = Row(
    "The load generator",
    (
        Panel(
            Kind.GRAPH,
            "Lateness of arrivals, p99",
            "How late arrivals started because of the load generator. Bad: above the red line, which is 25 ms, or 5 % of the tightest bound on a "
            "time. Then this machine is too small or too busy, and the run is invalid.",
            Unit.SECONDS,
            (
                Query(q.quantile(0.99, "arrival_lag_seconds"), "p99 {{run_id}}"),
                Query(q.ALLOWED_LATENESS, "allowed {{run_id}}", ref=OBJECTIVE),
            ),
            log=True,
        ),
        Panel(
            Kind.GRAPH,
            "Waiting for a free user, p99",
            "How long arrivals waited because every virtual user was busy. Bad: above 0. There are too few users (-u), or the shop is slow.",
            Unit.SECONDS,
            (Query(q.quantile(0.99, "arrival_wait_seconds")),),
            log=True,
        ),
        Panel(
            Kind.GRAPH,
            "Arrivals dropped a second",
            "Arrivals that waited longer than longest_wait. Bad: above 0. The real load is then smaller than planned.",
            Unit.PER_SECOND,
            (Query(q.rate("arrivals_dropped_total", by="run_id, reason"), "{{reason}} {{run_id}}"),),
        ),
    ),
)

BOARD = Board(
    uid="checkload-overview",
    title="checkload: run overview",
    description="Is this run valid, does the shop keep up, and what is slow or fails? Choose one run, or several to overlay them.",
    rows=(_VERDICT, _OBJECTIVES, _LOAD, _SHOP, _INSTRUMENT),
    variables=(("payment_option", "journeys_completed_total"),),
    compares=True,
)
