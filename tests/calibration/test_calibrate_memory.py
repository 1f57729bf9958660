"""The memory to read a log depends on its open sessions, not on its length."""

import random
import tracemalloc

import pytest

from scenarios.calibration.arrival_statistics import ArrivalStatistics, LoggedArrival
from scenarios.calibration.journey_counts import JourneyCounts
from scenarios.calibration.logged_request import LoggedRequest, SessionNumbers
from scenarios.calibration.sessions import Sessions
from scenarios.calibration.text_lines import TextLines

pytestmark = pytest.mark.calibration

PAGES = (
    "/product/1/",
    "/orders/checkout/",
    *(f"/orders/checkout/?page={name}Page" for name in ("ThankYou", "BinNumber")),
)
ROUND = len(PAGES)


def log(lines):
    """Forty sessions at a time, each over after four requests; a request every tenth of a second."""
    for number in range(lines):
        session, page = number // (40 * ROUND) * 40 + number % 40, number // 40 % ROUND
        minute, second = divmod(number // 10, 60)
        yield (
            f"203.0.113.7 - - [{1 + minute // 1440:02}/Nov/2026:{minute // 60 % 24:02}:{minute % 60:02}:{second:02} +0000] "
            f'"GET {PAGES[page]} HTTP/1.1" 200 1 "-" "x" 0.010 session={session}'
        )


def requests(lines):
    """The same without parsing text."""
    for number in range(lines):
        who, page, moment = number // (40 * ROUND) * 40 + number % 40, number // 40 % ROUND, number / 10
        yield LoggedRequest(
            moment, moment, "GET", PAGES[page], 200, who, by_cookie=True, has_duration=True, has_subseconds=True
        )


def read(lines):
    """Calibrate with a log of this many lines; returns the peak memory."""
    text, sessions = TextLines(SessionNumbers(), "osessionid", ("session",)), Sessions()
    tally = JourneyCounts(random.Random(1), ArrivalStatistics())
    for ended, journey in enumerate(sessions.take(map(text.read, log(lines)))):
        tally.add(journey)
        if ended % 1_000 == 0:
            tally.arrivals.count_until(sessions.oldest())
    return sessions, tally


def test_memory_does_not_grow_over_three_hundred_thousand_lines():
    (short, few), (long, many) = read(40_000), read(300_000)
    assert (short.counts.requests, long.counts.requests) == (40_000, 300_000)
    assert many.total > 7 * few.total
    # A session is held for half an hour of silence: 18,000 requests, four to a session.
    assert short.counts.most_open == long.counts.most_open == pytest.approx(4_500, rel=0.02)
    assert many.arrivals.most_waiting <= 1.1 * few.arrivals.most_waiting
    assert many.all_pauses.count > 7 * few.all_pauses.count
    assert len(many.all_pauses.ranked()) == len(few.all_pauses.ranked())


def test_memory_is_the_same_for_a_log_three_times_as_long():
    peaks = []
    for lines in (24_000, 60_000):
        sessions, comings = Sessions(), ArrivalStatistics()
        tracemalloc.start()
        for ended, journey in enumerate(sessions.take(requests(lines))):
            comings.add(LoggedArrival(journey.began, journey.option, journey.kind))
            if ended % 1_000 == 0:
                comings.count_until(sessions.oldest())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert comings.total > lines // ROUND // 8  # the others may still be under way where the log ends
    assert peaks[1] < 1.1 * peaks[0]
