"""The tables of the report: the funnels, and the requests that have a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from harness.measurement.recorder import JourneyKey, Recorder
from harness.measurement.sample import Phase
from harness.reporting.html.markup import Markup, element, joined, section, table
from harness.reporting.trace_link import trace_link
from harness.results.result import FAILURE, Result, SlowTrace
from harness.units import format_count, format_duration, format_number, format_percent

WIDTHS = 20
"""The number of widths of a bar in a funnel."""


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
    if len(steps) == 1:
        everyone = f"All {format_count(reached['all'].total(), 'journey')} came to the step: {_words(steps[0])}."
        return section(title, element("p", f"{note} {everyone}".strip(), class_="note"), key=_key(title))
    rows = [(name, _at_least(counts, steps)) for name, counts in reached.items()]
    rows[1:] = sorted(rows[1:], key=lambda row: (row[1][-1] / (row[1][0] or 1), row[0]))
    headings = [heading, *map(_words, steps)]
    return section(
        title,
        element(
            "p",
            f"{note} How many journeys came at least so far, in the steady part; the fewest orders first.".strip(),
            class_="note",
        ),
        table(headings, [(name, *_bars(counts)) for name, counts in rows], title, kind="funnel"),
        key=_key(title),
    )


def _key(title: str) -> str:
    return title.lower().replace(" ", "-")


def _words(step: str) -> str:
    return step.partition("_")[2].replace("_", " ")


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


def traces(result: Result) -> Markup:
    """The requests that have a trace, the failed ones first, with its id to look up in the tracing of the shop."""
    rows = sorted(result.slowest_traces, key=lambda one: one.result != FAILURE)
    failed = sum(one.result == FAILURE for one in rows)
    title = "Traces of failed and slow requests" if failed else "Slowest traces"
    if not rows:
        text = "No request of this run has a trace. The key trace.sampled of a scenario sets the share of journeys with one."
        return section(title, element("p", text, class_="note"), key="traces")
    start = result.started_at.timestamp()
    cells = [_trace(one, start, trace_link(result.asked.scenario, one.trace_id)) for one in rows]
    order = "the failed ones first, then the slowest" if failed else "the slowest first"
    note = f"Traced requests, {order}. Look the id up in the tracing of the shop."
    if not failed and result.counts.failed_pages:
        note += (
            " No failed request has a trace: the key trace.sampled of a scenario sets the share of journeys with one."
        )
    if result.spans is not None:
        note += f" checkload sent {format_count(result.spans.sent, 'span')} and dropped {format_number(result.spans.dropped)}."
    return section(
        title,
        element("p", note, class_="note"),
        table(("page", "result", "trace id", "response time", "after the start"), cells, title, text_columns=3),
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
