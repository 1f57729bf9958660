"""Builds workloads for tests: one typed fake with every member, in place of partial ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.capacity.model import SearchPlan
from harness.errors import UsageError
from harness.metrics.page_roles import PageRoles
from harness.objectives.model import Objective
from harness.objectives.stop_rule import StopRule
from harness.run.steering.change import LoadChange, Steered, SteeredQuantity
from harness.run.workload import Choices, Judging, Target, Workload
from harness.schedule.arrivals import ArrivalProcess, ArrivalSchedule, Profile, ProfileSchedule, RateStage
from harness.schedule.dispatch import Arrival
from harness.schedule.stepped import SteppedSchedule
from harness.shop_metrics.objective import MetricObjective
from harness.shop_metrics.source import PrometheusSource


@dataclass(kw_only=True)
class FakeWorkload:
    """A workload without shoppers; ``arrival_rate`` 0 makes it closed, ``trace`` replaces the schedule of the rate.

    ``context`` is the worker context, ``shop`` the embedded shop or the error that its start raises.
    """

    name: str = "fake"
    seed: int = 7
    users: int = 3
    spawn_rate: float = 100.0
    arrival_rate: float = 0.0
    warm_up: float = 0.0
    steady: float = 10.0
    drain: float = 1.0
    longest_wait: float = 1.0
    trace: ArrivalSchedule | None = None
    weights: Mapping[str, float] = field(default_factory=lambda: {"guest": 1.0})
    kinds: Collection[str] = ("guest",)
    objectives: Sequence[Objective] = ()
    metric_objectives: Sequence[MetricObjective] = ()
    prometheus: PrometheusSource | None = None
    stop_rules: Sequence[StopRule] = ()
    stop_when_certain: bool = False
    search: SearchPlan | None = None
    at_least: float | None = None
    allowed: Collection[str] = ()
    planned_minimum: Mapping[str, int] = field(default_factory=dict)
    payment_options: Sequence[str] = ("gpay",)
    page_roles: PageRoles = field(default_factory=PageRoles)
    constant_rate: bool = True
    fingerprint: str = "f"
    chosen: Mapping[str, Any] = field(default_factory=lambda: {"seed": "7"})
    note: str = ""
    secret: str = ""
    trace_link: str = ""
    context: Any = None
    shop: Target | Exception | None = None
    profile: Profile | None = None
    changes: list[LoadChange] = field(default_factory=list)
    think_scale: float = 1.0

    @property
    def schedule(self) -> FakeWorkload:
        """The fake itself."""
        return self

    @property
    def population(self) -> FakeWorkload:
        """The fake itself."""
        return self

    @property
    def target(self) -> FakeWorkload:
        """The fake itself."""
        return self

    @property
    def judging(self) -> Judging:
        """The fields for the verdict."""
        return Judging(
            objectives=self.objectives,
            metric_objectives=self.metric_objectives,
            prometheus=self.prometheus,
            stop_rules=self.stop_rules,
            stop_when_certain=self.stop_when_certain,
            search=self.search,
            at_least=self.at_least,
            planned_minimum=self.planned_minimum,
        )

    @property
    def is_open(self) -> bool:
        """Whether arrivals come on a schedule or in a search."""
        return self.arrival_rate > 0 or self.search is not None

    def due_times(self) -> ArrivalSchedule | None:
        """The trace, or the due times of the rate."""
        if self.trace is not None or not self.arrival_rate:
            return self.trace
        profile = Profile([RateStage(self.warm_up + self.steady, self.arrival_rate, self.arrival_rate)])
        return ProfileSchedule(self.profile or profile, ArrivalProcess.UNIFORM, 1)

    def stepped(self) -> SteppedSchedule:
        """A schedule without levels."""
        return SteppedSchedule(ArrivalProcess.UNIFORM, 1)

    def rate(self, elapsed: float) -> float:
        """The arrival rate."""
        return self.arrival_rate if self.profile is None else self.profile.rate(elapsed)

    def stage_number(self, elapsed: float) -> int | None:
        """The only stage, or none of a closed load."""
        return 1 if self.is_open else None

    def kind_of(self, number: int) -> str:
        """The first kind, and the second kind for every fifth arrival."""
        kinds = list(self.weights)
        return kinds[-1] if number % 5 == 4 else kinds[0]

    def labels_of(self, arrival: Arrival) -> tuple[str, str]:
        """The kind and the first payment option."""
        return arrival.kind, self.payment_options[0]

    def planned_counts(self, journeys_begun: Mapping[str, int]) -> Mapping[str, Mapping[str, float]]:
        """No plan."""
        return {}

    def restrict(self, kinds: Collection[str]) -> None:
        """Keep only these journeys."""
        self.kinds = tuple(kinds)

    def steer(self, asked: Mapping[str, Any], elapsed: float, *, embedded: bool) -> Steered:
        """Take the values as they are; a value below 0 is a ``UsageError``. ``shop`` is an error of the embedded shop, or None."""
        if any(isinstance(value, int | float) and value < 0 for value in asked.values()):
            raise UsageError("below 0")
        given = {**asked}
        error = given.pop("shop", None)

        def change_shop(_: Any) -> None:
            if error:
                raise error

        quantities = [
            SteeredQuantity(name=key, before="", after=str(value), of_shop=key == "shop")
            for key, value in asked.items()
        ]
        return Steered(quantities=quantities, change_shop=change_shop if "shop" in asked else None, **given)

    def steering_form(self, elapsed: float) -> Mapping[str, Any]:
        """The rate alone."""
        return {"values": {"arrival_rate": f"{self.rate(elapsed):g}/s"}, "faults": [], "fault_names": [], "pages": []}

    def adopt(self, steered: Steered) -> None:
        """Remember nothing."""

    def change(self, change: LoadChange, start: float) -> None:
        """Change the rate, and keep the change."""
        self.changes.append(change)
        schedule = self.due_times()
        if change.rate is not None and isinstance(schedule, ProfileSchedule):
            self.profile = schedule.profile.with_rate_from(change.at, change.rate)

    def change_think_scale(self, scale: float) -> None:
        """Keep the scale."""
        self.think_scale = scale

    def as_asked(self) -> dict[str, Any]:
        """The settings, with the note."""
        return {
            "scenario": {
                "name": self.name,
                "note": self.note,
                **({"trace": {"link": self.trace_link}} if self.trace_link else {}),
            },
            "chosen": dict(self.chosen),
            "journeys": list(self.weights),
        }

    def refusal(self, url: str) -> str:
        """Accept every target."""
        return ""

    def start(self) -> Target:
        """Return the shop, or raise its error."""
        if isinstance(self.shop, Exception):
            raise self.shop
        assert self.shop is not None
        return self.shop

    def candidate_context(self, baseline: Any) -> Any:
        """The context of the baseline."""
        return baseline

    def worker_context(self, worker: int, workers: int) -> Any:
        """The given context."""
        return self.context

    def secrets(self) -> Collection[str]:
        """The secret, if there is one."""
        return {self.secret} - {""}


_: Workload[Any] = FakeWorkload()
"""A type checker sees here that the fake has every member of a workload."""


class FakeProvider:
    """A provider of the scenarios ``baseline`` and ``smoke``; ``make`` makes the workload of the choices."""

    def __init__(self, make: Callable[[Choices], FakeWorkload]) -> None:
        self._make = make

    def names(self) -> Sequence[str]:
        """The two names."""
        return ["baseline", "smoke"]

    def choose(self, choices: Choices) -> FakeWorkload:
        """Make the workload; raises ``UsageError`` for an unknown scenario and for less than one user."""
        problems = [] if choices.scenario in self.names() else [f"scenario {choices.scenario}: unknown"]
        if choices.users is not None and choices.users < 1:
            problems.append(f"--users {choices.users}: from 1")
        if problems:
            raise UsageError("\n".join(problems))
        return self._make(choices)
