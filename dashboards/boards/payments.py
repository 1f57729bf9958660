"""How shoppers pay and confirm: the funnel of each payment option, how it ends, and the SMS codes."""

from __future__ import annotations

from dashboards.boards import promql as q
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
            "Shoppers who came as far as this (whole run)",
            "From the basket to the receipt. Bad: a step much shorter than the one before it, beyond those who abandon on purpose.",
            Unit.COUNT,
            (Query(q.total("funnel_steps_total", q.OPTION, by="run_id, step"), "{{step}} {{run_id}}", instant=True),),
        ),
        Panel(
            Kind.TABLE,
            "Payment options of the whole run",
            "Bad: failed above 0; an option whose orders stay behind its journeys; p95 of one option far above the others.",
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
            "Orders among the journeys, by payment option",
            "The share of journeys that ended in an order. Bad: one line that falls away from the others.",
            Unit.RATIO,
            (Query(q.share(q.rate("orders_total", q.OPTION, by=_BY), q.rate(_JOURNEYS, q.OPTION, by=_BY)), _LEGEND),),
            maximum=1,
        ),
        Panel(
            Kind.GRAPH,
            "Response time of journeys, p95 by payment option",
            "From the moment the shopper was due to her receipt, think time included. Bad: one option that parts from the others. Grey: all "
            "options of the run compared with.",
            Unit.SECONDS,
            (
                Query(q.quantile(0.95, _RESPONSE, q.OPTION, by=_BY), _LEGEND),
                Query(q.earlier(0.95, _RESPONSE, q.OPTION), "all, {{run_id}}", ref=BASELINE),
            ),
        ),
        Panel(
            Kind.STACK,
            "How journeys ended",
            "Declined, abandoned and wrong codes are the shopper's luck. Bad: any other name than those and ok.",
            Unit.PER_SECOND,
            (Query(q.rate(_JOURNEYS, q.OPTION, by="run_id, outcome"), "{{outcome}} {{run_id}}"),),
        ),
    ),
)

_SMS = Row(
    "SMS codes and 3-D Secure",
    (
        Panel(
            Kind.STACK,
            "Codes sent out, by reason",
            "Codes that the shop was to send: with an order, or because the shopper asked for another. Bad: more asked for again than the "
            "scenario says; codes get lost or come late.",
            Unit.PER_SECOND,
            (Query(q.rate("sms_requested_total", by="run_id, reason"), "{{reason}} {{run_id}}"),),
        ),
        Panel(
            Kind.STACK,
            "Codes sent in, by result",
            "Bad: right codes thin out while the rate of codes sent out stays.",
            Unit.PER_SECOND,
            (Query(q.rate("sms_verifications_total", by="run_id, result"), "{{result}} {{run_id}}"),),
        ),
        Panel(
            Kind.GRAPH,
            "Codes sent in for each sent out",
            "Bad: below 1 for long: shoppers wait for codes that do not come. Above 1 they mistype.",
            Unit.PLAIN,
            (Query(f"{q.rate('sms_verifications_total')} / {q.rate('sms_requested_total')}"),),
            decimals=2,
        ),
        Panel(
            Kind.BARS,
            "Journeys with a code, by what the shopper did (whole run)",
            "Bad: a bar that the scenario's SMS shares do not explain; a missing one was not measured.",
            Unit.COUNT,
            (Query(q.total("sms_journeys_total", by="run_id, script"), "{{script}} {{run_id}}", instant=True),),
        ),
        Panel(
            Kind.GRAPH,
            "The page that takes the code: response p50, p95, p99",
            "VerifySmsPage. Bad: it grows; whoever stands there has already decided to buy.",
            Unit.SECONDS,
            tuple(
                Query(q.quantile(p, "page_response_seconds", 'page="VerifySmsPage"'), f"p{p * 100:g} {{{{run_id}}}}")
                for p in (0.5, 0.95, 0.99)
            ),
        ),
        Panel(
            Kind.STACK,
            "3-D Secure challenges, by result",
            "Bad: failures that the scenario's share of declined cards does not explain.",
            Unit.PER_SECOND,
            (Query(q.rate("threeds_challenges_total", by="run_id, result"), "{{result}} {{run_id}}"),),
        ),
    ),
)

_FAILURES = Row(
    "What failed",
    (
        Panel(
            Kind.TABLE,
            "Failures of the whole run, by kind and page",
            "Bad: any line. The kind says what went wrong, the page where.",
            Unit.COUNT,
            (Query(q.total("page_errors_total", by="run_id, kind, page"), "", instant=True),),
            width=12,
            columns=(("run_id", "Run"), ("kind", "Kind"), ("page", "Page"), ("Value", "Failures")),
            sort_by="Value",
        ),
        Panel(
            Kind.STACK,
            "Failures a second, by kind",
            "Bad: anything that stays.",
            Unit.PER_SECOND,
            (Query(q.rate("page_errors_total", by="run_id, kind"), "{{kind}} {{run_id}}"),),
            width=12,
        ),
    ),
)

BOARD = Board(
    uid="checkload-payments",
    title="checkload: payment and SMS",
    description="Each payment option from basket to receipt, the SMS codes on the way, and what failed.",
    rows=(_FUNNEL, _SMS, _FAILURES),
    variables=(("payment_option", _JOURNEYS),),
    compares=True,
)
