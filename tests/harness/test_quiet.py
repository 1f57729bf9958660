import gc

from harness.quiet import THRESHOLDS, Quiet


def test_what_was_there_before_a_run_is_not_looked_through_during_it_and_everything_is_set_back():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    quiet = Quiet()
    quiet.begin()
    quiet.begin()
    assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() > frozen + 1000
    quiet.end()
    quiet.end()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() <= frozen
