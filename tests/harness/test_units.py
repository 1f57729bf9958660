"""Quantities are read and written as people write them."""

import math

import pytest

from harness.units import (
    did_you_mean,
    format_count,
    format_duration,
    format_number,
    format_percent,
    parse_duration,
    quantity,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("300ms", (300.0, "ms")),
        (" 0.5 % ", (0.5, "%")),
        ("20 / s", (20.0, "/s")),
        ("5", (5.0, "")),
        ("-1s", (-1.0, "s")),
        ("1e3ms", (1000.0, "ms")),
        ("ms", None),
        ("1.2.3", None),
        ("nan", None),
        ("1e999", None),
        ("", None),
    ],
)
def test_quantities_are_read(text, expected):
    assert quantity(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("300 ms", (0.3, "300ms")),
        ("2m", (120.0, "2m")),
        ("1h 30min", (5400.0, "1h30min")),
        ("1e3ms", (1.0, "1000ms")),
        ("0s", (0.0, "0s")),
        ("5", None),
        ("-1s", None),
        ("1h30", None),
        ("1.2.3s", None),
        ("1e999s", None),
        ("", None),
    ],
)
def test_durations_are_read(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0012, "1.2 ms"),
        (0.2124, "212 ms"),
        (0.9996, "1 s"),
        (1.5, "1.5 s"),
        (12.34, "12.3 s"),
        (1234.0, "1,234 s"),
        (math.inf, "never"),
    ],
)
def test_durations_are_formatted(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0512, "5.1 %"), (0.0005, "0.05 %"), (0.1, "10 %"), (0.9954, "99.54 %"), (1, "100 %")],
)
def test_shares_are_formatted(share, text):
    assert format_percent(share) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (7, "7"), (1204, "1,204"), (20.25, "20.2"), (0.5, "0.5")])
def test_numbers_are_formatted(number, text):
    assert format_number(number) == text


def test_a_misspelt_name_gets_a_similar_name_or_the_known_names():
    assert did_you_mean("zzz", ["b", "a"]) == "there are a, b"
    assert did_you_mean("zzz", []) == "there are none"
    assert did_you_mean("GUEST", ["guest"]) == "did you mean guest?"
    assert did_you_mean("zzz", [f"a{n:02}" for n in range(30)]).endswith("a19, …")


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [(1, ("order",), "1 order"), (2000, ("order",), "2,000 orders"), (2, ("reply", "replies"), "2 replies")],
)
def test_a_count_has_its_singular_or_plural_noun(number, nouns, text):
    assert format_count(number, *nouns) == text
