"""Page by page: how often, how many failed, how long."""

from __future__ import annotations

from dashboards.boards import promql as q
from dashboards.boards.panel import BASELINE, OBJECTIVE, Board, Kind, Panel, Query, Row, Unit

_BY = "run_id, page"
_RESPONSE = "page_response_seconds"
_SERVICE = "page_duration_seconds"
_FAILURE = 'result="failure"'
_ON_TIME = 'subject="page", metric="response_time"'
_SLICES = 'le=~"0.025|0.1|0.25|1.0"'
_SHARES = (0.5, 0.95, 0.99)


def _of_all(expr: str) -> Query:
    return Query(expr, "", instant=True)


def _whole(share: float, metric: str, run: str = q.RUN, by: str = _BY) -> str:
    buckets = q.series(metric + "_bucket", q.PAGE, run=run)
    return f"histogram_quantile({share}, sum by (le, {by}) (max_over_time({buckets}{q.WHOLE})))"


_REQUESTS = q.total(_SERVICE + "_count", q.PAGE, by=_BY)
_FAILED = q.total(_SERVICE + "_count", q.PAGE, _FAILURE, by=_BY)
_EARLIER = q.series(_RESPONSE + "_bucket", q.PAGE, run=q.BASELINE) + "[30d]"
_TIMES_EARLIER = (
    f"{_whole(0.95, _RESPONSE)} / on (page) group_left () "
    f"max by (page) (histogram_quantile(0.95, sum by (le, page) (max_over_time({_EARLIER}))))"
)

_TABLE = Panel(
    Kind.TABLE,
    "Pages of the whole run",
    "Bad: failed above 0; p99 many times p50; response time above service time, for then shoppers were waiting before anything was sent.",
    Unit.COUNT,
    (
        _of_all(_REQUESTS),
        _of_all(q.share(_FAILED, _REQUESTS)),
        *(_of_all(_whole(share, _SERVICE)) for share in _SHARES),
        _of_all(_whole(0.95, _RESPONSE)),
        _of_all(f"{q.total('page_received_bytes_total', q.PAGE, by=_BY)} / {_REQUESTS}"),
    ),
    width=24,
    height=12,
    columns=(
        ("run_id", "Run"),
        ("page", "Page"),
        ("Value #A", "Requests"),
        ("Value #B", "Failed"),
        ("Value #C", "Service p50"),
        ("Value #D", "Service p95"),
        ("Value #E", "Service p99"),
        ("Value #F", "Response p95"),
        ("Value #G", "Bytes a reply"),
    ),
    units=(
        ("Value #B", Unit.RATIO),
        *((f"Value #{letter}", Unit.SECONDS) for letter in "CDEF"),
        ("Value #G", Unit.BYTES),
    ),
    sort_by="Value #D",
)

_WHOLE_RUN = Row(
    "The whole run",
    (
        _TABLE,
        Panel(
            Kind.BARS,
            "Slowest pages (response p95 of the whole run)",
            "From the moment the shopper would have sent the page. Bad: one page far ahead of the rest.",
            Unit.SECONDS,
            (Query(f"topk(10, {_whole(0.95, _RESPONSE)})", "{{page}} {{run_id}}", instant=True),),
            width=12,
        ),
        Panel(
            Kind.BARS,
            "Times the run compared with (response p95)",
            "How many times as long as in the run compared with. Bad: above 1.2 for one page (that page has grown slower), or for all of "
            "them (the machine, or more load).",
            Unit.PLAIN,
            (Query(f"topk(10, {_TIMES_EARLIER})", "{{page}} {{run_id}}", instant=True),),
            width=12,
            decimals=2,
        ),
    ),
)

_AS_IT_GOES = Row(
    "As it goes",
    (
        Panel(
            Kind.HEATMAP,
            "Where the service times lie",
            "Each column is a moment, each field a bucket of time; darker is more pages. Bad: a second band above the first (a cache, a lock "
            "or a timeout), or a band that climbs.",
            Unit.SECONDS,
            (Query(q.rate(_SERVICE + "_bucket", q.PAGE, by="le"), "{{le}}"),),
            width=12,
        ),
        Panel(
            Kind.GRAPH,
            "Share of pages within 25 ms, 100 ms, 250 ms and 1 s",
            "The distribution in four slices. Bad: a line that falls. If only the lowest falls, the bulk grows slower; if the highest does, a "
            "few shoppers wait very long.",
            Unit.RATIO,
            (
                Query(
                    q.rate(_SERVICE + "_bucket", q.PAGE, _SLICES, by="run_id, le")
                    + f" / on (run_id) group_left () {q.rate(_SERVICE + '_count', q.PAGE)}",
                    "within {{le}} s, {{run_id}}",
                ),
            ),
            width=12,
            maximum=1,
        ),
        Panel(
            Kind.STACK,
            "Failures a second, by page and kind",
            "What the shop failed. Bad: anything. The same kind on many pages is the shop as a whole; on one page it is that page.",
            Unit.PER_SECOND,
            (Query(q.rate("page_errors_total", q.PAGE, by="run_id, page, kind"), "{{page}} {{kind}} {{run_id}}"),),
            width=12,
        ),
        Panel(
            Kind.STACK,
            "Replies a second, by class of status",
            "Bad: 5xx, 429 or 503, and none, where no reply came at all. A failure can hide in a 2xx as well: see the kinds.",
            Unit.REQUESTS,
            (Query(q.rate("page_responses_total", q.PAGE, by="run_id, code"), "{{code}} {{run_id}}"),),
            width=8,
        ),
        Panel(
            Kind.GRAPH,
            "Requests under way",
            "Sent and not yet answered. Bad: it climbs while the rate stays: the shop queues.",
            Unit.COUNT,
            (Query(q.gauge("requests_in_flight", q.PAGE)),),
            width=8,
        ),
        Panel(
            Kind.GRAPH,
            "Bytes received a second",
            "Bad: a sudden drop while the rate of pages stays: replies have lost their content.",
            Unit.BYTES_PER_SECOND,
            (Query(q.rate("page_received_bytes_total", q.PAGE)),),
            width=8,
        ),
    ),
)

_EACH = Row(
    "$page",
    (
        Panel(
            Kind.GRAPH,
            "$page: requests a second",
            "Bad: a gap, or a fall while the other pages go on.",
            Unit.REQUESTS,
            (Query(q.rate(_SERVICE + "_count", q.PAGE)),),
        ),
        Panel(
            Kind.GRAPH,
            "$page: share that failed",
            "Bad: anything above 0 that stays.",
            Unit.RATIO,
            (
                Query(
                    q.share(q.rate(_SERVICE + "_count", q.PAGE, _FAILURE), q.rate(_SERVICE + "_count", q.PAGE)),
                ),
            ),
            maximum=1,
        ),
        Panel(
            Kind.GRAPH,
            "$page: response time",
            "Bad: above the red line of the objective. Grey: the p95 of the run compared with, both drawn from the same start.",
            Unit.SECONDS,
            (
                *(Query(q.quantile(p, _RESPONSE, q.PAGE), f"p{p * 100:g} {{{{run_id}}}}") for p in _SHARES),
                Query(
                    q.gauge("slo_threshold_seconds", 'page=~"$page|"', _ON_TIME, by="run_id, objective", of="max"),
                    "{{objective}}",
                    ref=OBJECTIVE,
                ),
                Query(q.earlier(0.95, _RESPONSE, q.PAGE), "p95 {{run_id}}", ref=BASELINE),
            ),
        ),
    ),
    repeat="page",
)

BOARD = Board(
    uid="checkload-pages",
    title="checkload: pages",
    description="Every page of the checkout: how often it was asked for, how many failed, how long it took. Failures are the shop's; a "
    "declined card or a wrong code is the shopper's luck and no failure.",
    rows=(_WHOLE_RUN, _AS_IT_GOES, _EACH),
    variables=(("page", "page_duration_seconds_count"),),
    compares=True,
)
