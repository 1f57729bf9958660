import pytest

from scenarios.calibration.json_lines import JsonLines
from scenarios.calibration.logged_request import DurationUnit, SessionNumbers, StampedAt
from scenarios.calibration.text_lines import TextLines
from scenarios.calibration.timestamps import parse_timestamp

NINE = 1_795_597_247.0  # 25 November 2026, 09:00:47 UTC
START = '203.0.113.7 - - [25/Nov/2026:09:00:47 +0000] "GET /product/1/ HTTP/1.1" 200 512'
AGENT = '"-" "Mozilla/5.0 (X11; \\"quoted\\")"'


def text(line, **options):
    return TextLines(SessionNumbers(), "osessionid", ("session", "sid"), **options).read(line)


def json(line, keys=(), **options):
    return JsonLines(SessionNumbers(), "osessionid", dict(keys), **options).read(line)


@pytest.mark.parametrize(
    ("written", "epoch"),
    [
        ("25/Nov/2026:09:00:47 +0000", NINE),
        ("25/Nov/2026:12:00:47 +0300", NINE),
        ("25/Nov/2026:03:30:47 -0530", NINE),
        ("2026-11-25T09:00:47Z", NINE),
        ("2026-11-25T12:00:47.250+03:00", NINE + 0.25),
        ("2026-11-25 09:00:47", NINE),
        (NINE + 0.5, NINE + 0.5),
        (int(NINE), NINE),
        (NINE * 1e3, NINE),
        (NINE * 1e6, NINE),
        (f"{NINE:.3f}", NINE),
    ],
)
def test_timestamps_are_read_in_every_format(written, epoch):
    assert parse_timestamp(written) == pytest.approx(epoch, abs=1e-4)


@pytest.mark.parametrize(
    "nonsense", ["yesterday", "", None, True, [], -1.0, float("nan"), "25/Nov/2026", "32/Xyz/2026:09:00:47 +0000"]
)
def test_invalid_timestamps_are_refused(nonsense):
    with pytest.raises(ValueError, match=r"."):
        parse_timestamp(nonsense)


@pytest.mark.parametrize(
    ("tail", "came", "done", "timed"),
    [
        ("", NINE, NINE, False),
        (f" {AGENT}", NINE, NINE, False),
        (f" {AGENT} 0.250", NINE - 0.25, NINE, True),  # nginx: seconds, the moment of the end
        (f" {AGENT} 250000", NINE, NINE + 0.25, True),  # Apache: microseconds, the moment of the start
        (f" {AGENT} rt=0.250 msec={NINE + 0.75}", NINE + 0.5, NINE + 0.75, True),
        (f' {AGENT} rt="0.250" "osessionid=abc"', NINE - 0.25, NINE, True),
    ],
)
def test_durations_are_read_as_each_server_writes_them(tail, came, done, timed):
    found = text(START + tail)
    assert (found.started_at, found.ended_at, found.has_duration) == (pytest.approx(came), pytest.approx(done), timed)
    assert (found.method, found.target, found.status) == ("GET", "/product/1/", 200)


def test_unit_and_time_stamp_can_be_set():
    found = text(f"{START} {AGENT} 250", unit=DurationUnit.MILLISECONDS, stamped=StampedAt.END)
    assert (found.started_at, found.ended_at) == (NINE - 0.25, NINE)
    found = json(
        '{"ts": 1795597247, "path": "/", "status": 200, "took": 250}',
        unit=DurationUnit.MILLISECONDS,
        stamped=StampedAt.START,
    )
    assert (found.started_at, found.ended_at) == (NINE, NINE + 0.25)


def test_a_session_is_found_by_cookie_or_by_address_and_browser():
    lines = TextLines(SessionNumbers(), "osessionid", ("session",))
    first = lines.read(f'{START} {AGENT} 0.1 "csrftoken=x; osessionid=abc"')
    again = lines.read(f'{START.replace("203", "198")} "-" "Other" 0.1 "osessionid=abc; a=b"')
    hashed = lines.read(f"{START} {AGENT} 0.1 session=abc")
    no_session = lines.read(f"{START} {AGENT} 0.1 session=-")
    neighbour = lines.read(f'{START} "-" "Another browser" 0.1 session=-')
    assert first.session_number == again.session_number == hashed.session_number
    assert first.by_cookie
    assert not no_session.by_cookie
    assert len({first.session_number, no_session.session_number, neighbour.session_number}) == 3


def test_session_numbers_differ_between_processes():
    line = f'{START} {AGENT} 0.1 "osessionid=abc"'
    assert text(line).session_number != text(line).session_number


def test_a_line_that_starts_with_a_host_is_read():
    assert text(f"shop.example.com:443 {START} {AGENT}").target == "/product/1/"


@pytest.mark.parametrize(
    "line", ["", "hello", START[:60], START.replace("Nov", "Xyz"), START.replace("200 512", "OK 512")]
)
def test_a_line_of_another_kind_is_refused(line):
    with pytest.raises(ValueError, match=r"."):
        text(line)


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ('{"time_iso8601":"2026-11-25T09:00:47Z","request":"GET /product/1/ HTTP/1.1","status":"200","request_time":"0.25"}', {}),
        ('{"@timestamp":"2026-11-25T09:00:47Z","method":"get","url":"https://shop.example.com/product/1/","status_code":200,"duration_ms":250}', {}),
        ('{"at":1795597247000,"http":{"method":"GET","url":"/product/1/","code":200},"secs":0.25}', {"time": "at", "method": "http.method", "path": "http.url", "status": "http.code", "took": "secs"}),
    ],
)  # fmt: skip
def test_json_is_read_under_usual_or_given_keys(line, keys):
    found = json(line, keys)
    assert (found.started_at, found.ended_at) == (pytest.approx(NINE - 0.25), pytest.approx(NINE))
    assert (found.method, found.target, found.status) == ("GET", "/product/1/", 200)


@pytest.mark.parametrize(
    "line", ["[]", "{}", '{"time": 1}', '{"time": "x", "path": "/", "status": 200}', '{"time": 1, "path": "/"}']
)
def test_json_without_required_keys_is_refused(line):
    with pytest.raises(ValueError, match=r"."):
        json(line)


def test_json_has_the_session_in_a_cookie_or_a_key():
    lines = JsonLines(SessionNumbers(), "osessionid", {})
    row = '{"time": 1, "path": "/", "status": 200, '
    by_cookie = lines.read(row + '"http_cookie": "a=b; osessionid=abc"}')
    by_key = lines.read(row + '"session_id": "abc"}')
    by_variable = lines.read(row + '"cookie_osessionid": "abc"}')
    by_address = lines.read(row + '"remote_addr": "203.0.113.7", "user_agent": "x", "session": "-"}')
    assert by_cookie.session_number == by_key.session_number == by_variable.session_number != by_address.session_number
    assert (by_key.by_cookie, by_address.by_cookie) == (True, False)
