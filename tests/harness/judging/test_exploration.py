"""A run that a person changed explores: it neither passes nor fails by an objective."""

from dataclasses import replace

import pytest

from harness.judging.exploration import CHECK, explored
from harness.objectives.verdict import Finding, Judgement, ObjectiveResult, Severity, Verdict
from harness.results.result import SteeringChange

MADE = [SteeringChange(at=at, quantity="arrival_rate", before="10/s", after="30/s") for at in (5.0, 9.0, 12.0, 20.0)]


def objective(verdict):
    return ObjectiveResult("page failures < 1%", verdict, 0.0, 0.01, "share", 100, 0, "0 of 100 pages failed")


def judged(*verdicts, findings=()):
    verdict = Verdict.FAILED if Verdict.FAILED in verdicts else Verdict.PASSED
    return Judgement(verdict, "as usual", tuple(map(objective, verdicts)), tuple(findings))


@pytest.mark.parametrize("verdicts", [(Verdict.PASSED, Verdict.PASSED), (Verdict.PASSED, Verdict.FAILED), ()])
def test_it_is_inconclusive_whatever_the_objectives_say(verdicts):
    judgement = explored(judged(*verdicts), MADE)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert {one.verdict for one in judgement.objectives} <= {Verdict.INCONCLUSIVE}
    assert "changed 4 times" in judgement.reason
    assert f"{verdicts.count(Verdict.FAILED)} broken" in judgement.reason
    assert all(one.sentence.startswith("0 of 100 pages failed") for one in judgement.objectives)
    (finding,) = judgement.findings
    assert finding.check == CHECK
    assert "arrival_rate from 10/s to 30/s at 5 s" in finding.message
    assert finding.message.endswith("and 1 more)")
    assert finding.remedy


@pytest.mark.parametrize(("level", "verdict"), [(Severity.INVALID, Verdict.INVALID), (Severity.FAILED, Verdict.FAILED)])
def test_a_finding_still_decides(level, verdict):
    wrong = Finding("ledger", level, "the ledger disagrees")
    # Failures that no lateness explains: failed in spite of an invalid finding.
    judgement = explored(replace(judged(Verdict.FAILED), findings=(wrong,)), MADE[:1])
    assert judgement.verdict is verdict
    assert [one.check for one in judgement.findings] == ["ledger", CHECK]
