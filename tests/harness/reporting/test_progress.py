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
        " 30 of 45 s, steady, 31 ended, 4 in progress, 29 orders, 1 failed, p95 200 ms"
    )


def test_a_progress_line_shows_waiting_and_dropped_arrivals():
    recorder = Recorder(Window(100.0, 110.0, 145.0))
    recorder.offered(101.0, 5)
    recorder.dropped(101.0)
    line = Progress().line(recorder, 40.0, 45.0, 1, Phase.STEADY)
    assert line == f" 40 of 45 s, steady, 1 in progress, 0 failed, p95 {NO_VALUE}, 4 waiting, 1 dropped"


def test_a_progress_line_shows_recent_service_times():
    recorder = Recorder(Window(100.0, 110.0, 145.0))
    progress = Progress()

    def line(elapsed, took, wait):
        due = 100.0 + elapsed - 1
        for _ in range(50):
            recorder.page(PageSample("P", "gpay", "ok", "nobody", due, due + wait, due + wait + took))
        return progress.line(recorder, elapsed, 45.0, 4, Phase.STEADY)

    assert line(5.0, 1.0, 0.0).endswith(", p95 1 s")
    line(10.0, 1.0, 0.0)
    line(15.0, 1.0, 0.0)
    line(20.0, 0.2, 2.0)
    assert line(25.0, 0.2, 2.0).endswith(", 0 failed, p95 2.2 s, 200 ms from sending")


def test_in_the_drain_a_progress_line_shows_the_journeys_in_progress():
    recorder = Recorder(Window(100.0, 110.0, 145.0))
    asked = {"drain": 150.0, "in_flight": {"gpay": 1, "pay_on_delivery": 2}}
    line = Progress().line(recorder, 60.0, 45.0, 3, Phase.DRAIN, **asked, requesting=0)
    assert line == "drain, 15 of at most 150 s, 3 in progress, 0 failed, none waits for the shop"
    line = Progress().line(recorder, 60.0, 45.0, 3, Phase.DRAIN, **asked, requesting=1)
    assert line.endswith(", 3 in progress, 0 failed, 2 pay_on_delivery, 1 gpay")


def test_a_progress_line_of_a_search_names_its_level():
    recorder = Recorder(Window(100.0, 100.0, 145.0))
    line = Progress().line(recorder, 3.0, 45.0, 3, Phase.STEADY, level="track at 1,200/min")
    assert line.startswith("  3 of 45 s, track at 1,200/min, 3 in progress, ")


def test_a_progress_line_has_eighty_columns_at_most():
    recorder = Recorder(Window(100.0, 100.0, 40_000.0))
    recorder.offered(101.0, 2_000_000)
    recorder.dropped(101.0)
    progress = Progress()
    for phase in Phase:
        line = progress.line(
            recorder,
            36_000.0,
            36_000.0,
            1_234_567,
            phase,
            drain=3_600.0,
            in_flight={"pay_on_delivery" * 3: 1_000_000},
            level="confirm at 1,200,000/min",
        )
        assert len(line) <= 80
        assert "1 dropped" in line
