"""What journeys in flight cost while most shoppers think: processor time of a page, memory of a shopper, and lateness.

Run as ``python thinking.py URL SHOPPERS THINK SECONDS``: so many shoppers walk the five pages again and again, with ``THINK``
seconds on average before each page. Lateness is the time from the end of a think time to the moment of sending.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import resource
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [os.environ.get("CHECKLOAD_BUILD") or str(HERE.parents[1]), str(HERE.parent), str(HERE)]


class Shop:
    """Shoppers who walk until they are told to stop; the counts are of the time since ``reset``."""

    def __init__(self, url: str, think: float) -> None:
        from locust import User  # noqa: PLC0415 - patches the standard library
        from locust.env import Environment  # noqa: PLC0415
        from sides import visits  # noqa: PLC0415

        from harness.measurement.recorder import Recorder  # noqa: PLC0415
        from harness.measurement.sample import Window  # noqa: PLC0415
        from users.http.locust.stats import LocustStats  # noqa: PLC0415

        self.environment = Environment(user_classes=[], host=url)
        self.environment.create_local_runner()
        self.kind = type("Shopper", (User,), {"host": url, "abstract": False})
        self.url, self.think, self.wanted = url, think, visits()
        self.statistics = LocustStats(self.environment)
        self.recorder = Recorder(Window(time.perf_counter(), time.perf_counter(), math.inf))
        self.numbers, self.chance = itertools.count(1), random.Random(1)
        self.failed, self.shoppers = 0, 0
        self.late: list[float] = []

    def record(self, sample) -> None:
        self.late.append(sample.sent - sample.due)
        self.failed += sample.outcome != "ok"
        self.recorder.page(sample)

    def live(self) -> None:
        import gevent  # noqa: PLC0415
        from observers import Observer  # noqa: PLC0415

        from users.browser import Browser, Pace  # noqa: PLC0415
        from users.http.client import HttpClient, HttpLimits  # noqa: PLC0415
        from users.journeys.steps import drive_journey  # noqa: PLC0415
        from users.traceparent import TraceContext  # noqa: PLC0415

        client = HttpClient(
            self.url,
            self.kind(self.environment),
            HttpLimits(30.0, 30.0, 60.0, 1_000_000),
            statistics=self.statistics,
        )
        observer = Observer(self.record)
        pace = Pace(time.perf_counter, gevent.sleep, lambda _: self.chance.uniform(0, 2 * self.think))
        gevent.sleep(self.chance.uniform(0, self.think))
        while True:
            client.clear_cookies()
            trace = TraceContext("benchmark", next(self.numbers), 0.0)
            browser = Browser(client, observer, pace, "credit_card", time.perf_counter(), trace)
            drive_journey((request for request in self.wanted), browser.fetch)
            gevent.sleep(pace.think_time(""))

    def grow(self, shoppers: int, seconds: float) -> dict[str, float]:
        """Measure with this number of shoppers in all, for so many seconds."""
        import gevent  # noqa: PLC0415

        before = _resident()
        more = shoppers - self.shoppers
        self.shoppers = shoppers
        gevent.joinall([gevent.spawn(gevent.spawn, self.live) for _ in range(more)])
        gevent.sleep(2 * self.think)
        self.late.clear()
        began, busy = time.perf_counter(), time.process_time()
        gevent.sleep(seconds)
        spent, took = time.process_time() - busy, time.perf_counter() - began
        late = sorted(self.late)
        assert not self.failed, f"{self.failed} pages failed"
        return {
            "share": spent / took,
            "pages_a_second": len(late) / took,
            "us_a_page": spent / len(late) * 1e6,
            "late_p99_ms": late[len(late) * 99 // 100] * 1000,
            "bytes_each": (_resident() - before) / more,
        }


def measure(url: str, shoppers: int, think: float, seconds: float) -> dict[str, float]:
    """Half of the shoppers, and then all of them."""
    from locust import User  # noqa: PLC0415, F401 - patches the standard library before anything else is imported

    from harness.monitoring.garbage_collection import GarbageCollectorTuning  # noqa: PLC0415

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    GarbageCollectorTuning().freeze()
    shop = Shop(url, think)
    half, whole = shop.grow(shoppers // 2, seconds), shop.grow(shoppers, seconds)
    return {
        "users": shoppers,
        "pages_a_second": round(whole["pages_a_second"]),
        "us_a_page": round(whole["us_a_page"], 1),
        "us_a_journey": round(whole["us_a_page"] * len(shop.wanted)),
        "late_p99_ms": round(whole["late_p99_ms"], 2),
        "bytes_each": round(whole["bytes_each"]),
        "growth": round(whole["share"] / half["share"], 2),
    }


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))))
