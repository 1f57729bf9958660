"""Hands each page of one journey to the run, and the pages of a recorded trace to its tracer."""

from __future__ import annotations

from typing import Any

from harness.measurement.sample import JourneySample, PageSample
from harness.run.local_load import LocalLoad
from harness.tracing.journey_trace import TracedPage
from users.traceparent import TraceContext


class RunObserver:
    """Hands each page of the shoppers to the run; see ``users.browser.PageObserver``."""

    def __init__(self, load: LocalLoad[Any], *, json_as_json: bool) -> None:
        self._load = load
        self.in_flight = load.pending
        # The methods themselves, without a call in between: a run records every page.
        self.record = load.run.recorder.page
        self._traced_pages: list[TracedPage] = []
        self.record_traced = load.traced if load.run.tracer is None else self._keep
        self._mislabelled = load.mislabelled
        self._json_as_json = json_as_json

    def _keep(self, sample: PageSample, traceparent: str) -> None:
        self._traced_pages.append(TracedPage(sample, traceparent))

    def accepts_media_type(self, page: str) -> bool:
        """Report the page to the run as a warning, unless the scenario calls it a failure."""
        if self._json_as_json:
            return False
        self._mislabelled(page)
        return True

    def end_trace(self, sample: JourneySample, number: int, trace: TraceContext | None) -> None:
        """The journey is over: send its trace, if there is a tracer and it wants this one."""
        tracer = self._load.run.tracer
        if tracer is None or trace is None:
            return
        if tracer.end_journey(sample, number, trace.span_id, self._traced_pages, sampled=trace.sampled):
            for page, traceparent in self._traced_pages:
                self._load.traced(page, traceparent)
