"""Loads two versions of a shop at the same time, round after round, until it is certain which one is worse.

Both loads have the same seed, so each arrival comes to both shops at the same moment, with the same journey. The version
whose load is started first changes from round to round.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from harness.monitoring.procfs import idle_ticks
from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison
from harness.regression.pairing import DatedRun, Side
from harness.regression.trust import Trust, cause_of_invalidity, trust_in
from harness.results.result import Result

MOST_ROUNDS = 3
MOST_BUSY = 0.40
"""The share of a shared machine above which one version slows the other, so that their difference disappears."""
MOST_APART = 2.5
"""Seconds between the starts of the two loads of a round: half a slice."""

THIS_MACHINE = "this machine"

RunBoth = Callable[[Sequence[Side], int], Mapping[Side, Result]]
"""Runs both loads of a round at the same time, started in this order."""
CompareRounds = Callable[[Sequence[tuple[Result, Result]]], Comparison]


@dataclass(slots=True)
class DuetRounds:
    """The rounds so far (baseline, candidate), and why the duet was refused (``""``: it was not)."""

    rounds: list[tuple[Result, Result]] = field(default_factory=list)
    refused: str = ""

    @property
    def runs(self) -> list[DatedRun[Result]]:
        """All runs, each with the number of its round."""
        return [
            DatedRun(side, f"round {number} ({side})", one.run_id, one.started_at, one)
            for number, pair in enumerate(self.rounds, 1)
            for side, one in zip(Side, pair, strict=True)
        ]


def play(
    run_both: RunBoth,
    compare: CompareRounds,
    busy: Callable[[], float | None],
    *,
    say: Callable[[str], None],
    done: DuetRounds,
) -> Comparison:
    """Run rounds until a comparison decides, three at most; ``done`` receives each of them.

    ``busy`` gives the busy share of a machine that both versions share, since its last call; None if they share none that
    is known.
    """
    comparison = Comparison(0, (), Verdict.INCONCLUSIVE)
    busy()
    for number in range(1, MOST_ROUNDS + 1):
        results = run_both(tuple(Side) if number % 2 else tuple(reversed(Side)), number)
        pair = results[Side.BASELINE], results[Side.CANDIDATE]
        done.rounds.append(pair)
        done.refused = _refusal(pair, busy())
        if done.refused:
            return Comparison(0, (), Verdict.INVALID)
        comparison = compare(done.rounds)
        say(f"after {number} of {MOST_ROUNDS} rounds: {comparison.verdict}")
        if comparison.verdict is not Verdict.INCONCLUSIVE:
            break
    return comparison


def _refusal(pair: tuple[Result, Result], busy: float | None) -> str:
    for side, one in zip(Side, pair, strict=True):
        if trust_in(one) is Trust.NONE:
            return f"the run of the {side} is invalid: {cause_of_invalidity(one)}"
    apart = abs((pair[0].started_at - pair[1].started_at).total_seconds())
    if apart > MOST_APART:
        return f"the two loads started {apart:.1f} s apart, and {MOST_APART:g} s is the most; give checkload a quieter machine"
    if busy is not None and busy > MOST_BUSY:
        return (
            f"the machine that both versions share was {busy:.0%} busy, and {MOST_BUSY:.0%} is the most: above it, a slow version "
            "slows the other one too, and the difference disappears; lower the rate, or use checkload regress abba"
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
    """The share of this machine's processor time that was not idle, since the last call; None if it is not known."""

    def __init__(self, stat: Path = Path("/proc/stat")) -> None:
        self._stat = stat
        self._before: tuple[float, float] | None = None

    def __call__(self) -> float | None:
        """Read the counters and compare them with those of the last call."""
        try:
            now = idle_ticks(self._stat.read_text("ascii", "replace"))
        except OSError:
            now = None
        before, self._before = self._before, now
        if before is None or now is None or now[1] <= before[1]:
            return None
        return 1 - (now[0] - before[0]) / (now[1] - before[1])
