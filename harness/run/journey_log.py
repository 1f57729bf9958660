"""Writes one line per journey: its pages, and how it ended.

Off unless ``--journey-log`` names a file. The lines hold labels and numbers only: no body, account, code or card.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import orjson

from harness.measurement.sample import JourneySample

logger = logging.getLogger("checkload")


class JourneyLog:
    """Writes JSON lines to a file; opening the log replaces the file.

    A line is ``{"number", "journey", "payment_option", "outcome", "verification", "failed_page", "order", "due",
    "response_time", "service_time", "trace", "pages": [[page, outcome], ...]}``. The order is that in which journeys end;
    ``number`` is the place in the schedule. ``due`` is in seconds from the first arrival; the times are in seconds, from the due
    moment and from the start of the journey. A full disk ends the log, not the run; one warning says so.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._path = path
        self._broken = False

    def write(
        self,
        number: int,
        sample: JourneySample,
        order: str,
        pages: Sequence[tuple[str, str]],
        start: float,
        *,
        trace: str = "",
    ) -> None:
        """Add one journey; ``order`` is its order number or empty, ``start`` the moment of the first arrival.

        ``trace`` is the trace id of its requests.
        """
        if self._broken:
            return
        line = {
            "number": number,
            "journey": sample.journey,
            "payment_option": sample.payment_option,
            "outcome": str(sample.outcome),
            "verification": sample.verification,
            "failed_page": sample.failed_page,
            "order": order,
            "due": round(sample.due - start, 6),
            "response_time": round(sample.done - sample.due, 6),
            "service_time": round(sample.done - sample.started, 6),
            "trace": trace,
            "pages": pages,
        }
        try:
            self._file.write(orjson.dumps(line).decode() + "\n")
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Write the buffered lines."""
        try:
            self._file.close()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if not self._broken:
            self._broken = True
            logger.warning("The journey log %s cannot be written any more: %s", self._path, error.strerror or error)
            with contextlib.suppress(OSError):
                self._file.close()
