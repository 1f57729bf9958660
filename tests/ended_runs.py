"""Builds runs that have ended and are to be judged, for tests of the judging."""

from __future__ import annotations

from datetime import UTC, datetime

from workloads import FakeWorkload

from harness.judging.finish import finish
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.parser import parse
from harness.run.admission import ClosedAdmission
from harness.run.collaborators import TimeSource
from harness.run.local_load import LocalLoad
from harness.run.run import Run
from harness.run.supervisor import Supervisor
from harness.schedule.dispatch import Arrival, Assignment

PASSWORD = "swordfish-of-ada"


def load(**changes):
    """A closed workload with one easy objective and one secret."""
    settings = {
        "objectives": [parse("journey failures < 50%")],
        "note": f"the password is {PASSWORD}",
        "secret": PASSWORD,
    }
    return FakeWorkload(**{**settings, **changes})


class Shop:
    """A target with a ledger of its own."""

    def __init__(self, ledger):
        self._ledger = ledger

    def ledger(self):
        if isinstance(self._ledger, OSError):
            raise self._ledger
        return self._ledger


def a_run(*, bought=300, failed=0, ledger=None, workload=None, ending=None, ended_at=110.0, came_for=10.0):
    """The supervisor of a run of ten seconds with so many journeys that bought, and that failed on their last page."""
    moments = [100.0]
    time = TimeSource(clock=lambda: moments[0])
    run = Run(workload or load(), time)
    served = LocalLoad(run, None, time)
    run.started_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    run.set_target("http://127.0.0.1:4711/", None if ledger is None else Shop(ledger))
    run.recorder.window = Window(100.0, 100.0, 110.0)
    run.lifecycle.begin()
    run.spawned = 3
    served.admission = ClosedAdmission(served.partition, run.recorder, served.drop_arrival)
    served.admission.under_way = bought + failed
    for number in range(bought + failed):
        due = 100.0 + came_for * number / (bought + failed)
        end = ("ok", "nobody") if number < bought else ("http_5xx", "shop")
        run.recorder.offered(due)
        moments[0] = due
        served.begin_journey(Assignment(Arrival(number, "guest", due), due), "gpay")
        moments[0] = due + 0.01
        run.recorder.page(PageSample("ThankYouPage", "gpay", *end, due, due, due + 0.01))
        paid = number < bought
        served.end_journey(
            JourneySample("guest", "gpay", *end, due, due, due + 0.01, ordered=paid, amount=100 * paid), "gpay"
        )
    moments[0] = ended_at
    if ending is not None:
        run.close(ending)
    run.end()
    return Supervisor(run, served, served.instrument)


def finished_of(supervisor, results="", *, exceptions=0):
    return finish(supervisor, folder=None, results=str(results), exceptions=exceptions)


def finding(finished, check):
    return next((one for one in finished.result.judgement.findings if one.check == check), None)
