from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end

SHARING = """
import os, pytest
@pytest.fixture(scope="module")
def shared():
    return os.environ["PYTEST_XDIST_WORKER"]
@pytest.mark.parametrize("number", range(4))
def test_shares(shared, number):
    raise AssertionError(f"shares {shared}")
"""
MEASURING = """
import os, pytest
@pytest.mark.alone
@pytest.mark.parametrize("number", range(3))
def test_measures(number):
    raise AssertionError(f"measures on {os.environ['PYTEST_XDIST_WORKER']}")
"""
WAITING = """
import os, pytest, time
@pytest.fixture
def locust():
    time.sleep(0.2)
@pytest.mark.parametrize("number", range(8))
def test_waits(locust, number):
    raise AssertionError(f"waits on {os.environ['PYTEST_XDIST_WORKER']}")
"""


def test_tests_that_wait_are_spread_and_those_that_share_or_measure_are_not(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeini("[pytest]\nmarkers = alone")
    pytester.makepyfile(
        test_sharing=SHARING, test_measuring_1=MEASURING, test_measuring_2=MEASURING, test_waiting=WAITING
    )
    done = pytester.runpytest_subprocess(
        "-p", "placing", "-p", "no:cacheprovider", "-n", "3", "--dist", "loadgroup", "-rf"
    )
    done.assert_outcomes(failed=4 + 3 + 3 + 8)
    workers = {"shares": set(), "measures": set(), "waits": set()}
    for line in done.outlines:
        if line.startswith("FAILED "):
            assert "@" not in line
            words = line.split()
            workers[words[4]].add(words[-1])
    assert (len(workers["shares"]), len(workers["measures"])) == (1, 1)
    assert len(workers["waits"]) > 1
