"""A scenario after reading and checking: load, shoppers, objectives and target."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.capacity.model import SearchPlan
from harness.objectives import parser, stop_rule
from harness.objectives.model import Objective
from harness.objectives.stop_rule import StopRule
from harness.schedule.arrivals import ArrivalProcess, Profile, RateStage, users_needed
from scenarios.loading.arrival_trace import ScaledTrace, load_trace
from scenarios.loading.headers import resolve_headers
from scenarios.loading.products import PLACE_KEYS, load_products
from scenarios.loading.recipes import HIDDEN_TEXT, recorded_payments
from scenarios.loading.session_age import session_age
from scenarios.schema.load import PAGES_PER_JOURNEY, ArrivalsSection, ClosedSection
from scenarios.schema.names import JOURNEY_NAMES, SMS_NAMES, OwnNames
from scenarios.schema.scenario_file import ScenarioDocument, TargetSection
from shop.settings import Settings
from users.coverage import coverage_specs_for
from users.population.journey_spec import ExternalPages, Fidelity, JourneyMix, ShopperPolicy, SmsScript
from users.population.pools import LocationPool, ProductPool
from users.population.think import ThinkTimes

SECONDS_PER_PAGE = 0.1
"""A rough service time of a page. It estimates the virtual users that a rate needs."""

SPAWN_RATE = 100.0
"""Virtual users started per second for an open load. Locust warns above this rate."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, read and checked.

    ``document`` holds every key of the file, with defaults. Paths in it are relative to ``folder``. ``skipped_objectives`` are
    objectives of the file for which the overrides leave nothing to measure. ``written`` are the tables as the author wrote
    them, before any override. Times are in seconds, rates per second, shares from 0 to 1.
    """

    name: str
    document: ScenarioDocument
    folder: Path
    skipped_objectives: tuple[str, ...] = ()
    written: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def description(self) -> str:
        """One line that says what the scenario is for."""
        return self.document.description

    @property
    def seed(self) -> int:
        """The seed of all random draws in the run."""
        return self.document.seed

    @property
    def load(self) -> ArrivalsSection | ClosedSection:
        """The table of the load: open or closed."""
        load = self.document.arrivals or self.document.closed
        assert load is not None, "a scenario without a load is refused by the reader"  # noqa: S101
        return load

    @property
    def is_open(self) -> bool:
        """Whether the load is open: shoppers come at a rate, however slow the shop is."""
        return self.document.arrivals is not None

    @property
    def arrival_process(self) -> ArrivalProcess:
        """How arrivals are spread along the profile; uniform with ``cover``."""
        arrivals = self.document.arrivals
        if arrivals is None or self.document.cover:
            return ArrivalProcess.UNIFORM
        return ArrivalProcess(arrivals.process)

    @property
    def trace(self) -> ScaledTrace | None:
        """The arrival trace after scaling; ``None`` without a trace."""
        arrivals = self.document.arrivals
        if arrivals is None or arrivals.trace is None:
            return None
        path, names = self.folder / arrivals.trace, self.payment_names
        return load_trace(path, arrivals.rate_scale, arrivals.time_scale, self.seed, names)

    @property
    def search(self) -> SearchPlan | None:
        """The plan of the search for the capacity; ``None`` without a search."""
        return None if self.document.capacity is None else self.document.capacity.search_plan

    def profile(self) -> Profile | None:
        """The arrival rate over time; ``None`` for a closed load. With ``cover``, it is just long enough for every journey."""
        arrivals = self.document.arrivals
        if arrivals is None:
            return None
        if self.search is not None:
            # The rates of a search are not known in advance: this is its upper bound.
            return Profile([RateStage(self.search.budget, self.search.most, self.search.most)])
        if (replayed := self.trace) is not None:
            return replayed.profile
        if not self.document.cover:
            return arrivals.profile
        return self._profile_for(len(coverage_specs_for(self.mix, JOURNEY_NAMES)))

    def _profile_for(self, journeys: int) -> Profile:
        """A profile at the highest rate, just long enough for so many arrivals."""
        rate = max(rate for _, rate in self.document.arrivals.rates()) if self.document.arrivals else 1.0
        return Profile([RateStage(journeys / rate, rate, rate)])

    @property
    def warm_up(self) -> float:
        """The first part of the run, which no objective judges."""
        return self.load.warm_up_seconds

    @property
    def duration(self) -> float:
        """The length of the run, with the warm-up and without the drain."""
        profile = self.profile()
        if profile is not None:
            return profile.duration
        assert self.document.closed is not None, "a load that is not open is closed"  # noqa: S101
        return self.document.closed.duration

    @property
    def steady(self) -> float:
        """The steady part of the run, which the objectives judge."""
        return self.duration - self.warm_up

    @property
    def drain(self) -> float:
        """How long journeys may go on at the end."""
        return self.load.drain

    @property
    def longest_wait(self) -> float:
        """How long an arrival may wait for a free virtual user; infinite for a closed load."""
        return self.document.arrivals.longest_wait if self.document.arrivals else math.inf

    @property
    def users(self) -> int:
        """The number of virtual users."""
        if self.load.users is not None:
            return self.load.users
        profile = self.profile()
        assert profile is not None, "a closed load has a number of users"  # noqa: S101
        journey = PAGES_PER_JOURNEY * (SECONDS_PER_PAGE + self.think.mean())
        return min(users_needed(profile.peak_rate, journey), self.target.most_users)

    @property
    def spawn_rate(self) -> float:
        """Virtual users started per second."""
        return self.document.closed.spawn_rate if self.document.closed else SPAWN_RATE

    @property
    def payment_names(self) -> tuple[str, ...]:
        """All payment options, with those that only this scenario knows."""
        return OwnNames(tuple(self.document.payments.recipes)).payments

    @property
    def mix(self) -> JourneyMix:
        """The weights of journeys, payment options and SMS behaviours."""
        document = self.document
        return JourneyMix(
            journeys=_with_default_weights(document.journeys, JOURNEY_NAMES, covers=document.cover),
            payments=_with_default_weights(document.payments.weights, self.payment_names, covers=document.cover),
            own_options=tuple(document.payments.recipes),
            sms={SmsScript(name): weight for name, weight in self._sms_weights().items()},
            three_d=document.cards.three_d,
            declined=document.cards.declined,
            minimum={slug: count for slug, count in document.payments.minimum.items() if count > 0},
            cover=document.cover,
        )

    def _sms_weights(self) -> dict[str, float]:
        sms = self.document.sms
        given = {name: float(getattr(sms, name)) for name in SMS_NAMES if name in sms.model_fields_set}
        if self.document.cover:
            return dict.fromkeys(SMS_NAMES, 1.0) | given
        return given or {SmsScript.RIGHT.value: 1.0}

    @property
    def policy(self) -> ShopperPolicy:
        """How shoppers use the shop's API."""
        document, conduct = self.document, self.document.conduct
        return ShopperPolicy(
            external=ExternalPages(document.external.mode),
            allowed_hosts=frozenset(host.lower() for host in document.external.allowed_hosts),
            option_value=conduct.option_value,
            fidelity=Fidelity(conduct.fidelity),
            sms_code=document.sms.code,
            sms_poll=document.sms.poll,
            sms_patience=document.sms.patience,
            csrf_path=conduct.csrf_path,
            csrf_in_page=conduct.csrf_from == "page",
            fallback=conduct.fallback or "",
            sign_in_once=document.accounts.sign_in == "user",
            locale=conduct.locale,
            currency=conduct.currency,
            json_as_json=conduct.content_type == "fail",
            address=document.address.model_dump(include={"title", "line", "postcode"}, exclude_none=True),
            recipes={name: recipe.steps for name, recipe in document.payments.recipes.items()},
            availability={name: section.check for name, section in document.payments.availability.items()},
        )

    @property
    def products(self) -> ProductPool:
        """The products that shoppers can buy."""
        return load_products(self.document, self.folder)

    @property
    def places(self) -> LocationPool:
        """The places for shipping addresses."""
        return LocationPool(self.document.address.model_dump(include=set(PLACE_KEYS), exclude_none=True), self.seed)

    @property
    def headers(self) -> dict[str, str]:
        """The extra headers for the shop, with values from the environment."""
        return resolve_headers(self.document.headers)

    @property
    def think(self) -> ThinkTimes:
        """The think times."""
        return self.document.think.times

    @property
    def target(self) -> TargetSection:
        """The allowed targets, the limits of the load, and the settings of connections."""
        return self.document.target

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The objectives on what the run measures."""
        return tuple(parser.parse(text) for text in self.document.sample_objectives)

    @property
    def stop_rules(self) -> tuple[StopRule, ...]:
        """The rules that end the run early."""
        return tuple(stop_rule.parse(text) for text in self.document.stop.rules)

    @property
    def accounts_file(self) -> Path | None:
        """The CSV file of accounts; ``None`` if they are generated."""
        name = self.document.accounts.file
        return None if name is None else self.folder / name

    @property
    def generated_accounts(self) -> dict[str, int]:
        """How many accounts to generate for each journey that signs in: more than users, as a person may raise the load later."""
        given, enough = self.document.accounts, self.users + min(3 * self.users, 400)
        return {"returning": given.returning or enough, "first_time": given.first_time or enough}

    @property
    def shop_settings(self) -> Settings:
        """The settings of the embedded shop, with the SMS share, the seed, the accounts and the pauses of the scenario."""
        settings = self.document.shop
        updates: dict[str, Any] = {}
        if self.document.sms.share is not None:
            updates["sms"] = settings.sms.model_copy(update={"share": self.document.sms.share})
        if "seed" not in settings.model_fields_set:
            updates["seed"] = self.seed
        if self.accounts_file is not None and settings.accounts_file is None:
            updates["accounts_file"] = str(self.accounts_file)
        if "age" not in settings.sessions.model_fields_set:
            age = session_age(settings, self.think, stays_signed_in=self.document.accounts.sign_in == "user")
            updates["sessions"] = settings.sessions.model_copy(update={"age": age})
        return settings.model_copy(update=updates)

    def as_asked(self) -> dict[str, Any]:
        """The whole scenario as plain JSON values, with defaults and without secrets. ``build_scenario`` can read it."""
        asked = self.document.model_dump(mode="json", by_alias=True, exclude_none=True)
        mix = self.mix
        asked["journeys"] = dict(mix.journeys)
        asked["payments"] = {**recorded_payments(asked["payments"]), **mix.payments}
        # A default of 0 is left out. A written 0 stays: it excludes this behaviour.
        asked["sms"] = {key: value for key, value in asked["sms"].items() if key not in SMS_NAMES}
        asked["sms"].update({script.value: weight for script, weight in mix.sms.items()})
        # Without the path of the accounts file: it differs between machines.
        shop = self.shop_settings.model_copy(update={"accounts_file": self.document.shop.accounts_file})
        asked["shop"] = shop.model_dump(mode="json", exclude_none=True)
        asked["headers"] = dict.fromkeys(asked["headers"], HIDDEN_TEXT)
        if self.document.sms.code:
            asked["sms"]["code"] = HIDDEN_TEXT
        if self.document.shop.sms.fixed_code:
            asked["shop"]["sms"]["fixed_code"] = HIDDEN_TEXT
        if self.is_open:
            asked["arrivals"]["process"] = self.arrival_process.value
        if self.trace is not None:
            del asked["arrivals"]["process"]
        return asked


def _with_default_weights(given: Mapping[str, float], names: Iterable[str], *, covers: bool) -> dict[str, float]:
    # Names without a weight get none, if any name has a weight. With `cover`, they get weight 1.
    return {**dict.fromkeys(names, 1.0), **given} if covers or not given else dict(given)
