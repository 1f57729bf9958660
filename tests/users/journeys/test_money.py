"""Amounts of money are read, or rejected."""

from __future__ import annotations

from decimal import Decimal

import pytest

from users.journeys import money
from users.journeys.money import amount, hundredths


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("62.99", "62.99"),
        ("0", "0"),
        (5, "5"),
        (62.99, "62.99"),
        (None, None),
        (True, None),
        ("", None),
        ("12,50", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999999999", None),
        pytest.param(10**5000, None, id="too long to write"),
        ([], None),
    ],
)
def test_an_amount_is_read_or_none(written, read):
    assert amount(written) == (None if read is None else Decimal(read))


@pytest.mark.parametrize(("value", "count"), [("62.99", 6299), ("0.1", 10), ("7", 700), ("1.005", 100), ("1.015", 102)])
def test_hundredths_are_whole(value, count):
    assert hundredths(Decimal(value)) == count


def test_short_amounts_are_cached_and_long_ones_are_not():
    money._cached.cache_clear()
    for written in ("62.99", "62.99", "62." + "9" * 1_000_000):
        assert amount(written) == Decimal(written)
    assert money._cached.cache_info()[:2] == (1, 1)
    assert money._cached.cache_info().currsize == 1
