"""The collector is tuned for a run and restored, and each collection is timed without touching the callbacks of others."""

import gc

import pytest

from harness.monitoring.garbage_collection import GC_THRESHOLDS, GarbageCollectorTuning, GcPauses


@pytest.fixture
def automatic_collection_off():
    gc.disable()
    yield
    gc.enable()


def ticking(step):
    moment = 0.0

    def clock():
        nonlocal moment
        moment += step
        return moment

    return clock


def test_objects_from_before_the_run_are_frozen_during_it_and_everything_is_restored():
    gc.unfreeze()
    before, garbage = gc.get_threshold(), [[] for _ in range(5_000)]
    tuning = GarbageCollectorTuning()
    tuning.freeze()
    tuning.freeze()
    assert gc.get_threshold() == GC_THRESHOLDS
    assert gc.get_freeze_count() > len(garbage)
    tuning.restore()
    tuning.restore()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_objects_frozen_by_other_code_stay_frozen():
    gc.freeze()
    before = gc.get_freeze_count()
    tuning = GarbageCollectorTuning()
    tuning.freeze()
    tuning.restore()
    assert gc.get_freeze_count() >= before > 0


@pytest.mark.usefixtures("automatic_collection_off")
def test_each_collection_between_start_and_stop_is_timed():
    pauses = GcPauses(ticking(0.5))
    gc.collect()
    pauses.start()
    gc.collect()
    gc.collect(0)
    pauses.stop()
    gc.collect()
    assert pauses.pauses.total == 2
    assert pauses.pauses.sum == pytest.approx(1.0)
    assert pauses.watched == pytest.approx(2.5)  # five readings of the clock from start to stop


@pytest.mark.usefixtures("automatic_collection_off")
def test_stop_removes_its_own_callback_and_no_other():
    def other(phase, info):
        pass

    gc.callbacks.append(other)
    before = list(gc.callbacks)
    try:
        first, second = GcPauses(ticking(1.0)), GcPauses(ticking(1.0))
        first.start()
        first.start()
        second.start()
        assert len(gc.callbacks) == len(before) + 2
        first.stop()
        first.stop()
        gc.collect()
        assert (first.pauses.total, second.pauses.total) == (0, 1)
        second.stop()
        assert gc.callbacks == before
    finally:
        gc.callbacks.remove(other)


@pytest.mark.usefixtures("automatic_collection_off")
def test_timing_can_be_started_again():
    pauses = GcPauses(ticking(1.0))
    for _ in range(2):
        pauses.start()
        gc.collect()
        pauses.stop()
    assert pauses.pauses.total == 2
    assert pauses.watched == 6.0
