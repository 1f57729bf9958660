"""Defines what the harness must know about a load: its arrivals, its objectives and its target.

``locustfile.py`` gives the harness a ``ScenarioProvider``. All code that knows shops, shoppers or scenario files stays behind
these protocols.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit

from harness.capacity.model import SearchPlan
from harness.metrics.page_roles import PageRoles
from harness.objectives.model import Objective, Subject
from harness.objectives.stop_rule import StopRule
from harness.run.steering.change import LoadChange, Steered
from harness.schedule.arrivals import ArrivalSchedule
from harness.schedule.dispatch import Arrival
from harness.schedule.stepped import SteppedSchedule
from harness.shop_metrics.objective import MetricObjective
from harness.shop_metrics.source import PrometheusSource

ContextT_co = TypeVar("ContextT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Choices:
    """The user's overrides of the scenario; an empty text or ``None`` keeps the scenario's value."""

    scenario: str
    payment_mix: str = ""
    sms_share: str = ""
    arrival_rate: str = ""
    users: int | None = None
    duration: float | None = None
    seed: str = ""
    think_scale: str = ""
    stop_when_certain: bool = False
    budget: str = ""
    max_orders: str = ""
    max_sms: str = ""
    allowed: tuple[str, ...] = ()
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the target says it did, to compare with our counts.

    ``pages`` counts received requests by page, ``orders`` counts orders by payment option, ``revenue`` is in hundredths of the
    currency.
    """

    pages: Mapping[str, int] = field(default_factory=dict)
    orders: Mapping[str, int] = field(default_factory=dict)
    revenue: int = 0


@runtime_checkable
class TestDataPool(Protocol):
    """A worker context that knows how much test data is left."""

    def left(self) -> Mapping[str, int]:
        """How much of each kind is free, by its name."""


class Target(Protocol):
    """A shop that the harness has started for one run."""

    url: str

    def alive(self) -> bool:
        """Whether its process still runs."""

    def ledger(self) -> LedgerEntry:
        """What the shop says it did; raises ``OSError`` if it does not answer."""

    def stop(self) -> None:
        """Stop the shop."""


@dataclass(frozen=True, slots=True)
class RunTarget:
    """Where the load of a run goes: its address, and the embedded shop if it is one."""

    url: str = ""
    shop: Target | None = None

    @property
    def name(self) -> str:
        """The target's name in reports: without user name, password, path or query."""
        if self.shop is not None:
            return "the embedded shop"
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def host(self) -> str:
        """The host, without port, path or user."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What decides the verdict of a run, and its early end.

    ``search`` is the plan of a capacity search, ``at_least`` the capacity that it must find, ``planned_minimum`` the minimum number
    of journeys by payment option. ``metric_objectives`` are about the shop's own metrics, which ``prometheus`` knows. ``max_orders`` and ``max_sms`` are ceilings that end the load; ``None``: no ceiling.
    """

    objectives: Sequence[Objective] = ()
    metric_objectives: Sequence[MetricObjective] = ()
    prometheus: PrometheusSource | None = None
    stop_rules: Sequence[StopRule] = ()
    stop_when_certain: bool = False
    max_orders: int | None = None
    max_sms: int | None = None
    search: SearchPlan | None = None
    at_least: float | None = None
    planned_minimum: Mapping[str, int] = field(default_factory=dict)

    @property
    def time_bounds(self) -> list[float]:
        """The bounds of all objectives and stop rules on times."""
        conditions = [*self.objectives, *(rule.condition for rule in self.stop_rules)]
        return [each.bound for each in conditions if each.metric.timed]

    @property
    def sliced_options(self) -> Collection[str] | None:
        """The payment options whose pages need slices of their own: those of objectives; in a search, all (``None``)."""
        return None if self.search else {o.label("payment") for o in self.objectives if o.subject is Subject.PAGE}


class LoadSchedule(Protocol):
    """When arrivals come; all times are in seconds."""

    warm_up: float
    steady: float
    drain: float
    longest_wait: float

    @property
    def is_open(self) -> bool:
        """Whether arrivals come at due times; a closed load has users that begin journeys one after the other."""

    @property
    def constant_rate(self) -> bool:
        """Whether the planned load is the same throughout the steady part."""

    def due_times(self) -> ArrivalSchedule | None:
        """The due times; ``None`` for a closed load and for a capacity search."""

    def stepped(self) -> SteppedSchedule:
        """The due times of a capacity search, level by level."""

    def rate(self, elapsed: float) -> float:
        """The arrival rate per second, so many seconds after the start; 0 for a closed load."""

    def stage_number(self, elapsed: float) -> int | None:
        """The stage of the profile so many seconds after the start, counted from 1; ``None`` for a closed load."""


class Population(Protocol[ContextT_co]):
    """Who the users are, and which journeys they take."""

    spawn_rate: float
    payment_options: Sequence[str]

    @property
    def users(self) -> int:
        """The number of virtual users."""

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each journey."""

    @property
    def kinds(self) -> Collection[str]:
        """The journeys that take part."""

    def kind_of(self, number: int) -> str:
        """The journey of an arrival of the schedule."""

    def labels_of(self, arrival: Arrival) -> tuple[str, str]:
        """Journey and payment option of an arrival, for the sample of a dropped one."""

    def planned_counts(self, journeys_begun: Mapping[str, int]) -> Mapping[str, Mapping[str, float]]:
        """The planned number of journeys by label, for each kind of label with a plan (``"journey"``, ``"payment option"``).

        Of an open load, in the whole schedule; of a closed one, in as many of each journey as were begun.
        """

    def restrict(self, kinds: Collection[str]) -> None:
        """Keep only these journeys (Locust's class picker)."""

    def candidate_context(self, baseline: Any) -> ContextT_co:
        """What the shoppers at the second host need to make the same journeys as those with the context ``baseline``."""

    def worker_context(self, worker: int, workers: int) -> ContextT_co:
        """What the shoppers of one process need; made once per run, before the target starts."""


class TargetPolicy(Protocol):
    """Which targets may be loaded, and the embedded shop."""

    allowed: Collection[str]

    def refusal(self, url: str) -> str:
        """Why this target cannot be loaded from here, even if it is allowed, as a sentence; empty if it can."""

    def start(self) -> Target:
        """Start the embedded shop for this run; raises ``UsageError`` with the shop's message if it does not start."""


class Workload(Protocol[ContextT_co]):
    """One scenario with the user's overrides applied, ready to run."""

    name: str
    seed: int
    page_roles: PageRoles

    @property
    def schedule(self) -> LoadSchedule:
        """When arrivals come."""

    @property
    def population(self) -> Population[ContextT_co]:
        """Who the users are."""

    @property
    def judging(self) -> Judging:
        """What decides the verdict."""

    @property
    def target(self) -> TargetPolicy:
        """Which targets may be loaded."""

    def steer(self, asked: Mapping[str, Any], elapsed: float, *, embedded: bool) -> Steered:
        """Check a command to change the load while it is on, ``elapsed`` seconds after its start; changes nothing yet.

        ``embedded`` says whether the run has an embedded shop. Raises ``UsageError`` with all wrong values at once.
        """

    def steering_form(self, elapsed: float) -> Mapping[str, Any]:
        """What a person can change, and its values at this moment: for the form of the web UI."""

    def adopt(self, steered: Steered) -> None:
        """Take a checked command for the settings that later commands change."""

    def change(self, change: LoadChange, start: float) -> None:
        """Change schedule and journeys of this process; ``start`` is the moment of the run's clock at which the load started."""

    def change_think_scale(self, scale: float) -> None:
        """Change the think times of this process at once."""

    @property
    def fingerprint(self) -> str:
        """A digest of everything that decides the load: the same wherever the same load is prepared."""

    def as_asked(self) -> dict[str, Any]:
        """The whole scenario as plain JSON values, without secrets."""

    def secrets(self) -> Collection[str]:
        """Texts that no report may contain."""


class ScenarioProvider(Protocol[ContextT_co]):
    """All scenarios that can be run."""

    def names(self) -> Sequence[str]:
        """The names of the known scenarios."""

    def choose(self, choices: Choices) -> Workload[ContextT_co]:
        """Read a scenario and apply the overrides; raises ``UsageError`` with all errors at once."""
