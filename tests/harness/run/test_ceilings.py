"""A ceiling on orders or SMS codes ends the load while there is room for every journey under way."""

from workloads import FakeWorkload

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.metrics.page_roles import PageRoles
from harness.run.ceilings import Ceilings
from harness.run.early_end import EarlyEndChecks
from harness.run.lifecycle import EndCause
from harness.run.workload import Judging

ROLES = PageRoles(codes=frozenset({"Verify"}), resends=frozenset({"Send"}))


def ceilings(*, orders=None, sms=None, rate=2.0):
    return Ceilings(Judging(max_orders=orders, max_sms=sms), FakeWorkload(arrival_rate=rate), ROLES)


def recorder(*, orders=0, codes=0, resends=0, waiting=0):
    made = Recorder(Window(0.0, 0.0, 100.0))
    for _ in range(orders):
        made.offered(1.0)
        made.started(1.0, 0.0, 0.0)
        made.journey(JourneySample("guest", "gpay", "ok", "nobody", 1.0, 1.0, 2.0, ordered=True))
    for name, number in (("Verify", codes), ("Send", resends)):
        for _ in range(number):
            made.page(PageSample(name, "gpay", "ok", "nobody", 1.0, 1.0, 1.1))
    for _ in range(waiting):
        made.offered(1.0)
    return made


def test_without_a_ceiling_the_load_goes_on():
    assert ceilings().reason(recorder(orders=10_000), 1.0, 10_000) == ""


def test_the_load_ends_while_every_journey_under_way_may_still_order():
    # Two arrivals a second are six in the 3 s until the load has ended everywhere.
    assert ceilings(orders=20).reason(recorder(orders=10), 1.0, 3) == ""
    reason = ceilings(orders=20).reason(recorder(orders=10), 1.0, 4)
    assert reason == ("the ceiling of 20 orders leaves no room: 10 so far, and 10 journeys under way or due within 3 s")


def test_arrivals_that_wait_for_a_user_take_room():
    assert ceilings(orders=20).reason(recorder(orders=10, waiting=1), 1.0, 3)


def test_codes_that_were_asked_for_again_count():
    assert ceilings(sms=20).reason(recorder(codes=6, resends=4), 1.0, 3) == ""
    assert "20 SMS codes" in ceilings(sms=20).reason(recorder(codes=6, resends=5), 1.0, 3)


def test_a_user_of_a_closed_load_may_begin_one_more_journey():
    assert ceilings(orders=20, rate=0.0).reason(recorder(orders=10), 1.0, 4) == ""
    assert ceilings(orders=20, rate=0.0).reason(recorder(orders=10), 1.0, 5)


def test_the_end_by_a_ceiling_is_complete_and_never_before_the_warm_up():
    workload = FakeWorkload(arrival_rate=2.0, warm_up=30.0)
    checks = EarlyEndChecks(Judging(max_orders=50), workload, ROLES)
    end = checks.ceiling_end(recorder(orders=50), 10.0, 0)
    assert (end.cause, end.complete, end.judged_until) == (EndCause.CEILING, True, 30.0)
    assert checks.ceiling_end(recorder(), 10.0, 0) is None
