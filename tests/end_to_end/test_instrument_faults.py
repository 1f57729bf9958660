"""Every fault of the instrument makes the run invalid, and the verdict names the cause and the remedy."""

import pytest
from instrument_faults import FAULTS

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    "fault", [pytest.param(one, id=one.name, marks=[pytest.mark.alone] if one.measures else []) for one in FAULTS]
)
def test_the_verdict_names_the_fault(fault, locust, scenario):
    run = fault.run(locust, scenario(fault.scenario))
    assert run.code == 4, run.output
    # Without a free file descriptor, Locust's processor monitor ends with a traceback; our code does not.
    assert fault.name == "64 descriptors" or "Traceback" not in run.output, run.output
    assert fault.found(run.result), run.output
