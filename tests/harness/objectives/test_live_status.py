import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.live_status import LiveState, live_status
from harness.objectives.parser import parse


@pytest.fixture
def recorder():
    """Ten seconds, steady from the second on: 100 pages and 20 journeys, one in ten failed, the slowest took a second."""
    recorder = Recorder(Window(0.0, 2.0, 10.0))
    for number in range(100):
        due = 2.0 + 0.08 * number
        end = ("http_5xx", "shop") if number % 10 == 0 else ("ok", "nobody")
        recorder.page(PageSample("ThankYouPage", "gpay", *end, due, due, due + (1.0 if number == 55 else 0.1)))
    for number in range(20):
        due = 2.0 + 0.4 * number
        end = ("http_5xx", "shop") if number % 10 == 0 else ("ok", "nobody")
        recorder.offered(due)
        recorder.started(due, 0.0, 0.0)
        ordered = number % 10 != 0
        recorder.journey(JourneySample("guest", "gpay", *end, due, due, due + 0.5, ordered=ordered, amount=1))
    return recorder


@pytest.mark.parametrize(
    ("objective", "standing", "part"),
    [
        ("page response_time p80 < 300ms", LiveState.KEPT, "100 samples"),
        ("page response_time p80 < 50ms", LiveState.BROKEN, "100 ms"),
        ("page response_time p95 < 300ms", LiveState.BROKEN, "11 %"),  # what failed was never answered
        ("page response_time max < 1500ms", LiveState.KEPT, "1 s"),
        ("page response_time mean < 105ms", LiveState.BROKEN, "109 ms"),
        ("page failures < 20%", LiveState.KEPT, "10 of 100"),
        ("journey failures < 5%", LiveState.BROKEN, "2 of 20"),
        ("orders rate > 4/s", LiveState.KEPT, "4.5/s"),  # 18 in the first 4 s
        ("orders rate > 5/s", LiveState.BROKEN, "4.5/s"),
        ("orders count >= 18", LiveState.KEPT, "18 orders"),
        ("orders count >= 100", LiveState.NOT_YET, "18 orders"),  # there is time left
        ("dropped < 1%", LiveState.KEPT, "0 of 20"),
        ("page.BinNumberPage response_time p95 < 300ms", LiveState.NOTHING, "BinNumberPage"),
        ("orders[payment=masterpass] count >= 1", LiveState.NOTHING, "masterpass"),
    ],
)
def test_the_live_status_of_an_objective(recorder, objective, standing, part):
    found = live_status(recorder, parse(objective), steady=4.0)
    assert (found.text, found.standing) == (parse(objective).text, standing)
    assert part in found.sentence


def test_before_the_steady_part_there_is_no_status():
    recorder = Recorder(Window(0.0, 2.0, 10.0))
    recorder.page(PageSample("ThankYouPage", "gpay", "http_5xx", "shop", 1.0, 1.0, 1.1))
    assert live_status(recorder, parse("page failures < 1%"), steady=0.0).standing is LiveState.NOTHING


def test_arrivals_that_still_wait_for_a_user_are_not_counted_as_served(recorder):
    recorder.offered(9.0, 60)
    for _ in range(20):
        recorder.dropped(9.0)
    assert live_status(recorder, parse("dropped < 1%"), 8.0).measured == pytest.approx(0.5)
