"""A run gives one load level, without pages that the shop does not answer."""

import pytest

from harness.planning.load_levels import payment_mix_of, steady_level


def test_a_level_agrees_with_littles_law(run_at):
    level = steady_level(run_at(10), "x", instances=2, external_pages={"Bank"})
    assert level.rate == pytest.approx(10, rel=0.01)
    assert level.throughput == pytest.approx(10, rel=0.02)
    assert level.orders == pytest.approx(8, rel=0.05)
    assert level.pages == pytest.approx(20, rel=0.01)
    assert level.in_shop == pytest.approx(20 * 0.05, rel=0.01)
    assert level.in_flight == pytest.approx(10 * (0.75 * 1.1 + 0.25 * 0.1), rel=0.02)
    assert level.page_time["p95"] == pytest.approx(0.05, rel=0.01)
    assert (level.kept, level.instances) == (True, 2)
    assert level.conversion == pytest.approx(0.8, abs=0.05)


def test_pages_of_a_bank_do_not_count_for_the_shop(run_at):
    assert steady_level(run_at(10), "x").in_shop == pytest.approx(20 * 0.05 + 7.5 * 1.0, rel=0.02)
    assert payment_mix_of(run_at(10), {"Bank"}).pages_per_journey == pytest.approx({"credit_card": 2, "gpay": 2})
    assert payment_mix_of(run_at(10)).pages_per_journey == pytest.approx({"credit_card": 3, "gpay": 2})


def test_a_level_has_its_broken_objectives_and_the_room_left(run_at):
    text = "page.IndexPage response_time p95 < 100ms"
    assert steady_level(run_at(10), "x").patience[text] == pytest.approx(0.05, rel=0.02)
    broken = steady_level(run_at(10, page=0.2), "x")
    assert broken.kept is False
    assert broken.broken == (text,)
    assert broken.patience[text] == 0.0


def test_the_room_of_a_journey_is_divided_among_its_pages(run_at):
    text = "journey response_time p95 < 3s"
    level = steady_level(run_at(10, objectives=(text,)), "x", external_pages={"Bank"})
    assert level.patience[text] == pytest.approx((3 - 1.1) / 2, rel=0.02)


def test_an_invalid_run_has_no_level(run_at):
    assert steady_level(run_at(10, invalid=True), "x") is None


def test_a_run_without_a_steady_part_has_no_level(run_at):
    assert steady_level(run_at(10, length=0), "x") is None
