"""Counts the journeys of a log by kind, payment option, code and card, with think times and arrivals, in bounded memory."""

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
    """The counts of all journeys of a log; ``chance`` draws the think times that are kept."""

    def __init__(self, chance: random.Random, arrivals: ArrivalStatistics) -> None:
        self._chance = chance
        self.arrivals = arrivals
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
        """This share of the journeys is at most so long, in seconds; 0 without journeys."""
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
            # Before a new code, the shopper waits for the old one to expire: that is no think time.
            if page not in NO_THINK_PAGES and not (page is Page.VERIFY_SMS and journey.codes_before_new):
                self._add_think_time(page, max(0.0, gap))

    def add_unfinished(self, unfinished: Iterable[tuple[ObservedJourney, float]]) -> None:
        """Count the journeys that were open at the end of the log, each with the seconds since its last request.

        A journey without an order may have gone on after the log. If its silence is short, it is not counted.
        """
        unsure = []
        for journey, silence in unfinished:
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
        """The silence in seconds after which almost no shopper goes on."""
        if self.all_pauses.count < _FEW:
            return _PATIENCE
        return quantile(self.all_pauses.ranked(), 0.995)
