"""Whatever breaks the instrument makes the run invalid, and the verdict names the cause and the remedy."""

import pytest
from instrument_faults import FAULTS

pytestmark = [pytest.mark.end_to_end, pytest.mark.alone]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_verdict_names_the_fault(fault, locust, scenario):
    run = fault.run(locust, scenario(fault.scenario))
    assert run.code == 4, run.output
    # Without a file left, Locust's own monitor of the processor dies loudly; nothing of ours does.
    assert fault.name == "64 descriptors" or "Traceback" not in run.output, run.output
    assert fault.found(run.result), run.output
