"""Tests draw the same examples every time: a failure can be repeated."""

import gc
import os
import signal
import sys
from pathlib import Path

import gevent
import pytest
from hypothesis import HealthCheck, settings

# ``make test-compiled``: the modules come from a build, and only what it lacks from the sources.
if _build := os.environ.get("CHECKLOAD_BUILD"):
    sys.path.insert(0, str(Path(_build).resolve()))

# A crowded machine makes examples slowly: that says nothing about what is tested.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

pytest_plugins = ["placing", "reasons", "repeating", "pytester"]

# Tests send Ctrl-C to processes. What runs in the background or under nohup has them ignore it, and so would its children.
for _signal, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _handler)


def pytest_configure():
    """Under pytest-xdist, another thread delivers the next test. Without other work, gevent would call that a deadlock."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        awake = gevent.get_hub().loop.timer(0.02, 0.02)
        awake.start(lambda: None)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Modules and thousands of tests stay to the end, so the collector skips them: while they are made, and later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)  # as a load does: most objects of a test end without the collector
