"""One wrong time in a log costs one line, and no line takes long to read."""

import contextlib
import time
from itertools import count

import pytest

from scenarios.calibration.json_lines import JsonLines
from scenarios.calibration.log_reader import AHEAD, JUMP, LineCounts, OutlierFilter, read_requests
from scenarios.calibration.logged_request import LoggedRequest, SessionNumbers
from scenarios.calibration.sessions import Sessions
from scenarios.calibration.text_lines import TextLines

NOW = 1_795_597_247.0


def sifted(moments):
    """The moments that pass, in order, and the places of those that do not."""
    wrong, numbers = [], count()
    outliers = OutlierFilter(lambda place, _why: wrong.append(place), NOW)
    passed = [
        request.ended_at
        for moment in moments
        for request in outliers.take(
            next(numbers), LoggedRequest(moment, moment, "GET", "/", 200, 1, True, False, False)
        )
    ]
    return passed + [request.ended_at for request in outliers.flush()], wrong


@pytest.mark.parametrize(
    ("why", "moments", "wrong"),
    [
        ("a plain log", [10, 11, 12, 13], []),
        ("one line", [10], []),
        ("none", [], []),
        ("a line far ahead", [10, 11, 90_000, 12, 13], [2]),
        ("the first line far ahead", [90_000, 11, 12], [0]),
        ("two lines far ahead, one after the other", [10, 90_000, 11, 90_000, 12], [1, 3]),
        ("the last line far ahead", [10, 11, 90_000], [2]),
        ("a night", [10, 11, 40_000, 40_001, 40_002], []),
        ("a quiet shop", [10, 10_000, 20_000, 30_000, 30_001], []),
        ("a first line of long ago", [10, 90_000, 90_001], []),
        ("a first line of the year 1970", [10, NOW, NOW + 1, NOW + 2], [0]),
        ("lines a little out of order after a night", [10, 40_005, 40_003, 40_006], []),
        ("a line before the others", [100, 101, 50, 102], []),
        ("a moment beyond all clocks", [10, NOW + AHEAD + 1, NOW + AHEAD + 2, 11], [1, 2]),
        ("no number", [10, float("nan"), 11, float("inf"), -1.0], [1, 3, 4]),
    ],
)
def test_an_outlier_in_time_is_left_out(why, moments, wrong):
    passed, found = sifted(moments)
    assert found == wrong, why
    assert passed == [moment for place, moment in enumerate(moments) if place not in wrong]
    assert JUMP < 9_990


def log(lines, tmp_path):
    path = tmp_path / "access.log"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    counted, anonymous = LineCounts(), SessionNumbers()
    readers = TextLines(anonymous, "osessionid", ("session",)), JsonLines(anonymous, "osessionid", {})
    sessions = Sessions()
    list(sessions.take(read_requests([str(path)], *readers, counted, 1.0)))
    return counted, sessions.counts


CLF = '203.0.113.7 - - [25/Nov/{}:09:00:{:02} +0000] "GET /product/1/ HTTP/1.1" 200 512'
JSON = '{{"time": {}, "path": "/product/1/", "status": 200, "took": {}, "session": "a"}}'
SOUND = 1_700_000_000


@pytest.mark.parametrize("year", [9998, 2199])
def test_one_line_of_another_year_costs_one_line(tmp_path, year):
    lines = [CLF.format(2025, second) for second in range(50)]
    lines.insert(20, CLF.format(year, 0))
    counted, counts = log(lines, tmp_path)
    assert (counted.read, counted.bad, counts.late, counts.requests) == (51, 1, 0, 50)


@pytest.mark.parametrize(
    ("moment", "took"),
    [("1e300", "0.1"), ("1e18", "0.1"), (SOUND, "-1e12"), (SOUND, "1e12"), (SOUND, "1e300"), ("-5", "0.1"),
     ('"9998-01-01T00:00:00Z"', "0.1"), (SOUND + 10**9, "0.1"), (SOUND, '"nan"'), (SOUND, "-1")],
)  # fmt: skip
def test_an_implausible_time_in_json_is_a_bad_line(tmp_path, moment, took):
    lines = [JSON.format(SOUND + second, 0.1) for second in range(50)]
    lines.insert(20, JSON.format(moment, took))
    counted, counts = log(lines, tmp_path)
    assert (counted.bad, counts.late, counts.requests) == (1, 0, 50)


@pytest.mark.parametrize("status", ["9" * 4000, "-1", "0", "1e300", '"x"', "[]", "99"])
def test_an_invalid_status_is_a_bad_line(tmp_path, status):
    lines = [JSON.format(SOUND, 0.1), JSON.format(SOUND, 0.1).replace("200", status)]
    assert log(lines, tmp_path)[0].bad == 1


HEAD = '203.0.113.7 - - [25/Nov/2025:09:00:00 +0000] "GET /product/1/ HTTP/1.1" 200 512'


@pytest.mark.parametrize(
    "piece",
    ['\\"', '"', '" ', "[", "]", '[25/Nov/2025:09:00:00 +0000] "GET a', '[25/Nov/2025:09:00:00 +0000] "GET \\"', ":1", "1:1 ", "\\", "1 ",
     "rt=", "session=", 'session="', "a", "%20", "?a=b&", "; ", "\u00e9"],
)  # fmt: skip
@pytest.mark.parametrize(
    "head", ["", f"{HEAD} ", f'{HEAD} "', HEAD[:50], HEAD[:52], '1.1.1.1 - - [25/Nov/2025:09:00:00 +0000] "GET /']
)
def test_no_line_takes_long(head, piece):
    line = head + piece * (60_000 // len(piece))
    reader = TextLines(SessionNumbers(), "osessionid", ("session", "sid"))
    before = time.process_time()
    with contextlib.suppress(ValueError):
        reader.read(line)
    assert time.process_time() - before < 1
