"""A trace has the W3C form, is the same for the whole journey, and is sampled as often as asked."""

import re

from users.traceparent import TraceContext

FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")


def test_every_request_is_a_span_of_its_own_in_one_trace():
    trace = TraceContext("run-1", 7, 1.0)
    parents = [FORM.fullmatch(trace.next_header()) for _ in range(600)]
    assert all(parents)
    assert {found[1] for found in parents} == {trace.id}
    spans = {found[2] for found in parents}
    assert len(spans) == 600
    assert "0" * 16 not in spans
    assert {found[3] for found in parents} == {"01"}


def test_the_same_journey_has_the_same_trace_and_no_other_has_it():
    ids = {TraceContext(run, number, 0.0).id for run in ("a", "b") for number in range(500)}
    assert len(ids) == 1_000
    assert TraceContext("a", 3, 0.5).id == TraceContext("a", 3, 0.1).id in ids


def test_the_given_share_of_journeys_is_sampled():
    sampled = sum(TraceContext("run", number, 0.1).sampled for number in range(5_000))
    assert 400 < sampled < 600
    assert not any(TraceContext("run", number, 0.0).sampled for number in range(500))
    assert all(TraceContext("run", number, 1.0).sampled for number in range(500))
    assert TraceContext("run", 1, 0.0).next_header().endswith("-00")


def test_a_trace_is_recorded_if_it_is_sampled_or_each_one_is_kept():
    assert TraceContext("run", 1, 1.0).recorded
    assert not TraceContext("run", 1, 0.0).recorded
    kept = TraceContext("run", 1, 0.0, keep=True)
    assert kept.recorded
    assert not kept.sampled
    headers = [kept.next_header() for _ in range(600)]
    assert kept.span_id not in {header[36:52] for header in headers}  # the span of the journey is its own
    assert {header[-3:] for header in headers} == {"-00"}
