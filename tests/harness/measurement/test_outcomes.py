from harness.measurement.outcomes import Blame, Outcome


def test_every_outcome_has_somebody_to_blame():
    """The table has no default: a new outcome without an entry fails here."""
    assert {outcome.blame for outcome in Outcome} == set(Blame)


def test_only_a_kept_promise_is_nobodys_doing():
    assert [outcome for outcome in Outcome if outcome.blame is Blame.NOBODY] == [Outcome.OK]
