"""Decides which tests run in the same process of pytest-xdist, so that several tests that mostly wait run side by side.

It needs ``--dist loadgroup``. Tests that measure share one process, and so run one at a time. Tests of a file share one process for
their fixtures. A test that starts Locust for itself alone may run in any process.
"""

import os

import pytest
from _pytest.nodeid import NodeId

MEASURING = "measuring"


def pytest_collection_modifyitems(config, items):
    if getattr(config.option, "loadgroup", False):
        for item in items:
            if group := group_of(item):
                # pytest-xdist 3.8 has marks for groups. It writes them to an attribute that pytest 9.2 no longer reads.
                item._id = NodeId.parse(f"{item.nodeid}@{group}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    """Show the name of a test without its group: it can be given to pytest as it is."""
    name, _, group = report.nodeid.rpartition("@")
    if (group == MEASURING or group.endswith(".py")) and "PYTEST_XDIST_WORKER" not in os.environ:
        report.nodeid = name


def group_of(item):
    """The group of a test; none if it may run in any process."""
    if item.get_closest_marker("alone"):
        return MEASURING
    file = item.nodeid.partition("::")[0]
    fixtures = [fixture for found in item._fixtureinfo.name2fixturedefs.values() for fixture in found]
    shared = any(fixture.scope == "module" for fixture in fixtures)
    starts_locust = any(fixture.argname == "locust" for fixture in fixtures)
    return "" if starts_locust and not shared else file
