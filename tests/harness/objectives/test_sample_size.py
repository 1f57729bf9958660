"""Before a run it is said which objectives it is too short for."""

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
def test_nothing_is_said_of_what_can_pass_or_is_not_known(text):
    assert [line for line in lines(text) if "samples" in line] == []


def test_what_is_too_rare_is_named_with_the_shortest_run():
    text = "journey[payment=masterpass] failures < 1%"
    assert lines(text) == [
        (
            f'"{text}": 600 s bring about 20 of the 299 samples that a pass takes; '
            "the shortest run that can pass judges 8,970 s"
        )
    ]
    assert lines("journey.guest response_time p95 < 2s", arrivals=60.0, seconds=600.0)[0].startswith(
        '"journey.guest response_time p95 < 2s": 600 s bring about 45 of the 59 samples'
    )
    assert "no length of run can pass" in lines("journey[payment=pay_later] response_time mean < 2s")[0]


def test_a_percentile_is_said_not_to_exclude_stalls_that_stay_away():
    (line,) = lines("page response_time p95 < 2s", seconds=35.0)
    assert line == (
        "35 s do not exclude that the shop stands still for 3 s now and then: a percentile may pass because no stall came; "
        "to exclude it takes 180 s"
    )
    assert lines("page response_time p95 < 2s", seconds=180.0) == []
    assert len(lines("page response_time p95 < 2s", "page response_time p99 < 3s", seconds=600.0)) == 1


def test_the_shortest_run_follows_from_what_came():
    objective = parse("page.P response_time p95 < 300ms")
    assert shortest_run(objective, 590, 100.0) == pytest.approx(10.0)
    assert shortest_run(objective, 0, 100.0) is shortest_run(parse("orders count >= 1"), 10, 100.0) is None
