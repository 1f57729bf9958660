"""Every garbage collection is timed, and nobody else's hooks are touched."""

import gc

import pytest

from harness.monitoring.garbage_collection import GcPauses


@pytest.fixture(autouse=True)
def no_collection_of_its_own():
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


def test_each_collection_is_timed_while_it_is_on():
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


def test_it_leaves_no_trace_and_other_hooks_in_place():
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


def test_it_can_be_started_again():
    pauses = GcPauses(ticking(1.0))
    for _ in range(2):
        pauses.start()
        gc.collect()
        pauses.stop()
    assert pauses.pauses.total == 2
    assert pauses.watched == 6.0
