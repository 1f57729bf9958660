"""Which arrivals of a schedule a worker serves: its partition.

All workers compute the same schedule. The arrivals of each kind go in turn to the workers that have users of that kind. Each
arrival goes to exactly one worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

NameT = TypeVar("NameT", int, str)


@dataclass(frozen=True, slots=True)
class Partition:
    """One worker's part of the arrivals.

    ``worker`` is its number among ``workers``, from 0. ``slots`` holds, for each kind of journey, the workers in the order in
    which they serve its arrivals, over and over. A kind without an entry goes to all workers in turn.
    """

    worker: int = 0
    workers: int = 1
    slots: Mapping[str, tuple[int, ...]] | None = None

    def includes(self, kind: str, place: int) -> bool:
        """Whether this worker serves the arrival at this place (from 0) among those of its kind."""
        slots = (self.slots or {}).get(kind)
        served_by = slots[place % len(slots)] if slots else place % self.workers
        return served_by == self.worker

    def of(self, due_times: Iterable[float], kind_of: Callable[[int], str]) -> Iterator[tuple[int, float]]:
        """Number and due moment of this worker's arrivals, selected from all due moments of the schedule."""
        return self.stream(kind_of).select(enumerate(due_times))

    def stream(self, kind_of: Callable[[int], str]) -> PartitionStream:
        """Select from arrivals that become known in parts, one after the other."""
        return PartitionStream(self, kind_of)

    def number(self, own: int) -> int:
        """The number of this worker's ``own``-th journey of a closed load, among all journeys of its kind in all workers."""
        return own * self.workers + self.worker

    def to_json(self) -> dict[str, Any]:
        """The partition as the master sends it to a worker."""
        slots = None if self.slots is None else {kind: list(row) for kind, row in self.slots.items()}
        return {"worker": self.worker, "workers": self.workers, "slots": slots}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Partition:
        """Read back what ``to_json`` wrote."""
        slots = document["slots"]
        return cls(
            document["worker"],
            document["workers"],
            None if slots is None else {kind: tuple(row) for kind, row in slots.items()},
        )


class PartitionStream:
    """Selects one worker's arrivals from a schedule that becomes known in parts."""

    def __init__(self, partition: Partition, kind_of: Callable[[int], str]) -> None:
        self._partition = partition
        self._kind_of = kind_of
        self._places: Counter[str] = Counter()

    def select(self, arrivals: Iterable[tuple[int, float]]) -> Iterator[tuple[int, float]]:
        """Number and due moment of this worker's arrivals, selected from all arrivals that follow those of earlier calls."""
        if self._partition.workers == 1:
            yield from arrivals
            return
        for number, due in arrivals:
            kind = self._kind_of(number)
            place = self._places[kind]
            self._places[kind] += 1
            if self._partition.includes(kind, place):
                yield number, due


def partitions(users: list[Mapping[str, int]]) -> list[Partition]:
    """The partitions of workers with these numbers of users of each kind; twice the users get twice the arrivals."""
    kinds = sorted({kind for counts in users for kind, count in counts.items() if count > 0})
    slots = {
        kind: tuple(spread_evenly({worker: counts.get(kind, 0) for worker, counts in enumerate(users)}))
        for kind in kinds
    }
    return [Partition(worker, len(users), slots) for worker in range(len(users))]


def spread_evenly(counts: Mapping[NameT, int]) -> list[NameT]:
    """Each name as often as its count says, evenly mixed: ``{"a": 2, "b": 1}`` is ``["a", "b", "a"]``."""
    places = [((turn + 0.5) / count, name) for name, count in counts.items() for turn in range(count)]
    return [name for _, name in sorted(places)]
