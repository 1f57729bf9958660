"""Starts the traces of a run in a process that has users."""

from __future__ import annotations

from harness.run.run import Run
from harness.tracing.otlp import otlp_export
from harness.tracing.span_sender import SpanSender
from harness.tracing.tracer import Tracer


def start_traces(run: Run, endpoint: str) -> None:
    """Send the traces of this run to this address, if there is one."""
    if endpoint:
        export = otlp_export(
            endpoint, lambda: run.id, run.workload.name, lambda moment: run.wall_clock() - run.clock() + moment
        )
        run.tracer = Tracer(SpanSender(export, endpoint))
