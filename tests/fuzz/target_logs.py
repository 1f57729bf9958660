"""Lines of access logs: each is a request or is counted as bad; none takes long, and none makes the others late."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from harness.errors import UsageError
from scenarios.calibration.json_lines import JsonLines
from scenarios.calibration.log_reader import LineCounts, read_requests
from scenarios.calibration.logged_request import SessionNumbers
from scenarios.calibration.sessions import Sessions
from scenarios.calibration.text_lines import TextLines

START = 1_764_061_247
CLF = '203.0.113.7 - - [25/Nov/2025:09:{:02}:{:02} +0000] "GET /product/1/ HTTP/1.1" 200 512 "-" "Mozilla" 0.012 session={}'
PIECES = ('\\"', '"', "[", "]", " ", "\\", "1", ":1", "-", "%2e", "?a=b&", '"GET /', '] "GET /a', "[25/Nov/2025:09:00:00 +0000]", "rt=1 ", "session=", "\x00",
          "\ufffd", "{", "}", "\u0663", "9" * 30)  # fmt: skip
MOMENTS = (START, float(START), START * 1e3, START * 10**6, 1e300, -1, 0, "9998-12-31T23:59:59Z", "2025-11-25T09:00:47Z", "0001-01-01T00:00:00+14:00", "x", "",
           None, True, [], {}, "25/Nov/9998:09:00:47 +0000", "25/Nov/2025:09:00:47 +9999", "31/Feb/2025:09:00:47 +0000", "1e400", "nan", 10**30)  # fmt: skip
TOOKS = (0.1, -1, -1e12, 1e12, 1e300, "nan", "inf", "-", "", None, [], "0.1", True, 10**30)
STATUSES = (200, "200", 404, 99, 1e300, -1, "x", None, [], 10**30, "\u0662\u0660\u0660")
PATHS = (
    "/product/1/",
    "https://shop.example/product/1/?a=b",
    "",
    "/" * 9_000,
    "/%00",
    "x" * 60_000,
    None,
    [],
    7,
    "//",
    "/orders/checkout/?page=IndexPage",
    "http://[/",
)


def text_line(random, number):
    line = CLF.format(number // 60 % 60, number % 60, random.randrange(5))
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        at = random.randrange(len(line) + 1)
        line = (
            line[:at] + random.choice(PIECES) * random.choice((1, 1, 3, 5_000)) + line[at + random.choice((0, 1, 9)) :]
        )
    return line


def json_line(random, number):
    row = {
        "time": START + number,
        "path": "/product/1/",
        "status": 200,
        "took": 0.1,
        "session": str(random.randrange(5)),
    }
    for _ in range(random.choice((0, 0, 1, 2))):
        key, values = random.choice(
            (
                ("time", MOMENTS),
                ("took", TOOKS),
                ("status", STATUSES),
                ("path", PATHS),
                ("session", (None, [], {"a": 1}, "x" * 9_000)),
            )
        )
        row[key] = random.choice(values)
    line = json.dumps(row)
    if random.random() < 0.1:
        at = random.randrange(len(line))
        line = line[:at] + random.choice(("[" * 5_000, "{", '"', "", "\\ud800", "9" * 5_000)) + line[at + 1 :]
    return line


@contextmanager
def opened():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "access.log"

        def one(random):
            # Some correct lines lie between the hostile ones: they show whether a hostile line makes the others late.
            count = random.randrange(1, 40)
            writer = random.choice((text_line, json_line))
            lines = [writer(random, number).replace("\n", " ") for number in range(count)]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
            counted, anonymous = LineCounts(), SessionNumbers()
            readers = TextLines(anonymous, "osessionid", ("session",)), JsonLines(anonymous, "osessionid", {})
            sessions, before = Sessions(), time.process_time()
            try:
                list(sessions.take(read_requests([str(path)], *readers, counted, 1.0)))
                list(sessions.close_all())
                counted.refuse_too_many_bad_lines(0.05)
            except UsageError as usage_error:
                said = str(usage_error)
                assert "203.0.113" not in said, said
                assert "session" not in said, said
            assert time.process_time() - before < 2, lines
            assert counted.read <= count
            assert counted.bad + sessions.counts.requests == counted.read, (counted, sessions.counts)
            assert sessions.counts.late <= 2, sessions.counts
            return "all sound" if not counted.bad else "all bad" if counted.bad == counted.read else "some bad"

        yield one
