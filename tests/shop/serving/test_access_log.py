import asyncio
import re

import pytest

from shop.serving.access_log import AccessLog, AccessLogMiddleware
from shop.settings import Settings

LINE = re.compile(
    r'^(?P<host>\S+) - - \[(?P<moment>[^\]]+)\] "(?P<asked>[^"]*)" (?P<status>\d+) (?P<size>\d+) "-" '
    r'"(?P<agent>(?:[^"\\]|\\.)*)" (?P<took>[\d.]+) session=(?P<session>\S+) msec=(?P<msec>[\d.]+)\n$'
)


class Clock:
    def __init__(self, now=1_764_061_247.5):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ask(tmp_path, clock):
    """Send one request through the log, and return its lines."""
    log = AccessLog(tmp_path / "access.log")

    def asking(path, *, query=b"", headers=(), status=200, reply_headers=(), body=b"{}", takes=0.25, breaks=False):
        async def app(_scope, _receive, send):
            clock.now += takes
            if breaks:
                raise ConnectionResetError
            await send({"type": "http.response.start", "status": status, "headers": list(reply_headers)})
            await send({"type": "http.response.body", "body": body})

        async def send(_message):
            pass

        scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": list(headers)}
        try:
            asyncio.run(AccessLogMiddleware(app, log, clock)(scope, None, send))
        except ConnectionResetError:
            assert breaks
        log._file.flush()
        return (tmp_path / "access.log").read_text().splitlines(keepends=True)

    yield asking
    log.close()


def test_a_line_has_request_status_and_duration(ask):
    (line,) = ask("/orders/checkout/", query=b"page=BinNumberPage", status=404, body=b"12345", takes=0.25)
    found = LINE.match(line)
    assert found["asked"] == "GET /orders/checkout/?page=BinNumberPage HTTP/1.1"
    assert (found["status"], found["size"], float(found["took"])) == ("404", "5", 0.25)
    assert found["moment"] == "25/Nov/2025:09:00:47 +0000"
    assert float(found["msec"]) == 1_764_061_247.75
    assert found["session"] == "-"


def test_a_session_keeps_one_hash_that_is_not_its_cookie(ask):
    ask("/csrf_token/", reply_headers=[(b"set-cookie", b"osessionid=S3cretCookie; Path=/; HttpOnly")])
    first, second, other = [
        *ask("/current_user/", headers=[(b"cookie", b"csrftoken=T0ken; osessionid=S3cretCookie")]),
        ask("/current_user/", headers=[(b"cookie", b"osessionid=Another")])[-1],
    ]
    names = [LINE.match(line)["session"] for line in (first, second, other)]
    assert names[0] == names[1] != names[2]
    assert not re.search("S3cret|T0ken|Another", f"{first}{second}{other}")


def test_tokens_phones_and_queries_are_not_logged(ask):
    ask("/orders/completed/T0kenOfOrder/", query=b"format=json")
    ask("/orders/checkout/", query=b"page=%3Cscript%3E&card_number=4111111111111111")
    lines = ask("/_sms/05551234567/")
    assert [LINE.match(line)["asked"] for line in lines] == [
        "GET /orders/completed/-/ HTTP/1.1",
        "GET /orders/checkout/?page=- HTTP/1.1",
    ]


def test_pages_outside_the_shop_are_not_logged(ask):
    ask("/_bank/three-d/")
    assert ask("/_control/ledger") == []


def test_a_request_cannot_inject_a_log_line(ask):
    (line,) = ask("/product/1\n2/", headers=[(b"user-agent", b'x" 200 1\n"')])
    found = LINE.match(line)
    assert found["asked"] == "GET /product/1?2/ HTTP/1.1"
    assert found["agent"] == r"x\" 200 1?\""


def test_a_request_without_a_reply_is_logged_with_status_499(ask):
    (line,) = ask("/product/1/", breaks=True)
    assert LINE.match(line)["status"] == "499"


def test_lines_are_flushed_within_a_second_and_on_close(tmp_path):
    path = tmp_path / "access.log"
    log = AccessLog(path)
    log.write("one\n", 100.0)
    log.write("two\n", 100.5)
    assert path.read_text() == "one\n"
    log.write("three\n", 101.0)
    assert path.read_text() == "one\ntwo\nthree\n"
    log.write("four\n", 101.5)
    log.close()
    assert path.read_text() == "one\ntwo\nthree\nfour\n"


def test_there_is_no_log_by_default():
    assert Settings().access_log is None
