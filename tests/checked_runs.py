"""Builds runs and conditions for the checks of validity: all is well unless a test changes it."""

import math
from dataclasses import fields, replace

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity
from harness.validity.checks import check
from harness.validity.evidence import Conditions

OBJECTIVES = [parse("journey response_time p95 < 4s"), parse("page.P response_time p95 < 1s")]


def run_of(
    number=200,
    *,
    time=1.0,
    lateness=0.001,
    wait=0.0,
    dropped=0,
    outcome="ok",
    blame="nobody",
    page_outcome="ok",
    steady_from=0.0,
):
    """A run of 100 s in which all is well by default."""
    recorder = Recorder(Window(0.0, steady_from, 100.0))
    recorder.offered(50.0, number + dropped)
    for index in range(number):
        due = 100 * index / number
        begin = due + lateness + wait
        recorder.started(due, lateness, wait)
        recorder.journey(
            JourneySample("guest", "gpay", outcome, blame, due, begin, begin + time, ordered=outcome == "ok")
        )
        recorder.page(PageSample("P", "gpay", page_outcome, "nobody", begin, begin, begin + time / 5))
    for _ in range(dropped):
        recorder.dropped(50.0)
        recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 50.0, math.inf, math.inf))
    return recorder


def conditions_of(**facts) -> Conditions:
    """Conditions with these facts, each in the part that has a field of its name; all others are unknown."""
    unknown = Conditions()
    parts = {part.name: getattr(unknown, part.name) for part in fields(Conditions)}
    for name, value in facts.items():
        (there,) = (part for part, known in parts.items() if hasattr(known, name))
        parts[there] = replace(parts[there], **{name: value})
    return Conditions(**parts)


def conditions(**changed) -> Conditions:
    """The conditions of such a run."""
    facts = {
        "requests_sent": 200,
        "planned_duration": 100.0,
        "load_duration": 100.0,
        "users": 20,
        "expected_offered": 200,
        "cpu_ratio": 0.2,
    }
    return conditions_of(**(facts | changed))


def problems(recorder=None, facts=None, objectives=OBJECTIVES) -> dict[str, Finding]:
    """What the checks find beside OK, by the name of the check."""
    found = check(recorder or run_of(), facts or conditions(), objectives)
    return {finding.check: finding for finding in found if finding.level is not Severity.OK}


def histogram(*counts: tuple[float, int]) -> Histogram:
    """A histogram of values with their numbers."""
    found = Histogram()
    for value, number in counts:
        found.record(value, number)
    return found
