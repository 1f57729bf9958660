"""The schedule of a scenario: when arrivals come."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from harness.schedule.arrivals import ArrivalSchedule, Profile, ProfileSchedule
from harness.schedule.stepped import SteppedSchedule
from scenarios.loading.scenario import Scenario


class ScenarioSchedule:
    """When the arrivals of a scenario come; the harness's ``LoadSchedule``."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.is_open = scenario.is_open
        self.warm_up = scenario.warm_up
        self.steady = scenario.steady
        self.drain = scenario.drain
        self.longest_wait = scenario.longest_wait
        self._steered: Profile | None = None

    def change_rate(self, at: float, rate: float) -> None:
        """Use this rate from ``at`` seconds after the start on."""
        profile = self._profile()
        if profile is not None:
            self._steered = profile.with_rate_from(at, rate)
            self.__dict__.pop("_due_times", None)

    def _profile(self) -> Profile | None:
        return self._written if self._steered is None else self._steered

    @cached_property
    def _written(self) -> Profile | None:
        """The profile of the scenario, as it was before any change; asked for every second."""
        return self._scenario.profile()

    def due_times(self) -> ArrivalSchedule | None:
        """The schedule of arrivals; ``None`` for a closed load and for a search."""
        return self._due_times

    def stepped(self) -> SteppedSchedule:
        """The schedule of a search for the capacity."""
        return SteppedSchedule(self._scenario.arrival_process, self._scenario.seed)

    def rate(self, elapsed: float) -> float:
        """The arrival rate per second, ``elapsed`` seconds after the start; 0 for a closed load."""
        profile = self._profile()
        return 0.0 if profile is None else profile.rate(elapsed)

    def stage_number(self, elapsed: float) -> int | None:
        """The stage of the profile ``elapsed`` seconds after the start, counted from 1; ``None`` for a closed load."""
        profile = self._profile()
        if profile is None:
            return None
        ends = list(accumulate(stage.duration for stage in profile.stages))
        return min(bisect_right(ends, elapsed), len(ends) - 1) + 1

    @property
    def constant_rate(self) -> bool:
        """Whether the rate is constant in the steady part."""
        profile = self._profile()
        if profile is None:
            return True
        if self._scenario.search is not None:
            return False
        rates, end = set[float](), 0.0
        for stage in profile.stages:
            end += stage.duration
            if end > self.warm_up:
                rates |= {stage.rate_from, stage.rate_to}
        return len(rates) == 1

    @cached_property
    def _due_times(self) -> ArrivalSchedule | None:
        if self._scenario.search is not None:
            return None
        if (replayed := self._scenario.trace) is not None:
            return replayed.trace
        profile = self._profile()
        if profile is None:
            return None
        return ProfileSchedule(profile, self._scenario.arrival_process, self._scenario.seed)
