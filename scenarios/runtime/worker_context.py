"""What the shoppers of one process need for one run: who does what, with which account, and how patiently."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from harness.schedule.dispatch import Arrival
from scenarios.loading.scenario import Scenario
from users.population.accounts import AccountPool
from users.population.journey_spec import JourneySpec
from users.sampling import Casting


class Stage:
    """What the shoppers of one process need for one run."""

    def __init__(self, prepared: Scenario, casting: Callable[[], Casting], accounts: AccountPool) -> None:
        target = prepared.target
        self.accounts = accounts
        self.conduct = prepared.conduct
        self.client: str = target.client
        self.verify_tls = target.verify_tls
        self.connect_timeout = target.connect_timeout
        self.read_timeout = target.read_timeout
        self.total_timeout = target.connect_timeout + target.read_timeout
        self.largest_reply = target.largest_reply
        self.seed = prepared.seed
        self.trace_sampled = prepared.document.trace.sampled
        self.headers = prepared.headers
        self.places = prepared.places
        self.products = prepared.products
        self._casting = casting
        self._open = prepared.is_open
        self._think = prepared.think

    def itinerary(self, arrival: Arrival) -> JourneySpec:
        """What the shopper of this arrival does: of a closed load, its number counts among its kind only."""
        casting = self._casting()
        return (
            casting.itinerary(arrival.number) if self._open else casting.spec_of_journey(arrival.kind, arrival.number)
        )

    def left(self) -> Mapping[str, int]:
        """How many accounts of each kind nobody uses just now."""
        kinds = {"accounts_saved": "returning", "accounts_new": "first_time"}
        return {pool: self.accounts.free(journey) for pool, journey in kinds.items()}

    def think(self, page: str, rng: random.Random) -> float:
        """Think time in seconds before a page."""
        return self._think.draw(page, rng)
