"""The claims about `checkload compare` and `checkload regress`: how often a verdict is wrong, and what it finds.

Only the runs are simulated. A test shows that what is measured in them is what is measured in a recorder.
The bounds are those that the designs were made for, and stood before the runs of these seeds. A row that misses its bound
stays in the table, and no bound, design or seed is changed because of it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from claims import Row, share_row
from compared_runs import Machine, Shop, a_run, pairs_of

from harness.objectives.verdict import Verdict
from harness.regression.comparison import compare
from harness.regression.duet import DuetRun, compare_rounds
from harness.regression.figures import Plan
from harness.regression.history.prediction import compare_with_history
from harness.regression.measures import RunMeasures
from harness.regression.tolerance import (
    DUET_LOOKS,
    EVERY_PAIR,
    MAX_PAIRS,
    ONE_LOOK,
    THREE_LOOKS,
    Alphas,
    RunEffect,
    Tolerance,
)

QUIET = Machine("runs differ by 2 %", 0.02)
SHARED = Machine("runs differ by 6 %", 0.06)
AWFUL = Machine("runs differ by 15 %", 0.15)
MACHINES = (
    QUIET,
    SHARED,
    AWFUL,
    replace(SHARED, name="6 %, drift of 6 %, bursts", drift=0.06, bursts=0.05),
    replace(AWFUL, name="15 %, drift of 15 %, long bursts", drift=0.15, memory=0.98, bursts=0.05, burst=3.0),
    replace(AWFUL, name="15 %, heavy tails", heavy=True),
    replace(AWFUL, name="15 %, one-sided", skewed=True),
)
"""The first three are as the comparison assumes, the others are not."""
EACH_PAIR, THREE = tuple(range(1, 9)), (4, 8, 12)
SAME = Shop()


@dataclass(frozen=True)
class Decided:
    """How many comparisons ended with each verdict, and how many had failed after each number of pairs."""

    ends: Counter[Verdict]
    failed_after: Counter[int]


def decided(machine: Machine, candidate: Shop, stops: Sequence[int], alphas: Alphas, runs: int, seed: int) -> Decided:
    """Comparisons of a shop with this candidate; each adds pairs until it is decided after one of the numbers of pairs in ``stops``."""
    plan = Plan(Tolerance(), RunEffect(), alphas)
    ends, failed_after = Counter[Verdict](), Counter[int]()
    for run in range(runs):
        pairs: list[tuple[RunMeasures, RunMeasures]] = []
        verdict = Verdict.INCONCLUSIVE
        for pair in pairs_of(machine, SAME, candidate, stops[-1], seed + run):
            pairs.append(pair)
            if len(pairs) in stops and (verdict := compare(pairs, plan).verdict) is not Verdict.INCONCLUSIVE:
                break
        ends[verdict] += 1
        if verdict is Verdict.FAILED:
            failed_after[len(pairs)] += 1
    return Decided(ends, failed_after)


def compared(runs: int, machines: Sequence[Machine], seed: int = 710_000) -> Iterator[Row]:
    """How often `compare` is wrong if pairs are added until it decides, up to eight, and what it finds."""
    for machine in machines:
        what = f"compare, up to 8 pairs, {machine.name}"
        same = decided(machine, SAME, EACH_PAIR, EVERY_PAIR, runs, seed)
        yield share_row(f"{what}: the same shop failed", same.ends[Verdict.FAILED], runs, seed, at_most=0.01)
        slower = decided(machine, Shop(slower=1.1), EACH_PAIR, EVERY_PAIR, runs, seed)
        yield share_row(f"{what}: 10 % slower passed", slower.ends[Verdict.PASSED], runs, seed, at_most=0.05)


def looked_at_often(runs: int, seed: int = 750_000) -> Iterator[Row]:
    """How often `compare` is wrong if pairs are added until it decides, up to the most that it takes."""
    stops, what = tuple(range(1, MAX_PAIRS + 1)), f"compare, up to {MAX_PAIRS} pairs, {AWFUL.name}"
    same = decided(AWFUL, SAME, stops, EVERY_PAIR, runs, seed)
    yield share_row(f"{what}: the same shop failed", same.ends[Verdict.FAILED], runs, seed, at_most=0.01)
    slower = decided(AWFUL, Shop(slower=1.1), stops, EVERY_PAIR, runs, seed)
    yield share_row(f"{what}: 10 % slower passed", slower.ends[Verdict.PASSED], runs, seed, at_most=0.05)


def power(runs: int, machine: Machine = SHARED, seed: int = 720_000) -> Iterator[Row]:
    """How many regressions of 20 % are found with more and more pairs."""
    found = decided(machine, Shop(slower=1.2), EACH_PAIR, EVERY_PAIR, runs, seed)
    for pairs, least in ((4, 0.02), (5, 0.1), (6, 0.25), (8, 0.6)):
        caught = sum(number for after, number in found.failed_after.items() if after <= pairs)
        claim = f"compare, {machine.name}: 20 % slower found within {pairs} pairs"
        yield share_row(claim, caught, runs, seed, at_least=least)


def failing(runs: int, seed: int = 730_000) -> Iterator[Row]:
    """What happens to a candidate that is as fast, but fails one journey of a hundred, and to one with a wider spread."""
    spoilt = decided(QUIET, Shop(failing=0.01), EACH_PAIR, EVERY_PAIR, runs, seed)
    claim = "compare, up to 8 pairs: 1 % of the candidate's journeys fail, none of the baseline's"
    yield share_row(f"{claim}: passed", spoilt.ends[Verdict.PASSED], runs, seed, at_most=0.05)
    yield share_row(f"{claim}: failed", spoilt.ends[Verdict.FAILED], runs, seed, at_least=0.75)
    wider = decided(QUIET, Shop(sigma=0.8), EACH_PAIR, EVERY_PAIR, runs, seed)
    claim = "compare, up to 8 pairs: equal medians, a wider spread (sigma 0.8 for 0.5): failed"
    yield share_row(claim, wider.ends[Verdict.FAILED], runs, seed, at_least=0.75)


def looked_at_thrice(runs: int, machines: Sequence[Machine], seed: int = 740_000) -> Iterator[Row]:
    """How often `regress abba` is wrong, which looks after 4, 8 and 12 pairs, and what it finds."""
    for machine in machines:
        what = f"abba, looks at 4, 8 and 12 pairs, {machine.name}"
        same = decided(machine, SAME, THREE, THREE_LOOKS, runs, seed)
        yield share_row(f"{what}: the same shop failed", same.ends[Verdict.FAILED], runs, seed, at_most=0.01)
        slower = decided(machine, Shop(slower=1.1), THREE, THREE_LOOKS, runs, seed)
        yield share_row(f"{what}: 10 % slower passed", slower.ends[Verdict.PASSED], runs, seed, at_most=0.05)
        yield share_row(f"{what}: 10 % slower found", slower.ends[Verdict.FAILED], runs, seed, at_least=0.75)


DUET_SLICES, ROUNDS = 12, 3


def in_duet(machine: Machine, candidate: Shop, runs: int, seed: int) -> Counter[Verdict]:
    """How duets with this candidate end: both versions share what the machine does, and up to three rounds are compared."""
    plan, ends = Plan(Tolerance(), RunEffect(), DUET_LOOKS), Counter[Verdict]()
    for run in range(runs):
        chance = np.random.default_rng(seed + run)
        rounds: list[tuple[DuetRun, DuetRun]] = []
        verdict = Verdict.INCONCLUSIVE
        for factors in machine.runs(ROUNDS, chance, DUET_SLICES):
            rounds.append((a_run(SAME, factors, chance).duet(), a_run(candidate, factors, chance).duet()))
            if (verdict := compare_rounds(rounds, 0.95, plan).verdict) is not Verdict.INCONCLUSIVE:
                break
        ends[verdict] += 1
    return ends


def duets(runs: int, machines: Sequence[Machine], seed: int = 760_000) -> Iterator[Row]:
    """How often `regress duet` is wrong, and what it finds."""
    for machine in machines:
        what = f"duet, up to 3 rounds of 72 s, {machine.name}"
        same = in_duet(machine, SAME, runs, seed)
        yield share_row(f"{what}: the same shop failed", same[Verdict.FAILED], runs, seed, at_most=0.01)
        slower = in_duet(machine, Shop(slower=1.1), runs, seed)
        yield share_row(f"{what}: 10 % slower passed", slower[Verdict.PASSED], runs, seed, at_most=0.05)
        yield share_row(f"{what}: 10 % slower found", slower[Verdict.FAILED], runs, seed, at_least=0.75)


HISTORIES = ((8, 1), (20, 3))
"""Stored runs, and runs of the candidate: the least that the command takes, and what the docs advise."""


def against_history(
    machine: Machine, candidates: Sequence[Shop], sizes: tuple[int, int], runs: int, seed: int, older: float = 1.0
) -> list[Counter[Verdict]]:
    """How comparisons of each candidate with the same stored runs end; the first half of these was ``older`` times as slow."""
    plan, (stored, new) = Plan(Tolerance(), RunEffect(), ONE_LOOK), sizes
    ends = [Counter[Verdict]() for _ in candidates]
    for run in range(runs):
        chance = np.random.default_rng(seed + run)
        factors = machine.runs(stored + new, chance)
        shops = [Shop(slower=older)] * (stored // 2) + [SAME] * (stored - stored // 2)
        old = [a_run(shop, each, chance).measures() for shop, each in zip(shops, factors, strict=False)]
        for candidate, verdicts in zip(candidates, ends, strict=True):
            again = deepcopy(chance)
            made = [a_run(candidate, each, again).measures() for each in factors[stored:]]
            verdicts[compare_with_history(old, made, plan).comparison.verdict] += 1
    return ends


def with_history(runs: int, machine: Machine, sizes: tuple[int, int], seed: int = 770_000) -> Iterator[Row]:
    """How often `regress history` is wrong, and what it finds."""
    what = f"history, {sizes[0]} stored runs, {sizes[1]} of the candidate, {machine.name}"
    shops = SAME, Shop(slower=1.1), Shop(slower=1.2)
    same, slower, slowest = against_history(machine, shops, sizes, runs, seed)
    yield share_row(f"{what}: the same shop failed", same[Verdict.FAILED], runs, seed, at_most=0.01)
    yield share_row(f"{what}: 10 % slower passed", slower[Verdict.PASSED], runs, seed, at_most=0.05)
    yield share_row(f"{what}: 10 % slower found", slower[Verdict.FAILED], runs, seed, at_least=0.75)
    yield share_row(f"{what}: 20 % slower found", slowest[Verdict.FAILED], runs, seed, at_least=0.75)


def changed_history(runs: int, machine: Machine = QUIET, seed: int = 780_000) -> Iterator[Row]:
    """What happens if the shop became faster, or slower, in the middle of the stored runs, and has not changed since."""
    for older, how in ((1.2, "faster"), (1 / 1.2, "slower")):
        (ends,) = against_history(machine, [SAME], HISTORIES[1], runs, seed, older)
        claim = f"history, {HISTORIES[1][0]} stored runs, {machine.name}, 20 % {how} from their middle on: the same shop failed"
        yield share_row(claim, ends[Verdict.FAILED], runs, seed, at_most=0.01)


def rows(*, quick: bool) -> Iterator[Row]:
    """All claims, in the size of the table or of the tests."""
    runs = 8 if quick else 1_000
    parts = [partial(compared, runs, (machine,)) for machine in ((AWFUL,) if quick else MACHINES)]
    parts.append(partial(failing, runs))
    parts += [partial(duets, runs, (machine,)) for machine in ((AWFUL,) if quick else (QUIET, *MACHINES[3:5]))]
    parts += [partial(looked_at_thrice, runs, (machine,)) for machine in (() if quick else MACHINES[:5])]
    if quick:
        parts.append(partial(with_history, runs, AWFUL, HISTORIES[1]))
    else:
        parts += [partial(power, runs), partial(looked_at_often, runs)]
        parts += [partial(with_history, runs, machine, sizes) for sizes in HISTORIES for machine in MACHINES[:5]]
        parts.append(partial(changed_history, runs))
    for part in parts:
        yield from part()
