"""The set of outcomes is closed, and each one has a blame."""

import copy
import pickle

import pytest

from harness.measurement.outcomes import Blame, Outcome


def test_each_blame_has_outcomes():
    assert {outcome.blame for outcome in Outcome} == set(Blame)


def test_only_ok_blames_no_party():
    assert [outcome for outcome in Outcome if outcome.blame is Blame.NOBODY] == [Outcome.OK]


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_is_its_value_as_text(outcome):
    assert Outcome(str(outcome)) is outcome
    assert pickle.loads(pickle.dumps(outcome)) is copy.deepcopy(outcome) is outcome
