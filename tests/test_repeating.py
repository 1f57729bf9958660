from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end

TESTS = """
import pytest
pytestmark = pytest.mark.end_to_end
runs = []
@pytest.fixture(scope="module")
def run():
    runs.append("a run")
    return len(runs)
def test_of_a_run_that_was_invalid(run):
    assert run == 2, "INVALID"
def test_of_another_failure(run):
    assert run == 3, "FAILED"
def test_of_a_run_that_is_always_invalid(run):
    assert run == 3, "INVALID"
def test_of_the_second_run(run):
    assert run == 2
"""


def test_a_test_of_an_invalid_run_is_repeated_and_named(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    pytester.makeini("[pytest]\nmarkers = end_to_end")
    pytester.makepyfile(test_runs=TESTS)
    done = pytester.runpytest_subprocess("-p", "reasons", "-p", "repeating", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=2, failed=2)
    # The fixture's run is made again once, and not for each test of its file.
    assert [line for line in done.outlines if line.startswith("REPEATED")] == [
        "REPEATED test_runs.py::test_of_a_run_that_was_invalid: its first run was invalid",
        "REPEATED test_runs.py::test_of_a_run_that_is_always_invalid: its first run was invalid",
    ]
