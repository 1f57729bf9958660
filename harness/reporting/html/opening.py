"""Decides what the evidence opens with: the subject and the charts that explain the verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isfinite

from harness.measurement.outcomes import Blame
from harness.objectives.model import Metric, Objective, Subject
from harness.objectives.verdict import Severity, Verdict
from harness.reporting.html.measures import JOURNEYS, PAGES, page_subject
from harness.reporting.html.runs import USERS_CHECK, ReportRun

_USUAL = "latency"
_OF_METRIC = {Metric.FAILURES: "failures", Metric.RATE: "throughput", Metric.COUNT: "throughput"}
_OF_USERS = ("failures", "under-way")
"""The charts that show dropped arrivals and journeys that wait for a user."""


def subject(runs: Sequence[ReportRun], subjects: Collection[str]) -> str:
    """The subject of these that is shown first."""
    return _opening(runs, subjects)[0]


def charts(runs: Sequence[ReportRun], subjects: Collection[str]) -> tuple[str, ...]:
    """The names of the charts that come first."""
    return _opening(runs, subjects)[1]


def failures_broke(run: ReportRun) -> bool:
    """Whether the run failed, and failed pages are the reason: no objective on a finite time was broken alone."""
    judgement = run.result.judgement
    broken = [(one, objective) for one, objective, _ in run.objectives() if one.verdict is Verdict.FAILED]
    by_failures = any(
        objective.metric is Metric.FAILURES or (one.measured is not None and not isfinite(one.measured))
        for one, objective in broken
    )
    failed = any(key.blame == Blame.SHOP for key in run.result.recorder.pages)
    return judgement.verdict is Verdict.FAILED and failed and (by_failures or not broken)


def _opening(runs: Sequence[ReportRun], subjects: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Those of the first objective that was not kept, of a lack of users, or all pages."""
    judged = [run for run in runs if run.result.judgement.verdict is not Verdict.INVALID]
    for wanted in (Verdict.FAILED, Verdict.INCONCLUSIVE):
        for run in judged:
            for one, objective, shown in run.objectives():
                found = shown or _nearest(objective)
                if one.verdict is wanted and found in subjects:
                    dropped = objective.subject is Subject.ARRIVALS
                    return found, _OF_USERS if dropped else (_OF_METRIC.get(objective.metric, _USUAL),)
    if any(_short_of_users(run) for run in runs):
        return JOURNEYS, _OF_USERS
    return PAGES, (_USUAL,)


def _nearest(objective: Objective) -> str:
    """The subject nearest to an objective about a part that has no chart of its own."""
    if objective.subject is Subject.PAGE:
        return page_subject(objective.name) if objective.name else PAGES
    return JOURNEYS


def _short_of_users(run: ReportRun) -> bool:
    findings = run.result.judgement.findings
    invalid = [one.check for one in findings if one.level is Severity.INVALID]
    return run.result.judgement.verdict is Verdict.INVALID and USERS_CHECK in invalid
