"""Runs two versions of a shop in turn, A B B A, until it is certain whether the second one is worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil

from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison
from harness.regression.pairing import DatedRun, Side
from harness.regression.trust import Trust, cause_of_invalidity, trust_in
from harness.results.result import Result

FEWEST_PAIRS = 3

RunOne = Callable[[Side, int], Result]
"""Runs one load against a version; the number counts all runs from 1."""
CompareRuns = Callable[[Sequence[DatedRun[Result]]], Comparison]


@dataclass(slots=True)
class Alternation:
    """The runs so far, in their order, and the invalid ones that were repeated."""

    runs: list[DatedRun[Result]] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


def sides(pairs: int) -> Iterator[Side]:
    """The version of each run: baseline, candidate, candidate, baseline, and so on."""
    for pair in range(pairs):
        yield from reversed(Side) if pair % 2 else Side


def interim_pairs(most: int) -> tuple[int, ...]:
    """After how many pairs the runs are compared: after a third, two thirds and all of them."""
    return tuple(sorted({max(2, ceil(most * third / 3)) for third in (1, 2, 3)}))


def alternate(
    run: RunOne, compare: CompareRuns, most: int, *, retries: int, say: Callable[[str], None], done: Alternation
) -> Comparison:
    """Run both versions in turn until a comparison decides; an invalid run is repeated, ``retries`` times in all.

    ``done`` receives each run as soon as it is over.
    """
    stops = interim_pairs(most)
    comparison = Comparison(0, (), Verdict.INCONCLUSIVE)
    for number, side in enumerate(sides(most), 1):
        result = run(side, number)
        while trust_in(result) is Trust.NONE:
            cause = cause_of_invalidity(result)
            if len(done.repeated) >= retries:
                say(f"run {number} ({side}) is invalid: {cause}")
                return Comparison(0, (), Verdict.INVALID)
            done.repeated.append(f"run {number} ({side}): {cause}")
            say(f"run {number} ({side}) is invalid, and is repeated: {cause}")
            result = run(side, number)
        done.runs.append(DatedRun(side, f"run {number}", result.run_id, result.started_at, result))
        if number % 2 == 0 and number // 2 in stops:
            comparison = compare(done.runs)
            say(f"after {number // 2} of {most} pairs: {comparison.verdict}")
            if comparison.verdict is not Verdict.INCONCLUSIVE:
                break
    return comparison
