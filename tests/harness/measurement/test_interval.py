"""An interval of a run holds what was due in it and nothing else."""

import math

from harness.measurement.interval import extract_interval, with_unfinished
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Phase, Window
from harness.objectives.counting import count_samples
from harness.objectives.parser import parse
from harness.yield_to_load import YieldToLoad


def _recorder():
    recorder = Recorder(Window(100.0, 100.0, 200.0))
    for second in range(60):
        due = 100.5 + second
        recorder.page(PageSample("Pay", "gpay", "ok", "nobody", due, due, due + second / 100))
        outcome, done = ("dropped", math.inf) if second % 10 == 0 else ("ok", due + 1.0)
        recorder.journey(
            JourneySample("guest", "gpay", outcome, "shop" if done == math.inf else "nobody", due, due, done)
        )
    return recorder


def test_an_interval_holds_what_was_due_in_it():
    part = extract_interval(_recorder(), 20.0, 40.0)
    (cell,) = part.pages.values()
    assert cell.response.total == 20
    assert (round(cell.response.smallest, 2), round(cell.response.largest, 2)) == (0.2, 0.39)
    assert part.window == Window(100.0, 120.0, 140.0)


def test_dropped_arrivals_are_offered_and_not_started():
    arrivals = extract_interval(_recorder(), 20.0, 40.0).arrivals[Phase.STEADY]
    assert (arrivals.offered, arrivals.started, arrivals.dropped, arrivals.waiting) == (20, 18, 2, 0)


def test_slices_only_partly_in_the_interval_are_left_out():
    part = extract_interval(_recorder(), 20.4, 39.6)
    assert sum(cell.response.total for cell in part.pages.values()) == 18


def test_an_unfinished_journey_is_over_a_bound_that_has_passed_and_unknown_for_others():
    part = extract_interval(_recorder(), 20.0, 40.0)
    whole = with_unfinished(part, lambda start, end: 3 if start <= 30.0 < end else 1, now=45.0)
    short, long = (count_samples(whole, parse(f"journey response_time p95 < {bound}s")) for bound in (10, 20))
    assert (short.total, short.over, short.unknown) == (22, 4, 0)
    assert (long.total, long.over, long.unknown) == (22, 2, 2)
    assert short.slices[10] == (3, 3)
    assert count_samples(part, parse("journey response_time p95 < 10s")).total == 20


def test_an_interval_is_a_copy():
    recorder = _recorder()
    for cell in extract_interval(recorder, 0.0, 60.0).pages.values():
        for one in cell.slices.values():
            one.record(9.0)
    assert all(cell.response.total == 60 for cell in recorder.pages.values())


def test_slices_merged_during_the_extraction_do_no_harm():
    recorder = _recorder()

    def come_late(_seconds):
        recorder.page(PageSample("Pay", "gpay", "ok", "nobody", 300.0, 300.0, 300.1))

    part = extract_interval(recorder, 20.0, 40.0, YieldToLoad(come_late, 0.0))
    assert (part.slice_length, recorder.slice_length) == (2.0, 2.0)
    assert [sum(one.response.total for one in cells.values()) for cells in (part.pages, part.journeys)] == [20, 20]


def test_the_extraction_yields_to_the_load():
    pauses = []
    extract_interval(_recorder(), 0.0, 60.0, YieldToLoad(pauses.append, 0.0))
    assert pauses
