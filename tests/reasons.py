"""Says first in the output of a failed test whether the shop, the harness or a crowded machine was the reason.

The runs of the test tell: those that it started itself, or that were started for all tests of its file. Without runs, the place of
the error tells.
"""

import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

import pytest
from _pytest._code.code import ReprEntryNative

ROOT = Path(__file__).parents[1]
SHOP, HARNESS, CROWD = "the shop", "the harness", "a crowded machine"
CROWDED = 0.8
"""The part of a test in which something waited for a processor; from here on, a silent or slow process proves nothing."""
TIMING = {"busy", "collector", "cpu", "crowded", "lateness", "loop", "pressure", "steal", "worker_lag"}
"""The findings of checkload that a crowded machine causes."""
LOST = {"end", "reports", "workers"}
"""The findings that a very crowded machine causes: a process that does not run is silent."""
SILENT = "failed to send heartbeat"
"""What Locust says of a worker that it gives up."""
BROKEN_ON_PURPOSE = ("[shop.faults]", "[shop.service]", "[shop.freeze]")
OWN = ("harness", "users", "scenarios", "dashboards", "locustfile.py")

_BEGAN = pytest.StashKey[tuple[float, float]]()


@dataclass(frozen=True)
class Run:
    """What one run of a test left behind: its exit code, its output, its result and whether its shop was to fail."""

    code: int | None
    output: str
    result: dict
    shop_may_fail: bool = False

    @property
    def crowding(self):
        """The finding that is the first reason why this run is invalid: its name and its message; empty if it is valid."""
        found = self.result.get("judgement", {}).get("findings", ())
        return next(((one["check"], one["message"]) for one in found if one["level"] == "invalid"), ("", ""))

    @property
    def accusation(self):
        """What the shop did wrong, or ``""``."""
        judged = self.result.get("judgement", {})
        ended = any(one["check"] == "target" and one["level"] == "invalid" for one in judged.get("findings", ()))
        return judged["reason"] if ended or judged.get("verdict") == "failed" else ""

    def __str__(self):
        judged = self.result.get("judgement")
        said = f"{judged['verdict']}: {judged['reason']}" if judged else "no result"
        return f"exit code {self.code}, {said}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[_BEGAN] = (time.monotonic(), _waited())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        runs = []
        try:
            runs = runs_of(item)
            who, why = reason(call.excinfo, runs, crowd_of(item), item.path)
        except Exception as error:  # noqa: BLE001 - pytest would end here, without the failure itself
            who, why = "unknown", f"tests/reasons.py failed: {error!r}"
        report.user_properties.append(("reason", who))
        lines = [f"REASON: {who}: {why}", *(f"run {number}: {run}" for number, run in enumerate(runs, 1))]
        report.longrepr = _say_first(report.longrepr, who, lines)
    return report


def reason(error, runs, crowd, test):
    """Who was the reason of a failed test, and why we think so.

    ``error`` is pytest's, ``crowd`` the part of the test in which something waited for a processor, ``test`` the test's file.
    """
    for run in runs:
        if "Traceback (most recent call last)" in run.output:
            return HARNESS, "a run printed a traceback"
    if crowded := _crowding(error, runs, crowd):
        return CROWD, crowded
    for run in runs:
        if run.accusation and not run.shop_may_fail:
            return SHOP, run.accusation
    if runs:
        return HARNESS, "no run was disturbed, and no shop did what it should not"
    return _by_place(error, test)


def _crowding(error, runs, crowd):
    """How the machine disturbed the test, or ``""``."""
    waited = f"and {crowd:.0%} of the time something waited for a processor"
    for name, message in (run.crowding for run in runs):
        if name in TIMING:
            return message
        if name in LOST and crowd >= CROWDED:
            return f"{message}, {waited}"
    if crowd >= CROWDED and any(SILENT in run.output for run in runs):
        return f"a worker was silent, {waited}"
    if crowd >= CROWDED and (
        error.errisinstance((TimeoutExpired, TimeoutError)) or "was killed after" in str(error.value)
    ):
        return f"something took too long, {waited}"
    return ""


def reason_in(report):
    """Who was the reason, as a report of a failed test says."""
    return dict(report.user_properties).get("reason")


def forget_runs(start):
    """Forget the runs of the tests whose names start so, because they are made again."""
    if running := sys.modules.get("running"):
        running.Locust.made[:] = [one for one in running.Locust.made if not one[0].startswith(start)]


def runs_of(item):
    """The runs that this test started, or those of its file if it started none."""
    running = sys.modules.get("running")
    made = running.Locust.made if running else []
    own = [one for name, one in made if name == item.nodeid]
    file = item.nodeid.partition("::")[0]
    return [_seen(one) for one in own or [one for name, one in made if name.partition("::")[0] == file]]


def crowd_of(item):
    """The part of the test so far in which something on this machine waited for a processor; 0 if the system does not say."""
    began, waited = item.stash.get(_BEGAN, (0.0, 0.0))
    return (_waited() - waited) / max(0.001, time.monotonic() - began)


def _seen(locust):
    result = {}
    with suppress(OSError, ValueError):
        for path in locust.results.rglob("result.json"):
            result = json.loads(path.read_text())
    scenario = ""
    with suppress(OSError, ValueError, IndexError):
        scenario = Path(locust.arguments[locust.arguments.index("--scenario") + 1]).read_text()
    to_fail = any(one in scenario for one in BROKEN_ON_PURPOSE)
    return Run(locust.process.poll(), locust.output, result, to_fail)


def _by_place(error, test):
    places = [Path(str(entry.path)) for entry in error.traceback]
    inside = [place.relative_to(ROOT) for place in places if place.is_relative_to(ROOT)]
    for place in reversed(inside):
        if place.parts[0] == "shop":
            return SHOP, f"the error comes from {place}"
        if place.parts[0] in OWN:
            return HARNESS, f"the error comes from {place}"
    parts = test.relative_to(ROOT / "tests").parts if test.is_relative_to(ROOT / "tests") else ("",)
    return (
        SHOP if parts[0] in {"shop", "second_shop"} else HARNESS
    ), "no run took part, and this is what the test tests"


def _waited():
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/pressure/cpu").read_text().split("total=")[1].split()[0]) / 1e6
    return 0.0


def _say_first(shown, who, lines):
    """The output of a failure, with these lines before everything else."""
    text = "".join(f"{line}\n" for line in lines)
    chain = getattr(shown, "chain", None)
    if not chain:
        return f"{text}{shown}"
    chain[0][0].reprentries.insert(0, ReprEntryNative([text]))
    for _, crash, _ in chain:
        if crash is not None:
            crash.message = f"{who}: {crash.message}"
    return shown
