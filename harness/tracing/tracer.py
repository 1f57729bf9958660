"""Decides about the trace of each journey when the journey ends, and hands it to the sender."""

from __future__ import annotations

from collections.abc import Sequence

from harness.measurement.sample import JourneySample
from harness.results.result import SpanCounts
from harness.tracing.journey_trace import TRACE_ID, JourneyTrace, TracedPage
from harness.tracing.selection import TraceSelection
from harness.tracing.span_sender import SpanSender


class Tracer:
    """The traces of one run in this process."""

    def __init__(self, sender: SpanSender) -> None:
        self._sender = sender
        self._selection = TraceSelection()

    def end_journey(
        self, sample: JourneySample, number: int, span_id: str, pages: Sequence[TracedPage], *, sampled: bool
    ) -> bool:
        """Send the trace of a journey if it failed, was slow or is ``sampled``; whether it can be found by its id."""
        if not pages or not self._selection.chooses(sample, pages, sampled=sampled):
            return False
        queued = self._sender.add(JourneyTrace(pages[0].traceparent[TRACE_ID], span_id, number, sample, pages))
        return queued or sampled  # the shop was asked to keep a sampled one

    def close(self) -> None:
        """Send what is left, for a short time."""
        self._sender.finish()

    @property
    def counts(self) -> SpanCounts:
        """How many spans were sent and dropped."""
        return self._sender.counts
