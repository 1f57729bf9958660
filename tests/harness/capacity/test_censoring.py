"""Journeys and requests under way count as over a bound before they end, and never twice."""

import pytest

from harness.capacity.censoring import CensoredCounts
from harness.measurement.pending import pending_ages
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.objectives.parser import parse


class UnfinishedRun:
    """Four arrivals a second, at .1, .3, .5 and .7 of it; all but the last of them have ended."""

    def __init__(self):
        self.recorder = Recorder(Window(100.0, 100.0, 200.0))
        for second in range(30):
            for place, part in enumerate((0.1, 0.3, 0.5)):
                due = 100.0 + second + part
                journey, option = self.labels_of(4 * second + place)
                self.recorder.journey(JourneySample(journey, option, "ok", "nobody", due, due, due + 0.2))

    def due_between(self, start, end):
        return sum(start <= second + part < end for second in range(60) for part in (0.1, 0.3, 0.5, 0.7))

    def labels_of(self, number):
        return ("guest" if number % 2 else "returning"), ("gpay" if number % 4 == 3 else "credit_card")


def counts(objective, now=20.0, waiting=()):
    """What is over the bound of this objective and has not ended."""
    (counted,) = CensoredCounts([parse(objective)], UnfinishedRun()).counts(now, waiting)
    return counted


@pytest.mark.parametrize(
    ("objective", "overdue"),
    [
        ("journey response_time p95 < 4s", 14),  # due in the seconds 0 to 13, of 20 less 4 and the delay of 1.5
        ("journey.guest response_time p95 < 4s", 14),
        ("journey.returning response_time p95 < 4s", 0),
        ("journey[payment=gpay] response_time p95 < 4s", 14),
        ("journey[payment=credit_card] response_time p95 < 4s", 0),
        ("journey response_time p95 < 30s", 0),
        ("journey failures < 1%", 0),
        ("dropped < 1%", 0),
    ],
)
def test_a_journey_under_way_is_over_a_bound_that_has_passed(objective, overdue):
    assert counts(objective) == overdue


def test_a_later_reading_counts_only_new_arrivals():
    overdue = CensoredCounts([parse("journey[payment=gpay] response_time p95 < 4s")], UnfinishedRun())
    assert [overdue.counts(now, ()) for now in (10.0, 20.0, 15.0)] == [[4], [14], [9]]


@pytest.mark.parametrize(
    ("objective", "overdue"),
    [
        ("page response_time p95 < 500ms", 3),
        ("page.Pay response_time p95 < 500ms", 2),
        ("page[payment=gpay] response_time p95 < 500ms", 1),
        ("page response_time p95 < 10s", 0),
        ("page failures < 1%", 0),
    ],
)
def test_a_request_that_waits_is_over_a_bound_that_has_passed(objective, overdue):
    pending = {1: ("Pay", "gpay", 90.0), 2: ("Pay", "card", 99.0), 3: ("Home", "card", 90.2), 4: ("Pay", "card", 99.6)}
    assert counts(objective, waiting=pending_ages(pending, 99.9)) == overdue


def test_ages_are_grouped_and_rounded_down():
    pending = {number: ("Pay", "gpay", 10.0 + number / 100) for number in range(5)}
    assert pending_ages(pending, 11.1) == [("Pay", "gpay", 1.0, 5)]
