"""A banner at the top of Locust's page: what the run does now, and its verdict in words and colour when it is over."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, NamedTuple

from flask import Response, jsonify

from harness.judging.finish import Finished
from harness.locust_plugin.web.guard import report_response
from harness.locust_plugin.web.invalid_so_far import InvalidSoFar
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.sample import Phase
from harness.measurement.totals import RunTotals
from harness.objectives.verdict import Finding, Verdict, as_sentence
from harness.reporting.cause import causes_of_verdict, what_to_do
from harness.reporting.report import HTML_REPORT
from harness.reporting.text import VERDICT_ASIDES
from harness.run.run import Run
from harness.units import format_count, format_duration

BANNER_PATH = "/checkload/banner"
REPORT_PATH = "/checkload/report"
MOST_IN_BANNER = 2
"""How many causes the banner says; the report has the others."""
EXPLORED = "Explored: a changed load proves nothing about the scenario"
_PHASES = {Phase.WARM_UP: "Warm-up", Phase.STEADY: "Measuring", Phase.DRAIN: "Letting journeys finish"}


class Banner(NamedTuple):
    """What the banner shows: its ``kind`` sets the colour, ``title`` is one phrase, ``text`` one or two sentences.

    ``remedy`` says what to do; empty if there is nothing.
    ``link`` is the address of the report; empty if there is none.
    """

    kind: str
    title: str
    text: str = ""
    remedy: str = ""
    link: str = ""


NO_RUN = Banner("none", "")


def banner(state: UiState, invalid: Finding | None = None) -> Banner:
    """The banner of this moment; ``invalid`` is why the run that is on will be invalid."""
    run, finished = state.run, state.finished
    if run is None:
        return NO_RUN
    if finished is not None and finished.result.run_id == run.id:
        return _judged(finished)
    if run.ended:
        return Banner("running", "The run is over", state.failure or run.lifecycle.crash or "It is being judged.")
    if not run.begun:
        return Banner("running", "Starting", "The virtual users are being started.")
    left = max(0.0, run.length - run.elapsed)
    until = f"{format_duration(round(left))} left" if left else f"{state.under_way:,} journeys in progress"
    if invalid is not None:
        title = f"{_PHASES[run.phase]}, but this run will be invalid"
        remedy = f"What to do: {invalid.remedy}." if invalid.remedy else ""
        return Banner("running", title, f"{as_sentence(invalid.message)} {until}.", remedy)
    return Banner("running", f"{_PHASES[run.phase]}: no verdict yet", f"{until}. {_failed(run)}")


def _failed(run: Run) -> str:
    """How many journeys failed so far, and apart from them, how many arrivals found no free user."""
    counts = RunTotals.of(run.recorder)
    every = run.recorder.arrivals.values()
    dropped, settled = sum(one.dropped for one in every), sum(one.settled for one in every)
    if not dropped:
        return f"{counts.failed_journeys:,} of {format_count(counts.journeys, 'journey')} failed so far."
    failed = format_count(counts.failed_journeys - dropped, "journey")
    return f"Of {settled:,} arrivals so far, {dropped:,} found no free virtual user, and {failed} failed."


def _judged(finished: Finished) -> Banner:
    judgement = finished.result.judgement
    sentences = [judgement.reason, *causes_of_verdict(finished.result)[:MOST_IN_BANNER]]
    remedy = what_to_do(finished.result).replace("`", "")
    link = REPORT_PATH if (finished.folder / HTML_REPORT).is_file() else ""
    title = ": ".join(filter(None, (judgement.verdict.capitalize(), VERDICT_ASIDES.get(judgement.verdict))))
    if finished.result.changes and judgement.verdict is Verdict.INCONCLUSIVE:
        title = EXPLORED
    return Banner(judgement.verdict.value, title, " ".join(filter(None, sentences)).replace("`", ""), remedy, link)


def head() -> str:
    """The style and the script of the banner, for the head of the page."""
    folder = files("harness.locust_plugin.web")
    style, script = (folder.joinpath(f"banner.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return f"<style>{style}</style><script>{script}</script>"


def install_banner(web_ui: Any, current: Callable[[], UiState]) -> None:
    """Serve the banner, and the report of the last run."""
    invalid = InvalidSoFar()

    def shown() -> Response:
        state = current()
        return jsonify(banner(state, invalid(state))._asdict())

    def report() -> Response:
        finished = current().finished
        try:
            page = (finished.folder / HTML_REPORT).read_bytes() if finished is not None else b""
        except OSError:
            page = b""
        if not page:
            return Response("There is no report yet: a run writes it when it is over.", 404, mimetype="text/plain")
        return report_response(page)

    base = web_ui.environment.parsed_options.web_base_path or ""
    for path, view in ((BANNER_PATH, shown), (REPORT_PATH, report)):
        web_ui.app.add_url_rule(f"{base}{path}", path.replace("/", "_"), web_ui.auth_required_if_enabled(view))
