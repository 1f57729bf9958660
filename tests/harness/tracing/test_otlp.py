"""The address of traces is checked before the load, and a span holds labels and numbers only."""

import importlib.util

import pytest

from harness.errors import UsageError
from harness.measurement.sample import JourneySample, PageSample
from harness.tracing import otlp as module
from harness.tracing.journey_trace import JourneyTrace, TracedPage
from harness.tracing.otlp import SpanMaker, otlp_endpoint

installed = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None, reason="needs the OpenTelemetry SDK: checkload[otlp]"
)
SECRET = "swordfish"


@pytest.fixture(autouse=True)
def with_sdk(monkeypatch):
    monkeypatch.setattr(module, "_installed", lambda: True)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("", ""),
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        ("https://tempo.example.com/otlp/v1/traces", "https://tempo.example.com/otlp/v1/traces"),
    ],
)
def test_an_address_without_a_path_gets_the_usual_one(url, endpoint):
    assert otlp_endpoint(url, ["tempo.example.com"]) == endpoint


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://tempo.example.com", "not in the list of allowed targets"),
        (f"http://ada:{SECRET}@127.0.0.1", "user name or password"),
        ("grpc://127.0.0.1:4317", "must begin with http"),
        ("http://127.0.0.1/?a=b", "query"),
        ("http://[::1", "cannot be read"),
    ],
)
def test_an_address_that_may_not_get_traces_is_refused_without_its_password(url, said):
    with pytest.raises(UsageError, match=f"--otlp: .*{said}") as error:
        otlp_endpoint(url, ())
    assert SECRET not in str(error.value)


def test_credentials_do_not_go_out_in_plain_text(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization={SECRET}")
    assert otlp_endpoint("http://127.0.0.1:4318", ())
    with pytest.raises(UsageError, match="plain text") as error:
        otlp_endpoint("http://tempo.example.com", ["tempo.example.com"])
    assert SECRET not in str(error.value)


def test_a_missing_sdk_is_an_error_with_the_remedy(monkeypatch):
    monkeypatch.setattr(module, "_installed", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'checkload\[otlp\]'"):
        otlp_endpoint("http://127.0.0.1:4318", ())


@installed
def test_spans_have_their_place_their_times_and_nothing_of_the_shopper():
    journey = JourneySample("guest", "gpay", "http_5xx", "shop", 1.0, 1.5, 4.0, failed_page="IndexPage")
    page = PageSample("IndexPage", "gpay", "http_5xx", "shop", 2.0, 2.25, 3.5, 77, 502, 1)
    header = f"00-{'a' * 32}-{'b' * 16}-00"
    trace = JourneyTrace("a" * 32, "c" * 16, 7, journey, [TracedPage(page, header)])
    maker = SpanMaker("run-1", "smoke", lambda moment: 1000.0 + moment)
    whole, request = maker.span(trace, None), maker.span(trace, trace.pages[0])
    assert (whole.context.trace_id, whole.context.span_id, whole.parent) == (int("a" * 32, 16), int("c" * 16, 16), None)
    assert (request.context.span_id, request.parent) == (int("b" * 16, 16), whole.context)
    assert (whole.name, request.name) == ("journey guest", "IndexPage")
    assert (request.start_time, request.end_time) == (1_002_250_000_000, 1_003_500_000_000)
    assert request.status.description == "http_5xx"
    assert not request.status.is_ok
    assert request.attributes["checkload.response_seconds"] == 1.5
    assert request.attributes["http.response.status_code"] == 502
    assert whole.resource.attributes["checkload.run_id"] == "run-1"
    assert set(whole.attributes) | set(request.attributes) == {
        "checkload.journey",
        "checkload.journey_number",
        "checkload.payment_option",
        "checkload.verification",
        "checkload.outcome",
        "checkload.failed_page",
        "checkload.page",
        "checkload.repeat",
        "checkload.response_seconds",
        "checkload.service_seconds",
        "http.response.status_code",
        "http.response.body.size",
    }
