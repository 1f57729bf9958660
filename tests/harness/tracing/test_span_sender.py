"""Spans are sent in small parts beside the load; what cannot be sent is dropped and counted, and nothing waits."""

import gevent
import pytest
from gevent.event import Event

from harness.measurement.sample import JourneySample, PageSample
from harness.results.result import SpanCounts
from harness.tracing import span_sender as module
from harness.tracing.journey_trace import JourneyTrace, TracedPage
from harness.tracing.span_sender import BATCH, SpanSender
from harness.tracing.tracer import Tracer

SAMPLE = JourneySample("guest", "gpay", "ok", "nobody", 0.0, 0.0, 1.0)
PAGE = TracedPage(PageSample("BasketPage", "gpay", "ok", "nobody", 0.0, 0.0, 0.5), f"00-{'a' * 32}-{'b' * 16}-01")


def trace(pages=9):
    return JourneyTrace("a" * 32, "c" * 16, 1, SAMPLE, [PAGE] * pages)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(module, "PAUSE_AFTER_FAILURE", 0.0)


def test_all_spans_arrive_in_small_parts():
    parts = []
    sender = SpanSender(lambda spans: parts.append(spans) or True, "there")
    assert all(sender.add(trace()) for _ in range(10))
    sender.finish()
    assert sender.counts == SpanCounts(sent=100, dropped=0)
    assert max(map(len, parts)) == BATCH
    assert sum(page is None for part in parts for _, page in part) == 10


def test_a_receiver_that_hangs_costs_only_the_spans(caplog, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_EXPORT", 0.02)
    asked = []
    never = Event()
    sender = SpanSender(lambda spans: asked.append(len(spans)) or never.wait(), "there", most_queued=50)
    for _ in range(4):
        sender.add(trace())
        gevent.sleep(0.01)
    assert False in [sender.add(trace()) for _ in range(9)]
    sender.finish(0.05)
    assert sender.counts == SpanCounts(sent=0, dropped=130)
    assert "130 of 130 spans did not reach there" in caplog.text
    assert not sender.add(trace())


def test_a_receiver_that_refuses_some_is_counted_exactly():
    answers = iter([False, True, False, True])
    sender = SpanSender(lambda _spans: next(answers), "there")
    for _ in range(10):
        sender.add(trace())
    sender.finish()
    assert sender.counts == SpanCounts(sent=BATCH + 100 - 3 * BATCH, dropped=2 * BATCH)


def test_an_error_of_the_exporter_is_a_drop():
    answers = iter([ValueError("cannot be encoded"), None])

    def export(_spans):
        if (error := next(answers)) is not None:
            raise error
        return True

    sender = SpanSender(export, "there")
    for _ in range(4):
        sender.add(trace())
    sender.finish()
    assert sender.counts == SpanCounts(sent=40 - BATCH, dropped=BATCH)


def test_a_tracer_says_whether_a_trace_can_be_found():
    sent = []
    tracer = Tracer(SpanSender(lambda spans: sent.extend(spans) or True, "there", most_queued=2))
    assert tracer.end_journey(SAMPLE, 1, "c" * 16, [PAGE], sampled=False)
    assert not tracer.end_journey(SAMPLE, 2, "c" * 16, [], sampled=True)
    assert tracer.end_journey(SAMPLE, 3, "c" * 16, [PAGE], sampled=True)  # no room, but the shop has it
    assert not tracer.end_journey(SAMPLE._replace(blame="shop"), 4, "c" * 16, [PAGE], sampled=False)
    tracer.close()
    assert tracer.counts == SpanCounts(sent=2, dropped=4)
    assert {journey.trace_id for journey, _ in sent} == {"a" * 32}
