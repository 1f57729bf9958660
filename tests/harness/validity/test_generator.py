"""checkload's own lateness makes a run invalid when it is more than chance and more than the objectives allow."""

import pytest
from checked_runs import conditions, problems, run_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.objectives.parser import parse
from harness.objectives.verdict import Severity
from harness.validity.evidence import Evidence
from harness.validity.generator import arrival_lateness


@pytest.mark.parametrize(
    ("late", "level", "why"),
    [
        ([(0.001, 1000)], None, "as on an idle machine"),
        ([(0.001, 985), (0.015, 15)], Severity.WARNING, "a word is due over 10 ms"),
        ([(0.001, 985), (0.04, 15)], Severity.WARNING, "5 % of the tightest bound, 1 s, is 50 ms"),
        ([(0.001, 970), (0.06, 30)], Severity.INVALID, "over that"),
        ([(0.001, 985), (0.06, 15)], Severity.WARNING, "1.5 % are not yet more than 1 % beyond chance"),
        ([(0.001, 991), (0.06, 9)], None, "99 % were on time"),
        ([(0.001, 995), (0.3, 5)], Severity.INVALID, "0.5 % a quarter of a second late"),
        ([(0.001, 999), (5.0, 1)], None, "one accident"),
        ([(0.001, 3), (0.06, 1)], None, "one late arrival is an accident, however few there are"),
        ([(0.06, 2)], Severity.INVALID, "both are late"),
    ],
)
def test_late_arrivals_are_compared_with_the_tightest_bound(late, level, why):
    recorder = run_of(0)
    recorder.offered(1.0, sum(number for _, number in late))
    for value, number in late:
        for place in range(number):
            recorder.started(100 * place / number, value, 0.0)
    found = problems(recorder).get("lateness")
    assert (found.level if found else None) is level, why


@pytest.mark.parametrize(
    ("stalls", "level", "why"),
    [
        ([0.3], None, "one stall of 300 ms in 40 s touches few"),
        ([0.3] * 2, Severity.WARNING, "two may be chance"),
        ([0.3] * 8, Severity.INVALID, "eight are not"),
        ([3.0], Severity.INVALID, "one that touches 7 % of all is enough"),
    ],
)
def test_late_arrivals_count_by_stalls(stalls, level, why):
    recorder = Recorder(Window(0.0, 5.0, 45.0))
    begins = [5.0 + 40.0 * (place + 0.5) / len(stalls) for place in range(len(stalls))]
    for number in range(1350):
        due = number / 30
        ends = [begin + length for begin, length in zip(begins, stalls, strict=True) if begin <= due < begin + length]
        recorder.offered(due)
        recorder.started(due, ends[0] - due if ends else 0.001, 0.0)
    found = [each for each in arrival_lateness(Evidence(recorder, conditions(), ())) if each.level is not Severity.OK]
    assert [each.level for each in found] == ([level] if level else []), why


def test_without_a_bound_25_ms_of_lateness_are_allowed():
    assert problems(run_of(lateness=0.03), objectives=[])["lateness"].level is Severity.INVALID
    tight = [parse("page.P response_time p95 < 300ms")]
    message = problems(run_of(lateness=0.03), objectives=tight)["lateness"].message
    assert message == "99 % of the arrivals started within 30 ms of their due time; 25 ms is allowed"


def test_the_remedy_moves_an_embedded_shop_to_another_machine():
    busy = {"cpu_ratio": 0.95}
    assert "another machine" in problems(facts=conditions(embedded=True, **busy))["cpu"].remedy
    assert "another machine" not in problems(facts=conditions(**busy))["cpu"].remedy
