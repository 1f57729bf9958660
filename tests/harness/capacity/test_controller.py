"""The controller measures each level after it has settled, and a confirmation by the arrivals due in it.

Longer than 300 lines: all tests use one simulated search.
"""

import heapq
import itertools
import random
from dataclasses import replace

import pytest

from harness import special_functions
from harness.capacity.answer import CapacityAnswer, capacity_answer, curve
from harness.capacity.controller import CapacityController, can_be_searched
from harness.capacity.model import Purpose, SearchPlan
from harness.capacity.verdict import evaluate_search
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.capacity import sentences, tables
from harness.schedule.arrivals import ArrivalProcess
from harness.schedule.stepped import SteppedSchedule
from harness.yield_to_load import NEVER

OBJECTIVES = (parse("journey response_time p95 < 1s"), parse("journey failures < 1%"))


class SimulatedSearch:
    """A simulated shop under a search; half of the journeys pay by card, and the page for cards may be slow."""

    processor_share = 0.4
    waiting = ()
    yield_to_load = NEVER

    def __init__(self, plan, *, servers=4, mean=0.1, slow_card=1.0, lateness=0.0, free_users=None, seed=1):
        self.recorder = Recorder(Window(0.0, 0.0, 1e6), most_slices=512)
        self.levels = SteppedSchedule(ArrivalProcess.POISSON, seed)
        self.due_between = self.levels.due_between
        self.controller = CapacityController(plan, OBJECTIVES, self)
        self.chance = random.Random(seed)
        self.free = [0.0] * servers
        self.mean, self.slow_card = mean, slow_card
        self.lateness, self.free_users = lateness, free_users
        self.pending = []
        self.coming = []
        self.busy = []
        self.now = 0.0

    def run(self):
        self._extend_schedule([self.controller.begin()])
        while self.controller.found is None:
            self.now += 0.5
            self._release()
            for sample in [one for one in self.pending if one.done <= self.now]:
                self._end(sample)
            self.pending = [one for one in self.pending if one.done > self.now]
            self._extend_schedule(self.controller.step(self.now))
            assert self.now < 5000, "the search does not end"
        return capacity_answer(self.controller, self.recorder)

    @property
    def under_way(self):
        return sum(one.due <= self.now for one in self.pending)

    def labels_of(self, number):
        return "guest", ""

    def _extend_schedule(self, extensions):
        for rate, seconds in extensions:
            assert self.levels.length >= self.now, "the load stood still between two levels"
            for _, due in self.levels.extend(rate, seconds):
                by_card = self.chance.random() < 0.5
                work = self.chance.expovariate(1 / self.mean) * (self.slow_card if by_card else 1.0)
                started = self._start_of(due)
                done = max(started, self.free[0]) + work
                heapq.heapreplace(self.free, done)
                heapq.heappush(self.busy, done)
                option = "credit_card" if by_card else "gpay"
                self.coming.append((due, started))
                self.pending.append(JourneySample("guest", option, "ok", "nobody", due, due, done, True, 100))

    def _start_of(self, due):
        """When a virtual user starts the arrival; without ``free_users`` there are enough of them."""
        if self.free_users is None or len(self.busy) < self.free_users:
            return due
        return max(due, heapq.heappop(self.busy))

    def _release(self):
        """Release the arrivals that are due, and start them as soon as a user is free."""
        for due, _ in (one for one in self.coming if self.now - 0.5 < one[0] <= self.now):
            self.recorder.offered(due)
        for due, started in (one for one in self.coming if one[1] <= self.now):
            self.recorder.started(due, self.lateness, started - due)
        self.coming = [one for one in self.coming if one[1] > self.now]

    def _end(self, sample):
        self.recorder.journey(sample)
        page = f"{sample.payment_option}_page"
        self.recorder.page(PageSample(page, sample.payment_option, "ok", "nobody", sample.due, sample.due, sample.done))


@pytest.fixture(scope="module")
def searched():
    simulation = SimulatedSearch(SearchPlan(start=10, most=400, budget=900, confirm=60))
    return simulation, simulation.run()


def test_the_capacity_of_a_simulated_shop_is_found(searched):
    _, answer = searched
    # 4 servers of 100 ms: 40/s at most; a p95 of 1 s holds until about 36.8/s, by the closed form of M/M/4.
    assert answer.boundary == pytest.approx(36.8 * 60, rel=0.06)
    assert 0.7 * 36.8 * 60 < answer.journeys < 36.8 * 60
    assert answer.orders == pytest.approx(answer.journeys, rel=0.08)
    assert answer.orders_low < answer.orders < answer.orders_high


def test_levels_follow_each_other_without_a_gap(searched):
    simulation, _ = searched
    steps = simulation.controller.finished_levels
    for before, after in itertools.pairwise(steps):
        held_on = simulation.controller.plan.after if before.purpose is Purpose.CONFIRM else 0.0
        assert after.start == pytest.approx(before.end + held_on)


def test_the_confirming_level_is_judged_by_all_arrivals_due_in_it(searched):
    simulation, answer = searched
    start, end = simulation.controller.confirmed_between
    assert simulation.controller.results[0].samples == pytest.approx(answer.journeys / 60 * (end - start), rel=0.1)
    assert {one.verdict for one in simulation.controller.results} == {Verdict.PASSED}


def test_the_broken_objective_is_named_and_no_page_if_all_slowed_alike(searched):
    _, answer = searched
    assert answer.gave_way.objective == OBJECTIVES[0].text
    assert (answer.gave_way.page, answer.gave_way.payment_option) == ("", "")


def test_a_page_that_slows_down_alone_is_named():
    simulation = SimulatedSearch(SearchPlan(start=5, most=400, budget=400, confirm=30), servers=50, mean=0.02)
    serve = simulation._extend_schedule

    def one_clerk_for_cards(extensions):
        serve(extensions)
        clerk = getattr(simulation, "clerk", 0.0)
        for place, sample in enumerate(simulation.pending):
            if sample.payment_option == "credit_card" and sample.amount == 100:
                clerk = max(clerk, sample.due) + 0.05
                simulation.pending[place] = sample._replace(done=clerk, amount=101)
        simulation.clerk = clerk

    simulation._extend_schedule = one_clerk_for_cards
    answer = simulation.run()
    assert (answer.gave_way.page, answer.gave_way.payment_option) == ("credit_card_page", "credit_card")


def test_a_late_load_generator_is_never_taken_for_the_shop():
    answer = SimulatedSearch(
        SearchPlan(start=10, most=400, budget=400, confirm=30), servers=500, mean=0.01, lateness=0.2
    ).run()
    assert answer.journeys is None
    assert "add a worker" in answer.why
    assert all(point.trouble for point in answer.points)
    assert evaluate_search(answer, (), [FINE], None).verdict is Verdict.INCONCLUSIVE


def test_too_few_virtual_users_are_never_taken_for_the_shop():
    # Twenty who need 100 ms each serve 200 a second; the shop would carry 5,000.
    simulation = SimulatedSearch(
        SearchPlan(start=40, most=900, budget=300, confirm=30), servers=500, mean=0.1, free_users=20
    )
    answer = simulation.run()
    assert (answer.boundary, answer.gave_way) == (None, None)
    assert answer.at_least
    assert "raise arrivals.users" in answer.why
    assert not any(point.broken and not point.trouble for point in answer.points)


def test_a_load_generator_that_releases_too_few_arrivals_is_never_taken_for_the_shop():
    simulation = SimulatedSearch(SearchPlan(start=20, most=400, budget=300, confirm=30), servers=500, mean=0.02)
    extend = simulation._extend_schedule

    def half_of_them(extensions):
        known = len(simulation.coming)
        extend(extensions)
        lost = {
            due
            for place, (due, _) in enumerate(simulation.coming[known:])
            if simulation.controller.level.rate > 100 and place % 2
        }
        simulation.coming = [one for one in simulation.coming if one[0] not in lost]
        simulation.pending = [one for one in simulation.pending if one.due not in lost]

    simulation._extend_schedule = half_of_them
    answer = simulation.run()
    assert (answer.boundary, answer.gave_way) == (None, None)
    assert answer.at_least
    assert "add a worker" in answer.why


class Hanging(SimulatedSearch):
    """A shop that answers one journey of ten after half a minute, and all others fast."""

    def _extend_schedule(self, extensions):
        before = len(self.pending)
        super()._extend_schedule(extensions)
        for place in range(before, len(self.pending)):
            if self.chance.random() < 0.1:
                self.pending[place] = self.pending[place]._replace(done=self.pending[place].due + 30.0)


def test_a_shop_that_never_answers_one_of_ten_is_not_confirmed():
    simulation = Hanging(SearchPlan(start=20, most=30, budget=200, confirm=20), servers=50, mean=0.02)
    answer = simulation.run()
    assert answer.journeys is None
    judged = [step for step in simulation.controller.finished_levels if step.verdict is not None]
    assert judged
    assert {step.verdict for step in judged} == {Verdict.FAILED}
    assert evaluate_search(answer, (), [FINE], None).verdict is not Verdict.PASSED


class FailingLate(SimulatedSearch):
    """A shop that keeps three of a hundred waiting for 25 s above 15 journeys a second, and then fails them."""

    def _extend_schedule(self, extensions):
        before = len(self.pending)
        super()._extend_schedule(extensions)
        for place in range(before, len(self.pending)):
            if self.controller.level.rate > 15 and self.chance.random() < 0.03:
                due = self.pending[place].due
                self.pending[place] = self.pending[place]._replace(done=due + 25.0, outcome="timeout", blame="shop")


def test_no_rate_is_confirmed_while_journeys_under_way_could_break_it():
    simulation = FailingLate(SearchPlan(start=18, most=18, budget=400, confirm=30), servers=50, mean=0.02)
    answer = simulation.run()
    confirms = [step for step in simulation.controller.finished_levels if step.purpose is Purpose.CONFIRM]
    assert confirms[0].verdict is not Verdict.PASSED
    assert confirms[-1].verdict is Verdict.PASSED
    assert confirms[-1].rate < 15 < confirms[0].rate
    simulation.controller.recheck_after_drain(simulation.recorder)
    assert answer.journeys == pytest.approx(simulation.controller.found.confirmed * 60)


def test_a_rate_is_not_held_beyond_the_budget():
    simulation = FailingLate(SearchPlan(start=18, most=18, budget=85, confirm=40), servers=50, mean=0.02)
    simulation.run()
    assert simulation.levels.length <= 85


def test_a_search_loads_scipy_before_the_load():
    special_functions.load.cache_clear()
    SimulatedSearch(SearchPlan(start=20, most=20, budget=200, confirm=20))
    assert special_functions.load.cache_info().currsize == 1


class Waiting(SimulatedSearch):
    """A shop that never answers six requests of each second."""

    @property
    def waiting(self):
        return [("Pay", "gpay", self.now - second, 6) for second in range(int(self.now))]


def test_requests_without_a_reply_break_a_level():
    simulation = Waiting(SearchPlan(start=20, most=20, budget=200, confirm=20), servers=50, mean=0.02)
    simulation.controller = CapacityController(
        simulation.controller.plan, [parse("page.Pay response_time p95 < 1s")], simulation
    )
    end = simulation._end
    simulation._end = lambda sample: (
        end(sample),
        simulation.recorder.page(PageSample("Pay", "gpay", "ok", "nobody", sample.due, sample.due, sample.done)),
    )
    assert simulation.run().journeys is None
    widened, *_ = simulation.controller.finished_levels
    assert widened.broken


def test_a_confirmed_rate_must_hold_for_journeys_that_end_in_the_drain():
    simulation = SimulatedSearch(SearchPlan(start=10, most=20, budget=120, confirm=30))
    assert simulation.run().journeys
    simulation.controller.recheck_after_drain(simulation.recorder)
    assert simulation.controller.found.confirmed
    start, end = simulation.controller.confirmed_between
    for number in range(100):
        due = start + 1 + number * (end - start - 2) / 100
        simulation._end(JourneySample("guest", "gpay", "timeout", "shop", due, due, due + 60.0, False, 0))
    simulation.controller.recheck_after_drain(simulation.recorder)
    answer = capacity_answer(simulation.controller, simulation.recorder)
    assert answer.journeys is None
    assert "still under way" in answer.why
    assert Verdict.FAILED in {one.verdict for one in simulation.controller.results}


def test_a_confirmed_rate_is_judged_by_the_same_rule_after_the_drain():
    simulation = SimulatedSearch(SearchPlan(start=20, most=34, budget=200, confirm=30))
    answer = simulation.run()
    assert answer.journeys
    simulation.controller.recheck_after_drain(simulation.recorder)
    assert simulation.controller.found.confirmed == pytest.approx(answer.journeys / 60)


def test_the_curve_leaves_out_drains_and_troubled_levels(searched):
    _, answer = searched
    points = curve(answer.points)
    assert [point.rate for point in points] == sorted(point.rate for point in points)
    assert "drain" not in {point.purpose for point in points}
    assert "drain" in {point.purpose for point in answer.points}


def test_the_critical_rate_is_the_geometric_mean_of_three_crossings(searched):
    _, answer = searched
    rates = [one.rate for one in answer.critical.crossings]
    assert [one.bound for one in answer.critical.crossings] == [0.5, 1.0, 2.0]
    assert rates == sorted(rates)
    assert rates[1] == pytest.approx(36.8 * 60, rel=0.08)
    assert answer.critical.mean == pytest.approx((rates[0] * rates[1] * rates[2]) ** (1 / 3))


def test_an_answer_survives_json_and_is_reported_in_sentences(searched):
    _, answer = searched
    assert CapacityAnswer.from_json(answer.to_json()) == answer
    text = " ".join(sentences(answer))
    assert f"{round(answer.journeys):,} journeys a minute" in text
    assert "First objective to break: journey response_time p95 < 1s" in text
    levels, drawn = tables(answer)
    assert len(levels.rows) == len(answer.points)
    assert any("#" in cell for row in drawn.rows for cell in row)


@pytest.mark.parametrize(("either_way", "said"), [(0.05, False), (0.2, True)])
def test_a_wide_interval_advises_a_longer_search(searched, either_way, said):
    _, answer = searched
    unsure = replace(answer, low=answer.boundary * (1 - either_way), high=answer.boundary * (1 + either_way))
    assert ("uncertain by 20 %" in " ".join(sentences(unsure))) is said


FINE = Finding("requests", Severity.OK, "fine")
BAD = Finding("clocks", Severity.INVALID, "a clock was set")


@pytest.mark.parametrize(
    ("at_least", "finding", "verdict"),
    [
        (None, FINE, Verdict.PASSED),
        (20.0, FINE, Verdict.PASSED),
        (100.0, FINE, Verdict.FAILED),
        (None, BAD, Verdict.INVALID),
    ],
)
def test_the_verdict_compares_with_the_required_rate(searched, at_least, finding, verdict):
    simulation, answer = searched
    judged = evaluate_search(answer, simulation.controller.results, [finding], at_least)
    assert judged.verdict is verdict
    if verdict is not Verdict.INVALID:
        assert f"{round(answer.orders):,} orders a minute" in judged.reason


def test_between_the_confirmed_rate_and_the_boundary_the_verdict_is_inconclusive(searched):
    simulation, answer = searched
    between = (answer.journeys + answer.high) / 2 / 60
    assert evaluate_search(answer, simulation.controller.results, [], between).verdict is Verdict.INCONCLUSIVE


def test_an_interrupted_search_has_no_answer():
    simulation = SimulatedSearch(SearchPlan(start=10, most=400, budget=900))
    answer = capacity_answer(simulation.controller, simulation.recorder)
    judged = evaluate_search(answer, (), [], None)
    assert (answer.journeys, judged.verdict) == (None, Verdict.INCONCLUSIVE)
    assert "ended before it had an answer" in judged.reason


@pytest.mark.parametrize(
    ("text", "can"),
    [
        ("journey response_time p95 < 1s", True),
        ("page failures < 1%", True),
        ("dropped < 1%", True),
        ("journey failures <= 0%", False),
        ("orders rate > 5/s", False),
        ("page service_time p95 < 1s", False),
        ("page response_time mean < 1s", False),
    ],
)
def test_only_objectives_that_depend_on_the_rate_control_a_search(text, can):
    assert can_be_searched(parse(text)) is can
