"""A run is read as one level of load, without what others than the shop answered."""

import pytest

from harness.planning.load_levels import payment_mix_of, steady_level


def test_a_level_holds_what_little_s_law_says(run_at):
    level = steady_level(run_at(10), "x", instances=2, outside={"Bank"})
    assert level.rate == pytest.approx(10, rel=0.01)
    assert level.throughput == pytest.approx(10, rel=0.02)
    assert level.orders == pytest.approx(8, rel=0.05)
    assert level.pages == pytest.approx(20, rel=0.01)
    assert level.in_shop == pytest.approx(20 * 0.05, rel=0.01)
    assert level.in_flight == pytest.approx(10 * (0.75 * 1.1 + 0.25 * 0.1), rel=0.02)
    assert level.page_time["p95"] == pytest.approx(0.05, rel=0.01)
    assert (level.kept, level.instances) == (True, 2)
    assert level.conversion == pytest.approx(0.8, abs=0.05)


def test_a_bank_s_time_is_not_the_shop_s(run_at):
    assert steady_level(run_at(10), "x").in_shop == pytest.approx(20 * 0.05 + 7.5 * 1.0, rel=0.02)
    assert payment_mix_of(run_at(10), {"Bank"}).pages_per_journey == pytest.approx({"credit_card": 2, "gpay": 2})
    assert payment_mix_of(run_at(10)).pages_per_journey == pytest.approx({"credit_card": 3, "gpay": 2})


def test_what_broke_and_how_much_room_was_left_is_kept(run_at):
    text = "page.IndexPage response_time p95 < 100ms"
    assert steady_level(run_at(10), "x").patience[text] == pytest.approx(0.05, rel=0.02)
    broken = steady_level(run_at(10, page=0.2), "x")
    assert broken.kept is False
    assert broken.broken == (text,)
    assert broken.patience[text] == 0.0


def test_room_for_a_whole_journey_is_shared_by_its_pages(run_at):
    text = "journey response_time p95 < 3s"
    level = steady_level(run_at(10, objectives=(text,)), "x", outside={"Bank"})
    assert level.patience[text] == pytest.approx((3 - 1.1) / 2, rel=0.02)


def test_an_invalid_run_has_no_level(run_at):
    assert steady_level(run_at(10, invalid=True), "x") is None


def test_a_run_without_a_steady_part_has_no_level(run_at):
    assert steady_level(run_at(10, length=0), "x") is None
