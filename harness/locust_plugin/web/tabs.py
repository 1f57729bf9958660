"""Makes the rows of our tabs in Locust's web UI: slowest pages, payment options, capacity and verdict.

The same process generates the load. So the rows are made in small steps with pauses between them, and at most once in two
seconds however many browsers ask.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import gevent

from harness.capacity.model import LevelOutcome, worst_objective
from harness.locust_plugin.web import form
from harness.locust_plugin.web.finished_rows import found_text, skipped_objectives, verdict_rows
from harness.locust_plugin.web.guard import Rows, Tab
from harness.locust_plugin.web.invalid_so_far import invalid_so_far
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, PageKey
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries
from harness.measurement.summary import SummaryRow, percentile
from harness.objectives.live_status import LiveState, live_status
from harness.objectives.verdict import Finding
from harness.run.run import Run
from harness.units import format_duration, format_number, format_percent
from harness.validity.titles import title_of
from harness.yield_to_load import YieldToLoad

_TIMES = {
    "count": "Count",
    "failed": "Failed",
    "p50": "p50 response",
    "p95": "p95 response",
    "p99": "p99 response",
    "service": "p95 service",
}
TABS = (
    Tab("hurts", "What hurts", {"page": "Page", **_TIMES}),
    Tab("options", "Payment options", {"option": "Payment option", "orders": "Orders", **_TIMES}),
    Tab(
        "capacity",
        "Capacity",
        {
            "level": "Level",
            "rate": "Journeys a minute",
            "held": "Held",
            "demand": "Worst objective",
            "excess": "Over / allowed",
            "came": "Outcome",
        },
    ),
    Tab("demands", "Verdict", {"demand": "Objective", "verdict": "Verdict", "sentence": "In words"}),
)

_DOES = {
    Phase.WARM_UP: "warm-up, no verdict yet",
    Phase.STEADY: "measuring, no verdict yet",
    Phase.DRAIN: "letting journeys finish, no verdict yet",
}
WORK_SECONDS = 0.001  # seconds of work before the load gets its turn
PAUSE_SECONDS = 0.0005  # seconds; not 0, as only a real timer lets the event loop check its sockets
CACHE_SECONDS = 1.9  # seconds that rows are kept; the page asks every two


class TabRows:
    """The rows of all tabs, kept for a moment: several browsers may ask at once."""

    def __init__(self, current: Callable[[], UiState], clock: Callable[[], float] = time.perf_counter) -> None:
        self._current = current
        self._clock = clock
        self._shown: Mapping[str, Rows] = {tab.key: [] for tab in TABS}
        self._of: object = None  # the run, and whether it is judged
        self._good_until = 0.0

    def rows(self) -> Mapping[str, Rows]:
        """The rows of each tab by its key."""
        state = self._current()
        run, finished = state.run, state.finished
        of = run and (run.id, run.ended, finished is not None)
        if self._of != of or self._clock() >= self._good_until:
            yield_to_load = YieldToLoad(gevent.sleep, PAUSE_SECONDS, after=WORK_SECONDS)
            shown = {
                "hurts": worst_page_rows(run, yield_to_load),
                "options": payment_option_rows(run, yield_to_load),
                "capacity": search_rows(state),
                "demands": objective_rows(state, yield_to_load),
            }
            self._shown, self._of, self._good_until = shown, of, self._clock() + CACHE_SECONDS
            return shown
        return self._shown


def worst_page_rows(run: Run | None, yield_to_load: YieldToLoad) -> Rows:
    """One row per page of the steady part: the most failures first, then the slowest."""
    if run is None:
        return []
    rows = _grouped(run.recorder.pages, lambda key: key.page, yield_to_load)
    if not rows and not run.over:
        return [{"page": "no samples yet", "count": _until_steady(run)}]
    worst = sorted(rows, key=lambda row: (-row.failed, -(percentile(row.response, 0.95) or 0), -row.count, row.name))
    return [{"page": row.name, **_times(row, yield_to_load)} for row in worst]


def payment_option_rows(run: Run | None, yield_to_load: YieldToLoad) -> Rows:
    """One row per payment option of the steady part."""
    if run is None:
        return []
    rows = _grouped(
        run.recorder.journeys, lambda key: key.payment_option, yield_to_load, run.workload.population.payment_options
    )
    return [{"option": row.name, "orders": row.orders, **_times(row, yield_to_load)} for row in rows]


def search_rows(state: UiState) -> Rows:
    """One row per level of a capacity search, the current level first; no rows in other runs."""
    run, controller = state.run, state.controller
    if run is None or controller is None:
        return []
    rows = [_level_row(step) for step in reversed(controller.finished_levels)]
    if run.begun and controller.found is None:
        on = controller.level
        rows.insert(0, {"level": on.purpose, "rate": _a_minute(on.rate), "held": "", "demand": "", "came": "running"})
    return rows


def _level_row(step: LevelOutcome) -> dict[str, Any]:
    judged = worst_objective(step.objective_counts)
    came = f"not counted: {step.trouble}" if step.trouble else step.verdict or ("broken" if step.broken else "kept")
    return {
        "level": step.purpose,
        "rate": _a_minute(step.rate),
        "held": format_duration(step.end - step.start),
        "demand": "" if judged is None else judged.text,
        "excess": "" if judged is None else f"{judged.excess:.2f}",
        "came": came,
    }


def _a_minute(rate: float) -> str:
    return format_number(round(rate * 60))


def objective_rows(state: UiState, yield_to_load: YieldToLoad) -> Rows:
    """The state of each objective at this moment; after the run the verdict, and the findings about the measurement."""
    run, finished = state.run, state.finished
    if run is None:
        return []
    asked = {"demand": "settings", "verdict": "", "sentence": run_description(run)}
    if finished is not None and finished.result.run_id == run.id:
        return [*verdict_rows(finished, asked), *skipped_objectives(run)]
    if run.ended:
        end = {
            "demand": "the run",
            "verdict": "NO VERDICT",
            "sentence": state.failure or run.lifecycle.crash or "being judged",
        }
        return [end, asked]
    standings = []
    for objective in run.workload.judging.objectives:
        standings.append(live_status(run.recorder, objective, run.steady_seconds))
        yield_to_load()
    order = list(LiveState)
    metrics = [
        {"demand": one.text, "verdict": str(LiveState.NOTHING), "sentence": "Prometheus is asked when the run is over"}
        for one in run.workload.judging.metric_objectives
    ]
    standings.sort(key=lambda one: order.index(one.standing))
    rows = [{"demand": one.text, "verdict": str(one.standing), "sentence": one.sentence} for one in standings]
    return [
        {"demand": "the run", "verdict": _phase(run), "sentence": _until_end(run, state.under_way)},
        *_invalid_rows(invalid_so_far(state)),
        asked,
        *rows,
        *metrics,
        *skipped_objectives(run),
    ]


def _invalid_rows(invalid: Finding | None) -> Rows:
    """Why the run that is on will be invalid."""
    if invalid is None:
        return []
    return [
        {
            "demand": f"validity: {title_of(invalid.check)}",
            "verdict": "will be invalid",
            "sentence": found_text(invalid),
        }
    ]


def run_description(run: Run) -> str:
    """The settings of the run in one line: scenario, overrides and target."""
    asked = run.workload.as_asked()
    chosen = {key: asked["chosen"][key] for key in form.CHOICES if key in asked["chosen"]} | {"seed": run.workload.seed}
    beside = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in chosen.items())
    return (
        f"scenario {run.workload.name}, {beside}, {format_duration(run.length)}, {' and '.join(asked['journeys'])}; "
        f"{run.workload.population.users} users against {run.target.name if run.target.url else 'a shop that is being started'}"
    )


def _phase(run: Run) -> str:
    """What the run does, where its verdict will be."""
    return _DOES[run.phase] if run.begun else "starting, no verdict yet"


def _until_steady(run: Run) -> str:
    if not run.begun:
        return "users are being spawned"
    left = max(0.0, run.workload.schedule.warm_up - run.elapsed)
    return f"warming up, {left:.0f} s to go" if left else "waiting for the first samples"


def _until_end(run: Run, under_way: int) -> str:
    if run.over or run.elapsed > run.length:
        return f"{under_way:,} journeys are still under way"
    return f"{run.elapsed:.0f} of {run.length:.0f} s"


def _grouped(
    cells: Mapping[Any, SampleSeries],
    name_of: Callable[[Any], str],
    yield_to_load: YieldToLoad,
    expected: Iterable[str] = (),
) -> list[SummaryRow]:
    """Group as ``harness.measurement.summary`` does, but with pauses; the recorder records meanwhile."""
    rows = {name: SummaryRow(name) for name in expected}
    key: PageKey | JourneyKey
    for key, cell in list(cells.items()):
        if key.phase == Phase.STEADY:
            ordered = isinstance(key, JourneyKey) and key.ordered
            name = name_of(key)
            rows.setdefault(name, SummaryRow(name)).add(cell, failed=key.blame == Blame.SHOP, ordered=ordered)
            yield_to_load()
    return list(rows.values())


def _times(row: SummaryRow, yield_to_load: YieldToLoad) -> dict[str, Any]:
    yield_to_load()
    return {
        "count": row.count,
        "failed": f"{row.failed} ({format_percent(row.failed / row.count)})" if row.failed else 0,
        "p50": _spoken(row.response, 0.5),
        "p95": _spoken(row.response, 0.95),
        "p99": _spoken(row.response, 0.99),
        "service": _spoken(row.service, 0.95),
    }


def _spoken(histogram: Histogram, q: float) -> str:
    value = percentile(histogram, q) if histogram.total else None
    return "-" if value is None else format_duration(value)
