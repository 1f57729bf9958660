import gc

from harness.monitoring.quiet import GC_THRESHOLDS, GarbageCollectorTuning


def test_what_was_there_before_a_run_is_not_looked_through_during_it_and_everything_is_set_back():
    gc.unfreeze()
    before, rubbish = gc.get_threshold(), [[] for _ in range(5_000)]
    quiet = GarbageCollectorTuning()
    quiet.begin()
    quiet.begin()
    assert gc.get_threshold() == GC_THRESHOLDS
    assert gc.get_freeze_count() > len(rubbish)
    quiet.end()
    quiet.end()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_had_set_aside_stays_aside():
    gc.freeze()
    before = gc.get_freeze_count()
    quiet = GarbageCollectorTuning()
    quiet.begin()
    quiet.end()
    assert gc.get_freeze_count() >= before > 0
