"""Which arrivals of a schedule a worker serves: those of each kind are dealt out to the workers that have users for it.

The schedule is the same everywhere; only who serves an arrival depends on the number of workers. Every arrival is
dealt to exactly one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Partition:
    """One worker's part of the arrivals.

    ``worker`` is its number of ``workers``, from 0. ``slots`` holds for each kind of journey the workers in the order in which
    they are dealt to, over and over; a kind without an entry is dealt to all in turn.
    """

    worker: int = 0
    workers: int = 1
    slots: Mapping[str, tuple[int, ...]] | None = None

    def includes(self, kind: str, place: int) -> bool:
        """Whether this worker serves the arrival at this place among those of its kind, from 0."""
        slots = (self.slots or {}).get(kind)
        dealt_to = slots[place % len(slots)] if slots else place % self.workers
        return dealt_to == self.worker

    def of(self, due_times: Iterable[float], kind_of: Callable[[int], str]) -> Iterator[tuple[int, float]]:
        """Number and due moment of this worker's arrivals, out of all due moments of the schedule."""
        return self.stream(kind_of).select(enumerate(due_times))

    def stream(self, kind_of: Callable[[int], str]) -> PartitionStream:
        """Deals out arrivals that become known one stretch after the other."""
        return PartitionStream(self, kind_of)

    def number(self, own: int) -> int:
        """The number, among all of its kind in all workers, of this worker's own ``own``-th journey of a closed load."""
        return own * self.workers + self.worker

    def to_json(self) -> dict[str, Any]:
        """The share as it is sent to a worker."""
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
    """Picks one worker's arrivals out of all of them, stretch after stretch."""

    def __init__(self, share: Partition, kind_of: Callable[[int], str]) -> None:
        self._partition = share
        self._kind_of = kind_of
        self._places: Counter[str] = Counter()

    def select(self, arrivals: Iterable[tuple[int, float]]) -> Iterator[tuple[int, float]]:
        """Number and due moment of this worker's, out of the numbers and moments of all that follow those dealt so far."""
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
    """The shares of workers with so many users of each kind; a worker with twice the users is dealt twice as many."""
    kinds = sorted({kind for counts in users for kind, count in counts.items() if count > 0})
    slots = {kind: _interleaved([counts.get(kind, 0) for counts in users]) for kind in kinds}
    return [Partition(worker, len(users), slots) for worker in range(len(users))]


def _interleaved(counts: list[int]) -> tuple[int, ...]:
    """Each worker as often as it counts, spread evenly: ``[2, 1]`` is ``(0, 1, 0)``."""
    places = [((turn + 0.5) / count, worker) for worker, count in enumerate(counts) for turn in range(count)]
    return tuple(worker for _, worker in sorted(places))
