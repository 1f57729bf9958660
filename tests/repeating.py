"""Repeats an end-to-end test once if its run was invalid: a crowded machine makes runs invalid, and checkload says so."""

import os
from contextlib import suppress

import pytest
from _pytest.runner import runtestprotocol
from reasons import CROWD, forget_runs, reason_in

REPEATED = "repeated after an invalid run"
BEING_REPEATED = "CHECKLOAD_TEST_IS_REPEATED"
"""The variable that is set while a test is repeated: its load waits for a calm machine."""
_remade: set[str] = set()
"""The files whose fixtures were made again. Once is enough: their run may take longer than all their tests."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    if not item.get_closest_marker("end_to_end"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(map(_run_was_invalid, reports)):
        file = item.nodeid.partition("::")[0]
        forget_runs(item.nodeid if file in _remade else file)
        if file not in _remade:
            _remade.add(file)
            with suppress(Exception):  # what follows makes the fixtures again
                item.session._setupstate.teardown_exact(None)
        os.environ[BEING_REPEATED] = "1"
        try:
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
        finally:
            del os.environ[BEING_REPEATED]
        for report in reports:
            report.user_properties.append((REPEATED, True))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _run_was_invalid(report):
    return report.failed and ("INVALID" in report.longreprtext or reason_in(report) == CROWD)


def pytest_terminal_summary(terminalreporter):
    """List the tests that were run a second time."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    for report in reports:
        if report.when == "call" and (REPEATED, True) in report.user_properties:
            terminalreporter.write_line(f"REPEATED {report.nodeid}: its first run was invalid")
