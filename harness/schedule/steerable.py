"""The due times of one process for a schedule whose rate may still change while the run is on."""

from __future__ import annotations

from collections.abc import Iterator

from harness.schedule.arrivals import Profile, ProfileSchedule
from harness.schedule.dispatch import ArrivalDispatcher
from harness.schedule.partition import PartitionStream


class SteerableDueTimes:
    """Yields number and due time of the arrivals of one process, in rising order.

    An arrival keeps its number, its journey and its process whatever the rate is; a change of the rate moves only its due time.
    So all processes agree on the arrivals after a change without a message about single arrivals. The iterator may end and go on
    after a change: a higher rate brings more arrivals. ``start`` is the moment at which the load starts.
    """

    def __init__(self, schedule: ProfileSchedule, stream: PartitionStream, start: float) -> None:
        self._start = start
        self._profile = schedule.profile
        self._stream = stream
        self._positions = enumerate(schedule.positions())
        self._ahead = next(self._positions)
        self._own = stream.select(self._until_end())
        self._given: tuple[int, float] | None = None  # the arrival that was yielded last
        self._back: tuple[int, float] | None = None  # an arrival to yield next

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return self

    def __next__(self) -> tuple[int, float]:
        own, self._back, self._given = self._back, None, None
        if own is None:
            own = next(self._own)
        if own[1] >= self._profile.expected:
            self._back = own
            raise StopIteration
        self._given = own
        return own[0], self._start + self._profile.inverse(own[1])

    def change(self, profile: Profile) -> None:
        """Use another profile from now on; the arrival that was yielded last comes again, with its new due time.

        The caller must not have let it in yet: ``ArrivalDispatcher.renew`` keeps to this.
        """
        self._profile = profile
        if self._given is not None:
            self._back, self._given = self._given, None
        self._own = self._stream.select(self._until_end())

    def _until_end(self) -> Iterator[tuple[int, float]]:
        while self._ahead[1] < self._profile.expected:
            position, self._ahead = self._ahead, next(self._positions)
            yield position


def follow_schedule(admission: object, schedule: object) -> None:
    """Let in the arrivals that are not yet let in by a changed schedule, if they come by a profile."""
    if not (isinstance(admission, ArrivalDispatcher) and isinstance(schedule, ProfileSchedule)):
        return
    if isinstance(admission.source, SteerableDueTimes):
        admission.source.change(schedule.profile)
        admission.renew()
