"""Shops that no formula describes: their bounds are those of a long simulation, and the claims about them in a small form."""

import random

import disturbed
import pytest

pytestmark = pytest.mark.calibration


def test_the_claims_hold():
    seen = list(disturbed.rows(quick=True))
    assert len(seen) == 2 * len(disturbed.cases()) + 1
    assert [row for row in seen if not row.holds] == []


@pytest.mark.parametrize("case", disturbed.cases()[1:], ids=lambda case: case.name)
def test_as_much_is_over_the_bound_as_may_be(case):
    chance, shop, moment, over = random.Random(8), case.fresh(), 0.0, 0
    bound = float(case.demand.rsplit(" ", 1)[1].removesuffix("ms")) / 1000
    for _ in range(200_000):
        moment += chance.expovariate(case.truth)
        over += shop.serve(moment, chance).done - moment > bound
    assert over / 200_000 == pytest.approx(0.05, rel=0.4)


def test_a_shop_that_stands_still_works_as_much_as_its_two_clocks_say():
    pauses = disturbed.Pauses(10.0, 3.0, random.Random(1))
    moments = [number / 7 for number in range(7_000)]
    worked = [pauses.work(moment) for moment in moments]
    assert worked == sorted(worked)
    assert worked[-1] == pytest.approx(1000 * 10 / 13, rel=0.1)
    for moment, work in zip(moments, worked, strict=True):
        assert pauses.moment(work) <= moment + 1e-9
        assert moment - pauses.moment(work) < 3.0 + 1e-9


def test_servings_vary_as_they_are_said_to():
    chance, draw = random.Random(2), disturbed.varied(0.5)
    times = [draw(chance) for _ in range(200_000)]
    mean = sum(times) / len(times)
    assert mean == pytest.approx(0.5, rel=0.02)
    assert sum((time - mean) ** 2 for time in times) / len(times) / mean**2 == pytest.approx(9.0, rel=0.05)
