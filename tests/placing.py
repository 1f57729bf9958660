"""Decides which tests run in the same process of pytest-xdist, so that several tests that mostly wait run side by side.

It needs ``--dist loadgroup``. Tests that measure share one process, and so run one at a time. Tests of a file share one process for
their fixtures. A test that starts Locust for itself alone may run in any process.
"""

import pytest

MEASURING = "measuring"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config, items):
    if getattr(config.option, "loadgroup", False):
        for item in items:
            if group := group_of(item):
                item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Show the name of a test without its group: it can be given to pytest as it is."""
    report = yield
    if marker := item.get_closest_marker("xdist_group"):
        report.nodeid = report.nodeid.removesuffix(f"@{marker.args[0]}")
    return report


def group_of(item):
    """The group of a test; none if it may run in any process."""
    if item.get_closest_marker("alone"):
        return MEASURING
    file = item.nodeid.partition("::")[0]
    fixtures = [fixture for found in item._fixtureinfo.name2fixturedefs.values() for fixture in found]
    shared = any(fixture.scope == "module" for fixture in fixtures)
    starts_locust = any(fixture.argname == "locust" for fixture in fixtures)
    return "" if starts_locust and not shared else file
