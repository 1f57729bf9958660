"""The progress line of a run."""

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Phase, Window
from harness.reporting.progress import Progress
from harness.reporting.tables import NO_VALUE


def pages(n, blame="nobody", took=0.1):
    recorder = Recorder(Window(0.0, 0.0, 10_000.0))
    for number in range(n):
        recorder.page(PageSample("P", "gpay", "ok", blame, number, number, number + took))
    return recorder


def test_a_progress_line_shows_the_counts_and_times():
    recorder = Recorder(Window(100.0, 110.0, 145.0))
    for due in range(100, 130):
        recorder.offered(due)
        recorder.started(due, 0.0, 0.0)
        recorder.page(PageSample("P", "gpay", "ok", "nobody", due, due, due + (5.0 if due < 115 else 0.2)))
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 0.2, ordered=due > 100))
    recorder.page(PageSample("P", "gpay", "http_5xx", "shop", 129.0, 129.0, 129.001))
    recorder.journey(JourneySample("guest", "gpay", "http_5xx", "shop", 129.0, 129.0, 129.1))
    # The p95 no longer contains the slow pages of the beginning, and never the fast failure.
    assert Progress().line(recorder, 30.0, 45.0, 4, Phase.STEADY) == (
        " 30 of 45 s, steady, 31 journeys ended, 4 in progress, 29 orders, 1 failed, page p95 200 ms (5.01 s from sending)"
    )


def test_a_progress_line_shows_waiting_and_dropped_arrivals():
    recorder = Recorder(Window(100.0, 110.0, 145.0))
    recorder.offered(101.0, 5)
    recorder.dropped(101.0)
    line = Progress().line(recorder, 50.0, 45.0, 1, Phase.DRAIN)
    assert line == (
        f" 45 of 45 s, drain, 0 journeys ended, 1 in progress, 0 orders, 0 failed, page p95 {NO_VALUE} ({NO_VALUE} from sending), "
        "4 waiting for a free user, 1 dropped"
    )


def test_a_progress_line_shows_recent_service_times():
    recorder = Recorder(Window(100.0, 110.0, 145.0))
    progress = Progress()

    def line(elapsed, took, wait):
        due = 100.0 + elapsed - 1
        for _ in range(50):
            recorder.page(PageSample("P", "gpay", "ok", "nobody", due, due + wait, due + wait + took))
        return progress.line(recorder, elapsed, 45.0, 4, Phase.STEADY)

    assert "page p95 1 s (1 s from sending)" in line(5.0, 1.0, 0.0)
    line(10.0, 1.0, 0.0)
    line(15.0, 1.0, 0.0)
    line(20.0, 0.2, 2.0)
    assert "page p95 2.2 s (200 ms from sending)" in line(25.0, 0.2, 2.0)


def test_in_the_drain_a_progress_line_shows_the_journeys_in_progress():
    recorder = Recorder(Window(100.0, 110.0, 145.0))
    asked = {"drain": 150.0, "in_flight": {"gpay": 1, "pay_on_delivery": 2}}
    line = Progress().line(recorder, 60.0, 45.0, 3, Phase.DRAIN, **asked, requesting=0)
    assert "drain, 15 of at most 150 s" in line
    assert "3 in progress (2 pay_on_delivery, 1 gpay; none waits for the shop: " in line
    line = Progress().line(recorder, 60.0, 45.0, 3, Phase.DRAIN, **asked, requesting=1)
    assert "3 in progress (2 pay_on_delivery, 1 gpay)," in line
