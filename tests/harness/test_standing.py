import pytest

from harness.objective import parse
from harness.recorder import Recorder
from harness.sample import JourneySample, PageSample, Window
from harness.standing import Standing, so_far


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
        ordered = number % 10 != 0
        recorder.journey(JourneySample("guest", "gpay", *end, due, due, due + 0.5, ordered=ordered, amount=1))
    return recorder


@pytest.mark.parametrize(
    ("demand", "standing", "told"),
    [
        ("page response_time p80 < 300ms", Standing.KEPT, "100 samples"),
        ("page response_time p80 < 50ms", Standing.BROKEN, "100 ms"),
        ("page response_time p95 < 300ms", Standing.BROKEN, "11 %"),  # what failed was never answered
        ("page response_time max < 1500ms", Standing.KEPT, "1 s"),
        ("page response_time mean < 105ms", Standing.BROKEN, "109 ms"),
        ("page failures < 20%", Standing.KEPT, "10 of 100"),
        ("journey failures < 5%", Standing.BROKEN, "2 of 20"),
        ("orders rate > 4/s", Standing.KEPT, "4.5/s"),  # 18 in the first 4 s
        ("orders rate > 5/s", Standing.BROKEN, "4.5/s"),
        ("orders count >= 18", Standing.KEPT, "18 orders"),
        ("orders count >= 100", Standing.NOT_YET, "18 orders"),  # there is time left
        ("dropped < 1%", Standing.KEPT, "0 of 20"),
        ("page.BinNumberPage response_time p95 < 300ms", Standing.NOTHING, "BinNumberPage"),
        ("orders[payment=masterpass] count >= 1", Standing.NOTHING, "masterpass"),
    ],
)
def test_where_a_demand_stands(recorder, demand, standing, told):
    found = so_far(recorder, parse(demand), steady=4.0)
    assert (found.text, found.standing) == (parse(demand).text, standing)
    assert told in found.sentence


def test_before_the_steady_part_there_is_nothing():
    recorder = Recorder(Window(0.0, 2.0, 10.0))
    recorder.page(PageSample("ThankYouPage", "gpay", "http_5xx", "shop", 1.0, 1.0, 1.1))
    assert so_far(recorder, parse("page failures < 1%"), steady=0.0).standing is Standing.NOTHING
