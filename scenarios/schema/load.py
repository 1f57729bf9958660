"""The tables of a scenario file that say who comes when: an open load, a closed one, or a search for the highest rate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

import harness.schedule.arrivals
from harness.capacity.model import FINEST, SearchPlan
from harness.schedule.arrivals import Profile
from scenarios.schema.quantities import PerSecond, PositivePerSecond, PositiveSeconds, Seconds
from scenarios.schema.section import NonEmptyText, PositiveCount, PositiveScale, Section, UserCount

PAGES_PER_JOURNEY = 12
"""Pages that a journey asks for, roughly: it says how many virtual users a rate needs, and how long a search must last."""


class StageSection(Section):
    """One stretch of the profile, at one rate or going steadily from one rate to another."""

    duration: PositiveSeconds
    """How long the stage lasts."""
    rate: PerSecond | None = None
    """Arrivals a second throughout the stage; instead of ``from`` and ``to``."""
    rate_from: PerSecond | None = Field(default=None, alias="from")
    """Arrivals a second where the stage begins."""
    rate_to: PerSecond | None = Field(default=None, alias="to")
    """Arrivals a second where it ends."""

    @property
    def ends(self) -> tuple[float, float]:
        """The rates at the two ends of the stage, per second."""
        flat = self.rate or 0.0
        return (
            flat if self.rate_from is None else self.rate_from,
            flat if self.rate_to is None else self.rate_to,
        )

    def rates(self) -> list[tuple[str, float]]:
        """Every rate of the stage with the key that says it."""
        said = (("rate", self.rate), ("from", self.rate_from), ("to", self.rate_to))
        return [(key, rate) for key, rate in said if rate is not None]


class ArrivalsSection(Section):
    """An open load: shoppers come when they come, however slow the shop is."""

    process: Literal["poisson", "uniform"] = "poisson"
    """``poisson``: independent shoppers; ``uniform``: one exactly every 1/rate seconds."""
    rate: PositivePerSecond | None = None
    """Arrivals a second of a constant profile, with ``duration``; instead of ``stages``."""
    duration: PositiveSeconds | None = None
    """How long a constant profile lasts."""
    stages: Annotated[tuple[StageSection, ...], Field(strict=False)] = ()
    """The profile, stage by stage: ``{ duration, rate }`` or ``{ duration, from, to }``."""
    trace: NonEmptyText | None = None
    """A CSV file of recorded arrivals to replay instead of a profile: ``time``, and if known ``payment_option``, ``journey``."""
    rate_scale: PositiveScale = 1.0
    """So many arrivals for each of the trace: 0.5 keeps every other one by chance, 2 doubles each."""
    time_scale: PositiveScale = 1.0
    """Stretches the clock of the trace: 0.5 plays an hour in half an hour."""
    warm_up: Seconds = 0.0
    """The first part of the profile: measured, but not judged."""
    users: UserCount | None = None
    """The pool of virtual users: the most journeys in flight; sized from the rate when left out."""
    longest_wait: Seconds = 5.0
    """An arrival that found no free user within it is dropped: never answered."""
    drain: Seconds = 30.0
    """How long unfinished journeys may take after the last arrival."""

    @property
    def warm_up_seconds(self) -> float:
        """The warm-up in seconds."""
        return self.warm_up

    @property
    def profile(self) -> Profile | None:
        """The arrival rate over the whole run; ``None`` where no duration is given."""
        if self.stages:
            return Profile([harness.schedule.arrivals.RateStage(stage.duration, *stage.ends) for stage in self.stages])
        if self.rate is None or self.duration is None:
            return None
        return Profile([harness.schedule.arrivals.RateStage(self.duration, self.rate, self.rate)])

    def rates(self) -> list[tuple[str, float]]:
        """Every rate with the key that says it."""
        if not self.stages:
            return [("arrivals.rate", self.rate or 0.0)]
        return [
            (f"arrivals.stages[{index}].{key}", rate)
            for index, stage in enumerate(self.stages)
            for key, rate in stage.rates()
        ]


class CapacitySection(Section):
    """A search for the highest rate at which every demand holds, instead of a profile that is known beforehand."""

    start: PositivePerSecond
    """Arrivals a second of the first level; a rate that the shop surely carries."""
    most: PositivePerSecond
    """The highest rate that is tried, arrivals a second."""
    budget: PositiveSeconds = 600.0
    """How long the search may take, confirmation included."""
    level: PositiveSeconds = 10.0
    """How long a level lasts at least."""
    arrivals: PositiveCount = 150
    """How many shoppers come in a level at least; a low rate makes it longer."""
    confirm: PositiveSeconds = 60.0
    """How long the rate that is reported is held to confirm it."""
    grow: Annotated[float, Field(ge=1.05, le=4)] = 1.5
    """By what the rate is multiplied from level to level until a demand is broken."""
    precision: Annotated[float, Field(ge=FINEST, le=0.5)] = FINEST
    """The half-width of the interval, in proportion to the rate, at which the search may end before its budget does; from 0.05 on, as nearer than that it cannot tell."""
    at_least: PositivePerSecond | None = None
    """What the shop must carry for the run to pass; left out: whatever is confirmed passes."""

    @property
    def search_plan(self) -> SearchPlan:
        """The search as the harness knows it."""
        return SearchPlan(**{key: value for key, value in self.model_dump().items() if key != "at_least"})


class ClosedSection(Section):
    """A closed load: a fixed number of shoppers, each coming again when done. A slow shop gets less of it."""

    users: UserCount
    """How many shoppers there are."""
    duration: PositiveSeconds
    """How long the load lasts, warm-up included."""
    spawn_rate: PositivePerSecond = 10.0
    """How fast they come in at the start, users a second."""
    warm_up: Seconds | None = None
    """The first part of the load: measured, but not judged; left out: until all users are in."""
    drain: Seconds = 30.0
    """How long unfinished journeys may take at the end."""

    @property
    def warm_up_seconds(self) -> float:
        """The warm-up in seconds."""
        return self.users / self.spawn_rate if self.warm_up is None else self.warm_up
