"""One measurement of a page or of a journey.

Moments are seconds of one monotonic clock (``time.perf_counter``). Labels are plain strings, so that the harness does not depend
on the shop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """The part of a run that a moment belongs to; only the steady part is judged."""

    WARM_UP = "warm_up"
    STEADY = "steady"
    DRAIN = "drain"


class PageSample(NamedTuple):
    """One request for a page and its reply, if one came.

    ``due`` is when the shopper would have sent the request if the harness were never late: the due moment of the arrival for the
    first page of a journey, the end of the think time for the others. ``sent`` is when the first byte was sent, ``done`` when the
    last byte of the reply was received. Response time is ``done - due``, service time is ``done - sent``. ``status`` is the HTTP
    status, 0 without a reply. ``repeat`` is how often the same request had failed before (0: the first try).
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
    """One journey from its due moment to its receipt or its failure.

    A dropped arrival has ``done = math.inf``. ``amount`` is the total of the receipt in hundredths of the shop's currency, 0 unless
    the journey ``ordered``. ``verification`` is how the SMS verification went (``""``: the shop did not ask). ``failed_page`` is the
    page on which the journey failed, ``reached`` the furthest step on the way to an order (``""``: none).
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
    """The phases of a run: ``start <= steady_from <= steady_until``, in seconds."""

    start: float
    steady_from: float
    steady_until: float

    def phase(self, due: float) -> Phase:
        """The phase that a due moment belongs to."""
        if due < self.steady_from:
            return Phase.WARM_UP
        return Phase.STEADY if due < self.steady_until else Phase.DRAIN

    def to_json(self) -> dict[str, float | None]:
        """The window as JSON; a moment that never came is ``None``, because JSON has no infinity."""
        return {name: moment if moment < math.inf else None for name, moment in asdict(self).items()}

    @classmethod
    def from_json(cls, d: Mapping[str, float | None]) -> Window:
        """Read back what ``to_json`` wrote."""
        return cls(**{name: math.inf if moment is None else moment for name, moment in d.items()})
