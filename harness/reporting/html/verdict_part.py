"""The first part of the report: the verdict in words, its cause, and what was not kept."""

from __future__ import annotations

from math import isfinite

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import CAN_COME_FROM_LATENESS
from harness.measurement.sample import Phase
from harness.measurement.summary import every_journey, every_page, percentile
from harness.objectives.verdict import Finding, ObjectiveResult, Severity, Verdict
from harness.reporting.cause import causes_of_verdict, failure_causes, what_to_do
from harness.reporting.html.markup import Markup, Part, element, folded, joined, never_note, section, table, with_code
from harness.reporting.report import run_facts
from harness.reporting.tables import NO_VALUE, format_measure
from harness.reporting.text import MEANINGS, measured_throughput, unmet_title
from harness.results.result import Result
from harness.units import format_duration, format_number, format_percent

_SYMBOLS = {
    Verdict.PASSED: "\N{CHECK MARK}",
    Verdict.FAILED: "\N{MULTIPLICATION X}",
    Verdict.INVALID: "!",
    Verdict.INCONCLUSIVE: "?",
}
_LEVELS = {Verdict.INVALID: {Severity.INVALID}, Verdict.INCONCLUSIVE: {Severity.INCONCLUSIVE}}
MOST_UNFOLDED = 8
"""Of more objectives than these, a reader unfolds the list: what was not kept stands above it."""
_ORDER = [Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.PASSED]


def banner(result: Result) -> Markup:
    """The verdict with its reason and its cause."""
    judgement = result.judgement
    meaning = MEANINGS[judgement.verdict]
    if result.capacity is not None and judgement.verdict is Verdict.PASSED:
        meaning = "The search found how much the shop carries."
    broken, trusted = judgement.verdict is Verdict.FAILED, judgement.verdict is not Verdict.INVALID
    # What the shop did in a run that cannot be trusted is no cause of its verdict: it comes last.
    found = causes_of_verdict(result) if trusted else failure_causes(result, CAN_COME_FROM_LATENESS)
    cause = element("ul", *(element("li", with_code(line)) for line in found), class_="causes")
    also = element("p", "Also seen: ", with_code(" ".join(found)), class_="reason")
    meant = element("p", meaning, class_="meaning")
    # Without a cause, the reason of a failed run is what a reader wants to know first.
    reason = element("p", _unbroken(judgement.reason), class_="meaning" if broken and not found else "reason")
    remedy = element("p", _unbroken(said), class_="reason") if (said := what_to_do(result)) else None
    return element(
        "header",
        element("p", f"checkload, scenario {result.scenario}", class_="what"),
        element(
            "h1",
            element("span", _SYMBOLS[judgement.verdict], class_="symbol", aria_hidden="true"),
            judgement.verdict.upper(),
        ),
        *((cause if found else None, reason) if broken else (meant, reason, cause if found and trusted else None)),
        remedy,
        also if found and not trusted else None,
        class_=f"banner {judgement.verdict.value}",
    )


def unmet(result: Result) -> Markup:
    """What was not kept, and why; for an invalid run, why it cannot be trusted and what to do."""
    judgement = result.judgement
    trusted = judgement.verdict is not Verdict.INVALID
    # A run that failed in spite of doubtful times says so in its reason; the table of checks has the remedies.
    levels = {Severity.FAILED, *_LEVELS.get(judgement.verdict, ())}
    problems = [one for one in judgement.findings if one.level in levels]
    if len(problems) == 1 and judgement.verdict is not Verdict.FAILED:
        problems = []  # the banner has said it, with its remedy
    broken = [one for one in judgement.objectives if trusted and one.verdict not in {Verdict.PASSED, Verdict.INVALID}]
    found = section(
        "What the checks found" if trusted else "Why the run cannot be trusted",
        element("ul", *(_problem(one) for one in problems)) if problems else None,
    )
    not_kept = section(
        unmet_title(judgement.verdict),
        element("ul", *(_not_kept(one) for one in sorted(broken, key=_rank)), class_="unmet") if broken else None,
    )
    return joined(not_kept, found)


def _problem(finding: Finding) -> Markup:
    remedy = element("span", f" What to do: {finding.remedy}.") if finding.remedy else None
    return element("li", _capital(finding.message), remedy)


def _not_kept(one: ObjectiveResult) -> Markup:
    chip = element("span", one.verdict.value, class_=f"chip {one.verdict.value}")
    return element("li", chip, element("code", one.text), element("br"), _unbroken(_capital(one.sentence)))


def _rank(one: ObjectiveResult) -> int:
    return _ORDER.index(one.verdict)


def key_figures(result: Result) -> Markup:
    """The figures of the steady part that a reader looks for first; none for a search, in which every level has its own."""
    if result.capacity is not None:
        return Markup()
    page, journey = every_page(result.recorder), every_journey(result.recorder)
    arrivals = result.recorder.arrivals[Phase.STEADY]
    rates = measured_throughput(result)
    unknown: Part = (NO_VALUE, _small("ended early") if result.stopped else None)
    figures: list[tuple[str, Part]] = [
        ("orders a minute", unknown if rates is None else format_number(round(rates.orders * 60))),
        ("journeys a second", unknown if rates is None else _rate(rates.journeys)),
        ("pages a second", unknown if rates is None else _rate(rates.pages)),
        ("page p95", _p95(page.response)),
        ("journey p95", _p95(journey.response)),
        ("journeys failed", _of(journey.failed, journey.count)),
        ("arrivals dropped", _of(arrivals.dropped, arrivals.offered)),
    ]
    if result.asked.model == "closed":
        figures.pop()
    cells = [element("div", element("dt", name), element("dd", value)) for name, value in figures]
    return joined(
        element("dl", *cells, class_="figures"),
        element(
            "p",
            "These figures are of the steady part, the part that is judged. The sentences below are of the whole run, unless they say otherwise.",
            class_="note",
        ),
    )


def facts(result: Result) -> Markup:
    """The run in sentences: its setup, its totals, the ledger; and the answer of a search."""
    return element("div", *(element("p", line) for line in run_facts(result)), class_="facts")


def objectives(result: Result) -> Markup:
    """Every objective with its verdict, the broken ones first."""
    rows = sorted(result.judgement.objectives, key=_rank)
    headings = ("objective", "verdict", "measured", "bound", "samples")
    cells = [
        (
            element("code", one.text),
            _chip(result, one),
            format_measure(one.measured, one.unit),
            format_measure(one.bound, one.unit),
            format_number(one.samples),
        )
        for one in rows
    ]
    if not cells:
        return Markup()
    drawn = table(headings, cells, "Objectives", text_columns=2)
    unfolded = len(cells) <= MOST_UNFOLDED
    return folded(f"All {len(cells)} objectives", drawn, never_note(cells), key="objectives", unfolded=unfolded)


def _chip(result: Result, one: ObjectiveResult) -> Markup:
    if Verdict.INVALID in (result.judgement.verdict, one.verdict):
        return element("span", "not judged", class_="chip")
    return element("span", one.verdict.value, class_=f"chip {one.verdict.value}")


def _capital(text: str) -> str:
    start = text if text.startswith("checkload") else f"{text[:1].upper()}{text[1:]}"
    return start if start.endswith(".") else f"{start}."


def _unbroken(text: str) -> str:
    """The text, in which no line ends between a number and its %."""
    return text.replace(" %", "\xa0%")


def _of(part: int, whole: int) -> Part:
    """A count with the share that it is of a whole."""
    return format_number(part), _small(format_percent(part / whole)) if whole else None


def _rate(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004


def _p95(times: Histogram) -> Part:
    """The 95th percentile, or why no time stands there."""
    seconds = percentile(times, 0.95)
    if seconds is None:
        return NO_VALUE, _small("too few samples")
    return format_duration(seconds) if isfinite(seconds) else (NO_VALUE, _small("over 5 % failed"))


def _small(text: str) -> Markup:
    """A second line below a figure."""
    return element("small", _unbroken(text))
