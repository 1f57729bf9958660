"""Draws ``report.html`` beside the result of a run, in a thread of its own, so that the event loop goes on."""

from __future__ import annotations

import logging
from pathlib import Path

import gevent

from harness.metrics.series_file import stored_timeline
from harness.reporting.html.report_page import report_page
from harness.reporting.report import HTML_REPORT
from harness.results.result import Result
from harness.results.store import write_atomically

logger = logging.getLogger("checkload")


def write_html_report(result: Result, folder: Path) -> None:
    """Draw and write the page; if that fails, the log says so, and the result is complete all the same."""
    try:
        content = gevent.get_hub().threadpool.apply(draw, (result, folder))
        write_atomically(folder / HTML_REPORT, content)
    except OSError as error:
        logger.warning("%s cannot be written: %s", folder / HTML_REPORT, error.strerror or error)
    except Exception as error:  # noqa: BLE001 - a page that cannot be drawn must never cost the result
        logger.warning(
            "%s could not be drawn (%s: %s). The result is complete; please report this bug of checkload.",
            folder / HTML_REPORT,
            type(error).__name__,
            error,
        )


def draw(result: Result, folder: Path) -> bytes:
    """The page of a result that is stored in this folder."""
    return report_page(result, stored_timeline(folder))
