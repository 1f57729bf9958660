"""Failed journeys and the slowest ones are always sent, the others only if they are sampled."""

import random

import pytest

from harness.measurement.sample import JourneySample, PageSample
from harness.tracing.cells import SlowestByCell
from harness.tracing.journey_trace import TracedPage
from harness.tracing.selection import SLOWEST, TraceSelection


def journey(seconds, *, pages=(0.1,), blame="nobody", page_blame="nobody"):
    sample = JourneySample("guest", "gpay", "ok", blame, 0.0, 0.0, seconds)
    traced = [
        TracedPage(PageSample(f"Page{place}", "gpay", "ok", page_blame, 0.0, 0.0, each), f"00-{'a' * 32}-{'b' * 16}-00")
        for place, each in enumerate(pages)
    ]
    return sample, traced


def filled():
    selection = TraceSelection()
    for _ in range(SLOWEST):
        assert selection.chooses(*journey(9.0, pages=(1.0,)), sampled=False)
    return selection


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({}, False),
        ({"blame": "shop"}, True),
        ({"blame": "shopper"}, False),
        ({"page_blame": "shop"}, True),  # a page that a retry repaired
        ({"pages": (1.1,)}, True),
        ({"pages": (1.0,)}, False),
        ({"seconds": 9.5}, True),
        ({"seconds": float("inf")}, False),
    ],
)
def test_a_journey_is_chosen_for_a_reason(changes, chosen):
    sample, pages = journey(**{"seconds": 1.0, **changes})
    assert filled().chooses(sample, pages, sampled=False) is chosen
    assert filled().chooses(sample, pages, sampled=True)


def test_the_slowest_of_the_whole_run_are_chosen_and_few_others():
    selection, rng = TraceSelection(), random.Random(3)
    times = [rng.lognormvariate(0, 1) for _ in range(20_000)]
    chosen = [seconds for seconds in times if selection.chooses(*journey(seconds, pages=()), sampled=False)]
    assert set(sorted(times)[-SLOWEST:]) <= set(chosen)
    assert len(chosen) < 100


def test_each_cell_keeps_its_slowest_trace_also_across_workers():
    worker, master = SlowestByCell(), SlowestByCell()
    for trace, seconds in (("a", 0.2), ("b", 0.5), ("c", 0.4), ("d", float("inf"))):
        worker.record("BasketPage", "gpay", trace, seconds)
    worker.record("IndexPage", "gpay", "e", 0.1)
    master.record("BasketPage", "gpay", "f", 0.45)
    master.merge(worker.changes(every=False))
    assert [(one.page, one.trace_id, one.seconds) for one in master.rows()] == [
        ("BasketPage", "b", 0.5),
        ("IndexPage", "e", 0.1),
    ]
    assert worker.changes(every=False) == []
    assert len(worker.changes(every=True)) == 2
