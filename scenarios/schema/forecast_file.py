"""The tables of a forecast file, one class each; together they are its reference.

A key that stands in none of these classes is an error. Durations, rates and shares are written as
``scenarios.measures.py`` says.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from harness.planning.carried_capacity import RUN_EFFECT
from harness.planning.forecast import FEWEST_PEAKS
from scenarios.schema.names import PaymentName
from scenarios.schema.quantities import PerSecond, PositivePerSecond, PositiveSeconds, Seconds, Share, Weight
from scenarios.schema.section import Count, NonEmptyText, PositiveCount, Section

Confidence = Annotated[Share, Field(ge=0.5, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class OrdersSection(Section):
    """How many orders the busiest minute brings: the busiest hour's rate times a factor, or the busiest minutes of past days."""

    rate: PositivePerSecond | None = None
    """Orders in the busiest hour, such as ``"1500/min"``; this or ``peaks_per_minute``."""
    rate_uncertainty: Share = 0.1
    """How far off the rate may be, nine times out of ten."""
    peak_factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    """The busiest minute over the busiest hour; 1: the rate is the peak itself."""
    peak_factor_uncertainty: Share = 0.0
    """How far off the factor may be, nine times out of ten."""
    peaks_per_minute: Annotated[tuple[Positive, ...], Field(strict=False)] = ()
    """Orders in the busiest minute of each of several days like the one that is planned for."""
    growth: Annotated[Share, Field(lt=1)] = 0.0
    """By how much orders grow in a week, such as ``"2%"``."""
    weeks: Annotated[float, Field(ge=0, le=520)] = 0.0
    """How many weeks from now the peak comes; until then orders grow."""
    retries: Share = 0.0
    """Of the shoppers, how many begin their checkout once more."""

    @model_validator(mode="after")
    def _require_rate_or_peaks(self) -> Self:
        if (self.rate is None) == (not self.peaks_per_minute):
            raise ValueError("either `rate` or `peaks_per_minute`; write one of them")
        if self.peaks_per_minute and len(self.peaks_per_minute) < FEWEST_PEAKS:
            raise ValueError(
                f"`peaks_per_minute` of at least {FEWEST_PEAKS} days, or nobody can say how much days differ; "
                "add days, or write `rate` and `rate_uncertainty`"
            )
        return self


class ConversionSection(Section):
    """How many checkouts end in an order, as counted in the real shop; left out: as in the results."""

    begun: PositiveCount
    """Checkouts begun."""
    bought: Count
    """Those of them that ended in an order."""

    @model_validator(mode="after")
    def _require_bought_within_begun(self) -> Self:
        if self.bought > self.begun:
            raise ValueError("no more `bought` than `begun`; are they swapped?")
        return self


class ForecastPaymentsSection(Section):
    """How often each payment option is expected to be used: counts under the option's own name; left out: as in the results.

    The more you counted, the surer the mix is: 40 of 100 orders leave more open than 4000 of 10000.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[PaymentName, Weight] = Field(init=False)

    @property
    def counts(self) -> dict[str, float]:
        """The counts by payment option."""
        return dict(self.__pydantic_extra__)

    @model_validator(mode="after")
    def _require_a_payment(self) -> Self:
        if self.__pydantic_extra__ and sum(self.__pydantic_extra__.values()) <= 0:
            raise ValueError("at least one count above 0; count your orders by payment option")
        return self


class InstancesSection(Section):
    """How many instances of the shop there are, and how many may be lost."""

    now: PositiveCount | None = None
    """How many there are at the peak; left out: as many as were measured."""
    lost: PositiveCount = 1
    """How many of them may be lost: the N+1 question."""
    measured: PositiveCount = 1
    """How many there were when the results were measured."""
    results: dict[str, PositiveCount] = Field(default_factory=dict)
    """``[instances.results]``: results with a number of instances of their own, by path or by the folder's name."""


class SurgeSection(Section):
    """When more comes than the shop can carry."""

    lasts: PositiveSeconds = 60.0
    """How long it lasts."""
    afterwards: PerSecond | None = None
    """Orders a second once it is over; left out: those of the busiest hour."""


class WhatIfSection(Section):
    """Something that might be otherwise; each ``[[what_if]]`` is a row of its own."""

    name: NonEmptyText
    """What to call it."""
    payments: ForecastPaymentsSection = ForecastPaymentsSection()
    """Another mix of payment options."""
    bank_delay: Seconds = 0.0
    """How much longer a bank or wallet takes."""
    sms_delay: Seconds = 0.0
    """How much longer a code takes to arrive."""

    @model_validator(mode="after")
    def _require_a_change(self) -> Self:
        if not (self.payments.counts or self.bank_delay or self.sms_delay):
            raise ValueError("something that is otherwise; add `payments`, `bank_delay` or `sms_delay`")
        return self


class ForecastDocument(Section):
    """A forecast file as a whole: what will be asked of the shop, and how sure you want to be that it fits."""

    confidence: Confidence = 0.9
    """How sure you want to be that the peak fits; decides the exit code."""
    seed: Count = 1
    """The same seed gives the same figures."""
    run_effect: Annotated[float, Field(ge=0, le=0.5)] = RUN_EFFECT
    """By how much the capacity of one shop differs between two runs (standard deviation, 0.03: 3 %); a rate that held once may
    not hold on the day."""
    draws: Annotated[int, Field(ge=100, le=100_000)] = 2000
    """How often chance is asked."""
    orders: OrdersSection
    conversion: ConversionSection | None = None
    payments: ForecastPaymentsSection = ForecastPaymentsSection()
    instances: InstancesSection = InstancesSection()
    surge: SurgeSection = SurgeSection()
    what_if: Annotated[tuple[WhatIfSection, ...], Field(strict=False)] = ()
    """``[[what_if]]``: as many as you like."""
