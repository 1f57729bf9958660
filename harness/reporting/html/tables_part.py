"""The tables of the report: the heat table of payment options and pages, the funnels, the slowest traces."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.measurement.recorder import JourneyKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.summary import SummaryRow, percentile
from harness.objectives.model import Metric, Objective, Statistic, Subject
from harness.reporting.html.markup import Markup, element, joined, scrolled, section, table
from harness.reporting.tables import NO_VALUE
from harness.reporting.trace_link import trace_link
from harness.results.result import CellTrace, Result, SlowTrace
from harness.units import format_count, format_duration, format_number, format_percent
from harness.yield_to_load import NEVER, YieldToLoad

NO_LINKS: Mapping[tuple[str, str], str] = {}
WIDTHS = 20
"""The number of widths of a bar in a funnel."""
HEATS = 5
"""The number of colours of a heat table, without that of a broken bound."""
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ARROW = "\u2197"
_MODES = (("p95", "response p95"), ("failed", "failures"), ("count", "samples"))


def heat_table(
    recorder: Recorder,
    payment_options: Iterable[str],
    objectives: Iterable[Objective],
    links: Mapping[tuple[str, str], str] = NO_LINKS,
    *,
    yield_to_load: YieldToLoad = NEVER,
    cells_open: bool = False,
) -> Markup:
    """Each page and payment option with its p95, failures and samples, coloured by how close it is to its bound.

    ``payment_options`` are in the order of the columns, ``links`` the addresses of traces by page and option. With ``cells_open``,
    each cell is a button, and its trace opens in a tab of its own.
    """
    cells: dict[tuple[str, str], SummaryRow] = {}
    for key, series in sorted(recorder.pages.items()):
        if key.phase == Phase.STEADY:
            row = cells.setdefault((key.page, key.payment_option), SummaryRow(key.page))
            row.add(series, failed=key.blame == "shop", ordered=False)
            yield_to_load()
    if not cells:
        return Markup()
    options = list(dict.fromkeys([*payment_options, *sorted(option for _, option in cells)]))
    options = [one for one in options if any(option == one for _, option in cells)]
    worst: dict[str, tuple[int, float]] = {}
    for (page, _), row in cells.items():
        failed, slow = worst.get(page, (0, 0.0))
        worst[page] = failed + row.failed, max(slow, percentile(row.response, 0.95) or 0.0)
        yield_to_load()
    pages = sorted(worst, key=lambda page: (-worst[page][0], -worst[page][1], page))
    objectives = list(objectives)
    bounds = {page: _bound(objectives, page) for page in pages}
    slowest = max((_finite(row) for row in yield_to_load.every(10, cells.values())), default=0.0) or 1.0
    head = element(
        "tr",
        element("th", "page", scope="col", class_="text"),
        *(element("th", element("span", one or "none"), scope="col", class_="turned") for one in options),
    )
    body = [
        element(
            "tr",
            element("th", _breakable(page), scope="row", class_="text"),
            *(
                _cell(
                    cells.get((page, option)),
                    option,
                    bounds[page],
                    slowest,
                    links.get((page, option), ""),
                    opens=cells_open,
                )
                for option in yield_to_load.every(5, options)
            ),
        )
        for page in pages
    ]
    buttons = [
        element("button", label, type="button", data_cells=mode, aria_pressed="true" if mode == "p95" else "false")
        for mode, label in _MODES
    ]
    drawn = element("table", element("thead", head), element("tbody", *body), id="heat", data_show="p95")
    bounded = any(bound is not None for bound in bounds.values())
    said = "its bound" if bounded else "the slowest one"
    return section(
        "Pages by payment option",
        element(
            "p",
            f"The steady part, pages with failures first, then the slowest. The colour is the p95 compared with {said}, or the share that failed."
            + (
                f" {_ARROW if cells_open else 'A p95'} links to the slowest trace of its cell."
                if any(links.values())
                else ""
            ),
            class_="note",
        ),
        element("div", *buttons, class_="switches", role="group", aria_label="What the cells show"),
        scrolled(drawn, "Pages by payment option"),
        key="heat-table",
    )


def cell_links(scenario: Mapping[str, object], traces: Iterable[CellTrace]) -> dict[tuple[str, str], str]:
    """The address of the slowest trace of each page and payment option."""
    return {(one.page, one.payment_option): trace_link(scenario, one.trace_id) for one in traces}


def _breakable(name: str) -> Markup:
    """A name that may break into lines where a word begins: ``MasterpassCompletePage`` is longer than a phone is wide."""
    first, *words = _WORD.split(name)
    return joined(first, *([element("wbr"), word] for word in words))


def _cell(
    row: SummaryRow | None, option: str, bound: float | None, slowest: float, link: str, *, opens: bool
) -> Markup:
    if row is None:
        return element("td")
    p95 = percentile(row.response, 0.95)
    share = row.failed / row.count if row.count else 0.0
    time = NO_VALUE if p95 is None else format_duration(p95)
    fails = "0" if not share else str(1 + (share >= 0.01) + (share >= 0.1))  # noqa: PLR2004
    shown = joined(
        element("span", element("a", time, href=link, rel="noreferrer") if link and not opens else time, class_="p95"),
        element("span", format_percent(share) if share else "0", class_="failed"),
        element("span", format_number(row.count), class_="count"),
    )
    if opens:
        name = f"Slowest trace of {row.name} with {option or 'no payment option'}"
        to_trace = element("a", _ARROW, href=link, rel="noreferrer", target="_blank", aria_label=name, title=name)
        shown = joined(element("button", shown), to_trace if link else None)
    return element("td", shown, class_=f"t{_level(p95, bound, slowest)} f{fails}")


def _level(p95: float | None, bound: float | None, slowest: float) -> str:
    """The colour of a time: ``over`` beyond its bound or never answered, else a step from 0 on."""
    if p95 is None:
        return ""
    if math.isinf(p95) or (bound and p95 > bound):
        return "over"
    return str(min(HEATS - 1, int(p95 / (bound or slowest) * HEATS)))


def _finite(row: SummaryRow) -> float:
    p95 = percentile(row.response, 0.95)
    return 0.0 if p95 is None or math.isinf(p95) else p95


def _bound(objectives: Iterable[Objective], page: str) -> float | None:
    """The bound that applies to the p95 of a page: its own, or that of all pages."""
    found: dict[str, float] = {}
    for objective in objectives:
        if _is_p95_of_pages(objective):
            found.setdefault(objective.name, objective.bound)
    return found.get(page, found.get(""))


def _is_p95_of_pages(objective: Objective) -> bool:
    return (
        objective.subject is Subject.PAGE
        and objective.metric is Metric.RESPONSE_TIME
        and objective.statistic is Statistic.PERCENTILE
        and not objective.labels
    )


def funnels(recorder: Recorder) -> Markup:
    """How far journeys came by payment option, and by what the shopper did with the SMS code."""
    sms = any(key.verification for key in recorder.journeys)
    return joined(
        _funnel("Payment funnel", recorder, "payment option", lambda key: key.payment_option or "none"),
        _funnel(
            "SMS funnel",
            recorder,
            "the shopper sent",
            lambda key: f"{key.verification.replace('_', ' ')} code" if key.verification else "",
            "Journeys for which the shop sent a code.",
        )
        if sms
        else None,
    )


def _funnel(
    title: str, recorder: Recorder, heading: str, name_of: Callable[[JourneyKey], str], note: str = ""
) -> Markup:
    """A table of the journeys that reached at least each step, by name; the first row has all of them."""
    reached: dict[str, Counter[str]] = {"all": Counter()}
    for key, series in sorted(recorder.journeys.items()):
        if key.phase == Phase.STEADY and (name := name_of(key)):
            for step, count in series.counts.items():
                reached.setdefault(name, Counter())[step] += count
                reached["all"][step] += count
    steps = sorted(reached["all"])
    if not steps:
        return Markup()
    rows = [(name, _at_least(counts, steps)) for name, counts in reached.items()]
    rows[1:] = sorted(rows[1:], key=lambda row: (row[1][-1] / (row[1][0] or 1), row[0]))
    headings = [heading, *(step.partition("_")[2].replace("_", " ") for step in steps)]
    return section(
        title,
        element(
            "p",
            f"{note} How many journeys came at least so far, in the steady part; the fewest orders first.".strip(),
            class_="note",
        ),
        table(headings, [(name, *_bars(counts)) for name, counts in rows], title, kind="funnel"),
        key=title.lower().replace(" ", "-"),
    )


def _at_least(counts: Counter[str], steps: Sequence[str]) -> list[int]:
    return [sum(counts[later] for later in steps[place:]) for place in range(len(steps))]


def _bars(counts: Sequence[int]) -> Iterable[Markup]:
    first = counts[0]
    for count in counts:
        share = count / first if first else 0.0
        yield joined(
            element("span", class_=f"bar w{round(share * WIDTHS)}", aria_hidden="true"),
            element("span", format_number(count), class_="big"),
            element("span", format_percent(share), class_="small"),
        )


def slowest_traces(result: Result) -> Markup:
    """The slowest requests that have a trace, with its id to look up in the tracing of the shop."""
    title = "Slowest traces"
    traces = result.slowest_traces
    if not traces:
        text = "No request of this run has a trace. The key trace.sampled of a scenario sets the share of journeys with one."
        return section(title, element("p", text, class_="note"), key="traces")
    start = result.started_at.timestamp()
    rows = [_trace(one, start, trace_link(result.asked.scenario, one.trace_id)) for one in traces]
    note = "Traced requests, the slowest first. Look the id up in the tracing of the shop."
    if result.spans is not None:
        note += f" checkload sent {format_count(result.spans.sent, 'span')} and dropped {format_number(result.spans.dropped)}."
    return section(
        title,
        element("p", note, class_="note"),
        table(("page", "result", "trace id", "response time", "after the start"), rows, title, text_columns=3),
        key="traces",
    )


def _trace(one: SlowTrace, start: float, link: str) -> tuple[Markup | str, ...]:
    code = element("code", one.trace_id)
    return (
        one.page,
        one.result,
        element("a", code, href=link, rel="noreferrer") if link else code,
        format_duration(one.seconds),
        format_duration(max(0.0, one.at - start)),
    )
