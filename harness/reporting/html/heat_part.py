"""The heat table of the report: each page with each payment option, coloured by how bad it is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.measurement.summary import SummaryRow, percentile
from harness.objectives.model import Metric, Objective, Statistic, Subject
from harness.reporting.html.markup import NEVER_MEANS, Markup, element, joined, scrolled, section
from harness.reporting.tables import NO_VALUE
from harness.reporting.trace_link import trace_link
from harness.results.result import CellTrace
from harness.units import format_duration, format_number, format_percent
from harness.yield_to_load import NEVER, YieldToLoad

NO_LINKS: Mapping[tuple[str, str], str] = {}
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
    show: str = "p95",
) -> Markup:
    """Each page and payment option with its p95, failures and samples, coloured by how close it is to its bound.

    The pages and options that are worst come first: those with most failures, then the slowest pages, and the options with most
    cells over their bound. Other columns are in the order of ``payment_options``. ``links`` are the addresses of traces by page and
    option. With ``cells_open``, each cell is a button, and its trace opens in a tab of its own. ``show`` is what the cells show
    first: ``p95``, ``failed`` or ``count``. If no cell has enough samples for a p95, it is the failures, or the samples if none
    failed.
    """
    cells: dict[tuple[str, str], SummaryRow] = {}
    for key, series in sorted(recorder.pages.items()):
        if key.phase == Phase.STEADY:
            row = cells.setdefault((key.page, key.payment_option), SummaryRow(key.page))
            row.add(series, failed=key.blame == "shop", ordered=False)
            yield_to_load()
    if not cells:
        return Markup()
    times = {place: percentile(row.response, 0.95) for place, row in yield_to_load.every(1, cells.items())}
    if show == "p95" and all(one is None for one in times.values()):
        show = "failed" if any(row.failed for row in cells.values()) else "count"
    worst: dict[str, tuple[int, float]] = {}
    for (page, option), row in cells.items():
        failed, slow = worst.get(page, (0, 0.0))
        worst[page] = failed + row.failed, max(slow, times[page, option] or 0.0)
    pages = sorted(worst, key=lambda page: (-worst[page][0], -worst[page][1], page))
    objectives = list(objectives)
    bounds = {page: _bound(objectives, page) for page in pages}
    bad: dict[str, tuple[int, int]] = {}
    for (page, option), row in cells.items():
        failed, over = bad.get(option, (0, 0))
        bad[option] = failed + row.failed, over + _over(times[page, option], bounds[page])
    options = [one for one in dict.fromkeys([*payment_options, *sorted(bad)]) if one in bad]
    options.sort(key=lambda one: bad[one], reverse=True)
    slowest = max((one for one in times.values() if one is not None and math.isfinite(one)), default=0.0) or 1.0
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
        element("button", label, type="button", data_cells=mode, aria_pressed="true" if mode == show else "false")
        for mode, label in _MODES
    ]
    drawn = element("table", element("thead", head), element("tbody", *body), id="heat", data_show=show)
    never = any(math.isinf(one or 0.0) for one in times.values())
    bounded = any(bound is not None for bound in bounds.values())
    said = "its bound" if bounded else "the slowest one"
    return section(
        "Pages by payment option",
        element(
            "p",
            f"The steady part, the worst pages and payment options first: those with most failures, then the slowest. The colour is the p95 compared with {said}, or the share that failed."
            + (
                f" {_ARROW if cells_open else 'A p95'} links to the slowest trace of its cell."
                if any(links.values())
                else ""
            )
            + (f" {NEVER_MEANS}" if never else ""),
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
    return element("td", shown, class_=f"t{_level(p95, bound, slowest, failed=row.failed > 0)} f{fails}")


def _level(p95: float | None, bound: float | None, slowest: float, *, failed: bool) -> str:
    """The colour of a time: ``over`` beyond its bound or never answered, else a step from 0 on.

    Where too few samples have no percentile, a failure among them is as red as one that broke a bound.
    """
    if p95 is None:
        return "over" if failed else ""
    if _over(p95, bound):
        return "over"
    return str(min(HEATS - 1, int(p95 / (bound or slowest) * HEATS)))


def _over(p95: float | None, bound: float | None) -> bool:
    return p95 is not None and (math.isinf(p95) or (bound is not None and p95 > bound))


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
