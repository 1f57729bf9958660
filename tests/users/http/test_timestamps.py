"""A response ends when it reaches this machine, not when a busy process reads it."""

import socket
import struct
import time

import gevent
import pytest
from observers import Observer, browser_of

from users.http import timestamps
from users.journeys.steps import Expectation, PageRequest, ResponseFormat

needs_timestamps = pytest.mark.skipif(not timestamps.supported(), reason="this system notes no arrivals")


def note(moment):
    seconds = int(moment)
    return [(socket.SOL_SOCKET, 35, struct.pack("=qq", seconds, round((moment - seconds) * 1e9)))]


@pytest.mark.parametrize(
    ("came_at", "expected"),
    [
        (1000.25, 10.25),  # while the request was under way
        (1000.0, 10.0),  # the moment it was sent
        (1001.0, 11.0),  # the moment it is read
        (999.0, None),  # the time of day was set back: before it was sent
        (1002.0, None),  # or forward: after it was read
    ],
)
def test_the_kernels_timestamp_is_moved_to_the_samples_clock(came_at, expected):
    received_at = timestamps.receive_time(note(came_at), sent=10.0, now=11.0, wall=1001.0)
    assert received_at == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_other_or_no_ancillary_data_gives_no_receive_time():
    assert timestamps.receive_time([], 0.0, 1.0, 1.0) is None
    assert timestamps.receive_time([(socket.SOL_SOCKET, 29, bytes(16))], 0.0, 1.0, 1.0) is None
    assert timestamps.receive_time([(socket.SOL_SOCKET, 35, bytes(8))], 0.0, 1.0, 1.0) is None


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [("linux", "x86_64", True), ("linux", "aarch64", True), ("linux", "sparc64", False), ("darwin", "arm64", False)],
)
def test_only_where_the_number_of_the_option_is_known(monkeypatch, system, machine, expected):
    monkeypatch.setattr(timestamps.sys, "platform", system)
    monkeypatch.setattr(timestamps.platform, "machine", lambda: machine)
    assert timestamps.supported() is expected


def test_a_socket_that_refuses_timestamps_is_accepted():
    with socket.socket() as sock:
        sock.close()
        assert timestamps.enable_timestamps(sock) is False


def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@needs_timestamps
def test_a_busy_process_does_not_add_its_own_delay_to_a_response_time(serve, shopper):
    def slow(peer):
        while peer.request():
            time.sleep(0.02)
            peer.respond()

    transport = shopper(serve(slow).url)
    observer, readings = Observer(), []

    def clock():
        readings.append(time.perf_counter())
        return readings[-1]

    browser = browser_of(transport, observer, due=clock(), now=clock)
    request = PageRequest("Page", path="/", expect=Expectation(ResponseFormat.ANY))
    until = time.perf_counter() + 5
    # The kernel starts to note receive times a moment after it is asked to.
    while (not observer.samples or observer.samples[-1].done in readings) and time.perf_counter() < until:
        browser.fetch(request)
    worker = gevent.spawn(busy, 0.6)
    browser.fetch(request)
    worker.join()
    late, read_at = observer.samples[-1], readings[-1]
    assert late.done not in readings
    assert 0.02 <= late.done - late.sent < 0.4
    assert read_at - late.done > 0.15
    assert read_at - late.sent >= 0.6
    assert browser.due == late.done
    *_, reported = shopper.reported()
    assert reported["response_time"] == pytest.approx((late.done - late.sent) * 1000, abs=5)


def test_without_a_timestamp_the_time_of_reading_is_used(serve, shopper, fetch, monkeypatch):
    def responding(peer):
        while peer.request():
            peer.respond()

    monkeypatch.setattr("users.http.connection._ANCILLARY_SIZE", 0)
    transport = shopper(serve(responding).url)
    for _ in range(2):
        reply = fetch(transport)
        assert (reply.body, reply.received_at) == (b"ok", None)
