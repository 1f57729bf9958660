import math

import pytest

from harness.objectives.parser import parse as objective
from harness.objectives.stop_rule import parse as stop_rule
from scenarios.schema.quantities import (
    InvalidQuantity,
    per_second,
    positive_per_second,
    positive_seconds,
    seconds,
    share,
    weight,
)
from shop.settings import FreezeSettings


@pytest.mark.parametrize(
    ("written", "inside"),
    [
        ("800ms", 0.8),
        ("5s", 5.0),
        ("2m", 120.0),
        ("2min", 120.0),
        ("1h30m", 5400.0),
        ("1h 2m 3s 4ms", 3723.004),
        ("1.5s", 1.5),
        (" 10 S ", 10.0),
        ("0s", 0.0),
        (3, 3.0),
        (0.25, 0.25),
    ],
)
def test_durations_are_read_as_seconds(written, inside):
    assert seconds(written) == pytest.approx(inside)


@pytest.mark.parametrize("written", ["250us", "800ms", "5s", "2m", "2min", "1h30m", "1h 2m 3s 4ms", "1.5s", " 10 S "])
def test_durations_are_the_same_in_scenario_keys_objectives_stop_rules_and_shop_settings(written):
    key = seconds(written)
    assert FreezeSettings(lasts=written).lasts == pytest.approx(key)
    text = written.strip().lower()
    assert objective(f"page response_time p95 < {text}").bound == pytest.approx(key)
    assert stop_rule(f"failures > 50% for {text}").window == pytest.approx(key)


@pytest.mark.parametrize(
    "written", ["", "s", "5", "5 sek", "-5s", "1h30", "5s5", "1,5s", -1, math.inf, math.nan, True, None, [5]]
)
def test_other_texts_are_not_durations(written):
    with pytest.raises(InvalidQuantity, match="a duration such as"):
        seconds(written)


def test_the_remedy_for_a_missing_unit_adds_it():
    with pytest.raises(InvalidQuantity) as error:
        seconds("5")
    assert error.value.remedy == 'write "5s"'
    with pytest.raises(InvalidQuantity) as error:
        per_second("20")
    assert error.value.remedy == 'write "20/s", or "20/min"'


@pytest.mark.parametrize(
    ("written", "inside"), [("20/s", 20.0), ("600/min", 10.0), ("600 / m", 10.0), ("1800/h", 0.5), (7, 7.0), (0, 0.0)]
)
def test_rates_are_read_per_second(written, inside):
    assert per_second(written) == pytest.approx(inside)


@pytest.mark.parametrize("written", ["20", "20/d", "s", "/s", "-1/s", -1, math.inf, False])
def test_other_texts_are_not_rates(written):
    with pytest.raises(InvalidQuantity, match="a rate such as"):
        per_second(written)


def test_zero_is_refused_for_positive_quantities():
    for read, nothing in ((positive_seconds, "0s"), (positive_per_second, "0/s")):
        with pytest.raises(InvalidQuantity):
            read(nothing)


@pytest.mark.parametrize(("written", "inside"), [(0, 0.0), (1, 1.0), (0.05, 0.05), ("5%", 0.05), ("100 %", 1.0)])
def test_shares_are_read_as_fractions(written, inside):
    assert share(written) == pytest.approx(inside)


@pytest.mark.parametrize("written", [1.01, -0.1, "101%", "5", "x%", True, math.nan])
def test_other_values_are_not_shares(written):
    with pytest.raises(InvalidQuantity, match="a share from 0 to 1"):
        share(written)


def test_the_remedy_for_a_large_share_adds_the_percent_sign():
    with pytest.raises(InvalidQuantity) as error:
        share(5)
    assert error.value.remedy == 'write "5%" if you mean a percentage'


def test_a_percentage_above_100_has_no_remedy():
    with pytest.raises(InvalidQuantity, match="a share from 0 to 1") as error:
        share("190%")
    assert not error.value.remedy


def test_weights_are_numbers_from_0():
    assert weight(3) == 3.0
    for wrong in ("3", -1, math.inf, True):
        with pytest.raises(InvalidQuantity):
            weight(wrong)
