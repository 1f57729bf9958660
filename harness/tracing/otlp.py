"""Makes OpenTelemetry spans and sends them by OTLP over HTTP, with the OpenTelemetry SDK (``checkload[otlp]``)."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from harness.allowed_targets import is_loopback, target_refusal
from harness.errors import UsageError
from harness.measurement.outcomes import Blame
from harness.measurement.sample import JourneySample, PageSample
from harness.tracing.journey_trace import JourneyTrace
from harness.tracing.span_sender import LONGEST_EXPORT, Export, Span
from harness.versions import own_version

PATH = "/v1/traces"
"""The path at which a receiver of OTLP takes traces."""
_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_HEADER_VARIABLES = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
_NANOSECONDS = 1e9


def otlp_endpoint(url: str, allowed: Collection[str]) -> str:
    """The address for traces (empty: none); raises ``UsageError`` for one that may not get them, or if the SDK is not installed.

    Traces go to this machine and the ``allowed`` hosts only. The SDK reads headers with credentials from its own variables; they go
    over TLS only, except to this machine.
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        problem = target_refusal(f"{parts.scheme}://{parts.netloc}", allowed)
    except ValueError:
        raise UsageError("--otlp: the URL cannot be read; write http://host:4318") from None
    if not url.isascii() or not url.isprintable() or parts.query or parts.fragment:
        problem = "the URL has a query, a fragment or characters outside ASCII; leave them out"
    if problem:
        raise UsageError(f"--otlp: {problem}")
    if any(os.environ.get(name) for name in _HEADER_VARIABLES) and not (
        parts.scheme == "https" or is_loopback(parts.hostname or "")
    ):
        raise UsageError(f"--otlp: the headers in {_HEADER_VARIABLES[0]} would go out in plain text; write https://")
    if not _installed():
        raise UsageError(
            "--otlp: the OpenTelemetry SDK is not installed; install it with: pip install 'checkload[otlp]'"
        )
    return url if parts.path not in {"", "/"} else url.rstrip("/") + PATH


def _installed() -> bool:
    try:
        return find_spec(_EXPORTER) is not None
    except ModuleNotFoundError:
        return False


def _session() -> Any:
    """An HTTP session that sends to the named address only: through no proxy of the environment, and along no redirect."""
    requests = import_module("requests")

    def refuse_redirect(response: Any, *_: Any, **__: Any) -> None:
        if response.is_redirect:  # the SDK takes it for a success
            raise requests.exceptions.InvalidURL("the receiver redirects elsewhere")

    session = requests.Session()
    session.trust_env = False
    session.hooks["response"].append(refuse_redirect)
    return session


def otlp_export(
    endpoint: str, run_id: Callable[[], str], scenario: str, since_1970: Callable[[float], float]
) -> Export:
    """Sends spans to this address; ``since_1970`` turns a moment of the run's clock into seconds since 1970.

    It uses the SDK's exporter without its batch processor, whose thread would encode five hundred spans at once beside the load.
    """
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # we count, and warn once
    exporter_module = import_module(_EXPORTER)
    succeeded = import_module("opentelemetry.sdk.trace.export").SpanExportResult.SUCCESS
    exporter = exporter_module.OTLPSpanExporter(endpoint=endpoint, timeout=LONGEST_EXPORT, session=_session())
    makers: list[SpanMaker] = []

    def export(spans: Sequence[Span]) -> bool:
        if not makers:  # a worker learns the id of the run from its master
            makers.append(SpanMaker(run_id(), scenario, since_1970))
        return bool(exporter.export([makers[0].span(*one) for one in spans]) == succeeded)

    return export


class SpanMaker:
    """Makes the spans of one run. Their attributes are labels and numbers: no body, account, code, card or address."""

    def __init__(self, run_id: str, scenario: str, since_1970: Callable[[float], float]) -> None:
        self._trace = import_module("opentelemetry.trace")
        self._readable_span = import_module("opentelemetry.sdk.trace").ReadableSpan
        self._since_1970 = since_1970
        self._resource = import_module("opentelemetry.sdk.resources").Resource(
            {
                "service.name": "checkload",
                "service.version": own_version(),
                "checkload.run_id": run_id,
                "checkload.scenario": scenario,
            }
        )
        self._scope = import_module("opentelemetry.sdk.util.instrumentation").InstrumentationScope("checkload")

    def span(self, journey: JourneyTrace, page: Any) -> Any:
        """The span of a page of this journey, or that of the whole journey (``None``)."""
        if page is None:
            return self._made(journey, journey.span_id, None, **_of_journey(journey.sample, journey.number))
        return self._made(journey, page.span_id, journey.span_id, **_of_page(page.sample))

    def _made(self, journey: JourneyTrace, span_id: str, parent: str | None, **about: Any) -> Any:
        trace = self._trace
        failure = about["failure"]
        return self._readable_span(
            name=about["name"],
            context=self._context(journey.trace_id, span_id),
            parent=None if parent is None else self._context(journey.trace_id, parent),
            resource=self._resource,
            attributes=about["attributes"],
            kind=trace.SpanKind.INTERNAL if parent is None else trace.SpanKind.CLIENT,
            status=trace.Status(trace.StatusCode.ERROR, failure) if failure else trace.Status(),
            start_time=self._nanoseconds(about["start"]),
            end_time=self._nanoseconds(about["end"]),
            instrumentation_scope=self._scope,
        )

    def _context(self, trace_id: str, span_id: str) -> Any:
        trace = self._trace
        return trace.SpanContext(
            int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED)
        )

    def _nanoseconds(self, moment: float) -> int:
        return int(self._since_1970(moment) * _NANOSECONDS)


def _of_journey(sample: JourneySample, number: int) -> dict[str, Any]:
    attributes = {
        "checkload.journey": sample.journey,
        "checkload.journey_number": number,
        "checkload.payment_option": sample.payment_option,
        "checkload.verification": sample.verification,
        "checkload.outcome": str(sample.outcome),
        "checkload.failed_page": sample.failed_page,
        "checkload.response_seconds": sample.done - sample.due,
    }
    failure = str(sample.outcome) if sample.blame == Blame.SHOP else ""
    name = f"journey {sample.journey}"
    return {"name": name, "attributes": attributes, "failure": failure, "start": sample.started, "end": sample.done}


def _of_page(sample: PageSample) -> dict[str, Any]:
    attributes = {
        "checkload.page": sample.page,
        "checkload.payment_option": sample.payment_option,
        "checkload.outcome": str(sample.outcome),
        "checkload.repeat": sample.repeat,
        "checkload.response_seconds": sample.done - sample.due,
        "checkload.service_seconds": sample.done - sample.sent,
        "http.response.status_code": sample.status,
        "http.response.body.size": sample.received,
    }
    failure = str(sample.outcome) if sample.blame == Blame.SHOP else ""
    return {"name": sample.page, "attributes": attributes, "failure": failure, "start": sample.sent, "end": sample.done}
