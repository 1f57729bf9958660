"""A recorder counts each sample in the right place, and parts add up to the whole."""

import math
import random

import orjson
import pytest

from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import JourneySample, PageSample, Phase, Window
from harness.measurement.totals import RunTotals

WINDOW = Window(start=100.0, steady_from=110.0, steady_until=150.0)


def a_page(due=120.0, took=0.1, *, late=0.0, page="BinNumberPage", option="credit_card", outcome="ok", blame="nobody"):
    return PageSample(page, option, outcome, blame, due, due + late, due + late + took, 200)


def a_journey(due=120.0, took=1.0, *, option="credit_card", outcome="ok", blame="nobody", **more):
    return JourneySample("guest", option, outcome, blame, due, due, due + took, **more)


def some_recorder(chance, n=300, **settings):
    recorder = Recorder(WINDOW, **settings)
    for _ in range(n):
        due = chance.uniform(100, 155)
        option = chance.choice(["credit_card", "gpay"])
        failed = chance.random() < 0.1
        how = {"outcome": "timeout", "blame": "shop"} if failed else {}
        recorder.page(a_page(due, chance.expovariate(10), page=chance.choice(["A", "B"]), option=option, **how))
        recorder.journey(
            a_journey(
                due, chance.expovariate(1), option=option, ordered=not failed, amount=0 if failed else 4999, **how
            )
        )
        recorder.offered(due)
        recorder.started(due, 0.001, 0.0)
    return recorder


def test_response_time_starts_at_the_due_moment_and_service_time_at_sending():
    recorder = Recorder(WINDOW)
    recorder.page(a_page(due=120.0, late=0.5, took=0.125))
    (cell,) = recorder.pages.values()
    assert (cell.response.largest, cell.service.largest) == (0.625, 0.125)
    assert cell.received == 200


def test_the_due_moment_decides_the_phase():
    recorder = Recorder(WINDOW)
    # Due in the warm-up and done in the steady phase: warm-up. Due in the steady phase, done in the drain: steady.
    for due, took in [(109.9, 5.0), (110.0, 0.1), (149.9, 30.0), (150.0, 0.1)]:
        recorder.page(a_page(due, took))
        recorder.journey(a_journey(due, took))
    by_phase = {key.phase: cell.response.total for key, cell in recorder.pages.items()}
    assert by_phase == {Phase.WARM_UP: 1, Phase.STEADY: 2, Phase.DRAIN: 1}
    assert {key.phase: cell.response.total for key, cell in recorder.journeys.items()} == by_phase


def test_each_combination_of_labels_has_its_own_series():
    recorder = Recorder(WINDOW)
    recorder.page(a_page(outcome="timeout", blame="shop"))
    recorder.journey(
        a_journey(outcome="timeout", blame="shop", failed_page="BinNumberPage", verification="resent"),
    )
    assert list(recorder.pages) == [PageKey("BinNumberPage", "credit_card", "timeout", "shop", "steady")]
    assert list(recorder.journeys) == [
        JourneyKey("guest", "credit_card", "resent", "timeout", "shop", "BinNumberPage", False, "steady")
    ]


def test_a_dropped_arrival_counts_as_a_journey_never_answered():
    recorder = Recorder(WINDOW)
    recorder.offered(120.0)
    recorder.dropped(120.0)
    recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 120.0, math.inf, math.inf))
    (cell,) = recorder.journeys.values()
    assert (cell.response.total, cell.response.infinite, cell.service.total) == (1, 1, 0)
    assert RunTotals.of(recorder).failed_journeys == 1
    assert recorder.arrivals[Phase.STEADY].waiting == 0


def test_arrivals_are_counted_by_phase_and_lateness_covers_the_steady_phase():
    recorder = Recorder(WINDOW)
    recorder.offered(105.0, 3)
    recorder.offered(120.0, 5)
    recorder.started(105.0, lateness=9.0, wait=8.0)
    recorder.started(120.0, lateness=0.002, wait=0.25)
    recorder.dropped(121.0)
    steady = recorder.arrivals[Phase.STEADY]
    assert (steady.offered, steady.started, steady.dropped, steady.waiting) == (5, 1, 1, 3)
    assert recorder.arrivals[Phase.WARM_UP].waiting == 2
    assert recorder.lateness.largest == 0.002
    assert recorder.waits.largest == 0.25
    assert recorder.arrivals[Phase.WARM_UP].lateness.largest == 9.0


def test_slices_follow_the_due_moment():
    recorder = Recorder(WINDOW, slice_length=5.0)
    for due in (100.0, 104.999, 105.0, 120.0):
        recorder.page(a_page(due))
    slices = {}
    for cell in recorder.pages.values():
        slices.update({index: histogram.total for index, histogram in cell.slices.items()})
    assert slices == {0: 2, 1: 1, 4: 1}


def test_a_moment_before_the_start_is_in_the_first_slice():
    recorder = Recorder(WINDOW)
    recorder.page(a_page(due=99.0))
    (cell,) = recorder.pages.values()
    assert list(cell.slices) == [0]


def test_a_day_takes_no_more_slices_than_an_hour():
    recorder = Recorder(Window(0.0, 0.0, 86_400.0), most_slices=16)
    for due in range(0, 86_400, 60):
        recorder.page(a_page(float(due)))
    (cell,) = recorder.pages.values()
    assert len(cell.slices) <= 16
    assert max(cell.slices) < 16
    assert recorder.slice_length == 8192.0
    assert sum(histogram.total for histogram in cell.slices.values()) == cell.response.total == 1440


def test_slices_add_up_to_their_series():
    recorder = some_recorder(random.Random(4), most_slices=8)
    for cell in (*recorder.pages.values(), *recorder.journeys.values()):
        counts = [0, 0.0]
        for histogram in cell.slices.values():
            counts[0] += histogram.total
            counts[1] += histogram.sum
        assert counts == [cell.response.total, pytest.approx(cell.response.sum)]


def test_two_halves_add_up_to_the_whole():
    whole = Recorder(WINDOW)
    halves = Recorder(WINDOW), Recorder(WINDOW)
    chance = random.Random(5)
    for n in range(400):
        sample = a_page(chance.uniform(100, 160), chance.expovariate(5), option=chance.choice("ab"))
        journey = a_journey(chance.uniform(100, 160), chance.expovariate(5), ordered=True, amount=n)
        whole.page(sample)
        halves[n % 2].page(sample)
        whole.journey(journey)
        halves[n % 2].journey(journey)
        whole.offered(120.0)
        halves[n % 2].offered(120.0)
    halves[0].add(halves[1])
    assert halves[0].to_json() == whole.to_json()
    assert RunTotals.of(halves[0]) == RunTotals.of(whole)


@pytest.mark.parametrize(("mine", "theirs"), [(1.0, 4.0), (4.0, 1.0), (2.0, 2.0)])
def test_different_slice_lengths_are_matched_and_the_other_recorder_is_unchanged(mine, theirs):
    a = some_recorder(random.Random(6), slice_length=mine)
    b = some_recorder(random.Random(7), slice_length=theirs)
    coarse_a = some_recorder(random.Random(6), slice_length=max(mine, theirs))
    coarse_b = some_recorder(random.Random(7), slice_length=max(mine, theirs))
    before = b.to_json()
    a.add(b)
    coarse_a.add(coarse_b)
    assert b.to_json() == before
    assert a.to_json() == coarse_a.to_json()
    assert a.slice_length == max(mine, theirs)


def test_slice_lengths_that_cannot_be_matched_are_refused():
    with pytest.raises(ValueError, match=r"1.0 s and of 0.3 s"):
        Recorder(WINDOW).add(Recorder(WINDOW, slice_length=0.3))


def test_adding_recorders_keeps_the_limit_of_slices():
    a = Recorder(WINDOW, most_slices=4, slice_length=1.0)
    b = some_recorder(random.Random(8), slice_length=1.0)
    a.add(b)
    assert a.slice_length == 16.0
    assert all(index < 4 for cell in a.pages.values() for index in cell.slices)
    assert RunTotals.of(a) == RunTotals.of(b)


def test_totals_cover_the_whole_run_and_blame_only_the_shop():
    recorder = Recorder(WINDOW)
    recorder.page(a_page(105.0))
    recorder.page(a_page(120.0, page="CardConfirmation", outcome="declined", blame="shopper"))
    recorder.page(a_page(155.0, outcome="http_5xx", blame="shop", option="gpay"))
    recorder.page(a_page(outcome="bug", blame="harness"))
    recorder.journey(a_journey(105.0, ordered=True, amount=4999))
    recorder.journey(a_journey(120.0, ordered=True, amount=1, option="gpay"))
    recorder.journey(a_journey(outcome="declined", blame="shopper"))
    recorder.journey(a_journey(outcome="timeout", blame="shop"))
    counts = RunTotals.of(recorder)
    assert (counts.pages, counts.failed_pages) == (4, 1)
    assert (counts.journeys, counts.failed_journeys, counts.orders, counts.amount) == (4, 1, 2, 5000)
    assert counts.pages_by_page == {"BinNumberPage": 3, "CardConfirmation": 1}
    assert counts.pages_by_option == {"credit_card": 3, "gpay": 1}
    assert counts.pages_by_outcome == {"ok": 1, "declined": 1, "http_5xx": 1, "bug": 1}
    assert counts.journeys_by_option == {"credit_card": 3, "gpay": 1}
    assert counts.journeys_by_outcome == {"ok": 2, "declined": 1, "timeout": 1}
    assert counts.orders_by_option == {"credit_card": 1, "gpay": 1}


def test_an_order_with_a_failure_after_it_is_still_an_order():
    # The shop sold, and then broke its promise on the receipt: both are true, and both are counted.
    recorder = Recorder(WINDOW)
    recorder.journey(a_journey(outcome="amount_mismatch", blame="shop", ordered=True, amount=100))
    counts = RunTotals.of(recorder)
    assert (counts.orders, counts.failed_journeys) == (1, 1)


def test_a_round_trip_through_json_changes_nothing():
    recorder = some_recorder(random.Random(9))
    recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 120.0, math.inf, math.inf))
    text = orjson.dumps(recorder.to_json())
    again = Recorder.from_json(orjson.loads(text))
    assert RunTotals.of(again) == RunTotals.of(recorder)
    assert orjson.dumps(again.to_json()) == text
    again.add(some_recorder(random.Random(10)))
    assert RunTotals.of(again).pages == RunTotals.of(recorder).pages + 300


def test_a_run_that_never_started_survives_json():
    recorder = Recorder(Window(100.0, math.inf, math.inf))
    text = orjson.dumps(recorder.to_json())
    assert Recorder.from_json(orjson.loads(text)).window == recorder.window


@pytest.mark.parametrize("settings", [{"slice_length": 0.0}, {"slice_length": -1.0}, {"most_slices": 0}])
def test_slices_without_length_are_refused(settings):
    with pytest.raises(ValueError, match="slice_length must be over 0"):
        Recorder(WINDOW, **settings)


def test_a_new_window_does_not_change_the_phase_of_counted_samples():
    recorder = Recorder(WINDOW)
    recorder.page(a_page(due=120.0))
    recorder.window = Window(start=100.0, steady_from=110.0, steady_until=115.0)
    recorder.page(a_page(due=121.0))
    assert {key.phase: cell.response.total for key, cell in recorder.pages.items()} == {Phase.STEADY: 1, Phase.DRAIN: 1}


@pytest.mark.parametrize("most_slices", [4, 128])
def test_reading_the_pages_in_between_changes_no_count(most_slices):
    chance = random.Random(8)
    samples = [
        PageSample(
            chance.choice("AB"), "gpay", "ok", "nobody", due, due, due + chance.random(), 7, chance.choice([200, 0])
        )
        for due in (chance.uniform(90, 200) for _ in range(2_000))
    ]
    watched, left_alone = Recorder(WINDOW, most_slices=most_slices), Recorder(WINDOW, most_slices=most_slices)
    for sample in samples:
        watched.page(sample)
        assert watched.pages
        left_alone.page(sample)
    assert left_alone.slice_length == watched.slice_length
    assert left_alone.to_json() == watched.to_json()


def test_a_view_with_another_window_counts_nothing_twice():
    recorder = Recorder(WINDOW)
    recorder.page(a_page(due=120.0))
    view = recorder.with_window(Window(start=100.0, steady_from=110.0, steady_until=115.0))
    recorder.page(a_page(due=121.0))
    assert view.window.steady_until == 115.0
    assert [cell.response.total for cell in view.pages.values()] == [1]
    assert recorder.window == WINDOW
    assert RunTotals.of(recorder).pages == 2
