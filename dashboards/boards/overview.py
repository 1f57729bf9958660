"""The first look at a run: is it valid, does the shop keep up, where does it hurt."""

from __future__ import annotations

from dashboards.boards import promql as q
from dashboards.boards.panel import BASELINE, OBJECTIVE, Board, Kind, Panel, Query, Row, Threshold, Unit

_GOOD, _BAD, _UNSURE, _PLAIN = "green", "red", "orange", "blue"
_FAILED = 'result="failed"'
_TAKEN = 'outcome!="dropped"'
_OF_ALL_PAGES = ('subject="page"', 'page=""', 'metric="response_time"')

_VERDICTS = {"passed": _GOOD, "failed": _BAD, "invalid": _UNSURE, "inconclusive": _UNSURE}
# A number for each verdict, so that a panel can show it as a word in its colour.
_NUMBERED = " + ".join(
    f"{number} * " + q.last("run_verdict", f'verdict="{verdict}"') for number, verdict in enumerate(_VERDICTS, start=1)
)

_VERDICT = Row(
    "How it ends",
    (
        Panel(
            Kind.STAT,
            "Verdict",
            "Bad: failed (the shop broke an objective), invalid (the instrument cannot be trusted, whatever the other panels show) or "
            "inconclusive (too few samples). Pending until the run has ended.",
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
            "Bad: no. Then look at the dashboard Capacity and generator, not at the shop. Until the verdict is spoken it stays no.",
            Unit.PLAIN,
            (Query(q.last("run_valid")),),
            width=4,
            height=5,
            value_mappings=((0, "not (yet)", _UNSURE), (1, "valid", _GOOD)),
        ),
        Panel(
            Kind.STAT,
            "Orders",
            "Orders of the whole run, by the counter's last value. Bad: fewer than the journeys that were not meant to be abandoned.",
            Unit.COUNT,
            (Query(q.total("orders_total")),),
            width=3,
            height=5,
            thresholds=(Threshold(None, _PLAIN),),
        ),
        Panel(
            Kind.STAT,
            "Journeys that failed",
            "The share of all journeys of the run that the shop failed. Bad: above what the objectives allow, often 1 %.",
            Unit.RATIO,
            (Query(q.share(q.total("journeys_completed_total", _FAILED), q.total("journeys_completed_total"))),),
            width=4,
            height=5,
            thresholds=(Threshold(None, _GOOD), Threshold(0.005, _UNSURE), Threshold(0.01, _BAD)),
            decimals=2,
        ),
        Panel(
            Kind.STAT,
            "Arrivals nobody served",
            "The share of all arrivals that were dropped. Bad: anything but 0; each counts as never answered.",
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
            "Response time of all pages over the whole run, from the moment the shopper would have sent. Bad: above the objective.",
            Unit.SECONDS,
            (Query(q.quantile_of_all(0.95, "page_response_seconds")),),
            width=3,
            height=5,
            thresholds=(Threshold(None, _PLAIN),),
        ),
    ),
)

_OBJECTIVES = Row(
    "The objectives",
    (
        Panel(
            Kind.TABLE,
            "What was demanded, and how it stands",
            "Measured in the steady part, in the unit that stands beside it. Bad: broken so far or failed; inconclusive at the end means too "
            "few samples.",
            Unit.PLAIN,
            (
                Query(
                    f"max by (run_id, objective, state) (last_over_time({q.series('objective_state')}{q.WHOLE})) == 1",
                    "",
                    instant=True,
                ),
                Query(q.last("objective_bound", by="run_id, objective, unit"), "", instant=True),
                Query(q.last("objective_measured", by="run_id, objective, unit"), "", instant=True),
            ),
            width=24,
            columns=(
                ("run_id", "Run"),
                ("objective", "Objective"),
                ("state", "How it stands"),
                ("Value #B", "Bound"),
                ("Value #C", "Measured"),
                ("unit", "Unit"),
            ),
            sort_by="state",
            decimals=4,
        ),
    ),
)

_LOAD = Row(
    "The load",
    (
        Panel(
            Kind.GRAPH,
            "Journeys a second: asked for, due, started, ended",
            "Bad: started stays below due (nobody was free to take them), or ended stays below started (the shop piles them up).",
            Unit.PER_SECOND,
            (
                Query(q.gauge("arrival_rate_target"), "asked for {{run_id}}"),
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.rate("arrivals_started_total"), "started {{run_id}}"),
                Query(q.rate("journeys_completed_total", _TAKEN), "ended {{run_id}}"),
            ),
        ),
        Panel(
            Kind.STACK,
            "Journeys under way, by payment option",
            "Bad: it climbs while the arrival rate does not. In a steady state it is arrival rate times duration.",
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
            "Bad: a band that thins out while the others go on: that option cannot be paid with any more.",
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
            "From the moment the shopper would have sent the page. Bad: above the red line of an objective, or p99 leaving p50 behind. Grey: "
            "the p95 of the run compared with, both drawn from the same start.",
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
        ),
        Panel(
            Kind.STACK,
            "Failures a second, by kind",
            "What the shop failed. Bad: anything; one kind alone usually names the culprit.",
            Unit.PER_SECOND,
            (Query(q.rate("page_errors_total", by="run_id, kind"), "{{kind}} {{run_id}}"),),
        ),
        Panel(
            Kind.GRAPH,
            "Apdex of the pages",
            "The share of pages served within 250 ms, and half of those within 1 s; failed ones count as never served. Bad: below 0.85; below "
            "0.7 shoppers complain.",
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
            "Service time, from the first byte sent. Bad: one page far ahead of the rest. Details are on the dashboard Pages.",
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
            "The ten pages that failed most (whole run)",
            "How many requests of each page the shop failed. Bad: anything but 0.",
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
    "The instrument",
    (
        Panel(
            Kind.GRAPH,
            "Our own lateness, p99",
            "How late arrivals were taken for reasons of our own. Bad: above 50 ms. Then this machine is too small or too busy, and the run is "
            "invalid.",
            Unit.SECONDS,
            (Query(q.quantile(0.99, "arrival_lag_seconds")),),
        ),
        Panel(
            Kind.GRAPH,
            "Waiting for a free user, p99",
            "How long arrivals waited because every virtual user was busy. Bad: above 0 without need: too few users (-u), or a slow shop.",
            Unit.SECONDS,
            (Query(q.quantile(0.99, "arrival_wait_seconds")),),
        ),
        Panel(
            Kind.GRAPH,
            "Arrivals dropped a second",
            "Arrivals that waited longer than longest_wait. Bad: anything but 0; the true load is then smaller than asked for.",
            Unit.PER_SECOND,
            (Query(q.rate("arrivals_dropped_total", by="run_id, reason"), "{{reason}} {{run_id}}"),),
        ),
    ),
)

BOARD = Board(
    uid="checkload-overview",
    title="checkload: run overview",
    description="Is this run valid, does the shop keep up, and where does it hurt? Choose one run, or several to lay them over each other.",
    rows=(_VERDICT, _OBJECTIVES, _LOAD, _SHOP, _INSTRUMENT),
    variables=(("payment_option", "journeys_completed_total"),),
    compares=True,
)
