"""A stop rule ends a run when its condition has held for its time, and not before."""

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.model import ObjectiveError
from harness.objectives.stop_rule import StopRuleMonitor, parse

RULE = parse("failures > 50% for 10s")


def fires_at(script, rule=RULE, step=1.0):
    """The second at which the watch ends the run; ``script`` gives samples and how many of them are bad per check."""
    watch, total, over = StopRuleMonitor([rule]), 0, 0
    assert watch.check_counts([(0, 0)], 0.0) == ""
    for check, (n, x) in enumerate(script, start=1):
        total, over = total + n, over + x
        if watch.check_counts([(total, over)], check * step):
            return check * step
    return None


@pytest.mark.parametrize(
    ("script", "second", "why"),
    [
        ([(10, 10)] * 30, 10, "everything fails from the start: as soon as the time is over"),
        ([(10, 0)] * 20 + [(10, 10)] * 30, 30, "ten seconds after it began"),
        ([(10, 6)] * 30, 10, "just over the bound is over the bound"),
        ([(10, 5)] * 60, None, "exactly at the bound is not"),
        ([(10, 0)] * 60, None, "all is well"),
        ([(10, 10)] * 9 + [(10, 0)] * 30, None, "nine seconds of it, then all is well"),
        (([(10, 10)] * 6 + [(10, 0)] * 2) * 10, None, "it keeps coming and going"),
        ([(0, 0)] * 60, None, "nothing happens at all"),
        ([(1, 1)] * 30, 10, "one a second, each of them bad"),
        ([(1, 1), (0, 0), (0, 0)] * 20, 13, "one every three seconds: judged by fives, so somewhat later"),
        ([(1, 0)] * 20 + [(1, 1)] * 30, 30, "a low rate after a good beginning"),
    ],
)
def test_the_condition_must_hold_for_the_whole_time(script, second, why):
    assert fires_at(script) == second, why


def test_checks_may_come_more_often_than_once_a_second():
    assert fires_at([(5, 5)] * 60, step=0.5) == 10
    assert fires_at([(1, 1)] * 600, step=0.1) == pytest.approx(10)


def test_the_reason_names_the_rule_and_its_figures():
    watch = StopRuleMonitor([parse("journey.guest failures > 20% for 4s"), RULE])
    reasons = [watch.check_counts([(10 * second, 5 * second), (0, 0)], float(second)) for second in range(5)]
    assert reasons[:4] == [""] * 4
    assert reasons[4] == (
        'the stop rule "journey.guest failures > 20% for 4s" held for 4 s, at the end with 50 % of 10 guest journeys'
    )


def test_without_rules_nothing_ends_a_run():
    assert StopRuleMonitor([]).check(Recorder(Window(0, 0, 10)), 5.0) == ""


def journey(outcome="ok", blame="nobody", done=1.0, due=0.0):
    return JourneySample("guest", "gpay", outcome, blame, due, due, done)


@pytest.mark.parametrize("steady_from", [0.0, 1e9], ids=["steady", "warm-up"])
@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        ("failures > 50% for 4s", lambda run: run.journey(journey("http_5xx", "shop"))),
        ("failures > 50% for 4s", lambda run: run.journey(journey("dropped", "shop", float("inf")))),
        ("journey[outcome=declined] failures > 50% for 4s", lambda run: run.journey(journey("declined", "shopper"))),
        ("page.P response_time p95 > 5s for 4s", lambda run: run.page(PageSample("P", "", "ok", "nobody", 0, 0, 6))),
        ("page.P service_time p50 > 5s for 4s", lambda run: run.page(PageSample("P", "", "ok", "nobody", 0, 0, 6))),
        ("dropped > 5% for 4s", lambda run: run.dropped(0.0)),
    ],
)
def test_rules_watch_every_phase(rule, bad, steady_from):
    run = Recorder(Window(0, steady_from, 2e9))
    watch = StopRuleMonitor([parse(rule)])
    reasons = []
    for second in range(20):
        run.offered(0.0, 10)
        for _ in range(10):
            if second < 10:
                run.journey(journey())
                run.page(PageSample("P", "", "ok", "nobody", 0, 0, 1))
                run.page(PageSample("Q", "", "ok", "nobody", 0, 0, 60))
            else:
                bad(run)
        reasons.append(watch.check(run, float(second)))
    assert not any(reasons[:13])
    assert rule in reasons[13]


@pytest.mark.parametrize(
    ("text", "normal", "window"),
    [
        ("failures > 50% for 10s", "journey failures > 50% for 10s", 10),
        ("page.X response_time  p95>5s for  1 min", "page.X response_time p95 > 5s for 1min", 60),
        ("dropped >= 5% for 500ms", "dropped >= 5% for 500ms", 0.5),
        ("dropped >= 5% for 2m", "dropped >= 5% for 2m", 120),
    ],
)
def test_a_rule_is_parsed(text, normal, window):
    rule = parse(text)
    assert (rule.text, rule.window) == (normal, window)
    assert parse(normal) == rule


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("failures > 50%", "for how long", "failures > 50% for 10s"),
        ("failures > 50% for long", '"long" is not a duration', "such as 10s"),
        ("failures > 50% for 10", '"10" is not a duration', "such as 10s"),
        ("failures > 50% for 0s", '"0s" is not a duration', "over 0"),
        ("failures < 50% for 10s", "above its bound, not below it", "write >"),
        ("failures > 50 for 10s", "the bound has no unit", "%"),
        ("orders rate < 1/s for 10s", "cannot use rate", "failures"),
        ("page response_time mean > 1s for 10s", "cannot use mean", "percentile"),
        ("fehlures > 50% for 10s", "there is no subject fehlures", "there are"),
    ],
)
def test_an_error_in_a_rule_names_its_remedy(text, problem, remedy):
    with pytest.raises(ObjectiveError) as caught:
        parse(text)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert caught.value.text == text
