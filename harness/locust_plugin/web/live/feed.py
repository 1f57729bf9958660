"""What the page "Live" asks for once a second: small, and only what is new since it asked last.

The process that answers also starts arrivals. So it works in small steps, and keeps each part for a moment however many browsers ask.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import gevent

from harness.locust_plugin.web.banner import banner
from harness.locust_plugin.web.invalid_so_far import InvalidSoFar
from harness.locust_plugin.web.live import status
from harness.locust_plugin.web.live.samples import RunSamples
from harness.locust_plugin.web.live.subject import LiveSubject
from harness.locust_plugin.web.ui_state import UiState
from harness.reporting.html.heat_part import cell_links, heat_table
from harness.reporting.html.measures import JOURNEYS, PAGES, option_subject, page_subject
from harness.reporting.html.tables_part import funnels
from harness.run.run import Run
from harness.run.steering.change import LEAD
from harness.yield_to_load import YieldToLoad

WORK_SECONDS = 0.001  # seconds of work before the load gets its turn
PAUSE_SECONDS = 0.0005  # seconds; not 0, as only a real timer lets the event loop check its sockets
FRESH = 0.8  # seconds that the rows of a subject are kept; the page asks every second
SLOW_FRESH = 2.9  # seconds that tables, objectives and checks are kept
MOST_SUBJECTS = 8
LONGEST_SUBJECT = 200
NOTHING_YET: Mapping[str, Any] = {
    "planned": [],
    "settings": {"values": {}, "faults": [], "fault_names": [], "pages": []},
    "objectives": [],
    "validity": [],
    "so_far": "",
    "subjects": {},
    "heat": "",
    "funnels": "",
    "version": "",
}
"""What is said while it is made for the first time, for another browser."""


class LiveFeed:
    """The feed of the latest run."""

    def __init__(self, current: Callable[[], UiState], clock: Callable[[], float] = time.perf_counter) -> None:
        self._current = current
        self._clock = clock
        self._invalid = InvalidSoFar(clock)
        self._of = ""
        self._subjects: OrderedDict[tuple[str, str], tuple[LiveSubject, float]] = OrderedDict()
        self._slow = NOTHING_YET
        self._slow_until = 0.0
        self._slow_of: object = None
        self._scenario: Mapping[str, object] = {}

    def answer(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """What is new for a page that asks with these values of its query; a value that makes no sense is as if it was not sent."""
        state = self._current()
        run = state.run
        document: dict[str, Any] = {"banner": banner(state, self._invalid(state))._asdict(), "run": None}
        if run is None or state.driver is None:
            return document
        if self._of != run.id:
            self._of, self._slow_until, self._slow = run.id, 0.0, NOTHING_YET
            self._scenario = run.workload.as_asked()["scenario"]
            self._subjects.clear()
        known = asked.get("run") == run.id
        slow = self._slow_parts(state)
        document["run"] = self._run(state, run) | {name: slow[name] for name in ("planned", "settings")}
        document["samples"] = _new_samples(state.samples or RunSamples(), asked if known else {})
        if run.begun:
            document["subject"] = self._subject_rows(run, asked if known else {}, asked.get("subject", PAGES))
        document |= {name: slow[name] for name in ("objectives", "validity", "so_far", "subjects")}
        document["events"] = list(status.events(state))
        if asked.get("tables") != slow["version"] or not known:
            document["tables"] = {"version": slow["version"], "heat": slow["heat"], "funnels": slow["funnels"]}
        return document

    def _run(self, state: UiState, run: Run) -> dict[str, Any]:
        schedule, driver = run.workload.schedule, state.driver
        judged = state.finished is not None and state.finished.result.run_id == run.id
        taken = driver.load.changes_taken if driver is not None else 0
        return {
            "id": run.id,
            "scenario": run.workload.name,
            "target": run.target.name if run.target.url else "",
            "phase": "judged" if judged else "failed" if state.failed else str(run.phase) if run.begun else "starting",
            "over": run.over,
            "steerable": run.begun and not run.closing and run.elapsed + LEAD < run.length,
            "is_open": schedule.is_open,
            "embedded": run.target.shop is not None,
            "elapsed": round(run.elapsed, 1),
            "left": status.remaining(run),
            "length": round(run.length, 1),
            "warm_up": schedule.warm_up,
            "rate": run.rate_target,
            "commands": 0 if state.steering is None else state.steering.number,
            "taken": taken,
            "under_way": state.under_way,
        }

    def _subject_rows(self, run: Run, asked: Mapping[str, str], name: str) -> dict[str, Any]:
        name = name[:LONGEST_SUBJECT]
        key = run.id, name  # the next run may begin while this one is read
        subject, until = self._subjects.pop(key) if key in self._subjects else (LiveSubject(name), 0.0)
        if self._clock() >= until:
            until = self._clock() + FRESH
            self._subjects[key] = subject, until
            subject.update(run.recorder, run.elapsed, self._yield_to_load())
        self._subjects[key] = subject, until
        while len(self._subjects) > MOST_SUBJECTS:
            self._subjects.popitem(last=False)
        same = asked.get("subject") == name and asked.get("length") == str(subject.group_length)
        number = _number(asked.get("number")) if same else 0
        return {
            "name": name,
            "length": subject.group_length,
            "number": subject.number,
            "whole": number == 0,
            "rows": subject.rows_since(number),
            "points": subject.points if number == 0 else subject.points[-5:],
            "ours": sorted(subject.ours),
        }

    def _slow_parts(self, state: UiState) -> Mapping[str, Any]:
        run = state.run
        assert run is not None, "asked only of a run"  # noqa: S101
        of = (run.id, run.ended, state.finished is not None, len(run.changes), run.begun)
        if self._slow_of != of or self._clock() >= self._slow_until:
            self._slow_of, self._slow_until = of, self._clock() + SLOW_FRESH
            pause = self._yield_to_load()
            recorder = run.recorder
            options = run.workload.population.payment_options
            objectives, lights = status.objective_rows(state, pause), status.validity_rows(state, pause)
            made = {
                **status.plan_and_settings(run),
                "objectives": objectives,
                "validity": lights,
                "so_far": status.verdict_so_far(objectives, lights),
                "subjects": _subjects(run),
                "heat": str(
                    heat_table(
                        recorder,
                        options,
                        run.workload.judging.objectives,
                        cell_links(self._scenario, run.slowest_by_cell.rows()),
                        yield_to_load=pause,
                        cells_open=True,
                    )
                ),
                "funnels": str(funnels(recorder)),
            }
            self._slow = made | {"version": str(hash((made["heat"], made["funnels"])))}
        return self._slow

    @staticmethod
    def _yield_to_load() -> YieldToLoad:
        return YieldToLoad(gevent.sleep, PAUSE_SECONDS, after=WORK_SECONDS)


def _new_samples(samples: RunSamples, asked: Mapping[str, str]) -> dict[str, Any]:
    start = _number(asked.get("samples")) if _number(asked.get("samples_version")) == samples.version else 0
    return {"version": samples.version, "from": start, "rows": [list(one) for one in samples.kept[start:]]}


def _subjects(run: Run) -> dict[str, str]:
    pages = sorted({key.page for key in list(run.recorder.pages)})
    options = sorted({key.payment_option for key in list(run.recorder.journeys)})
    return (
        {PAGES: "all pages"}
        | {page_subject(name): name for name in pages}
        | {JOURNEYS: "all journeys"}
        | {option_subject(name): name or "no payment option" for name in options}
    )


def _number(text: str | None) -> int:
    try:
        return max(0, int(text or 0))
    except ValueError:
        return 0
