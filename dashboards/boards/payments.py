"""The dashboard for payments: the funnel, the payment options, the SMS codes and the failures."""

from __future__ import annotations

from dashboards.boards import promql as q
from dashboards.boards.colours import BY_OUTCOME
from dashboards.boards.panel import BASELINE, Board, Kind, Panel, Query, Row, Unit

_BY = "run_id, payment_option"
_LEGEND = "{{payment_option}} {{run_id}}"
_JOURNEYS = "journeys_completed_total"
_FAILED = 'result="failed"'
_RESPONSE = "journey_response_seconds"


_FUNNEL = Row(
    "The funnel",
    (
        Panel(
            Kind.BARS,
            "Shoppers who reached each step (whole run)",
            "From the basket to the order. Bad: a step much shorter than the one before, apart from shoppers who abandon on purpose.",
            Unit.COUNT,
            (Query(q.total("funnel_steps_total", q.OPTION, by="run_id, step"), "{{step}} {{run_id}}", instant=True),),
        ),
        Panel(
            Kind.TABLE,
            "Payment options of the whole run",
            "Bad: failed above 0; fewer orders than journeys for an option; p95 of one option far above the others.",
            Unit.COUNT,
            (
                Query(q.total(_JOURNEYS, q.OPTION, by=_BY), "", instant=True),
                Query(q.total("orders_total", q.OPTION, by=_BY), "", instant=True),
                Query(
                    q.share(q.total(_JOURNEYS, q.OPTION, _FAILED, by=_BY), q.total(_JOURNEYS, q.OPTION, by=_BY)),
                    "",
                    instant=True,
                ),
                Query(q.quantile_of_all(0.5, _RESPONSE, q.OPTION, by=_BY), "", instant=True),
                Query(q.quantile_of_all(0.95, _RESPONSE, q.OPTION, by=_BY), "", instant=True),
            ),
            width=16,
            columns=(
                ("run_id", "Run"),
                ("payment_option", "Payment option"),
                ("Value #A", "Journeys"),
                ("Value #B", "Orders"),
                ("Value #C", "Failed"),
                ("Value #D", "Response p50"),
                ("Value #E", "Response p95"),
            ),
            units=(("Value #C", Unit.RATIO), ("Value #D", Unit.SECONDS), ("Value #E", Unit.SECONDS)),
            sort_by="Value #A",
        ),
        Panel(
            Kind.GRAPH,
            "Share of journeys with an order, by payment option",
            "Bad: one line that drops below the others.",
            Unit.RATIO,
            (Query(q.share(q.rate("orders_total", q.OPTION, by=_BY), q.rate(_JOURNEYS, q.OPTION, by=_BY)), _LEGEND),),
            maximum=1,
        ),
        Panel(
            Kind.GRAPH,
            "Response time of journeys, p95 by payment option",
            "From the due time of the arrival to the order, with think times. Bad: one option that differs from the others. Grey: all options of "
            "the run to compare with.",
            Unit.SECONDS,
            (
                Query(q.quantile(0.95, _RESPONSE, q.OPTION, by=_BY), _LEGEND),
                Query(q.earlier(0.95, _RESPONSE, q.OPTION), "all {{run_id}}", ref=BASELINE),
            ),
            log=True,
        ),
        Panel(
            Kind.STACK,
            "How journeys ended",
            "Declined cards, abandoned journeys and wrong codes belong to the scenario. Bad: any other outcome besides ok.",
            Unit.PER_SECOND,
            (Query(q.rate(_JOURNEYS, q.OPTION, by="run_id, outcome"), "{{outcome}} {{run_id}}"),),
            colours=BY_OUTCOME,
        ),
    ),
)

_SMS = Row(
    "SMS codes and 3-D Secure",
    (
        Panel(
            Kind.STACK,
            "Codes requested, by reason",
            "Codes that the shop had to send: with an order, or because the shopper asked for another one. Bad: more repeated requests than the "
            "scenario plans. Codes get lost or arrive late.",
            Unit.PER_SECOND,
            (Query(q.rate("sms_requested_total", by="run_id, reason"), "{{reason}} {{run_id}}"),),
        ),
        Panel(
            Kind.STACK,
            "Codes typed, by result",
            "Bad: fewer right codes while the rate of requested codes is constant.",
            Unit.PER_SECOND,
            (Query(q.rate("sms_verifications_total", by="run_id, result"), "{{result}} {{run_id}}"),),
            colours=BY_OUTCOME,
        ),
        Panel(
            Kind.GRAPH,
            "Codes typed for each code requested",
            "Bad: below 1 for a long time. Shoppers wait for codes that do not arrive. Above 1, shoppers type wrong codes.",
            Unit.PLAIN,
            (Query(f"{q.rate('sms_verifications_total')} / {q.rate('sms_requested_total')}"),),
            decimals=2,
        ),
        Panel(
            Kind.BARS,
            "Journeys with a code, by what the shopper did (whole run)",
            "Bad: a bar that does not fit the weights under [sms]. A missing bar was not measured.",
            Unit.COUNT,
            (Query(q.total("sms_journeys_total", by="run_id, script"), "{{script}} {{run_id}}", instant=True),),
        ),
        Panel(
            Kind.GRAPH,
            "Response time of the page for the code: p50, p95, p99",
            "VerifySmsPage. Bad: it grows. Shoppers on this page have already decided to buy.",
            Unit.SECONDS,
            tuple(
                Query(q.quantile(p, "page_response_seconds", 'page="VerifySmsPage"'), f"p{p * 100:g} {{{{run_id}}}}")
                for p in (0.5, 0.95, 0.99)
            ),
            log=True,
        ),
        Panel(
            Kind.STACK,
            "3-D Secure challenges, by result",
            "Bad: more failures than the share of declined cards in the scenario.",
            Unit.PER_SECOND,
            (Query(q.rate("threeds_challenges_total", by="run_id, result"), "{{result}} {{run_id}}"),),
            colours=BY_OUTCOME,
        ),
    ),
)

_FAILURES = Row(
    "Failures",
    (
        Panel(
            Kind.TABLE,
            "Failures of the whole run, by kind and page",
            "Bad: any row. The kind says what went wrong, the page says where.",
            Unit.COUNT,
            (Query(q.total("page_errors_total", by="run_id, kind, page"), "", instant=True),),
            width=12,
            columns=(("run_id", "Run"), ("kind", "Kind"), ("page", "Page"), ("Value", "Failures")),
            sort_by="Value",
        ),
        Panel(
            Kind.STACK,
            "Failures a second, by kind",
            "Bad: above 0 for a while.",
            Unit.PER_SECOND,
            (Query(q.rate("page_errors_total", by="run_id, kind"), "{{kind}} {{run_id}}"),),
            width=12,
            colours=BY_OUTCOME,
        ),
    ),
)

BOARD = Board(
    uid="checkload-payments",
    title="checkload: payment and SMS",
    description="Each payment option from the basket to the order, the SMS codes, and the failures.",
    rows=(_FUNNEL, _SMS, _FAILURES),
    variables=(("payment_option", _JOURNEYS),),
    compares=True,
)
