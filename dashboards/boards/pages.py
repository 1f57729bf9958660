"""The dashboard for pages: requests, failures and times of each page."""

from __future__ import annotations

from dashboards.boards import promql as q
from dashboards.boards.colours import BY_OUTCOME, BY_STATUS
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
    "Bad: failed above 0; p99 many times p50; response time above service time, which means that requests were sent late.",
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
            "From the time at which the request was due. Bad: one page far slower than the rest.",
            Unit.SECONDS,
            (Query(f"topk(10, {_whole(0.95, _RESPONSE)})", "{{page}} {{run_id}}", instant=True),),
            width=12,
        ),
        Panel(
            Kind.BARS,
            "Response p95, relative to the run to compare with",
            "The response time divided by that of the run to compare with. Bad: above 1.2 for one page (this page is slower), or for all pages "
            "(another machine, or more load).",
            Unit.PLAIN,
            (Query(f"topk(10, {_TIMES_EARLIER})", "{{page}} {{run_id}}", instant=True),),
            width=12,
            decimals=2,
        ),
    ),
)

_AS_IT_GOES = Row(
    "Over time",
    (
        Panel(
            Kind.HEATMAP,
            "Distribution of service times",
            "Each column is one moment, each cell a range of times; darker means more pages. Bad: a second band above the first (a cache, a lock "
            "or a timeout), or a band that rises.",
            Unit.SECONDS,
            (Query(q.rate(_SERVICE + "_bucket", q.PAGE, by="le"), "{{le}}"),),
            width=12,
        ),
        Panel(
            Kind.GRAPH,
            "Share of pages within 25 ms, 100 ms, 250 ms and 1 s",
            "Four points of the distribution. Bad: a line that falls. If only the lowest falls, most pages get slower. If the highest falls, a "
            "few shoppers wait very long.",
            Unit.RATIO,
            (
                Query(
                    q.rate(_SERVICE + "_bucket", q.PAGE, _SLICES, by="run_id, le")
                    + f" / on (run_id) group_left () {q.rate(_SERVICE + '_count', q.PAGE)}",
                    "within {{le}} s {{run_id}}",
                ),
            ),
            width=12,
            maximum=1,
        ),
        Panel(
            Kind.STACK,
            "Failures a second, by page and kind",
            "Failures of the shop. Bad: above 0. The same kind on many pages points to the whole shop; on one page, to this page.",
            Unit.PER_SECOND,
            (Query(q.rate("page_errors_total", q.PAGE, by="run_id, page, kind"), "{{kind}} {{page}} {{run_id}}"),),
            width=12,
            colours=BY_OUTCOME,
        ),
        Panel(
            Kind.STACK,
            "Replies a second, by class of status",
            "Bad: 5xx, 429, or none (no reply came). A 2xx reply can also be a failure: see the kinds.",
            Unit.REQUESTS,
            (Query(q.rate("page_responses_total", q.PAGE, by="run_id, code"), "{{code}} {{run_id}}"),),
            width=8,
            colours=BY_STATUS,
        ),
        Panel(
            Kind.GRAPH,
            "Requests in flight",
            "Requests sent and not yet answered. Bad: it grows while the rate is constant. Requests queue in the shop.",
            Unit.COUNT,
            (Query(q.gauge("requests_in_flight", q.PAGE)),),
            width=8,
        ),
        Panel(
            Kind.GRAPH,
            "Bytes received a second",
            "Bad: a sudden drop while the rate of pages is constant. Replies have lost their content.",
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
            "Bad: a gap, or a drop while the other pages go on.",
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
            "Bad: above the red line of the objective. Grey: p95 of the run to compare with, shifted to the same start.",
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
            log=True,
        ),
    ),
    repeat="page",
)

BOARD = Board(
    uid="checkload-pages",
    title="checkload: pages",
    description="Every page of the checkout: requests, failures and times. Only failures of the shop count; a declined card or a wrong code "
    "is not a failure.",
    rows=(_WHOLE_RUN, _AS_IT_GOES, _EACH),
    variables=(("page", "page_duration_seconds_count"),),
    compares=True,
)
