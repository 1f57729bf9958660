"""Ends the load before it can place more orders, or cause more SMS codes, than the ceilings of the run allow."""

from __future__ import annotations

import math
from collections.abc import Collection

from harness.measurement.recorder import Recorder
from harness.metrics.page_roles import PageRoles
from harness.run.workload import Judging, LoadSchedule
from harness.units import format_count, format_number

REACTION = 3.0
"""Seconds until the last process admits no arrival any more: a check, a report of a worker, a message to it, on a busy machine."""


class Ceilings:
    """The ceilings of one run: ``max_orders`` orders and ``max_sms`` SMS codes; ``None`` is no ceiling.

    Each journey under way may still place an order and ask for a code, so the load ends while there is room for all of them.
    """

    def __init__(self, judging: Judging, schedule: LoadSchedule, page_roles: PageRoles) -> None:
        self._max_orders = judging.max_orders
        self._max_sms = judging.max_sms
        self._schedule = schedule
        self._sms_pages = page_roles.codes | page_roles.resends

    def reason(self, recorder: Recorder, elapsed: float, under_way: int, users: int = 0) -> str:
        """Why the load must end now, ``elapsed`` seconds after its start; empty while there is room.

        ``users`` is the number of virtual users, which a person may have raised.
        """
        if self._max_orders is None and self._max_sms is None:
            return ""
        possible = under_way + self._soon(elapsed, under_way, users) + _waiting(recorder)
        orders = sum(series.response.total for key, series in recorder.journeys.items() if key.ordered)
        if self._max_orders is not None and orders + possible >= self._max_orders:
            return _sentence("order", orders, possible, self._max_orders)
        codes = _pages(recorder, self._sms_pages)
        if self._max_sms is not None and codes + possible >= self._max_sms:
            return _sentence("SMS code", codes, possible, self._max_sms)
        return ""

    def _soon(self, elapsed: float, under_way: int, users: int) -> int:
        """The journeys that may begin before the load has ended; in a closed load, one for each user."""
        if not self._schedule.is_open:
            return max(under_way, users)
        # The rate may rise within these seconds: by its stages, or because a person raises it.
        return math.ceil(max(self._schedule.rate(elapsed), self._schedule.rate(elapsed + REACTION)) * REACTION)


def _sentence(what: str, number: int, possible: int, most: int) -> str:
    return (
        f"the ceiling of {format_count(most, what)} leaves no room: {format_number(number)} so far, and "
        f"{format_count(possible, 'journey')} under way or due within {REACTION:g} s"
    )


def _waiting(recorder: Recorder) -> int:
    """The arrivals that are due and wait for a free user."""
    return sum(max(0, one.waiting) for one in recorder.arrivals.values())


def _pages(recorder: Recorder, names: Collection[str]) -> int:
    return sum(series.response.total for key, series in recorder.pages.items() if key.page in names)
