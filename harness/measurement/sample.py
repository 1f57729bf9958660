"""One measurement of one page, or of one journey.

Moments are seconds of one monotonic clock (``time.perf_counter``); labels are plain strings, so that the
harness need not know what is being sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """The part of a run that a moment belongs to; only the steady part is judged."""

    WARM_UP = "warm_up"
    STEADY = "steady"
    DRAIN = "drain"


class PageSample(NamedTuple):
    """One page fetched, or tried.

    ``due`` is when the shopper would have sent it had nothing of ours been late (the arrival's due moment for the
    first page of a journey, the end of her think time for the others), ``sent`` when the first byte left,
    ``done`` when the last byte of the reply was here. Response time is ``done - due``, service time ``done - sent``.
    ``status`` is the reply's HTTP status, 0 where none came. ``repeat`` says how often the same request had failed
    before (0: this is the first try).
    """

    page: str
    payment_option: str
    outcome: str
    blame: str
    due: float
    sent: float
    done: float
    received: int = 0
    status: int = 0
    repeat: int = 0


class JourneySample(NamedTuple):
    """One journey from the moment it was due to its receipt or its failure.

    A dropped arrival, which nobody served, has ``done = math.inf``. ``amount`` is the receipt's total in hundredths
    of the shop's currency, 0 unless the journey ``ordered``. ``verification`` names how the SMS path was walked
    (``""``: the shop did not ask), ``failed_page`` the page on which a journey failed, ``reached`` the furthest step of the
    way to an order (``""``: none).
    """

    journey: str
    payment_option: str
    outcome: str
    blame: str
    due: float
    started: float
    done: float
    ordered: bool = False
    amount: int = 0
    verification: str = ""
    failed_page: str = ""
    reached: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Which moments of a run are warm-up, steady and drain: ``start <= steady_from <= steady_until``, seconds."""

    start: float
    steady_from: float
    steady_until: float

    def phase(self, due: float) -> Phase:
        """The phase of something that was due at this moment."""
        if due < self.steady_from:
            return Phase.WARM_UP
        return Phase.STEADY if due < self.steady_until else Phase.DRAIN
