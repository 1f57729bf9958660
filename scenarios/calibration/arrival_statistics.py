"""When shoppers arrived: how many a minute, how unevenly, and the busiest stretches; in bounded room."""

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
"""How many minutes in a row make the peak."""

_LONGEST_SILENCE = 100_000  # minutes without anybody that are counted one by one
_MAX_WAITING = 300  # minutes that are kept back until the log is over: longer than any session lasts


class LoggedArrival(NamedTuple):
    """One arrival: when (seconds since the epoch), with what option (empty: not known) and on which journey."""

    moment: float
    option: str
    journey: str


@dataclass(slots=True)
class DispersionWindow:
    """Counts arrivals in windows of equal width, and compares each window with the next.

    ``index`` is the index of dispersion: 1 for strangers who come independently (Poisson), above it they come in
    bursts, near 0 evenly. Half the squared difference of neighbours stands for the variance (von Neumann), so that a
    day that is busier than its night is not called bursty.
    """

    width: float
    windows: int = 0
    arrivals: int = 0
    _squares: float = 0.0
    _window: int | None = None
    _count: int = 0
    _before: int | None = None

    def add(self, moment: float) -> None:
        """One more arrival; moments rise."""
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
        """Variance over mean; 1 where nothing was counted."""
        return self._squares / 2 * self.windows / max(1, self.windows - 1) / self.arrivals if self.arrivals else 1.0

    @property
    def poisson_interval(self) -> tuple[float, float]:
        """Where the index of a Poisson process would lie with 95 %."""
        mean = self.arrivals / max(1, self.windows)
        half = Z * math.sqrt((3 + 1 / max(mean, 1e-9)) / max(1, self.windows))
        return max(0.0, 1 - half), 1 + half


_Minute = tuple[int, ...]
"""The arrivals of one minute, by the part that chance has dealt them to."""

HALVES = 2
"""More parts find the busiest minutes better, and an interval that holds the truth less often (tests/calibration)."""

_NO_ARRIVALS: _Minute = (0,) * HALVES


class BusiestMinutes:
    """The arrivals of the busiest ten minutes, not flattered by their being the busiest.

    The most of many counts is higher than the rate behind it. So chance deals the arrivals to two parts. Each part is
    counted in the ten minutes that the other finds the busiest. Of independent arrivals (Poisson) one part tells nothing
    about the other, and ``count``, the sum of the parts, is a fair count of ten minutes at the rate behind the choice.
    """

    def __init__(self) -> None:
        self._last: deque[_Minute] = deque(maxlen=PEAK_MINUTES)
        self._sums = [0] * HALVES
        self._most = [-1] * HALVES  # what all but this part saw in their busiest ten minutes
        self._own = [0] * HALVES  # what this part saw in them

    def add(self, minute: _Minute) -> None:
        """One more minute."""
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
        """Whether there were ten minutes."""
        return len(self._last) == PEAK_MINUTES

    @property
    def count(self) -> int:
        """Arrivals in ten minutes at the rate of the busiest."""
        return sum(self._own)


class ArrivalStatistics:
    """Puts arrivals in order and counts them; ``emit`` is handed each of them, in order.

    ``counted`` arrivals came in ``minutes`` minutes up to the end that ``close`` is told of; what follows that end, and the
    peak and the hour, see no later minute. ``chance`` deals arrivals to the parts of the peak.
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
        self.unevenness = tuple(DispersionWindow(width) for width in WIDTHS)
        self.total = 0
        self.first = self.last = 0.0
        self.most_a_minute = 0
        self.peak = BusiestMinutes()
        self.best_hour: tuple[int, ...] = ()
        self.most_waiting = 0

    def add(self, arrival: LoggedArrival) -> None:
        """One more arrival, in whatever order journeys end."""
        heapq.heappush(self._waiting, arrival)
        self.most_waiting = max(self.most_waiting, len(self._waiting))

    def count_until(self, until: float = math.inf) -> None:
        """No arrival before this moment is still to come: count those that are waiting."""
        while self._waiting and self._waiting[0].moment <= until:
            self._settle(heapq.heappop(self._waiting))

    def close(self, until: float = math.inf) -> None:
        """The log is over; after the moment ``until`` journeys are missing that were still under way then.

        Minutes that end later are not counted, unless no other is left.
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
            self._judge(self._held.popleft())

    def _settle(self, arrival: LoggedArrival) -> None:
        # One that comes too late for its place is counted in the place that is open.
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
        for one in self.unevenness:
            one.add(moment)
        if self._emit is not None:
            self._emit(arrival._replace(moment=moment))

    def _close_minutes(self, many: int) -> None:
        self._held.append(tuple(self._open))
        self._held.extend(_NO_ARRIVALS for _ in range(min(many - 1, _LONGEST_SILENCE)))
        while len(self._held) > _MAX_WAITING:
            self._judge(self._held.popleft())

    def _judge(self, minute: _Minute) -> None:
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
        """Arrivals a second over the minutes that were counted."""
        return self.counted / max(1, self.minutes) / _MINUTE

    @property
    def length(self) -> float:
        """From the first arrival to the last, seconds."""
        return self.last - self.first

    @property
    def widest_reliable(self) -> DispersionWindow:
        """The widest windows of which there are enough to tell."""
        enough = [one for one in self.unevenness if one.windows >= FEWEST_WINDOWS]
        return enough[-1] if enough else self.unevenness[0]
