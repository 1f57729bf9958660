"""Amounts are read as people write them, and never guessed where they can mean two things."""

from decimal import Decimal

import pytest

from scenarios.reconciliation.decimals import MixedMarks, decimal_mark, parse_amount


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("62.99", ".", "62.99"),
        ("62", "", "62"),
        ("1,234.50", ".", "1234.50"),
        ("1.234,50 TL", ",", "1234.50"),
        ("₺1.234.567,5", ",", "1234567.5"),
        ("1 234,50\u00a0€", ",", "1234.50"),
        ("1'234.50", ".", "1234.50"),
        ("CHF 1’234.50", ".", "1234.50"),  # noqa: RUF001
        ("-5.00", ".", "-5.00"),
        ("$-5.00", ".", "-5.00"),
        (".5", ".", "0.5"),
        ("12.", ".", "12"),
        ("12.345", ".", "12.345"),  # a currency with three decimals
    ],
)
def test_an_amount_is_read(text, mark, amount):
    assert parse_amount(text, mark) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "mark"),
    [("", "."), ("n/a", "."), ("1,23.50", "."), ("1.2.3", "."), ("ada@mail.example", "."), ("12 apples", "."), ("1.234,50", "."),
     ("9" * 60, "."), ("1e5", "."), ("\u0663", ".")],
)  # fmt: skip
def test_another_text_is_no_amount(text, mark):
    assert parse_amount(text, mark) is None


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["62.99", "1,234.50"], "."),
        (["1.234,50", "5,00"], ","),
        (["1.234", "5,00"], ","),
        (["1.234", "1.234.567"], ","),
        (["1,234", "0,5"], ","),
        (["1234,567"], ","),
        (["10", "20"], ""),
        (["1.234", "2.500"], None),
        ([], ""),
    ],
)
def test_the_decimal_mark_is_that_of_the_whole_column(texts, mark):
    assert decimal_mark(enumerate(texts)) == mark


def test_a_column_with_both_marks_is_refused_with_a_line_of_each():
    with pytest.raises(MixedMarks) as mixed:
        decimal_mark([(2, "5.00"), (3, "7"), (4, "6,00")])
    assert (mixed.value.point, mixed.value.comma) == (2, 4)
