"""The population of a scenario: its users, and the journeys that they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from harness.schedule.arrivals import ArrivalSchedule
from harness.schedule.dispatch import Arrival
from scenarios.loading.scenario import Scenario
from scenarios.runtime.accounts import ScenarioAccounts
from scenarios.runtime.schedule import ScenarioSchedule
from scenarios.runtime.worker_context import ScenarioWorkerContext
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import JourneyMix
from users.sampling import JourneySampler

LONGEST_COUNTED_SCHEDULE = 100_000
"""The longest schedule whose journeys are drawn again at the end of a run, for the check of the mix. It takes two seconds."""


class PaymentChange(NamedTuple):
    """Another sampler from ``at`` seconds after the start of the load on."""

    at: float
    sampler: JourneySampler


class ScenarioPopulation:
    """The users of a scenario and their journeys; the harness's ``Population``.

    ``schedule`` says when arrivals come.
    """

    def __init__(self, scenario: Scenario, schedule: ScenarioSchedule, accounts: ScenarioAccounts) -> None:
        self._scenario = scenario
        self._schedule = schedule
        self._due_times = due_times = schedule.due_times()
        self._mixes: list[PaymentChange] = []
        self._start = 0.0
        self._think = scenario.think
        self._accounts = accounts
        self._journeys: Collection[str] | None = None
        self._mix = _minimum_within_schedule(scenario.mix, due_times)
        self.spawn_rate = scenario.spawn_rate
        self.planned_minimum: Mapping[str, int] = self._mix.minimum
        from_trace = scenario.trace.options if scenario.trace else frozenset[str]()
        self.payment_options: Sequence[str] = [
            slug for slug in scenario.payment_names if scenario.mix.payments.get(slug, 0) > 0 or slug in from_trace
        ]

    @property
    def users(self) -> int:
        """The number of virtual users: at least one for each journey."""
        return max(self._scenario.users, len(self._journeys or self.weights))

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each journey; with ``cover`` or a trace, the number of each."""
        mix = self._scenario.mix
        if mix.cover:
            return Counter(one.journey for one in JourneySampler(mix, self._scenario.seed).coverage_specs)
        weights = {name: weight for name, weight in mix.journeys.items() if weight > 0}
        if (replayed := self._scenario.trace) is None or not replayed.trace_rows:
            return weights
        from_trace = Counter(one.journey for one in replayed.trace_rows)
        drawn, whole = from_trace.pop("", 0), sum(weights.values())
        names = [name for name in JOURNEYS if name in from_trace or (drawn and name in weights)]
        return {name: from_trace[name] + drawn * weights.get(name, 0.0) / whole for name in names}

    @property
    def kinds(self) -> Collection[str]:
        """The journeys of this run."""
        return self._journeys if self._journeys is not None else set(self.weights)

    def kind_of(self, number: int) -> str:
        """The journey of an arrival of the schedule."""
        return self._sampler.spec_for(number).journey

    def labels_of(self, arrival: Arrival) -> tuple[str, str]:
        """The journey and the payment option of an arrival."""
        sampler = self.sampler_at(arrival.due)
        if self._scenario.is_open:
            spec = sampler.spec_for(arrival.number)
        else:
            spec = sampler.spec_of_journey(arrival.kind, arrival.number)
        return spec.journey, spec.payment_option

    def change_payments(self, at: float, payments: Mapping[str, float], start: float) -> None:
        """Use other weights of payment options for arrivals that are due ``at`` seconds after ``start``, or later."""
        self._start = start
        self._mixes.append(PaymentChange(at, self._sampler.with_payments(payments)))

    def change_think_scale(self, scale: float) -> None:
        """Use this scale for all later think times."""
        self._think = replace(self._think, scale=scale)

    def sampler_at(self, due: float) -> JourneySampler:
        """What draws the journey of an arrival that is due at this moment of the run's clock."""
        for change in reversed(self._mixes):
            if due - self._start >= change.at:
                return change.sampler
        return self._sampler

    def restrict(self, kinds: Collection[str]) -> None:
        """Use only these journeys."""
        self._journeys = frozenset(kinds)
        self.__dict__.pop("_sampler", None)

    def planned_counts(self, journeys_begun: Mapping[str, int]) -> Mapping[str, Mapping[str, float]]:
        """How many journeys of each kind and payment option the schedule has; empty for a schedule that is too long to count.

        A closed load has no planned number of journeys: it depends on how long they take. With a fallback option, the planned
        payment options cannot be compared with those that shoppers used.
        """
        due_times = self._schedule.due_times()
        if due_times is None:
            meant: dict[str, Mapping[str, float]] = {"payment option": self._sampler.expected_options(journeys_begun)}
            if self._mixes:
                return {}  # how many journeys came before the change depends on how long they took
        else:
            if not 0 < due_times.min_count <= LONGEST_COUNTED_SCHEDULE:
                return {}
            journeys, options = Counter[str](), Counter[str]()
            for number, due in enumerate(due_times):
                spec = self.sampler_at(self._start + due).spec_for(number)
                journeys[spec.journey] += 1
                options[spec.payment_option] += 1
            meant = {"journey": journeys, "payment option": options}
        if self._scenario.policy.fallback:
            del meant["payment option"]
        return meant

    def worker_context(self, worker: int, workers: int) -> ScenarioWorkerContext:
        """What the shoppers of one process need; raises ``UsageError`` if the accounts file is wrong."""
        return ScenarioWorkerContext(
            self._scenario,
            self.sampler_at,
            lambda: self._think,
            self._accounts.pool.partition(worker, workers),
        )

    def candidate_context(self, baseline: ScenarioWorkerContext) -> ScenarioWorkerContext:
        """What the shoppers at the second host need: copies of the accounts, and the same products for sale."""
        context = self.worker_context(0, 1)
        context.products = baseline.products
        return context

    @cached_property
    def _sampler(self) -> JourneySampler:
        total = None if self._due_times is None else self._due_times.min_count
        replayed = self._scenario.trace
        return JourneySampler(
            self._mix, self._scenario.seed, total, self._journeys, trace_rows=replayed.trace_rows if replayed else ()
        )


def _minimum_within_schedule(mix: JourneyMix, schedule: ArrivalSchedule | None) -> JourneyMix:
    """Lower the guaranteed journeys of a mix to the arrivals of the schedule. A Poisson process may bring fewer than its rate says."""
    guaranteed = sum(mix.minimum.values())
    if schedule is None or mix.cover or guaranteed <= (total := schedule.min_count):
        return mix
    return replace(mix, minimum={slug: count * total // guaranteed for slug, count in mix.minimum.items()})
