"""Traces of journeys reach a receiver of OpenTelemetry; one that hangs costs the traces, and nothing else."""

import json
from types import SimpleNamespace

import pytest
from otlp_receiver import attributes, needs_otlp, receiver
from running import QUICK, Locust

pytestmark = [pytest.mark.end_to_end, needs_otlp]
LINK = '[trace]\nsampled = 0.2\nlink = "https://tempo.example.com/trace/{trace_id}?from=checkload"\n'
FAILING = '[[shop.faults]]\nname = "server_error"\npages = ["BinNumberPage"]\nshare = 0.05\n'


def run(folder, address, *options, more=""):
    """A run of a few seconds that sends its traces there."""
    path = folder / "quick.toml"
    path.write_text(QUICK + LINK + more)
    log = folder / "journeys.jsonl"
    locust = Locust(
        folder / "results",
        "--headless",
        "--scenario",
        str(path),
        "--otlp",
        address,
        "--journey-log",
        str(log),
        *options,
    )
    try:
        finished = locust.wait(60)
    finally:
        locust.close()
    journeys = [json.loads(line) for file in folder.glob("journeys*.jsonl") for line in file.read_text().splitlines()]
    return SimpleNamespace(finished=finished, result=finished.result, journeys=journeys)


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """Two workers, a shop that fails now and then, and a receiver that takes everything."""
    with receiver() as open_receiver:
        made = run(tmp_path_factory.mktemp("traced"), open_receiver.address, "--processes", "2", more=FAILING)
    made.spans, made.resources = open_receiver.spans, open_receiver.resources
    return made


def by_trace(spans):
    found = {}
    for span in spans:
        found.setdefault(span.trace_id.hex(), []).append(span)
    return found


def test_each_failed_journey_is_there_with_all_its_pages(traced):
    traces = by_trace(traced.spans)
    failed = [one for one in traced.journeys if one["outcome"].startswith("http_5")]
    assert failed, traced.finished.output
    for journey in failed:
        (whole,) = [span for span in traces[journey["trace"]] if not span.parent_span_id]
        pages = [span for span in traces[journey["trace"]] if span.parent_span_id]
        assert whole.name == f"journey {journey['journey']}"
        assert {span.parent_span_id for span in pages} == {whole.span_id}
        assert sorted(span.name for span in pages) == sorted(page for page, _ in journey["pages"])
        (broken,) = [span for span in pages if span.status.code == 2]
        assert broken.name == journey["failed_page"]
        assert attributes(broken)["http.response.status_code"] == 500
        assert all(whole.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano for span in pages)


def test_the_slowest_of_the_others_are_there_and_not_all_of_them(traced):
    traces = by_trace(traced.spans)
    slowest = max(traced.journeys, key=lambda one: one["response_time"])
    assert slowest["trace"] in traces
    assert len(traces) < len(traced.journeys)


def test_all_spans_are_counted_and_name_the_run(traced):
    assert traced.result["spans"] == {"sent": len(traced.spans), "dropped": 0}
    assert {one["checkload.run_id"] for one in traced.resources} == {traced.result["run_id"]}
    assert {one["service.name"] for one in traced.resources} == {"checkload"}


def test_the_report_links_to_the_traces_that_were_sent(traced):
    (page,) = traced.finished.results.rglob("report.html")
    traces = by_trace(traced.spans)
    cells = [one["trace_id"] for one in traced.result["cell_traces"]]
    assert len(cells) > 20
    assert set(cells) <= set(traces)
    text = page.read_text()
    assert all(f'href="https://tempo.example.com/trace/{trace}?from=checkload"' in text for trace in cells)


def test_a_receiver_that_hangs_does_not_disturb_the_run(tmp_path):
    with receiver(hangs=True) as deaf:
        made = run(tmp_path, deaf.address)
    assert made.finished.sound, made.finished.output
    assert made.result["spans"]["sent"] == 0
    assert made.result["spans"]["dropped"] > 500
    assert "did not reach" in made.finished.output
    assert deaf.requests >= 1
