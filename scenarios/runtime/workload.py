"""The workload of a run, made from a scenario: schedule, journeys, accounts and embedded shop."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from itertools import accumulate
from typing import Any

import orjson

from harness.errors import UsageError
from harness.metrics.page_roles import PageRoles
from harness.objectives.model import Objective
from harness.objectives.stop_rule import StopRule
from harness.run.workload import Choices
from harness.schedule.arrivals import ArrivalSchedule, ProfileSchedule
from harness.schedule.dispatch import Arrival
from harness.schedule.stepped import SteppedSchedule
from scenarios.loading.scenario import Scenario
from scenarios.runtime.embedded_shop import EmbeddedShop
from scenarios.runtime.worker_context import ScenarioWorkerContext
from shop.contract import PAYMENT_OPTIONS, Page
from users.funnel import FUNNEL_STEPS
from users.http.origin import parse_origin, refuse_proxy
from users.journeys.catalogue import JOURNEYS
from users.population.accounts import AccountPool, AccountsRejected
from users.population.journey_spec import JourneyMix
from users.sampling import JourneySampler

PAGE_ROLES = PageRoles(
    steps=FUNNEL_STEPS,
    challenges=frozenset({Page.THREE_D_SECURE.value}),
    codes=frozenset({Page.VERIFY_SMS.value}),
    resends=frozenset({Page.SEND_SMS.value}),
)
"""The pages that metrics count in a special way."""

LONGEST_COUNTED_SCHEDULE = 100_000
"""The longest schedule whose journeys are drawn again at the end of a run, for the check of the mix. It takes two seconds."""


class ScenarioWorkload:
    """One scenario with the user's choices applied; the harness's ``Workload``."""

    def __init__(self, chosen: Scenario, choices: Choices) -> None:
        self._scenario = chosen
        self._choices = choices
        self._journeys: Collection[str] | None = None
        self._account_pool: AccountPool | None = None
        self.name = chosen.name
        self.seed = chosen.seed
        self.is_open = chosen.is_open
        self.spawn_rate = chosen.spawn_rate
        self.warm_up = chosen.warm_up
        self.steady = chosen.steady
        self.drain = chosen.drain
        self.longest_wait = chosen.longest_wait
        self.objectives: Sequence[Objective] = chosen.objectives
        self.stop_rules: Sequence[StopRule] = chosen.stop_rules
        self.stop_when_certain = chosen.document.stop.when_certain
        self.search = chosen.search
        self.at_least = chosen.document.capacity.at_least if chosen.document.capacity else None
        self.allowed: Collection[str] = frozenset(chosen.target.allowed)
        self._mix = _minimum_within_schedule(chosen.mix, self._schedule)
        self.planned_minimum: Mapping[str, int] = self._mix.minimum
        self.page_roles = PAGE_ROLES
        from_trace = chosen.trace.options if chosen.trace else frozenset[str]()
        self.payment_options: Sequence[str] = [
            slug for slug in PAYMENT_OPTIONS if chosen.mix.payments.get(slug, 0) > 0 or slug in from_trace
        ]

    def stepped_schedule(self) -> SteppedSchedule:
        """The schedule of a search for the capacity."""
        return SteppedSchedule(self._scenario.arrival_process, self.seed)

    @cached_property
    def _schedule(self) -> ArrivalSchedule | None:
        if self.search is not None:
            return None
        if (replayed := self._scenario.trace) is not None:
            return replayed.trace
        profile = self._scenario.profile()
        return None if profile is None else ProfileSchedule(profile, self._scenario.arrival_process, self.seed)

    @cached_property
    def _sampler(self) -> JourneySampler:
        total = None if self._schedule is None else self._schedule.min_count
        replayed = self._scenario.trace
        return JourneySampler(
            self._mix, self.seed, total, self._journeys, trace_rows=replayed.trace_rows if replayed else ()
        )

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each journey; with ``cover`` or a trace, the number of each."""
        mix = self._scenario.mix
        if mix.cover:
            return Counter(one.journey for one in JourneySampler(mix, self.seed).coverage_specs)
        weights = {name: weight for name, weight in mix.journeys.items() if weight > 0}
        if (replayed := self._scenario.trace) is None or not replayed.trace_rows:
            return weights
        from_trace = Counter(one.journey for one in replayed.trace_rows)
        drawn, whole = from_trace.pop("", 0), sum(weights.values())
        names = [name for name in JOURNEYS if name in from_trace or (drawn and name in weights)]
        return {name: from_trace[name] + drawn * weights.get(name, 0.0) / whole for name in names}

    @property
    def users(self) -> int:
        """The number of virtual users: at least one for each journey."""
        return max(self._scenario.users, len(self._journeys or self.weights))

    def schedule(self) -> ArrivalSchedule | None:
        """The schedule of arrivals; ``None`` for a closed load."""
        return self._schedule

    def rate(self, elapsed: float) -> float:
        """The arrival rate per second, ``elapsed`` seconds after the start; 0 for a closed load."""
        profile = self._scenario.profile()
        return 0.0 if profile is None else profile.rate(elapsed)

    def stage_number(self, elapsed: float) -> int | None:
        """The stage of the profile ``elapsed`` seconds after the start, counted from 1; ``None`` for a closed load."""
        profile = self._scenario.profile()
        if profile is None:
            return None
        ends = list(accumulate(stage.duration for stage in profile.stages))
        return min(bisect_right(ends, elapsed), len(ends) - 1) + 1

    def kind_of(self, number: int) -> str:
        """The journey of an arrival of the schedule."""
        return self._sampler.spec_for(number).journey

    def labels_of(self, arrival: Arrival) -> tuple[str, str]:
        """The journey and the payment option of an arrival."""
        if self.is_open:
            spec = self._sampler.spec_for(arrival.number)
        else:
            spec = self._sampler.spec_of_journey(arrival.kind, arrival.number)
        return spec.journey, spec.payment_option

    def restrict(self, kinds: Collection[str]) -> None:
        """Use only these journeys."""
        self._journeys = frozenset(kinds)
        self.__dict__.pop("_sampler", None)

    def as_asked(self) -> dict[str, Any]:
        """The whole scenario and the options as plain JSON values."""
        chosen = {key: value for key, value in overrides_of(self._choices).items() if value not in (None, "", ())}
        if self._scenario.skipped_objectives:
            chosen["set_aside"] = list(self._scenario.skipped_objectives)
        return {"scenario": self._scenario.as_asked(), "chosen": chosen, "journeys": sorted(self.kinds)}

    @property
    def constant_rate(self) -> bool:
        """Whether the rate is constant in the steady part."""
        profile = self._scenario.profile()
        if profile is None:
            return True
        if self.search is not None:
            return False
        rates, end = set[float](), 0.0
        for stage in profile.stages:
            end += stage.duration
            if end > self.warm_up:
                rates |= {stage.rate_from, stage.rate_to}
        return len(rates) == 1

    def planned_counts(self, journeys_begun: Mapping[str, int]) -> Mapping[str, Mapping[str, float]]:
        """How many journeys of each kind and payment option the schedule has; empty for a schedule that is too long to count.

        A closed load has no planned number of journeys: it depends on how long they take. With a fallback option, the planned
        payment options cannot be compared with those that shoppers used.
        """
        if self._schedule is None:
            meant: dict[str, Mapping[str, float]] = {"payment option": self._sampler.expected_options(journeys_begun)}
        else:
            total = self._schedule.min_count
            if not 0 < total <= LONGEST_COUNTED_SCHEDULE:
                return {}
            journeys, options = Counter[str](), Counter[str]()
            for number in range(total):
                spec = self._sampler.spec_for(number)
                journeys[spec.journey] += 1
                options[spec.payment_option] += 1
            meant = {"journey": journeys, "payment option": options}
        if self._scenario.policy.fallback:
            del meant["payment option"]
        return meant

    @property
    def kinds(self) -> Collection[str]:
        """The journeys of this run."""
        return self._journeys if self._journeys is not None else set(self.weights)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the scenario, the options, the accounts and the version. Master and workers must have the same one."""
        asked = {key: value for key, value in self.as_asked().items() if key != "journeys"}
        emails = [account.email for account in self._pool().accounts]
        trace = self._scenario.trace.digest if self._scenario.trace else ""
        pks = self._scenario.products.pks
        everything = [asked, emails, trace, pks, version("checkload")]
        return sha256(orjson.dumps(everything, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def worker_context(self, worker: int, workers: int) -> ScenarioWorkerContext:
        """What the shoppers of one process need; raises ``UsageError`` if the accounts file is wrong."""
        return ScenarioWorkerContext(
            self._scenario,
            lambda: self._sampler,
            self._pool().partition(worker, workers),
        )

    def refusal(self, url: str) -> str:
        """Why this target cannot get load from here, even if it is allowed; empty if it can."""
        if self._scenario.target.client != "own":
            return ""
        try:
            refuse_proxy(parse_origin(url))
        except ValueError as error:
            return str(error)
        return ""

    def start_target(self) -> EmbeddedShop:
        """Start the embedded shop with the accounts of this run; raises ``UsageError`` with its message."""
        return EmbeddedShop.start(self._scenario.shop_settings, self._pool())

    def secrets(self) -> Collection[str]:
        """Texts that no output may show: passwords, header values and the test system's SMS code."""
        passwords = {account.password for account in self._pool().accounts}
        codes = {self._scenario.policy.sms_code, self._scenario.shop_settings.sms.fixed_code or ""}
        headers = {part for value in self._scenario.headers.values() for part in (value, *value.split())}
        return passwords | (codes - {""}) | headers

    def _pool(self) -> AccountPool:
        if self._account_pool is None:
            file, numbers = self._scenario.accounts_file, self._scenario.generated_accounts
            try:
                self._account_pool = (
                    AccountPool.generate(numbers["returning"], numbers["first_time"], self.seed)
                    if file is None
                    else AccountPool.read_csv(file)
                )
            except AccountsRejected as rejected:
                raise UsageError(f"{file}:\n{rejected}") from None
        return self._account_pool


def _minimum_within_schedule(mix: JourneyMix, schedule: ArrivalSchedule | None) -> JourneyMix:
    """Lower the guaranteed journeys of a mix to the arrivals of the schedule. A Poisson process may bring fewer than its rate says."""
    guaranteed = sum(mix.minimum.values())
    if schedule is None or mix.cover or guaranteed <= (total := schedule.min_count):
        return mix
    return replace(mix, minimum={slug: count * total // guaranteed for slug, count in mix.minimum.items()})


def overrides_of(choices: Choices) -> dict[str, Any]:
    """The choices under the names of ``scenarios.loading.overrides``; ``None`` is no choice."""
    return {
        "payment_mix": choices.payment_mix,
        "sms_share": choices.sms_share,
        "arrival_rate": choices.arrival_rate,
        "users": choices.users,
        "duration": choices.duration,
        "seed": choices.seed,
        "think_scale": choices.think_scale,
        "budget": choices.budget,
        "stop_when_certain": choices.stop_when_certain or None,
        "allow_target": choices.allowed,
        "verify_tls": None if choices.verify_tls else False,
    }
