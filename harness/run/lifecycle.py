"""The states of a run, and every transition between them.

PREPARED → LOADING → DRAINING → OVER → ENDED; a run that ends early skips states.

Pure: the clock is an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class RunState(IntEnum):
    """What a run does at a moment; later states have higher numbers."""

    PREPARED = 0
    """The users are being spawned; no arrival is due yet."""
    LOADING = 1
    """Arrivals come."""
    DRAINING = 2
    """No new arrivals come; the journeys under way may finish."""
    OVER = 3
    """No journey is waited for any more; Locust stops the users."""
    ENDED = 4
    """All users are gone; nothing more is recorded."""


class EndCause(StrEnum):
    """What ended a run."""

    PLANNED = ""
    CERTAIN = "certain"
    CEILING = "ceiling"
    STOPPED = "stopped"
    STOP_FILE = "stop file"
    STOP_RULE = "stop rule"
    TARGET_DIED = "target died"
    INTERRUPTED = "interrupted"
    UNREACHABLE = "unreachable"
    WORKER_LOST = "worker lost"
    MASTER_LOST = "master lost"
    MASTER_SAID_SO = "master said so"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends, and why.

    ``reason`` is a sentence for reports; it is empty at the planned end. ``interrupted_by`` names the person or signal that
    interrupted the run. ``crash`` names an error of the harness. ``drains`` says whether the journeys under way may finish.
    Arrivals due more than ``judged_until`` seconds after the first one are not judged. ``grace`` is how many seconds the drain
    may take; ``None``: as many as the scenario says.
    """

    cause: EndCause = EndCause.PLANNED
    reason: str = ""
    interrupted_by: str = ""
    crash: str = ""
    drains: bool = True
    judged_until: float | None = None
    grace: float | None = None

    @property
    def complete(self) -> bool:
        """Whether what the run has measured until its end is judged: a person who stops a run has seen enough."""
        return self.cause in (EndCause.PLANNED, EndCause.CERTAIN, EndCause.CEILING, EndCause.STOPPED)


def interruption(who: str, *, drains: bool = True) -> Ending:
    """The ending of a run that a person, a signal or a worker interrupts."""
    return Ending(EndCause.INTERRUPTED, f"interrupted by {who}", interrupted_by=who, drains=drains)


class Lifecycle:
    """The state of one run.

    ``ending`` is the first early ending, or the planned one. ``begun`` stays true after the end. ``planned_drain`` says that
    the drain began at a complete ending. ``closed_at`` is when arrivals ended.

    Calls each function of ``on_early_end`` at each early ending, of ``on_over`` once, when the run becomes OVER, and of
    ``on_end`` when all users are gone.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.on_early_end: list[Callable[[], object]] = []
        self.on_over: list[Callable[[], object]] = []
        self.on_end: list[Callable[[], object]] = []
        self._asked: list[Ending] = []
        self.state = RunState.PREPARED
        self.ending = Ending()
        self.begun = False
        self.planned_drain = False
        self.drain_timed_out = False
        self.closed_at: float | None = None

    def begin(self) -> None:
        """Start the load: PREPARED → LOADING."""
        if self.state is RunState.PREPARED:
            self.state = RunState.LOADING
            self.begun = True

    def close(self, ending: Ending) -> None:
        """End the load: LOADING → DRAINING, or → OVER if nothing has begun or ``ending`` does not drain.

        The first early ending counts. One that comes during a planned drain still gives the run its reason.
        """
        self._asked.append(ending)
        if ending.cause is not EndCause.PLANNED:
            _call(self.on_early_end)
        if self.state >= RunState.OVER:
            return
        if self.ending.cause is EndCause.PLANNED:
            self.ending = ending
        if ending.cause is not EndCause.PLANNED:
            self._close_now()
        if self.state is RunState.LOADING:
            self.state = RunState.DRAINING
            self.planned_drain = ending.complete
        if self.state is RunState.PREPARED or not ending.drains:
            self._become_over()

    def drained(self, *, timed_out: bool) -> None:
        """End the drain: DRAINING → OVER; ``timed_out`` says that journeys were still under way."""
        if self.state is RunState.DRAINING:
            self.drain_timed_out = timed_out
            self._become_over()

    def end(self) -> None:
        """Record that all users are gone: any state → ENDED, without a call of ``on_over``."""
        self._close_now()
        self.state = RunState.ENDED
        _call(self.on_end)

    @property
    def interrupted_by(self) -> str:
        """Who interrupted the run first, also after another early ending; empty: no interruption."""
        return next((each.interrupted_by for each in self._asked if each.interrupted_by), "")

    @property
    def crash(self) -> str:
        """The first error of the harness, whatever ended the run; empty: none."""
        return next((each.crash for each in self._asked if each.crash), "")

    @property
    def unreachable(self) -> str:
        """Why the target could not be reached; empty if it could."""
        return next((each.reason for each in self._asked if each.cause is EndCause.UNREACHABLE), "")

    def _close_now(self) -> None:
        if self.closed_at is None:
            self.closed_at = self._clock()

    def _become_over(self) -> None:
        self._close_now()
        self.state = RunState.OVER
        _call(self.on_over)


def _call(functions: list[Callable[[], object]]) -> None:
    for function in functions:
        function()
