"""The tables of a scenario file that set the load: open, closed, or a search for the capacity."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

import harness.schedule.arrivals
from harness.capacity.model import FINEST, SearchPlan
from harness.schedule.arrivals import Profile
from scenarios.schema.quantities import PerSecond, PositivePerSecond, PositiveSeconds, Seconds
from scenarios.schema.section import NonEmptyText, PositiveCount, PositiveScale, Section, UserCount

PAGES_PER_JOURNEY = 12
"""A rough number of pages in a journey. It estimates the virtual users that a rate needs, and the length of a search."""


class StageSection(Section):
    """One stage of the arrival profile: a constant rate, or a ramp from one rate to another."""

    duration: PositiveSeconds
    """How long the stage lasts."""
    rate: PerSecond | None = None
    """The constant rate of the stage; instead of ``from`` and ``to``."""
    rate_from: PerSecond | None = Field(default=None, alias="from")
    """The rate at the start of the stage."""
    rate_to: PerSecond | None = Field(default=None, alias="to")
    """The rate at the end of the stage."""

    @property
    def ends(self) -> tuple[float, float]:
        """The rates at the start and at the end of the stage, per second."""
        flat = self.rate or 0.0
        return (
            flat if self.rate_from is None else self.rate_from,
            flat if self.rate_to is None else self.rate_to,
        )

    def rates(self) -> list[tuple[str, float]]:
        """Every rate of the stage, with its key."""
        said = (("rate", self.rate), ("from", self.rate_from), ("to", self.rate_to))
        return [(key, rate) for key, rate in said if rate is not None]


class ArrivalsSection(Section):
    """An open load: shoppers come at a rate, however slow the shop is."""

    process: Literal["poisson", "uniform"] = "poisson"
    """``poisson``: arrivals independent of each other. ``uniform``: one arrival exactly every 1/rate seconds."""
    rate: PositivePerSecond | None = None
    """The rate of a constant profile, together with ``duration``; instead of ``stages``."""
    duration: PositiveSeconds | None = None
    """The length of a constant profile."""
    stages: Annotated[tuple[StageSection, ...], Field(strict=False)] = ()
    """The stages of the arrival profile: ``{ duration, rate }`` or ``{ duration, from, to }``."""
    trace: NonEmptyText | None = None
    """A CSV file of recorded arrivals to replay instead of a profile. Columns: ``time``; optional ``payment_option`` and ``journey``."""
    rate_scale: PositiveScale = 1.0
    """Arrivals for each arrival of the trace: 0.5 keeps half of them, drawn at random; 2 doubles each."""
    time_scale: PositiveScale = 1.0
    """Stretches the time of the trace: 0.5 replays an hour in half an hour."""
    warm_up: Seconds = 0.0
    """The first part of the profile. It is measured, but no objective judges it."""
    users: UserCount | None = None
    """The number of virtual users: the most journeys at a time. Without it, checkload estimates it from the rate."""
    longest_wait: Seconds = 5.0
    """How long an arrival may wait for a free virtual user. After that, it is dropped and counts as never answered."""
    drain: Seconds = 30.0
    """The drain: how long journeys may go on after the last arrival."""

    @property
    def warm_up_seconds(self) -> float:
        """The warm-up in seconds."""
        return self.warm_up

    @property
    def profile(self) -> Profile | None:
        """The arrival rate over the whole run; ``None`` without a duration."""
        if self.stages:
            return Profile([harness.schedule.arrivals.RateStage(stage.duration, *stage.ends) for stage in self.stages])
        if self.rate is None or self.duration is None:
            return None
        return Profile([harness.schedule.arrivals.RateStage(self.duration, self.rate, self.rate)])

    def rates(self) -> list[tuple[str, float]]:
        """Every rate, with its key."""
        if not self.stages:
            return [("arrivals.rate", self.rate or 0.0)]
        return [
            (f"arrivals.stages[{index}].{key}", rate)
            for index, stage in enumerate(self.stages)
            for key, rate in stage.rates()
        ]


class CapacitySection(Section):
    """A search for the highest rate that meets every objective, instead of a fixed profile."""

    start: PositivePerSecond
    """The rate of the first level: a rate that the shop surely carries."""
    most: PositivePerSecond
    """The highest rate that the search tries."""
    budget: PositiveSeconds = 600.0
    """How long the search may take, with the confirmation."""
    level: PositiveSeconds = 10.0
    """The shortest time that a level lasts."""
    arrivals: PositiveCount = 150
    """The fewest arrivals in a level. At a low rate, the level lasts longer for that."""
    confirm: PositiveSeconds = 60.0
    """How long the search holds the reported rate to confirm it."""
    grow: Annotated[float, Field(ge=1.05, le=4)] = 1.5
    """The factor between the rates of two levels, until an objective is broken."""
    precision: Annotated[float, Field(ge=FINEST, le=0.5)] = FINEST
    """The search may end early once its interval is this narrow: half its width, as a share of the rate. At least 0.05."""
    at_least: PositivePerSecond | None = None
    """The rate that the shop must carry for the run to pass. Without it, any confirmed rate passes."""

    @property
    def search_plan(self) -> SearchPlan:
        """The plan of the search, for the harness."""
        return SearchPlan(**{key: value for key, value in self.model_dump().items() if key != "at_least"})


class ClosedSection(Section):
    """A closed load: a fixed number of shoppers, and each comes again when their journey ends. A slow shop gets fewer requests."""

    users: UserCount
    """The number of shoppers."""
    duration: PositiveSeconds
    """The length of the load, with the warm-up."""
    spawn_rate: PositivePerSecond = 10.0
    """How many shoppers start each second, until all are there."""
    warm_up: Seconds | None = None
    """The first part of the load. It is measured, but no objective judges it. Without it, it lasts until all shoppers are there."""
    drain: Seconds = 30.0
    """The drain: how long journeys may go on after the end of the load."""

    @property
    def warm_up_seconds(self) -> float:
        """The warm-up in seconds."""
        return self.users / self.spawn_rate if self.warm_up is None else self.warm_up
