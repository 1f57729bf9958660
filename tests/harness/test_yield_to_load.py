from types import SimpleNamespace

from harness.yield_to_load import YieldToLoad


def test_it_sleeps_at_every_call_without_a_time_of_work():
    slept = []
    yield_to_load = YieldToLoad(slept.append, 0.002)
    yield_to_load()
    yield_to_load()
    assert slept == [0.002, 0.002]


def test_it_sleeps_only_after_enough_work():
    clock, slept = SimpleNamespace(now=0.0), []
    yield_to_load = YieldToLoad(slept.append, 0.5, after=1.0, clock=lambda: clock.now)
    yield_to_load()
    assert slept == []
    clock.now += 1.0
    yield_to_load()
    assert slept == [0.5]
    yield_to_load()
    assert slept == [0.5]


def test_it_yields_once_for_so_many_items():
    slept = []
    assert list(YieldToLoad(slept.append, 0.0).every(10, range(25))) == list(range(25))
    assert len(slept) == 3
