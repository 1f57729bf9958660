"""A run that is too short for an objective says so before it starts."""

import pytest

from harness.objectives.parser import parse
from harness.objectives.sample_size import shortest_run, too_short

MEANT = {"journey": {"guest": 75.0, "returning": 25.0}, "payment option": {"gpay": 98.0, "masterpass": 2.0}}


def lines(*texts, arrivals=1_000.0, seconds=600.0, meant=MEANT):
    return list(too_short([parse(text) for text in texts], meant, arrivals, seconds))


@pytest.mark.parametrize(
    "text",
    [
        "journey response_time p95 < 2s",
        "journey[payment=gpay] failures < 1%",
        "journey failures <= 0%",
        "orders count >= 5",
        "dropped < 1%",
        "page.P response_time p99.9 < 2s",
        "journey[payment=masterpass,verification=right] response_time p99 < 2s",
    ],
)
def test_objectives_that_can_pass_or_are_not_predictable_are_not_named(text):
    assert [line for line in lines(text) if "samples" in line] == []


def test_an_objective_with_too_few_samples_is_named_with_the_shortest_run():
    text = "journey[payment=masterpass] failures < 1%"
    assert lines(text) == [
        (
            f'"{text}": the steady part of 600 s brings about 20 samples, and a pass needs 299; '
            "a steady part of 8,970 s can pass"
        )
    ]
    assert lines("journey.guest response_time p95 < 2s", arrivals=60.0, seconds=600.0)[0].startswith(
        '"journey.guest response_time p95 < 2s": the steady part of 600 s brings about 45 samples, and a pass needs 59'
    )
    assert "no run is long enough to pass" in lines("journey[payment=pay_later] response_time mean < 2s")[0]


def test_a_short_run_warns_that_it_may_meet_no_stall():
    (line,) = lines("page response_time p95 < 2s", seconds=35.0)
    assert line == (
        "a steady part of 35 s is too short to meet occasional stalls of the shop of 3 s: "
        "a percentile may pass only because no stall happened; 180 s are long enough"
    )
    assert lines("page response_time p95 < 2s", seconds=180.0) == []
    assert len(lines("page response_time p95 < 2s", "page response_time p99 < 3s", seconds=600.0)) == 1


def test_the_shortest_run_follows_from_the_rate_of_samples():
    objective = parse("page.P response_time p95 < 300ms")
    assert shortest_run(objective, 590, 100.0) == pytest.approx(10.0)
    assert shortest_run(objective, 0, 100.0) is shortest_run(parse("orders count >= 1"), 10, 100.0) is None
