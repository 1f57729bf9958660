"""Two versions run in turn until it is certain which one is worse; invalid runs are repeated, but not for ever."""

from dataclasses import replace
from itertools import islice

import pytest
from finished_runs import a_run

from harness.objectives.verdict import Finding, Severity, Verdict
from harness.regression.comparison import Comparison
from harness.regression.pairing import Side
from scenarios.regression.abba import Alternation, alternate, interim_pairs, sides


def test_the_order_changes_from_pair_to_pair():
    assert "".join("AB"[side is Side.CANDIDATE] for side in sides(4)) == "ABBAABBA"


@pytest.mark.parametrize(
    ("most", "after"), [(12, (4, 8, 12)), (3, (2, 3)), (4, (2, 3, 4)), (8, (3, 6, 8)), (24, (8, 16, 24))]
)
def test_there_are_three_comparisons_at_most(most, after):
    assert interim_pairs(most) == after


class Gate:
    """An alternation with runs that are made up, and comparisons that decide at a given number of pairs."""

    def __init__(self, *, invalid=(), decides=99, retries=1):
        self.ran, self.said, self.compared, self.done = [], [], [], Alternation()
        self.invalid, self.decides = list(invalid), decides
        self.found = alternate(self.run, self.compare, 6, retries=retries, say=self.said.append, done=self.done)

    def run(self, side, number):
        self.ran.append(number)
        spoilt = number in self.invalid
        if spoilt:
            self.invalid.remove(number)
        return a_run(2, length=10, minute=len(self.ran), invalid=spoilt)

    def compare(self, runs):
        pairs = len(runs) // 2
        self.compared.append(pairs)
        return Comparison(pairs, (), Verdict.FAILED if pairs >= self.decides else Verdict.INCONCLUSIVE)


def test_it_ends_as_soon_as_a_comparison_decides():
    gate = Gate(decides=3)
    assert (gate.found.verdict, gate.found.pairs) == (Verdict.FAILED, 4)
    assert gate.ran == list(range(1, 9))
    assert gate.compared == [2, 4]


def test_without_a_decision_it_is_inconclusive():
    gate = Gate()
    assert (gate.found.verdict, gate.found.pairs, gate.compared) == (Verdict.INCONCLUSIVE, 6, [2, 4, 6])


def test_an_invalid_run_is_repeated_and_does_not_count():
    gate = Gate(invalid=[3], decides=2)
    assert gate.ran == [1, 2, 3, 3, 4]
    assert len(gate.done.runs) == 4
    assert gate.done.repeated == ["run 3 (candidate): the harness used 99 % of a core"]


def test_one_invalid_run_too_many_ends_it():
    gate = Gate(invalid=[3, 3, 4])
    assert (gate.found.verdict, gate.ran) == (Verdict.INVALID, [1, 2, 3, 3])
    assert "run 3 (candidate) is invalid: the harness used 99 % of a core" in gate.said


def test_a_disturbed_run_counts(monkeypatch):
    late = Finding("crowded", Severity.INVALID, "checkload had no processor", "")
    run = a_run(2, length=10)
    judgement = replace(run.judgement, verdict=Verdict.INVALID, findings=(late,))
    done = Alternation()
    alternate(
        lambda *_: replace(run, judgement=judgement),
        lambda runs: Comparison(len(runs) // 2, (), Verdict.PASSED),
        3,
        retries=0,
        say=lambda _: None,
        done=done,
    )
    assert len(list(islice(done.runs, 9))) == 4
