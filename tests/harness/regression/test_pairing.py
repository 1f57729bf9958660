"""Runs are paired by their time, and each counts once."""

from datetime import UTC, datetime, timedelta

import pytest

from harness.regression.pairing import DatedRun, Side, pair_by_time, repeated_runs


def runs(order):
    """One run for each letter, a minute apart: A is the baseline, B the candidate."""
    return [
        DatedRun(
            Side.BASELINE if letter == "A" else Side.CANDIDATE,
            f"{letter}{place}",
            f"run {place}",
            datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=place),
            None,
        )
        for place, letter in enumerate(order)
    ]


@pytest.mark.parametrize(
    ("order", "pairs", "left_out"),
    [
        ("AB", "A0B1", ""),
        ("BA", "A1B0", ""),
        ("ABBA", "A0B1 A3B2", ""),
        ("ABBAABBA", "A0B1 A3B2 A4B5 A7B6", ""),
        ("ABABAB", "A0B1 A2B3 A4B5", ""),
        ("AAABBB", "A2B3", "A0 A1 B4 B5"),
        ("ABBBBBB", "A0B1", "B2 B3 B4 B5 B6"),
        ("AABAB", "A1B2 A3B4", "A0"),
        ("AA", "", "A0 A1"),
        ("", "", ""),
    ],
)
def test_neighbours_of_different_versions_are_pairs(order, pairs, left_out):
    found = pair_by_time(list(reversed(runs(order))))
    assert " ".join(a.label + b.label for a, b in found.pairs) == pairs
    assert " ".join(one.label for one in found.left_out) == left_out


@pytest.mark.parametrize(("order", "same"), [("ABAB", True), ("ABBA", False), ("AB", False), ("BABA", True)])
def test_pairs_in_one_order_are_recognised(order, same):
    assert pair_by_time(runs(order)).same_order is same


def test_a_run_that_was_given_twice_is_recognised():
    first, second = runs("AB")
    assert repeated_runs([first, second]) == []
    assert repeated_runs([first, second, first]) == [("run 0", ["A0", "A0"])]
