"""Measures the error of a busy client's times: answers take 20 ms, and the client uses a given share of a core.

``at_share`` searches for the share. The client's p50 and p99 are then compared with the server's:
the difference is the client's error. Errors are in milliseconds. wrk has no rate; it gets more connections.
Run as ``python timing.py CLIENT PORT TLS_PORT SECONDS TRIES`` for the clients that are Python.
"""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [os.environ.get("CHECKLOAD_BUILD") or str(HERE.parents[1]), str(HERE.parent), str(HERE)]

import k6_side  # noqa: E402 - found once the path is set
import k9_side  # noqa: E402
import wrk_side  # noqa: E402
from at_share import DELAY, Measured, at_share  # noqa: E402
from peers import Program, peer  # noqa: E402

USERS = 800  # as many as a rate at which we are busy needs, when each waits for 20 ms
CLIENTS = ("checkload_compiled", "checkload", "checkload_tls_compiled", "checkload_tls", "fast_http_user")
MOST = 4_000  # connections


def measure(client: str, port: int, tls_port: int, seconds: float, tries: int) -> dict[str, float]:
    """One of the Python clients, in a process of its own."""
    import gevent  # noqa: PLC0415 - Locust patches the standard library, and comes before what wants it patched
    from locust import FastHttpUser, User  # noqa: PLC0415
    from locust.env import Environment  # noqa: PLC0415

    from harness.monitoring.garbage_collection import GarbageCollectorTuning  # noqa: PLC0415

    ours = client != "fast_http_user"
    url = f"https://127.0.0.1:{tls_port}" if "_tls" in client else f"http://127.0.0.1:{port}"
    environment = Environment(user_classes=[], host=url)
    environment.create_local_runner()
    kind = type("Shopper", (User if ours else FastHttpUser,), {"host": url, "abstract": False})
    times: list[float] = []
    ask = (_ours if ours else _theirs)(environment, url, times)
    asks = [ask(kind(environment)) for _ in range(USERS)]

    def shop(one: Callable[[], None], number: int, pause: float, until: float) -> None:
        due = time.perf_counter() + pause * number / USERS
        while due < until:
            gevent.sleep(max(0.0, due - time.perf_counter()))
            one()
            due += pause

    def run(rate: float, length: float) -> Measured:
        times.clear()
        began, busy = time.perf_counter(), time.process_time()
        pause = max(DELAY * 1.05, USERS / rate)
        gevent.joinall(
            [gevent.spawn(shop, one, n, pause, began + length) for n, one in enumerate(asks)], raise_error=True
        )
        spent = time.perf_counter() - began
        share, reached = (time.process_time() - busy) / spent, len(times) / spent
        times.sort()
        return share, reached, times[len(times) // 2], times[len(times) * 99 // 100]

    run(1000.0, 1.5)  # long enough for all of them to connect
    GarbageCollectorTuning().freeze()
    return at_share(lambda: _truth(port), lambda rate: run(rate, seconds), 2000.0, tries)


def _ours(environment, url: str, times: list[float]) -> Callable:
    """A request as a run makes it: checked, sampled, and booked in Locust's statistics once a second."""
    from observers import Observer, browser_of  # noqa: PLC0415

    from harness.measurement.recorder import Recorder  # noqa: PLC0415
    from harness.measurement.sample import Window  # noqa: PLC0415
    from shop.contract import Page  # noqa: PLC0415
    from users.http.client import HttpClient, HttpLimits  # noqa: PLC0415
    from users.http.locust.stats import LocustStats  # noqa: PLC0415
    from users.journeys.steps import PageRequest  # noqa: PLC0415

    statistics, clock = LocustStats(environment), time.perf_counter
    recorder = Recorder(Window(clock(), clock(), math.inf))
    request = PageRequest(Page.ADDRESS_SELECTION, "GET", "/x")

    def record(sample) -> None:
        times.append(sample.done - sample.sent)
        recorder.page(sample)

    def asking(user) -> Callable[[], None]:
        transport = HttpClient(url, user, HttpLimits(5.0, 30.0, 60.0, 1_000_000), statistics=statistics)
        observer = Observer(record)
        return lambda: browser_of(transport, observer, due=clock(), now=clock).fetch(request)

    return asking


def _theirs(environment, _url: str, times: list[float]) -> Callable:
    """A request with Locust's fast client: ``catch_response``, and the same checks."""
    from shop.contract import Page  # noqa: PLC0415
    from users.journeys.checks import check_response  # noqa: PLC0415
    from users.journeys.steps import PageRequest  # noqa: PLC0415

    request = PageRequest(Page.ADDRESS_SELECTION, "GET", "/x")
    environment.events.request.add_listener(lambda response_time, **_: times.append(response_time / 1000))

    def asking(user) -> Callable[[], None]:
        def ask() -> None:
            with user.client.get("/x", name="page", catch_response=True) as response:
                answer, outcome = check_response(request, response.status_code, response.content)
                if answer is None:
                    response.failure(str(outcome))

        return ask

    return asking


def _truth(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_truth", timeout=10) as reply:
        return json.load(reply)


def outsiders(port: int, seconds: float, tries: int) -> dict[str, dict[str, float] | None]:
    """k9, wrk and k6 in the same way; ``None`` for one that is not there."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    url, found = f"http://127.0.0.1:{port}/x", {}

    def truth() -> dict[str, float]:
        return _truth(port)

    runs: dict[str, tuple[Callable[[float], Measured | None], float, float]] = {
        "k9": (lambda rate: k9_side.timed(url, USERS, rate, seconds), 500.0, math.inf),
        "wrk": (lambda users: wrk_side.timed(url, round(users), seconds), 500.0, MOST),
        "k6": (lambda rate: k6_side.timed(url, USERS, rate, seconds), 500.0, math.inf),
    }
    for name, (run, first, most) in runs.items():
        there = shutil.which(name) if name == "k6" else isinstance(peer(name), Program)
        found[name] = at_share(truth, run, first, tries, most) if there else None
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))))
