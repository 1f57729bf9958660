"""One journey with its pages, as it is sent as a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.measurement.sample import JourneySample, PageSample

TRACE_ID, SPAN_ID = slice(3, 35), slice(36, 52)
"""Where the ids are in a ``traceparent`` header (W3C)."""


class TracedPage(NamedTuple):
    """A page, and the header ``traceparent`` that its request carried."""

    sample: PageSample
    traceparent: str

    @property
    def span_id(self) -> str:
        """The id of the page's span, which the shop's own spans have as their parent."""
        return self.traceparent[SPAN_ID]


class JourneyTrace(NamedTuple):
    """A journey by its number in the schedule; ``trace_id`` and ``span_id`` are hexadecimal."""

    trace_id: str
    span_id: str
    number: int
    sample: JourneySample
    pages: Sequence[TracedPage]
