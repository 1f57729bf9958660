"""Loads two versions of a shop at the same time, round after round, until it is certain which one is worse.

Each round is one load: each arrival makes the same journey at both hosts at the same moment, and the host that comes first
alternates.
"""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from harness.monitoring.procfs import idle_ticks
from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison
from harness.regression.duet import DuetRun, compare_rounds
from harness.regression.figures import Plan
from harness.regression.pairing import DatedRun, Side
from harness.regression.trust import Trust, cause_of_invalidity, trust_in
from harness.results.result import Result
from harness.units import format_percent
from shop.contract import OUTSIDE_PAGES

MOST_ROUNDS = 3
MOST_BUSY = 0.40
"""The share of a shared machine above which one version slows the other, so that their difference disappears."""

THIS_MACHINE = "this machine"

RunRound = Callable[[int], tuple[Result, Result]]
"""Runs the load of a round; the number counts from 1. Returns the results of baseline and candidate."""
CompareRounds = Callable[[Sequence[tuple[Result, Result]]], Comparison]


@dataclass(frozen=True, slots=True)
class Busy:
    """How busy a machine was: the share of its processor time that was not idle, and the part of it that the load took."""

    share: float
    load: float = 0.0


@dataclass(slots=True)
class DuetRounds:
    """The rounds so far (baseline, candidate), and why the duet was refused (``""``: it was not).

    ``too_busy`` says how busy the shared machine was in the last round, if that was too much.
    """

    rounds: list[tuple[Result, Result]] = field(default_factory=list)
    refused: str = ""
    too_busy: str = ""

    @property
    def runs(self) -> list[DatedRun[Result]]:
        """All runs, each with the number of its round."""
        return [
            DatedRun(side, f"round {number} ({side})", one.run_id, one.started_at, one)
            for number, pair in enumerate(self.rounds, 1)
            for side, one in zip(Side, pair, strict=True)
        ]


def play(
    run_round: RunRound,
    compare: CompareRounds,
    busy: Callable[[], Busy | None],
    *,
    say: Callable[[str], None],
    done: DuetRounds,
) -> Comparison:
    """Run rounds until a comparison decides, three at most; ``done`` receives each of them.

    A busy machine makes a difference smaller, and never larger. So a regression is found all the same, but nothing passes.
    ``busy`` says how busy the machine that both versions share was since its last call; None if they share none that is known.
    """
    comparison = Comparison(0, (), Verdict.INCONCLUSIVE)
    busy()
    for number in range(1, MOST_ROUNDS + 1):
        pair = run_round(number)
        done.rounds.append(pair)
        done.refused, done.too_busy = _cause_of_invalidity(pair), _too_busy(busy())
        if done.refused:
            return Comparison(0, (), Verdict.INVALID)
        comparison = compare(done.rounds)
        if done.too_busy and comparison.verdict is not Verdict.FAILED:
            done.refused = (
                f"{done.too_busy}: above it, a slow version slows the other one too, and the difference can disappear; "
                "stop other programs, lower the rate, or use checkload regress abba"
            )
            return Comparison(0, (), Verdict.INVALID)
        say(f"after {number} of {MOST_ROUNDS} rounds: {comparison.verdict}")
        if comparison.verdict is not Verdict.INCONCLUSIVE:
            break
    return comparison


def compare_results(rounds: Sequence[tuple[Result, Result]], q: float, plan: Plan) -> Comparison:
    """Compare the percentile ``q`` over these rounds (baseline, candidate)."""
    runs = [
        tuple(DuetRun.of(one.recorder, q, OUTSIDE_PAGES, open_load=plan.open_load) for one in pair) for pair in rounds
    ]
    disturbed = sum(trust_in(one) is Trust.DISTURBED for pair in rounds for one in pair)
    return compare_rounds([(baseline, candidate) for baseline, candidate in runs], q, plan, disturbed)


def _cause_of_invalidity(pair: tuple[Result, Result]) -> str:
    for side, one in zip(Side, pair, strict=True):
        if trust_in(one) is Trust.NONE:
            return f"the run of the {side} is invalid: {cause_of_invalidity(one)}"
    return ""


def _too_busy(busy: Busy | None) -> str:
    if busy is not None and busy.share > MOST_BUSY:
        return (
            f"the machine that both versions share was {format_percent(busy.share)} busy ({format_percent(busy.load)} by checkload), "
            f"and {format_percent(MOST_BUSY)} is the most"
        )
    return ""


def addresses(url: str) -> set[str]:
    """The network addresses of a host; empty if they cannot be found."""
    parts = urlsplit(url)
    try:
        return {
            str(found[4][0]) for found in socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
        }
    except (OSError, ValueError):
        return set()


def shared_place(first: str, second: str) -> str:
    """What two targets share as far as their addresses tell: ``THIS_MACHINE``, an address, or ``""``."""
    one, other = addresses(first), addresses(second)
    if one and other and all(ip_address(each.partition("%")[0]).is_loopback for each in one | other):
        return THIS_MACHINE
    return min(one & other, default="")


class BusyShare:
    """Says how busy this machine was since the last call; None if it is not known."""

    def __init__(self, stat: Path = Path("/proc/stat")) -> None:
        self._stat = stat
        self._before: tuple[float, float] | None = None
        self._load = 0.0

    @property
    def known(self) -> bool:
        """Whether this machine shows how busy it is."""
        return self._before is not None

    def __call__(self) -> Busy | None:
        """Read the counters and compare them with those of the last call."""
        try:
            now = idle_ticks(self._stat.read_text("ascii", "replace"))
        except OSError:
            now = None
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        load = (used.ru_utime + used.ru_stime) * os.sysconf("SC_CLK_TCK")
        before, self._before = self._before, now
        load_before, self._load = self._load, load
        if before is None or now is None or now[1] <= before[1]:
            return None
        total = now[1] - before[1]
        return Busy(1 - (now[0] - before[0]) / total, (load - load_before) / total)
