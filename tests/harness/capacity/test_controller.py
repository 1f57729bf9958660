"""A run is flown from level to level: each is looked at once it has settled, and a confirmation by who was due in it."""

import heapq
import itertools
import random
from dataclasses import replace

import pytest

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

OBJECTIVES = (parse("journey response_time p95 < 1s"), parse("journey failures < 1%"))


class Flight:
    """A shop with so many servers on paper, flown by a pilot; half of the journeys pay by card, whose page may be the slow one."""

    def __init__(self, plan, *, servers=4, mean=0.1, slow_card=1.0, lateness=0.0, seats=None, seed=1):
        self.recorder = Recorder(Window(0.0, 0.0, 1e6), most_slices=512)
        self.levels = SteppedSchedule(ArrivalProcess.POISSON, seed)
        self.controller = CapacityController(plan, OBJECTIVES, self.levels.due_between)
        self.chance = random.Random(seed)
        self.free = [0.0] * servers
        self.mean, self.slow_card = mean, slow_card
        self.lateness, self.seats = lateness, seats
        self.pending = []
        self.coming = []
        self.busy = []
        self.now = 0.0

    def fly(self):
        self._let_in([self.controller.begin()])
        while self.controller.found is None:
            self.now += 0.5
            self._come()
            for sample in [one for one in self.pending if one.done <= self.now]:
                self._end(sample)
            self.pending = [one for one in self.pending if one.done > self.now]
            under_way = sum(one.due <= self.now for one in self.pending)
            self._let_in(self.controller.step(self.now, self.recorder, under_way, 0.4))
            assert self.now < 5000, "the search does not end"
        return capacity_answer(self.controller, self.recorder)

    def _let_in(self, stretches):
        for rate, seconds in stretches:
            assert self.levels.length >= self.now, "the load stood still between two levels"
            for _, due in self.levels.extend(rate, seconds):
                by_card = self.chance.random() < 0.5
                work = self.chance.expovariate(1 / self.mean) * (self.slow_card if by_card else 1.0)
                started = self._seat(due)
                soonest = min(range(len(self.free)), key=self.free.__getitem__)
                done = self.free[soonest] = max(started, self.free[soonest]) + work
                heapq.heappush(self.busy, done)
                option = "credit_card" if by_card else "gpay"
                self.coming.append((due, started))
                self.pending.append(JourneySample("guest", option, "ok", "nobody", due, due, done, True, 100))

    def _seat(self, due):
        """When a virtual user takes the arrival; each has one seat, and without ``seats`` there are enough."""
        if self.seats is None or len(self.busy) < self.seats:
            return due
        return max(due, heapq.heappop(self.busy))

    def _come(self):
        """Those whose moment has come are let in, and taken as soon as there is a user."""
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
def flown():
    flight = Flight(SearchPlan(start=10, most=400, budget=900, confirm=60))
    return flight, flight.fly()


def test_the_capacity_of_a_shop_on_paper_is_found(flown):
    _, answer = flown
    # 4 servers of 100 ms: 40/s at most; a p95 of 1 s holds until about 36.8/s, by the closed form of M/M/4.
    assert answer.boundary == pytest.approx(36.8 * 60, rel=0.06)
    assert 0.7 * 36.8 * 60 < answer.journeys < 36.8 * 60
    assert answer.orders == pytest.approx(answer.journeys, rel=0.08)
    assert answer.orders_low < answer.orders < answer.orders_high


def test_levels_follow_each_other_without_a_gap(flown):
    flight, _ = flown
    steps = flight.controller.finished_levels
    for before, after in itertools.pairwise(steps):
        held_on = flight.controller.plan.after if before.purpose is Purpose.CONFIRM else 0.0
        assert after.start == pytest.approx(before.end + held_on)


def test_the_confirming_level_is_judged_by_all_who_were_due_in_it(flown):
    flight, answer = flown
    start, end = flight.controller.confirmed_between
    assert flight.controller.results[0].samples == pytest.approx(answer.journeys / 60 * (end - start), rel=0.1)
    assert {one.verdict for one in flight.controller.results} == {Verdict.PASSED}


def test_what_gave_way_is_named_and_the_shop_as_a_whole_where_all_slowed_alike(flown):
    _, answer = flown
    assert answer.gave_way.objective == OBJECTIVES[0].text
    assert (answer.gave_way.page, answer.gave_way.payment_option) == ("", "")


def test_a_page_of_its_own_that_slows_down_is_named():
    flight = Flight(SearchPlan(start=5, most=400, budget=400, confirm=30), servers=50, mean=0.02)
    serve = flight._let_in

    def one_clerk_for_cards(stretches):
        serve(stretches)
        clerk = getattr(flight, "clerk", 0.0)
        for place, sample in enumerate(flight.pending):
            if sample.payment_option == "credit_card" and sample.amount == 100:
                clerk = max(clerk, sample.due) + 0.05
                flight.pending[place] = sample._replace(done=clerk, amount=101)
        flight.clerk = clerk

    flight._let_in = one_clerk_for_cards
    answer = flight.fly()
    assert (answer.gave_way.page, answer.gave_way.payment_option) == ("credit_card_page", "credit_card")


def test_a_late_generator_is_never_taken_for_the_shop():
    answer = Flight(SearchPlan(start=10, most=400, budget=400, confirm=30), servers=500, mean=0.01, lateness=0.2).fly()
    assert answer.journeys is None
    assert "add a worker" in answer.why
    assert all(point.trouble for point in answer.points)
    assert evaluate_search(answer, (), [FINE], None).verdict is Verdict.INCONCLUSIVE


def test_too_few_virtual_users_are_never_taken_for_the_shop():
    # Twenty who need 100 ms each serve 200 a second; the shop would carry 5,000.
    flight = Flight(SearchPlan(start=40, most=900, budget=300, confirm=30), servers=500, mean=0.1, seats=20)
    answer = flight.fly()
    assert (answer.boundary, answer.gave_way) == (None, None)
    assert answer.at_least
    assert "raise arrivals.users" in answer.why
    assert not any(point.broken and not point.trouble for point in answer.points)


def test_a_generator_that_does_not_come_to_letting_in_who_is_due_is_never_taken_for_the_shop():
    flight = Flight(SearchPlan(start=20, most=400, budget=300, confirm=30), servers=500, mean=0.02)
    let_in = flight._let_in

    def half_of_them(stretches):
        known = len(flight.coming)
        let_in(stretches)
        lost = {
            due
            for place, (due, _) in enumerate(flight.coming[known:])
            if flight.controller.level.rate > 100 and place % 2
        }
        flight.coming = [one for one in flight.coming if one[0] not in lost]
        flight.pending = [one for one in flight.pending if one.due not in lost]

    flight._let_in = half_of_them
    answer = flight.fly()
    assert (answer.boundary, answer.gave_way) == (None, None)
    assert answer.at_least
    assert "add a worker" in answer.why


class Hanging(Flight):
    """A shop that leaves one journey of ten without an answer for half a minute, and is quick with all others."""

    def _let_in(self, stretches):
        before = len(self.pending)
        super()._let_in(stretches)
        for place in range(before, len(self.pending)):
            if self.chance.random() < 0.1:
                self.pending[place] = self.pending[place]._replace(done=self.pending[place].due + 30.0)


def test_a_shop_that_leaves_one_of_ten_hanging_is_not_confirmed_by_the_nine_others():
    flight = Hanging(SearchPlan(start=20, most=30, budget=200, confirm=20), servers=50, mean=0.02)
    answer = flight.fly()
    assert answer.journeys is None
    judged = [step for step in flight.controller.finished_levels if step.verdict is not None]
    assert judged
    assert {step.verdict for step in judged} == {Verdict.FAILED}
    assert evaluate_search(answer, (), [FINE], None).verdict is not Verdict.PASSED


class FailingLate(Flight):
    """A shop that keeps three of a hundred waiting for 25 s above 15 journeys a second, and then fails them."""

    def _let_in(self, stretches):
        before = len(self.pending)
        super()._let_in(stretches)
        for place in range(before, len(self.pending)):
            if self.controller.level.rate > 15 and self.chance.random() < 0.03:
                due = self.pending[place].due
                self.pending[place] = self.pending[place]._replace(done=due + 25.0, outcome="timeout", blame="shop")


def test_while_some_are_under_way_who_could_speak_against_it_nothing_is_confirmed_and_the_search_goes_on_lower_down():
    flight = FailingLate(SearchPlan(start=18, most=18, budget=400, confirm=30), servers=50, mean=0.02)
    answer = flight.fly()
    confirms = [step for step in flight.controller.finished_levels if step.purpose is Purpose.CONFIRM]
    assert confirms[0].verdict is not Verdict.PASSED
    assert confirms[-1].verdict is Verdict.PASSED
    assert confirms[-1].rate < 15 < confirms[0].rate
    flight.controller.recheck_after_drain(flight.recorder)
    assert answer.journeys == pytest.approx(flight.controller.found.confirmed * 60)


def test_a_rate_is_not_held_on_beyond_the_budget():
    flight = FailingLate(SearchPlan(start=18, most=18, budget=85, confirm=40), servers=50, mean=0.02)
    flight.fly()
    assert flight.levels.length <= 85


def test_requests_without_a_reply_break_a_level_that_all_others_keep():
    flight = Flight(SearchPlan(start=20, most=20, budget=200, confirm=20), servers=50, mean=0.02)
    flight.controller = CapacityController(
        flight.controller.plan, [parse("page.Pay response_time p95 < 1s")], flight.levels.due_between
    )
    step = flight.controller.step

    def beside(*arguments):
        # Six of those who were due in each second from the start on still wait for the page.
        waiting = [("Pay", "gpay", flight.now - second, 6) for second in range(int(flight.now))]
        return step(*arguments, waiting=lambda: waiting)

    flight.controller.step = beside
    end = flight._end
    flight._end = lambda sample: (
        end(sample),
        flight.recorder.page(PageSample("Pay", "gpay", "ok", "nobody", sample.due, sample.due, sample.done)),
    )
    assert flight.fly().journeys is None
    widened, *_ = flight.controller.finished_levels
    assert widened.broken


def test_what_was_confirmed_has_to_hold_for_those_who_came_home_last():
    flight = Flight(SearchPlan(start=10, most=20, budget=120, confirm=30))
    assert flight.fly().journeys
    flight.controller.recheck_after_drain(flight.recorder)
    assert flight.controller.found.confirmed
    start, end = flight.controller.confirmed_between
    for number in range(100):
        due = start + 1 + number * (end - start - 2) / 100
        flight._end(JourneySample("guest", "gpay", "timeout", "shop", due, due, due + 60.0, False, 0))
    flight.controller.recheck_after_drain(flight.recorder)
    answer = capacity_answer(flight.controller, flight.recorder)
    assert answer.journeys is None
    assert "still on their way" in answer.why
    assert Verdict.FAILED in {one.verdict for one in flight.controller.results}


def test_what_was_confirmed_is_judged_by_the_same_rule_once_all_are_home():
    flight = Flight(SearchPlan(start=20, most=34, budget=200, confirm=30))
    answer = flight.fly()
    assert answer.journeys
    flight.controller.recheck_after_drain(flight.recorder)
    assert flight.controller.found.confirmed == pytest.approx(answer.journeys / 60)


def test_the_curve_leaves_out_drains_and_troubled_levels(flown):
    _, answer = flown
    points = curve(answer.points)
    assert [point.rate for point in points] == sorted(point.rate for point in points)
    assert "drain" not in {point.purpose for point in points}
    assert "drain" in {point.purpose for point in answer.points}


def test_the_critical_rate_is_the_geometric_mean_of_three_that_rise_with_their_bound(flown):
    _, answer = flown
    rates = [one.rate for one in answer.critical.crossings]
    assert [one.bound for one in answer.critical.crossings] == [0.5, 1.0, 2.0]
    assert rates == sorted(rates)
    assert rates[1] == pytest.approx(36.8 * 60, rel=0.08)
    assert answer.critical.mean == pytest.approx((rates[0] * rates[1] * rates[2]) ** (1 / 3))


def test_an_answer_survives_a_file_and_is_told_in_sentences(flown):
    _, answer = flown
    assert CapacityAnswer.from_json(answer.to_json()) == answer
    text = " ".join(sentences(answer))
    assert f"{round(answer.journeys):,} journeys a minute" in text
    assert "First to give way: journey response_time p95 < 1s" in text
    levels, drawn = tables(answer)
    assert len(levels.rows) == len(answer.points)
    assert any("#" in cell for row in drawn.rows for cell in row)


@pytest.mark.parametrize(("either_way", "said"), [(0.05, False), (0.2, True)])
def test_a_wide_interval_is_said_to_be_wide_and_what_helps(flown, either_way, said):
    _, answer = flown
    unsure = replace(answer, low=answer.boundary * (1 - either_way), high=answer.boundary * (1 + either_way))
    assert ("not known better than to 20 %" in " ".join(sentences(unsure))) is said


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
def test_the_verdict_is_about_what_is_asked_for(flown, at_least, finding, verdict):
    flight, answer = flown
    judged = evaluate_search(answer, flight.controller.results, [finding], at_least)
    assert judged.verdict is verdict
    if verdict is not Verdict.INVALID:
        assert f"{round(answer.orders):,} orders a minute" in judged.reason


def test_between_what_was_confirmed_and_the_boundary_nothing_is_certain(flown):
    flight, answer = flown
    between = (answer.journeys + answer.high) / 2 / 60
    assert evaluate_search(answer, flight.controller.results, [], between).verdict is Verdict.INCONCLUSIVE


def test_a_search_that_was_broken_off_has_no_answer():
    controller = CapacityController(
        SearchPlan(start=10, most=400, budget=900), OBJECTIVES, SteppedSchedule(ArrivalProcess.POISSON, 1).due_between
    )
    answer = capacity_answer(controller, Recorder(Window(0.0, 0.0, 1e6)))
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
def test_only_what_holds_at_one_rate_and_not_at_another_leads_a_search(text, can):
    assert can_be_searched(parse(text)) is can
