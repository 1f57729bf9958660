"""The table of a soak shows each process, and one that grows is noticed."""

import os

import pytest
import soak_memory


def test_the_table_shows_the_growth_of_each_process():
    shown, flat = soak_memory.table({10.0: {"master": 100.0, "shop": 50.2}, 60.0: {"master": 104.9, "shop": 50.2}})
    assert shown.splitlines()[2:] == ["| master | 100 MB | 105 MB | +4.9% |", "| shop | 50 MB | 50 MB | +0.0% |"]
    assert flat


@pytest.mark.parametrize("last", [{"master": 105.1}, {}])
def test_a_process_that_grows_or_is_gone_is_no_success(last):
    assert not soak_memory.table({10.0: {"master": 100.0}, 60.0: last})[1]


def test_the_value_of_a_moment_is_the_median_around_it():
    readings = [(minute / 10, {"shop": 50.0 + (200.0 if minute == 100 else 0.0)}) for minute in range(150)]
    assert soak_memory._median_around(readings, 10.0) == {"shop": 50.0}


def test_this_process_has_memory_and_a_role():
    assert soak_memory.resident(os.getpid()) > 10
    assert soak_memory.roles(os.getpid())["generator"] == os.getpid()
    assert soak_memory.resident(2**22 + 1) is None
