"""Under which conditions a run took place: the facts beside the measurements that decide whether to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.demand import Objective
from harness.histogram import Histogram
from harness.recorder import Recorder


@dataclass(slots=True, kw_only=True)
class Conditions:
    """What was noticed about a run; the defaults are those of one about which nothing is known.

    ``requests_sent`` counts requests in all phases. ``interrupted`` names who stopped the run before its end (Ctrl-C,
    SIGTERM, the stop button, a stop file), ``stop_rule`` says which rule of the scenario did, ``crashed`` what broke in
    the harness and ``target_unreachable`` why the target was not there; ``""``: none of it. ``embedded`` tells that the shop
    was started for this run, on this machine, and ``shop_died`` that it did not live to the end.

    ``asked`` and ``held`` are seconds of load, warm-up included. ``expected_offered`` is the length of the schedule, None
    in a closed load. ``users`` is the number of virtual users over all journeys. ``planned_minimum`` has the guaranteed
    journeys by payment option, ``ledger`` each difference between the shop's ledger and the measurements in words, and
    ``ledger_explained`` what is known to have caused them (a fault that was switched on).

    ``cpu_ratio`` is processor time over time during the load (1.0: a whole core), ``loop_lag`` how late the event loop
    woke up from short sleeps; None: not measured. ``no_account`` counts journeys that found no account, ``exceptions``
    errors of our own that surfaced outside any journey, ``truncated_journeys`` those that were under way at the end
    and left no sample.
    """

    requests_sent: int = 0
    interrupted: str = ""
    stop_rule: str = ""
    crashed: str = ""
    target_unreachable: str = ""
    embedded: bool = False
    shop_died: bool = False
    asked: float = 0.0
    held: float = 0.0
    expected_offered: int | None = None
    users: int = 0
    planned_minimum: Mapping[str, int] = field(default_factory=dict)
    ledger: Sequence[str] = ()
    ledger_explained: str = ""
    cpu_ratio: float | None = None
    loop_lag: Histogram | None = None
    no_account: int = 0
    exceptions: int = 0
    truncated_journeys: int = 0

    @property
    def ended_early(self) -> bool:
        """Whether something else than the schedule ended the run, so that what is missing is no riddle."""
        return bool(self.interrupted or self.stop_rule or self.crashed or self.shop_died or self.target_unreachable)


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
