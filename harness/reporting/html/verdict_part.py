"""The first part of the report: the verdict in words, its cause, and what was not kept."""

from __future__ import annotations

from harness.measurement.summary import every_journey, every_page, percentile
from harness.objectives.verdict import Finding, ObjectiveResult, Severity, Verdict
from harness.reporting.cause import causes_of_verdict, what_to_do
from harness.reporting.html.markup import Markup, element, folded, joined, section, table, with_code
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
    found = causes_of_verdict(result)
    cause = element("ul", *(element("li", with_code(line)) for line in found), class_="causes") if found else None
    meant = element("p", meaning, class_="meaning")
    broken = judgement.verdict is Verdict.FAILED
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
        *((cause, reason) if broken else (meant, reason, cause)),
        remedy,
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
    """The figures that a reader looks for first; none for a search, in which every level has its own."""
    if result.capacity is not None:
        return Markup()
    page, journey = every_page(result.recorder), every_journey(result.recorder)
    arrivals = list(result.recorder.arrivals.values())
    dropped, offered = sum(one.dropped for one in arrivals), sum(one.offered for one in arrivals)
    rates = measured_throughput(result)
    figures = [
        ("orders a minute", NO_VALUE if rates is None else format_number(round(rates.orders * 60))),
        ("journeys a second", _rate(rates and rates.journeys)),
        ("pages a second", _rate(rates and rates.pages)),
        ("page p95", _time(percentile(page.response, 0.95))),
        ("journey p95", _time(percentile(journey.response, 0.95))),
        ("journeys failed", f"{format_number(journey.failed)} ({_share(journey.failed, journey.count)})"),
        ("arrivals dropped", f"{format_number(dropped)} ({_share(dropped, offered)})"),
    ]
    if result.asked.model == "closed":
        figures.pop()
    cells = [element("div", element("dt", name), element("dd", _unbroken(value))) for name, value in figures]
    return element("dl", *cells, class_="figures")


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
    return folded(f"All {len(cells)} objectives", drawn, key="objectives", unfolded=len(cells) <= MOST_UNFOLDED)


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


def _share(part: int, whole: int) -> str:
    return format_percent(part / whole) if whole else NO_VALUE


def _rate(number: float | None) -> str:
    return NO_VALUE if number is None else f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004


def _time(seconds: float | None) -> str:
    return NO_VALUE if seconds is None else format_duration(seconds)
