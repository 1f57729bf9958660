"""One subject while the run is on: only what has changed is sent, and it adds up to what the report shows."""

import math

import pytest

from harness.locust_plugin.web.live.subject import LiveSubject, cell_subject
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.reporting.html.measures import JOURNEYS, PAGES, grouped, measures, option_subject, page_subject
from harness.yield_to_load import NEVER

NAMES = [PAGES, page_subject("Basket"), JOURNEYS, option_subject("gpay")]


def fill(recorder, start, seconds, *, rate=30, slow=0.0):
    """So many pages and journeys a second: every tenth page fails."""
    for number in range(seconds * rate):
        due = start + number / rate
        page, option = ("Basket", "Login")[number % 2], ("gpay", "card")[number % 3 == 0]
        took = 0.01 + 0.001 * (number % 50) + slow
        failed = number % 10 == 0
        outcome, blame = ("http_5xx", "shop") if failed else ("ok", "nobody")
        recorder.page(PageSample(page, option, outcome, blame, due, due, due + took, 100, 500 if failed else 200, 0))
        recorder.journey(JourneySample("guest", option, "ok", "nobody", due, due, due + took, ordered=number % 2 == 0))


def totals(rows):
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_many_looks_add_up_to_the_measures_of_the_report(name):
    recorder, subject, rows = Recorder(Window(100.0, 102.0, 400.0)), LiveSubject(name), {}
    number, length = 0, 0.0
    for second in range(0, 200, 3):  # slices are merged on the way
        fill(recorder, 100.0 + second, 3)
        subject.update(recorder, second + 3.0, NEVER)
        if subject.group_length != length:
            rows, number, length = {}, 0, subject.group_length
        rows |= {row[0]: row for row in subject.rows_since(number)}
        number = subject.number
    whole = measures(recorder)[name]
    groups = grouped(whole, recorder.slice_length, max(whole.slices))
    assert length == groups.length
    expected = groups.counts({index: times.total for index, times in whole.slices.items()})
    assert totals(rows.values()) == dict(enumerate(expected))
    assert [rows[place][2] for place in sorted(rows)] == groups.counts(whole.orders)
    failed = [sum(rows[place][6].values()) for place in sorted(rows)]
    assert failed == [sum(counts) for counts in zip(*map(groups.counts, whole.failures.values()), strict=True)] or (
        not whole.failures and not any(failed)
    )


def test_a_look_sends_only_what_has_changed():
    recorder, subject = Recorder(Window(100.0, 102.0, 400.0)), LiveSubject(PAGES)
    fill(recorder, 100.0, 20)
    subject.update(recorder, 20.0, NEVER)
    seen = subject.number
    fill(recorder, 120.0, 1)
    fill(recorder, 104.0, 1, slow=3.0)  # replies that come late
    subject.update(recorder, 24.0, NEVER)
    assert [row[0] for row in subject.rows_since(seen)] == [4, 20]
    assert len(subject.rows_since(0)) == 21
    subject.update(recorder, 25.0, NEVER)
    assert subject.rows_since(subject.number - 1) == []


def test_what_the_shop_failed_was_never_answered():
    recorder, subject = Recorder(Window(0.0, 0.0, math.inf)), LiveSubject(PAGES)
    for number in range(100):
        due = number / 100
        recorder.page(PageSample("Basket", "gpay", "http_5xx", "shop", due, due, due + 0.1, 1, 500, 0))
    subject.update(recorder, 1.0, NEVER)
    (row,) = subject.rows_since(0)
    assert row[3:5] == [-1, -1]
    assert row[6] == {"http_5xx": 100}


def test_a_cell_has_the_slices_of_its_page_and_times_of_its_own_since_it_was_chosen():
    recorder = Recorder(Window(0.0, 0.0, math.inf), sliced_options=set())
    subject = LiveSubject(cell_subject("Basket", "gpay"))
    fill(recorder, 0.0, 2)
    subject.update(recorder, 2.0, NEVER)
    assert subject.points == []
    for option, took in (("gpay", 0.5), ("card", 0.1)):
        for number in range(40):
            due = 2.0 + number / 40
            recorder.page(PageSample("Basket", option, "ok", "nobody", due, due, due + took, 1, 200, 0))
    subject.update(recorder, 3.0, NEVER)
    ((at, service, p50, p95, _),) = subject.points
    assert at == 3.0
    assert (service, p50, p95) == pytest.approx((0.5, 0.5, 0.5), rel=0.01)


def test_a_subject_that_does_not_exist_has_no_rows():
    recorder, subject = Recorder(Window(0.0, 0.0, math.inf)), LiveSubject("nonsense")
    fill(recorder, 0.0, 1)
    subject.update(recorder, 1.0, NEVER)
    assert all(row[1] == 0 for row in subject.rows_since(0))
