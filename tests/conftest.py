"""Tests draw the same examples every time: a failure can be repeated."""

import gc
import os
import signal

import gevent
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings

# A crowded machine makes examples slowly: that says nothing about what is tested.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

REPEATED = "repeated after an invalid run"


# Tests send Ctrl-C to processes. What runs in the background or under nohup has them ignore it, and so would its children.
for _signal, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _handler)


def pytest_configure():
    """Under pytest-xdist, another thread delivers the next test. Without other work, gevent would call that a deadlock."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        awake = gevent.get_hub().loop.timer(0.02, 0.02)
        awake.start(lambda: None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Repeat an end-to-end test once if its run was invalid: a crowded machine makes runs invalid, and checkload says so."""
    if not item.get_closest_marker("end_to_end"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed and "INVALID" in report.longreprtext for report in reports):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            report.user_properties.append((REPEATED, True))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter):
    """List the tests that were run a second time."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    for report in reports:
        if report.when == "call" and (REPEATED, True) in report.user_properties:
            terminalreporter.write_line(f"REPEATED {report.nodeid}: its first run was invalid")


def pytest_collection_finish():
    """Modules and thousands of tests stay to the end, so the collector skips them."""
    gc.collect()
    gc.freeze()
