"""Under which conditions a run took place: the facts beside the measurements that decide whether to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import RunFingerprint, WorkerFacts
from harness.objectives.model import Objective


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Who came, of one kind of label: ``label`` it is (``payment option``), how many of each were expected and came.

    ``expected`` need not be whole numbers, nor add up to what came: they are read as proportions. Whoever was begun or
    given up on has come.
    """

    label: str
    expected: Mapping[str, float]
    observed: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class Conditions:
    """What was noticed about a run; the defaults are those of one about which nothing is known.

    ``requests_sent`` counts requests in all phases. ``interrupted`` names who stopped the run before its end (Ctrl-C,
    SIGTERM, the stop button, a stop file), ``certain_verdict_reason`` says why it was ended as soon as its verdict was certain,
    ``stop_rule`` which rule of the scenario ended it, ``crashed`` what broke in the harness and ``target_unreachable`` why
    the target was not there; ``""``: none of it. ``embedded`` tells that the shop was started for this run, on this
    machine, and ``shop_ended_early`` that it did not live to the end.

    ``planned_duration`` and ``load_duration`` are seconds of load, warm-up included. ``expected_offered`` is how many arrivals
    the schedule brings at least, None in a closed load. ``users`` is the number of virtual users over all journeys. ``planned_minimum`` has the guaranteed
    journeys by payment option, ``ledger`` each difference between the shop's ledger and the measurements in words, and
    ``ledger_explained`` what is known to have caused them (a fault that was switched on).

    ``cpu_ratio`` is processor time over time during the load (1.0: a whole core), ``loop_lag`` how late the event loop
    woke up from short sleeps in the steady part; None: not measured. ``journeys_without_account`` counts journeys that found no account, ``exceptions``
    errors of our own that surfaced outside any journey, ``duplicate_order_numbers`` order numbers that shoppers of two workers were given, ``truncated_journeys`` those that were under way at the end
    and left no sample.

    ``processes`` has what each process that makes load noticed about itself, ``workers`` what the master noticed about each
    worker, lost ones included, ``refused_messages`` how many messages on its port no worker can have sent, and ``run_fingerprint`` version and scenario of the master. ``mixes`` holds who came beside who was
    expected, ``planned_by_second`` the number of arrivals due in each second from the start, and ``constant_rate`` whether the load
    was meant to be the same throughout the steady part (None: not known). ``capacity_search``: the load was raised until a demand was
    broken, and each level of it was held to what the load generator could do.
    """

    requests_sent: int = 0
    interrupted: str = ""
    certain_verdict_reason: str = ""
    stop_rule: str = ""
    crashed: str = ""
    target_unreachable: str = ""
    embedded: bool = False
    shop_ended_early: bool = False
    planned_duration: float = 0.0
    load_duration: float = 0.0
    expected_offered: int | None = None
    users: int = 0
    planned_minimum: Mapping[str, int] = field(default_factory=dict)
    ledger: Sequence[str] = ()
    ledger_explained: str = ""
    cpu_ratio: float | None = None
    loop_lag: Histogram | None = None
    journeys_without_account: int = 0
    exceptions: int = 0
    duplicate_order_numbers: int = 0
    truncated_journeys: int = 0
    processes: Sequence[ProcessFacts] = ()
    workers: Sequence[WorkerFacts] = ()
    refused_messages: int = 0
    run_fingerprint: RunFingerprint | None = None
    mixes: Sequence[LabelCount] = ()
    planned_by_second: Sequence[int] = ()
    constant_rate: bool | None = None
    capacity_search: bool = False

    @property
    def ended_early(self) -> bool:
        """Whether something else than the schedule ended the run, so that what is missing is no riddle."""
        return bool(self.certain_verdict_reason) or self.disturbed

    @property
    def disturbed(self) -> bool:
        """Whether something ended the run that it should not have met with."""
        lost = any(each.lost_at is not None for each in self.workers)
        return bool(
            lost
            or self.interrupted
            or self.stop_rule
            or self.crashed
            or self.shop_ended_early
            or self.target_unreachable
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a check looks at: the measurements, the conditions, and what was demanded."""

    recorder: Recorder
    conditions: Conditions
    objectives: tuple[Objective, ...] = ()

    @property
    def tightest_bound(self) -> float:
        """The smallest time that is demanded, in seconds; 0 if none is."""
        return min((each.bound for each in self.objectives if each.metric.timed), default=0.0)
