"""Decides what a run shows while it is on: a panel on a terminal, plain progress lines, or log lines in a file."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, TextIO

PROGRESS_LOGGER = "checkload.progress"
_OFF = {"", "0", "false"}  # values of CI


def wants_panel(options: Any, stdout: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the output is a terminal that can show a panel, and nothing asks for plain lines."""
    if not options.headless or options.headful or options.worker or options.only_summary or options.plain:
        return False
    if environment.get("NO_COLOR") or environment.get("CI", "").lower() not in _OFF:
        return False
    can_draw = environment.get("TERM", "") not in {"", "dumb"} and os.name == "posix"
    return can_draw and stdout.isatty() and (stdout.encoding or "").lower().replace("-", "") == "utf8"


def route_progress_lines(options: Any, *, panel: bool) -> None:
    """Send progress lines to the terminal without the prefix of a log line; beside a panel, only to a log file."""
    progress = logging.getLogger(PROGRESS_LOGGER)
    in_file = bool(options.logfile) or options.skip_log_setup
    plain = logging.getLogger("locust.stats_logger").handlers  # Locust's own, which write nothing before the text
    progress.handlers = [] if in_file or panel else list(plain)
    progress.propagate = not progress.handlers
    progress.setLevel(logging.WARNING if panel and not in_file else logging.NOTSET)
