"""The evidence on which a run is judged: the measurements, the conditions of the run, and the objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import FleetFacts
from harness.objectives.model import Objective


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How often each value of one label was expected and observed; ``label`` names it, such as ``payment option``.

    ``expected`` holds proportions: its values need not be whole numbers, nor add up to the number observed. ``observed``
    counts every arrival, dropped ones included.
    """

    label: str
    expected: Mapping[str, float]
    observed: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """How a run ended, and what went wrong in it (``""``: not so).

    - ``interrupted``: what stopped the run before its end: Ctrl-C, SIGTERM or a stop file.
    - ``certain_verdict_reason``: why it ended as soon as its verdict was certain.
    - ``ceiling``: why a ceiling on orders or SMS codes ended it.
    - ``stopped``: who stopped the load in the web UI.
    - ``stop_rule``: the rule of the scenario that ended it.
    - ``crashed``: the error that crashed checkload.
    - ``target_unreachable``: why the target could not be reached.
    - ``requests_sent``: requests in all phases.
    - ``exceptions``: errors of checkload outside journeys.
    """

    interrupted: str = ""
    certain_verdict_reason: str = ""
    ceiling: str = ""
    stopped: str = ""
    stop_rule: str = ""
    crashed: str = ""
    target_unreachable: str = ""
    requests_sent: int = 0
    exceptions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts:
    """The planned load, and what became of it beside the samples; times in seconds, warm-up included.

    - ``planned_duration``, ``load_duration``: how long the load was to last, and how long it lasted.
    - ``expected_offered``: the least number of arrivals in the schedule; None in a closed load.
    - ``planned_by_second``: the number of arrivals due in each second from the start.
    - ``constant_rate``: whether the load was to stay the same in the steady part; None: not known.
    - ``capacity_search``: whether the rate was raised until an objective broke. A search checks each of its levels itself.
    - ``users``: the number of virtual users of all journeys.
    - ``planned_minimum``: the guaranteed number of journeys by payment option.
    - ``mixes``: how often journeys and payment options were expected and observed.
    - ``truncated_journeys``: journeys in progress at the end, which left no sample.
    - ``journeys_without_account``: journeys that found no free account.
    """

    planned_duration: float = 0.0
    load_duration: float = 0.0
    expected_offered: int | None = None
    planned_by_second: Sequence[int] = ()
    constant_rate: bool | None = None
    capacity_search: bool = False
    users: int = 0
    planned_minimum: Mapping[str, int] = field(default_factory=dict)
    mixes: Sequence[LabelCount] = ()
    truncated_journeys: int = 0
    journeys_without_account: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorFacts:
    """checkload itself.

    - ``processes``: what each process that makes load measured about itself.
    - ``cpu_ratio``: processor time over time during the load (1.0 is a whole core); None: not measured.
    - ``loop_lag``: how late the event loop woke up from short sleeps in the steady part; None: not measured.
    """

    processes: Sequence[ProcessFacts] = ()
    cpu_ratio: float | None = None
    loop_lag: Histogram | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """The embedded shop, if the run had one.

    ``embedded`` says that it was started for this run on this machine, ``ended_early`` that it ended before the run. ``ledger``
    holds each difference between its ledger and the measurements in words, and ``ledger_explained`` their known cause.
    """

    embedded: bool = False
    ended_early: bool = False
    ledger: Sequence[str] = ()
    ledger_explained: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of a run, beside its measurements; the defaults describe a run about which nothing is known."""

    end: EndFacts = field(default_factory=EndFacts)
    delivery: DeliveryFacts = field(default_factory=DeliveryFacts)
    generator: GeneratorFacts = field(default_factory=GeneratorFacts)
    fleet: FleetFacts = field(default_factory=FleetFacts)
    shop: ShopFacts = field(default_factory=ShopFacts)

    @property
    def ended_early(self) -> bool:
        """Whether the run ended before its schedule, so that missing numbers are no error."""
        return bool(self.end.certain_verdict_reason or self.end.ceiling or self.end.stopped) or self.disturbed

    @property
    def disturbed(self) -> bool:
        """Whether an event ended the run that should not have happened."""
        end = self.end
        unplanned = end.interrupted or end.stop_rule or end.crashed or end.target_unreachable
        return bool(self.fleet.worker_lost or unplanned or self.shop.ended_early)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a check can look at."""

    recorder: Recorder
    conditions: Conditions
    objectives: tuple[Objective, ...] = ()

    @property
    def tightest_bound(self) -> float:
        """The smallest bound of an objective on a time, in seconds; 0 if there is none."""
        return min((each.bound for each in self.objectives if each.metric.timed), default=0.0)
