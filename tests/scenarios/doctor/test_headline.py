"""The first line of the doctor's answer counts what was walked, and what was not."""

from types import SimpleNamespace

import pytest

from scenarios.doctor.reporting.document import headline
from scenarios.doctor.walking.paths import PathEnd


def found(*ends):
    return SimpleNamespace(
        name="http://shop.example",
        paths=[SimpleNamespace(end=end) for end in ends],
        stopped=[end for end in ends if end is PathEnd.STOPPED],
        findings=[],
        facts=SimpleNamespace(options=[SimpleNamespace(covered=True)]),
        ended_early="",
        places_orders=True,
    )


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ([PathEnd.OK] * 3, "all 3 paths passed."),
        ([PathEnd.OK] * 3 + [PathEnd.SKIPPED], "3 of 4 paths passed, 1 was skipped (see below)."),
        ([PathEnd.LEFT] + [PathEnd.SKIPPED] * 2, "1 of 3 paths passed, 2 were skipped (see below)."),
    ],
)
def test_skipped_paths_did_not_pass(ends, says):
    assert says in headline(found(*ends))
