"""Shops that no formula describes: their bounds agree with a long simulation; the claims about them in a small form."""

import random

import disturbed
import pytest

pytestmark = pytest.mark.calibration


def test_the_claims_hold():
    seen = list(disturbed.rows(quick=True))
    assert len(seen) == 2 * len(disturbed.cases()) + 1
    assert [row for row in seen if not row.holds] == []


@pytest.mark.parametrize("case", disturbed.cases()[1:], ids=lambda case: case.name)
def test_exactly_the_allowed_share_is_over_the_bound(case):
    chance, shop, moment, over = random.Random(8), case.fresh(), 0.0, 0
    bound = float(case.objective.rsplit(" ", 1)[1].removesuffix("ms")) / 1000
    for _ in range(200_000):
        moment += chance.expovariate(case.truth)
        over += shop.serve(moment, chance).done - moment > bound
    assert over / 200_000 == pytest.approx(0.05, rel=0.4)


def test_a_shop_that_stalls_agrees_on_its_two_clocks():
    pauses = disturbed.Pauses(10.0, 3.0, random.Random(1))
    moments = [number / 7 for number in range(7_000)]
    worked = [pauses.work(moment) for moment in moments]
    assert worked == sorted(worked)
    assert worked[-1] == pytest.approx(1000 * 10 / 13, rel=0.1)
    for moment, work in zip(moments, worked, strict=True):
        assert pauses.moment(work) <= moment + 1e-9
        assert moment - pauses.moment(work) < 3.0 + 1e-9


def test_service_times_have_their_variation():
    chance, draw = random.Random(2), disturbed.varied(0.5)
    times = [draw(chance) for _ in range(200_000)]
    mean = sum(times) / len(times)
    assert mean == pytest.approx(0.5, rel=0.02)
    assert sum((time - mean) ** 2 for time in times) / len(times) / mean**2 == pytest.approx(9.0, rel=0.05)
