"""What the shoppers of one process need for a run: accounts, journeys, think times and client settings."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from harness.schedule.dispatch import Arrival
from scenarios.loading.scenario import Scenario
from users.http.timeouts import HttpLimits
from users.population.accounts import AccountPool
from users.population.journey_spec import JourneySpec
from users.population.think import ThinkTimes
from users.sampling import JourneySampler
from users.transports import ClientSettings


class ScenarioWorkerContext:
    """What the shoppers of one process need for one run; the users' ``WorkerContext``.

    ``sampler`` returns what draws the journey of an arrival, by its due time, ``think`` the think times
    of this moment.
    """

    def __init__(
        self,
        scenario: Scenario,
        sampler: Callable[[float], JourneySampler],
        think: Callable[[], ThinkTimes],
        accounts: AccountPool,
    ) -> None:
        target = scenario.target
        self.accounts = accounts
        self.policy = scenario.policy
        self.connect_timeout = target.connect_timeout
        limits = HttpLimits(
            target.connect_timeout,
            target.read_timeout,
            target.connect_timeout + target.read_timeout,
            target.largest_reply,
            verify_tls=target.verify_tls,
        )
        self.client = ClientSettings(target.client, limits, scenario.headers)
        self.seed = scenario.seed
        self.trace_sampled = scenario.document.trace.sampled
        self.places = scenario.places
        self.products = scenario.products
        self._sampler = sampler
        self._open = scenario.is_open
        self._think = think

    def spec_for(self, arrival: Arrival) -> JourneySpec:
        """The journey of an arrival. In a closed load, arrivals are numbered for each journey separately."""
        sampler = self._sampler(arrival.due)
        return sampler.spec_for(arrival.number) if self._open else sampler.spec_of_journey(arrival.kind, arrival.number)

    def left(self) -> Mapping[str, int]:
        """The number of unused accounts of each kind."""
        kinds = {"accounts_saved": "returning", "accounts_new": "first_time"}
        return {pool: self.accounts.free(journey) for pool, journey in kinds.items()}

    def think(self, page: str, rng: random.Random) -> float:
        """Draw the think time before a page, in seconds."""
        return self._think().draw(page, rng)
