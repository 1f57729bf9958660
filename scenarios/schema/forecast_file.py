"""The tables of a forecast file: one class for each table, one field for each key.

The docstrings below are the reference of keys in ``checkload plan --help``. Any other key is an error.
``scenarios/schema/quantities.py`` says how to write durations, rates and shares.
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
    """The orders of the busiest minute: the rate of the busiest hour times a factor, or the busiest minutes of past days."""

    rate: PositivePerSecond | None = None
    """The rate of orders in the busiest hour, such as ``"1500/min"``; either this or ``peaks_per_minute``."""
    rate_uncertainty: Share = 0.1
    """How far the rate may be off, in nine of ten cases."""
    peak_factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    """The rate of the busiest minute, divided by that of the busiest hour. With 1, the rate is the peak itself."""
    peak_factor_uncertainty: Share = 0.0
    """How far the factor may be off, in nine of ten cases."""
    peaks_per_minute: Annotated[tuple[Positive, ...], Field(strict=False)] = ()
    """Orders in the busiest minute, one number for each of several days like the one you plan for."""
    growth: Annotated[Share, Field(lt=1)] = 0.0
    """How much orders grow in a week, such as ``"2%"``."""
    weeks: Annotated[float, Field(ge=0, le=520)] = 0.0
    """How many weeks from now the peak is. Orders grow until then."""
    retries: Share = 0.0
    """The share of shoppers who begin their checkout again."""

    @model_validator(mode="after")
    def _require_rate_or_peaks(self) -> Self:
        if (self.rate is None) == (not self.peaks_per_minute):
            raise ValueError("either `rate` or `peaks_per_minute`; write one of them")
        if self.peaks_per_minute and len(self.peaks_per_minute) < FEWEST_PEAKS:
            raise ValueError(
                f"`peaks_per_minute` of at least {FEWEST_PEAKS} days, to show how much days differ; "
                "add days, or write `rate` and `rate_uncertainty`"
            )
        return self


class ConversionSection(Section):
    """How many checkouts end in an order, counted in your real shop. Without it, as in the results."""

    begun: PositiveCount
    """How many checkouts began."""
    bought: Count
    """How many of them ended in an order."""

    @model_validator(mode="after")
    def _require_bought_within_begun(self) -> Self:
        if self.bought > self.begun:
            raise ValueError("no more `bought` than `begun`; are they swapped?")
        return self


class ForecastPaymentsSection(Section):
    """How many orders use each payment option, such as ``gpay = 400``. Without it, as in the results.

    Larger counts make the mix more certain: 40 of 100 orders say less than 4000 of 10000.
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
    """How many instances of the shop there are, and how many may fail."""

    now: PositiveCount | None = None
    """How many instances there are at the peak. Without it, as many as were measured."""
    lost: PositiveCount = 1
    """How many of them may fail (N+1)."""
    measured: PositiveCount = 1
    """How many instances there were when the results were measured."""
    results: dict[str, PositiveCount] = Field(default_factory=dict)
    """``[instances.results]``: the number of instances for single results, by the path or the name of the folder."""


class SurgeSection(Section):
    """A surge: more orders come than the shop can carry."""

    lasts: PositiveSeconds = 60.0
    """How long the surge lasts."""
    afterwards: PerSecond | None = None
    """The rate of orders after the surge. Without it, that of the busiest hour."""


class WhatIfSection(Section):
    """A variation of the forecast. Each ``[[what_if]]`` is a row in the plan."""

    name: NonEmptyText
    """The name of the row."""
    payments: ForecastPaymentsSection = ForecastPaymentsSection()
    """Another mix of payment options."""
    bank_delay: Seconds = 0.0
    """How much longer a bank or a wallet takes."""
    sms_delay: Seconds = 0.0
    """How much longer a code by SMS takes."""

    @model_validator(mode="after")
    def _require_a_change(self) -> Self:
        if not (self.payments.counts or self.bank_delay or self.sms_delay):
            raise ValueError("a change; add `payments`, `bank_delay` or `sms_delay`")
        return self


class ForecastDocument(Section):
    """A whole forecast file: the peak that the shop must carry, and how certain you want to be."""

    confidence: Confidence = 0.9
    """How certain you want to be that the peak fits. It decides the exit code."""
    seed: Count = 1
    """The seed of all random draws. The same seed gives the same figures."""
    run_effect: Annotated[float, Field(ge=0, le=0.5)] = RUN_EFFECT
    """How much the capacity of the same shop differs between two runs: the standard deviation, as a share. A rate that held
    in one run may not hold on the day."""
    draws: Annotated[int, Field(ge=100, le=100_000)] = 2000
    """The number of random draws."""
    orders: OrdersSection
    conversion: ConversionSection | None = None
    payments: ForecastPaymentsSection = ForecastPaymentsSection()
    instances: InstancesSection = InstancesSection()
    surge: SurgeSection = SurgeSection()
    what_if: Annotated[tuple[WhatIfSection, ...], Field(strict=False)] = ()
    """``[[what_if]]``: any number of variations."""
