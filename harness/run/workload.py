"""What the harness must be told of a load: who comes when, what is demanded, and where it may go.

``locustfile.py`` hands the harness a ``ScenarioProvider``; everything that knows shops, shoppers or scenario files stays behind
these protocols.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

from harness.capacity.model import SearchPlan
from harness.metrics.page_roles import PageRoles
from harness.objectives.model import Objective
from harness.objectives.stop_rule import StopRule
from harness.schedule.arrivals import ArrivalSchedule
from harness.schedule.dispatch import Arrival
from harness.schedule.stepped import SteppedSchedule

ContextT_co = TypeVar("ContextT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose beside the scenario file; an empty text or ``None`` leaves the scenario's own value."""

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
    allowed: tuple[str, ...] = ()
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the target itself says it did, to hold the harness's own counts against.

    ``pages`` counts the requests it received by page, ``orders`` what it sold by payment option, ``revenue`` hundredths
    of its currency.
    """

    pages: Mapping[str, int] = field(default_factory=dict)
    orders: Mapping[str, int] = field(default_factory=dict)
    revenue: int = 0


@runtime_checkable
class TestDataPool(Protocol):
    """What shoppers of one process need, where it knows how much of its test data is left."""

    def left(self) -> Mapping[str, int]:
        """How much of each kind is free to be used, by its name."""


class Target(Protocol):
    """A shop that the harness started itself for one run."""

    url: str

    def alive(self) -> bool:
        """Whether its process still runs."""

    def ledger(self) -> LedgerEntry:
        """What it says it did; raises ``OSError`` when it cannot say."""

    def stop(self) -> None:
        """End it."""


class Workload(Protocol[ContextT_co]):
    """One scenario with the user's choices applied, ready to run."""

    name: str
    description: str
    seed: int
    is_open: bool
    users: int
    spawn_rate: float
    warm_up: float
    steady: float
    drain: float
    longest_wait: float
    weights: Mapping[str, float]
    objectives: Sequence[Objective]
    stop_rules: Sequence[StopRule]
    stop_when_certain: bool
    search: SearchPlan | None
    at_least: float | None
    allowed: Collection[str]
    planned_minimum: Mapping[str, int]
    payment_options: Sequence[str]
    page_roles: PageRoles

    def schedule(self) -> ArrivalSchedule | None:
        """The due times; ``None`` for a closed load."""

    def stepped_schedule(self) -> SteppedSchedule:
        """The due times of a load whose rate is searched for."""

    def rate(self, elapsed: float) -> float:
        """Arrivals a second at so many seconds from the start; 0 for a closed load."""

    def stage_number(self, elapsed: float) -> int | None:
        """The stage of the profile at so many seconds from the start, counted from 1; ``None`` for a closed load."""

    def kind_of(self, number: int) -> str:
        """Which journey an arrival of the schedule is on."""

    def labels_of(self, arrival: Arrival) -> tuple[str, str]:
        """Journey and payment option of an arrival, for the sample of one that was dropped."""

    @property
    def constant_rate(self) -> bool:
        """Whether the load is meant to be the same throughout the steady part."""

    def planned_counts(self, journeys_begun: Mapping[str, int]) -> Mapping[str, Mapping[str, float]]:
        """How many of each were meant to come, by what they are (``"journey"``, ``"payment option"``), as far as that is known.

        Of an open load, in the whole schedule; of a closed one, in as many of each journey as were begun.
        """

    @property
    def kinds(self) -> Collection[str]:
        """The journeys that take part."""

    @property
    def fingerprint(self) -> str:
        """A digest of everything that decides who does what and when: alike wherever the same load is prepared."""

    def restrict(self, kinds: Collection[str]) -> None:
        """Only these journeys take part (Locust's class picker)."""

    def as_asked(self) -> dict[str, Any]:
        """The whole scenario as plain JSON values, without secrets."""

    def refusal(self, url: str) -> str:
        """Why this target cannot be loaded from here, whoever allowed it, as a sentence; empty if it can."""

    def start_target(self) -> Target:
        """Start the embedded shop for this run; raises ``UsageError`` with what it said when it cannot."""

    def worker_context(self, worker: int, workers: int) -> ContextT_co:
        """What the shoppers of this process need; prepared once per run, before the target is started."""

    def secrets(self) -> Collection[str]:
        """Texts that must not appear in any report."""


class ScenarioProvider(Protocol[ContextT_co]):
    """Everything that can be run."""

    def names(self) -> Sequence[str]:
        """The scenarios known by name."""

    def choose(self, choices: Choices) -> Workload[ContextT_co]:
        """Read a scenario and apply the choices; raises ``UsageError`` with every error at once."""
