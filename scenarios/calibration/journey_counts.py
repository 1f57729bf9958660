"""Counts what journeys were: kinds, options, codes, cards, pauses, arrivals; in room that does not grow with the log."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

from scenarios.calibration.arrival_statistics import ArrivalStatistics, LoggedArrival
from scenarios.calibration.estimates import Reservoir, quantile
from scenarios.calibration.observed_journey import CARD, START_PAGES, ObservedJourney
from scenarios.calibration.think_times import NO_THINK_PAGES
from shop.contract import Page

_FEW = 100
_PATIENCE = 60.0


class JourneyCounts:
    """What all journeys of a log amount to; ``chance`` decides which pauses are kept once there are too many."""

    def __init__(self, chance: random.Random, comings: ArrivalStatistics) -> None:
        self._chance = chance
        self.arrivals = comings
        self.journeys: Counter[str] = Counter()
        self.options: Counter[str] = Counter()
        self.sms: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.settled: Counter[str] = Counter()
        self.pages: Counter[str] = Counter()
        self.lost = 0
        self.confirmed = self.three_d = self.refused = 0
        self.looked_around = self.headless = self.under_way = 0
        self.pauses: dict[Page, Reservoir] = {}
        self.all_pauses = Reservoir(chance)
        self.lengths = Reservoir(chance)

    @property
    def total(self) -> int:
        """Journeys that reached the checkout."""
        return sum(self.journeys.values())

    def length_quantile(self, share: float) -> float:
        """How long such a share of the journeys lasts at most, seconds; 0 where none is known."""
        return quantile(self.lengths.ranked(), share) if self.lengths.count else 0.0

    def add(self, journey: ObservedJourney) -> None:
        """Count a journey that is over."""
        kind = journey.kind
        if not kind:
            self.looked_around += 1
            return
        if journey.first not in START_PAGES:
            self.headless += 1
            return
        self.journeys[kind] += 1
        self.pages[kind] += journey.pages
        self.arrivals.add(LoggedArrival(journey.began, journey.option, kind))
        self.lengths.add(sum(gap for _, gap in journey.gaps))
        if journey.option:
            self._count_payment(journey)
        for page, gap in journey.gaps:
            # Between an expired code and the next she waited for the clock, and thought of nothing.
            if page not in NO_THINK_PAGES and not (page is Page.VERIFY_SMS and journey.codes_before_new):
                self._add_think_time(page, max(0.0, gap))

    def add_unfinished(self, rest: Iterable[tuple[ObservedJourney, float]]) -> None:
        """Count the journeys that were open when the log ended, each with how long it had been silent.

        Those without an order whose shopper may well have been going on are under way, and not counted.
        """
        unsure = []
        for journey, silence in rest:
            if journey.ordered or not journey.kind:
                self.add(journey)
            else:
                unsure.append((journey, silence))
        patience = self._longest_pause()
        for journey, silence in unsure:
            if silence < patience:
                self.under_way += 1
            else:
                self.add(journey)

    def _count_payment(self, journey: ObservedJourney) -> None:
        option = journey.option
        self.options[option] += 1
        self.lost += not journey.ordered
        if journey.codes or journey.ordered:
            self.settled[option] += 1
        if journey.codes or journey.new_codes:
            self.asked[option] += 1
        if (script := journey.sms) is not None:
            self.sms[script.value] += 1
        if option in CARD and journey.confirmed:
            self.confirmed += 1
            self.three_d += journey.three_d
            self.refused += journey.was_refused

    def _add_think_time(self, page: Page, seconds: float) -> None:
        if page not in self.pauses:
            self.pauses[page] = Reservoir(self._chance)
        self.pauses[page].add(seconds)
        self.all_pauses.add(seconds)

    def _longest_pause(self) -> float:
        """After how much silence hardly anybody goes on."""
        if self.all_pauses.count < _FEW:
            return _PATIENCE
        return quantile(self.all_pauses.ranked(), 0.995)
