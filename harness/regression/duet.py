"""Compares two versions that were loaded at the same time, from the journeys and pages of all rounds."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison, compare_failures, compare_spread, holm
from harness.regression.figures import GATED, Figure, Kind, Plan
from harness.regression.measures import JOURNEYS, PAGES, RunMeasures, measure
from harness.regression.percentiles import FEWEST_SAMPLES, TOO_MUCH_FAILED, Slices, steady_slices
from harness.regression.ratios import compare_throughput, with_difference
from harness.regression.slices import signed_ranks

GATED_FIGURES = 5
TOO_FEW_IN_SLICES = (
    f"too few samples: a slice needs {FEWEST_SAMPLES} of them; raise the rate, or make the rounds longer"
)


@dataclass(frozen=True, slots=True)
class DuetRun:
    """One of the two runs of a round: its measures, and its slices by what they are about."""

    measures: RunMeasures
    slices: dict[tuple[Kind, str], Slices]
    seconds: float

    @classmethod
    def of(cls, recorder: Recorder, q: float, outside: Collection[str], *, open_load: bool) -> DuetRun:
        """The run of this recorder."""
        pages = [
            (key.page, key.phase, key.blame, one) for key, one in recorder.pages.items() if key.page not in outside
        ]
        journeys = [(key.payment_option, key.phase, key.blame, one) for key, one in recorder.journeys.items()]
        slices = {
            (Kind.TIME, JOURNEYS): steady_slices(one[1:] for one in journeys),
            (Kind.TIME, PAGES): steady_slices(one[1:] for one in pages),
        }
        for kind, found in ((Kind.PAGE, pages), (Kind.OPTION, journeys)):
            for name in sorted({one[0] for one in found if one[0]}):
                slices[kind, name] = steady_slices(one[1:] for one in found if one[0] == name)
        return cls(measure(recorder, q, outside, open_load=open_load), slices, recorder.slice_length)


Rounds = Sequence[tuple[DuetRun, DuetRun]]


def compare_rounds(rounds: Rounds, q: float, plan: Plan, disturbed: int = 0) -> Comparison:
    """Compare over these rounds (baseline, candidate); ``disturbed`` as in ``compare``."""
    every = list(rounds[0][0].slices) if rounds else []
    alpha = plan.alphas.fail / GATED_FIGURES
    pairs = [(a.measures, b.measures) for a, b in rounds]
    gated = [
        *(_compared(rounds, key, q, plan, alpha) for key in every if key[0] is Kind.TIME),
        compare_failures([a.failures for a, _ in pairs], [b.failures for _, b in pairs], plan, alpha),
        compare_throughput(pairs, plan, alpha),
        compare_spread(pairs, plan),
    ]
    details = [*_details(rounds, every, q, plan)]
    figures = (*holm(gated, plan.alphas.fail), *holm(details, plan.alphas.fail_detail))
    verdict = Verdict.worst({one.verdict for one in figures if one.kind in GATED or one.verdict is Verdict.FAILED})
    if disturbed and verdict is Verdict.PASSED:
        verdict = Verdict.INCONCLUSIVE
    return Comparison(len(rounds), figures, verdict, disturbed)


def _details(rounds: Rounds, every: Sequence[tuple[Kind, str]], q: float, plan: Plan) -> Iterator[Figure]:
    keys = [key for key in every if key[0] is not Kind.TIME]
    for key in keys:
        figure = _compared(rounds, key, q, plan, plan.alphas.fail_detail / len(keys))
        if figure.change is not None:
            yield figure


def _compared(rounds: Rounds, key: tuple[Kind, str], q: float, plan: Plan, alpha: float) -> Figure:
    figure = Figure(kind=key[0], name=key[1], verdict=Verdict.INCONCLUSIVE, note=TOO_FEW_IN_SLICES)
    sides = [[run.slices.get(key, {}) for run in side] for side in zip(*rounds, strict=True)]
    found = signed_ranks(list(zip(*sides, strict=True)), q, max(run.seconds for pair in rounds for run in pair))
    if found is None:
        return figure
    whole = [Histogram.merged(one for slices in side for one in slices.values()).quantile(q) for side in sides]
    if math.inf in whole:
        return replace(figure, note=TOO_MUCH_FAILED)
    return with_difference(replace(figure, note="", baseline=whole[0], candidate=whole[1]), found, plan, alpha)
