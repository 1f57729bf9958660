"""A clock that jumps instead of waiting, and users for whole runs on it."""

import heapq
import itertools

import gevent
from gevent.event import Event

from harness.measurement.sample import JourneySample


class Time:
    """A clock that jumps from the end of one sleep to the next; other greenlets run meanwhile, as with gevent."""

    def __init__(self):
        self.now = 100.0
        self._sleepers = []
        self._order = itertools.count()

    def clock(self):
        return self.now

    def sleep(self, seconds):
        woken = Event()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
        woken.wait()

    def until(self, moment):
        """Let time pass up to this moment of the clock."""
        self._settle()
        while self._sleepers and self._sleepers[0][0] <= moment + 1e-9:
            due, _, woken = heapq.heappop(self._sleepers)
            self.now = max(self.now, due)
            woken.set()
            self._settle()
        self.now = max(self.now, moment)

    @staticmethod
    def _settle():
        for _ in range(5):
            gevent.sleep(0)


class Shopper:
    """A user that takes so many seconds for a journey, then is free again; ``stuck`` users never finish."""

    def __init__(self, load, time, kind="guest", *, takes=0.5, stuck=False):
        self.load, self.time, self.kind, self.takes, self.stuck = load, time, kind, takes, stuck
        self.taken = []

    def take(self, assignment):
        self.taken.append(assignment)
        gevent.spawn(self._walk, assignment)

    def _walk(self, assignment):
        started = self.load.begin_journey(assignment, "gpay")
        if self.stuck:
            return
        self.time.sleep(self.takes)
        due = assignment.arrival.due
        self.load.end_journey(JourneySample(self.kind, "gpay", "ok", "nobody", due, started, self.time.now), "gpay")
        self.load.wait_for_arrival(self)

    @property
    def numbers(self):
        return [one.arrival.number for one in self.taken]
