"""When a run shows a panel, and where its progress lines go."""

import io
import logging
from types import SimpleNamespace

import pytest
from locust_environments import locust_options

from harness.locust_plugin.terminal.output import PROGRESS_LOGGER, route_progress_lines, wants_panel


def stdout(*, terminal=True, encoding="utf-8"):
    return SimpleNamespace(isatty=lambda: terminal, encoding=encoding)


@pytest.mark.parametrize(
    ("options", "environment", "output", "panel"),
    [
        ({}, {}, stdout(), True),
        ({}, {"CI": "false"}, stdout(), True),
        ({}, {}, stdout(terminal=False), False),
        ({}, {}, stdout(encoding="ascii"), False),
        ({}, {"TERM": "dumb"}, stdout(), False),
        ({}, {"TERM": ""}, stdout(), False),
        ({}, {"CI": "true"}, stdout(), False),
        ({}, {"NO_COLOR": "1"}, stdout(), False),
        ({"plain": True}, {}, stdout(), False),
        ({"only_summary": True}, {}, stdout(), False),
        ({"headless": False}, {}, stdout(), False),
        ({"worker": True}, {}, stdout(), False),
    ],
)
def test_a_panel_needs_a_terminal_and_no_wish_for_plain_lines(options, environment, output, panel):
    chosen = locust_options(**{"headless": True, **options})
    assert wants_panel(chosen, output, {"TERM": "xterm", **environment}) is panel


@pytest.fixture
def written(monkeypatch):
    """What goes to Locust's plain output, and what goes to the handlers of all loggers."""
    plain, root = io.StringIO(), io.StringIO()
    stats, progress = logging.getLogger("locust.stats_logger"), logging.getLogger(PROGRESS_LOGGER)
    monkeypatch.setattr(stats, "handlers", [logging.StreamHandler(plain)])
    for name in ("handlers", "propagate", "level"):
        monkeypatch.setattr(progress, name, getattr(progress, name))
    everywhere = logging.StreamHandler(root)
    everywhere.setFormatter(logging.Formatter("[prefix] %(message)s"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [everywhere])
    monkeypatch.setattr(logging.getLogger(), "level", logging.INFO)
    yield plain, root
    progress._cache.clear()


@pytest.mark.parametrize(
    ("options", "panel", "on_terminal", "elsewhere"),
    [
        ({}, False, "10 of 40 s\n", ""),
        ({}, True, "", ""),
        ({"logfile": "load.log"}, False, "", "[prefix] 10 of 40 s\n"),
        ({"logfile": "load.log"}, True, "", "[prefix] 10 of 40 s\n"),
        ({"skip_log_setup": True}, False, "", "[prefix] 10 of 40 s\n"),
    ],
)
def test_a_progress_line_has_a_prefix_only_in_a_log_file(written, options, panel, on_terminal, elsewhere):
    route_progress_lines(locust_options(**options), panel=panel)
    logging.getLogger(PROGRESS_LOGGER).info("10 of 40 s")
    assert (written[0].getvalue(), written[1].getvalue()) == (on_terminal, elsewhere)
