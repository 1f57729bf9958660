"""Statistics of the arrivals in a log: rate, dispersion, and the busiest minutes and hour, in bounded memory."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from scenarios.calibration.estimates import Z

WIDTHS = (1.0, 10.0, 60.0)
FEWEST_WINDOWS = 30
_MINUTE = 60.0
_HOUR = 60
PEAK_MINUTES = 10
"""The length of the peak in minutes."""

_LONGEST_SILENCE = 100_000  # minutes; a longer gap counts as so many empty minutes
_MAX_WAITING = 300  # minutes, longer than any session, so that `close` can still drop the last ones


class LoggedArrival(NamedTuple):
    """One arrival: its time in seconds since the epoch, its payment option (empty if unknown) and its journey."""

    moment: float
    option: str
    journey: str


@dataclass(slots=True)
class DispersionWindow:
    """Counts arrivals in windows of equal width, for the index of dispersion.

    The index is 1 for independent arrivals (Poisson), larger for bursts, and near 0 for uniform arrivals. The variance
    comes from the squared differences of neighbouring windows (von Neumann), so a busier day after a quiet night does not
    look like a burst.
    """

    width: float
    windows: int = 0
    arrivals: int = 0
    _squares: float = 0.0
    _window: int | None = None
    _count: int = 0
    _before: int | None = None

    def add(self, moment: float) -> None:
        """Add an arrival; times are in ascending order."""
        window = math.floor(moment / self.width)
        if self._window is None:
            self._window = window
        if window > self._window:
            self._close(self._count)
            silent = window - self._window - 1
            if silent:
                self._close(0)
                self.windows += silent - 1
            self._window, self._count = window, 0
        self._count += 1

    def _close(self, count: int) -> None:
        if self._before is not None:
            self._squares += (count - self._before) ** 2
        self._before = count
        self.windows += 1
        self.arrivals += count

    @property
    def index(self) -> float:
        """The variance divided by the mean; 1 without arrivals."""
        return self._squares / 2 * self.windows / max(1, self.windows - 1) / self.arrivals if self.arrivals else 1.0

    @property
    def poisson_interval(self) -> tuple[float, float]:
        """The 95 % interval of the index of a Poisson process."""
        mean = self.arrivals / max(1, self.windows)
        half = Z * math.sqrt((3 + 1 / max(mean, 1e-9)) / max(1, self.windows))
        return max(0.0, 1 - half), 1 + half


_Minute = tuple[int, ...]
"""The arrivals of one minute, split at random into halves."""

HALVES = 2
"""More parts would find the peak better, but the interval would miss the truth more often (tests/calibration)."""

_NO_ARRIVALS: _Minute = (0,) * HALVES


class BusiestMinutes:
    """The arrivals of the busiest ten minutes, without selection bias.

    The maximum of many counts is higher than the rate behind it. So the arrivals are split at random into halves. Each half is
    counted in the ten minutes that are the busiest for the other half. With independent arrivals (Poisson), the halves are
    independent, so ``count``, the sum of both, has no bias.
    """

    def __init__(self) -> None:
        self._last: deque[_Minute] = deque(maxlen=PEAK_MINUTES)
        self._sums = [0] * HALVES
        self._most = [-1] * HALVES  # arrivals of the other half in its busiest ten minutes
        self._own = [0] * HALVES  # arrivals of this half in the same minutes

    def add(self, minute: _Minute) -> None:
        """Add a minute."""
        gone = self._last[0] if len(self._last) == PEAK_MINUTES else _NO_ARRIVALS
        self._last.append(minute)
        self._sums = [held + came - went for held, came, went in zip(self._sums, minute, gone, strict=True)]
        if not self.is_known:
            return
        count = sum(self._sums)
        for part, own in enumerate(self._sums):
            if count - own > self._most[part]:
                self._most[part], self._own[part] = count - own, own

    @property
    def is_known(self) -> bool:
        """Whether there are ten minutes of arrivals."""
        return len(self._last) == PEAK_MINUTES

    @property
    def count(self) -> int:
        """Arrivals in ten minutes at the peak rate."""
        return sum(self._own)


class ArrivalStatistics:
    """Puts arrivals in order, counts them, and calls ``emit`` with each one.

    ``counted`` is the number of arrivals in the first ``minutes`` minutes, up to the end that is given to ``close``. The peak
    and the best hour also end there. ``chance`` splits arrivals into halves for the peak.
    """

    def __init__(
        self, emit: Callable[[LoggedArrival], None] | None = None, chance: random.Random | None = None
    ) -> None:
        self._emit = emit
        self._waiting: list[LoggedArrival] = []
        self._minutes: deque[int] = deque(maxlen=_HOUR)
        self._held: deque[_Minute] = deque()
        self._minute: int | None = None
        self._open = [0] * HALVES
        self._chance = chance or random.Random("parts")
        self.counted = self.minutes = 0
        self.is_cut = False
        self.dispersion_windows = tuple(DispersionWindow(width) for width in WIDTHS)
        self.total = 0
        self.first = self.last = 0.0
        self.most_a_minute = 0
        self.peak = BusiestMinutes()
        self.best_hour: tuple[int, ...] = ()
        self.most_waiting = 0

    def add(self, arrival: LoggedArrival) -> None:
        """Add an arrival. Arrivals come in the order in which journeys end."""
        heapq.heappush(self._waiting, arrival)
        self.most_waiting = max(self.most_waiting, len(self._waiting))

    def count_until(self, until: float = math.inf) -> None:
        """Count the waiting arrivals up to this time; no earlier one is still to come."""
        while self._waiting and self._waiting[0].moment <= until:
            self._settle(heapq.heappop(self._waiting))

    def close(self, until: float = math.inf) -> None:
        """End the log. After ``until``, some journeys are missing because they had not ended.

        Minutes that end after ``until`` are not counted, unless no other is left.
        """
        self.count_until()
        if self._minute is None:
            return
        seen = self._minute + 1
        over = seen if until == math.inf else max(0, int((until - self.first) // _MINUTE))
        self._close_minutes(max(1, over - self._minute))
        late = max(0, seen - over)
        self.is_cut = 0 < late < len(self._held)
        for _ in range(late if self.is_cut else 0):
            self._held.pop()
        while self._held:
            self._count_minute(self._held.popleft())

    def _settle(self, arrival: LoggedArrival) -> None:
        # An arrival that is too late for its minute counts in the current minute.
        moment = max(arrival.moment, self.last) if self.total else arrival.moment
        if not self.total:
            self.first = moment
            self._minute = 0
        self.total += 1
        self.last = moment
        minute = int((moment - self.first) // _MINUTE)
        if self._minute is not None and minute > self._minute:
            self._close_minutes(minute - self._minute)
            self._minute, self._open = minute, [0] * HALVES
        self._open[self._chance.randrange(HALVES)] += 1
        for one in self.dispersion_windows:
            one.add(moment)
        if self._emit is not None:
            self._emit(arrival._replace(moment=moment))

    def _close_minutes(self, many: int) -> None:
        self._held.append(tuple(self._open))
        self._held.extend(_NO_ARRIVALS for _ in range(min(many - 1, _LONGEST_SILENCE)))
        while len(self._held) > _MAX_WAITING:
            self._count_minute(self._held.popleft())

    def _count_minute(self, minute: _Minute) -> None:
        count = sum(minute)
        self.counted += count
        self.minutes += 1
        self.peak.add(minute)
        self._minutes.append(count)
        self.most_a_minute = max(self.most_a_minute, count)
        if len(self._minutes) == _HOUR and sum(self._minutes) > sum(self.best_hour):
            self.best_hour = tuple(self._minutes)

    @property
    def mean(self) -> float:
        """The mean arrival rate over the counted minutes, per second."""
        return self.counted / max(1, self.minutes) / _MINUTE

    @property
    def length(self) -> float:
        """The time from the first arrival to the last, in seconds."""
        return self.last - self.first

    @property
    def widest_reliable(self) -> DispersionWindow:
        """The statistics with the widest windows, of those with enough windows."""
        enough = [one for one in self.dispersion_windows if one.windows >= FEWEST_WINDOWS]
        return enough[-1] if enough else self.dispersion_windows[0]
