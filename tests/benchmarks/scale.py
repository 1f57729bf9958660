"""The cost of size: memory of users that wait, the time to start many, and the same for twice as much.

Each row is measured in a process of its own and gives the cost of twice the work as ``growth``; 2 is in proportion.
"""

from __future__ import annotations

import gc
import json
import math
import os
import random
import resource
import sys
import time
from bisect import bisect_left
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [os.environ.get("CHECKLOAD_BUILD") or str(HERE.parents[1]), str(HERE.parent), str(HERE)]


def idle(url: str, users: int) -> dict[str, float]:
    """Bytes of a user who waits after one page, and seconds to start so many users.

    They start in two halves: the growth is the cost of both divided by the cost of the first half.
    """
    import gevent  # noqa: PLC0415
    from gevent.event import Event  # noqa: PLC0415
    from locust import User  # noqa: PLC0415
    from locust.env import Environment  # noqa: PLC0415

    from users.http.client import HttpClient, HttpLimits  # noqa: PLC0415

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    environment = Environment(user_classes=[], host=url)
    environment.create_local_runner()
    kind = type("Shopper", (User,), {"host": url, "abstract": False})
    limits, stay, failed = HttpLimits(30.0, 30.0, 60.0, 1_000_000), Event(), []

    def live() -> None:
        transport = HttpClient(url, kind(environment), limits)
        reply = transport.send("IndexPage", "GET", "/orders/checkout/?page=IndexPage", {}, None)
        if reply.status != 200:
            failed.append(reply.failure)
        arrived.append(1)
        stay.wait()

    def start(count: int) -> float:
        began = time.perf_counter()
        wanted = len(arrived) + count
        for at in range(0, count, 50):
            for _ in range(min(50, count - at)):
                gevent.spawn(live)
            gevent.sleep(0)
        while len(arrived) < wanted:
            gevent.sleep(0.005)
        return time.perf_counter() - began

    arrived: list[int] = []
    start(20)
    gc.collect()
    before = _resident()
    half = start(users // 2)
    whole = half + start(users - users // 2)
    gc.collect()
    bytes_each = (_resident() - before) / users
    assert not failed, f"{len(failed)} users could not start: {failed[0]}"
    return {
        "users": users,
        "bytes_each": round(bytes_each),
        "seconds": round(whole, 3),
        "growth": round(whole / half, 2),
    }


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def sample() -> dict[str, float]:
    """Microseconds to record one page, and the same with twice as many kinds of pages."""
    from harness.measurement.recorder import Recorder  # noqa: PLC0415
    from harness.measurement.sample import PageSample, Window  # noqa: PLC0415

    def best(kinds: int) -> float:
        recorder = Recorder(Window(0.0, 0.0, math.inf))
        rng = random.Random(1)
        samples = [
            PageSample(
                f"page{n % kinds}", "option", "ok", "nobody", due, due, due + rng.lognormvariate(-3, 0.5), 900, 200
            )
            for n in range(4000)
            for due in [n * 60 / 4000]  # as in a run, those of one moment come together
        ]
        times = []
        for _ in range(15):
            began = time.perf_counter()
            for one in samples:
                recorder.page(one)
            times.append(time.perf_counter() - began)
        return min(times) / len(samples) * 1e6

    few, many = best(15), best(30)
    return {"kinds_of_pages": 15, "us_each": round(few, 2), "growth": round(many / few, 2)}


def scrape(seconds: int, at_least: int) -> dict[str, float]:
    """By how much the event loop is late for 99 of 100 probes, with a scrape each second and without.

    There are as many pages as it takes to have at least so many series, or all of them.
    """
    from bench_scrape import a_long_run, lag  # noqa: PLC0415

    from harness.metrics.collector import RunCollector  # noqa: PLC0415
    from harness.metrics.exposition import ExpositionFormat  # noqa: PLC0415
    from harness.metrics.run_metrics import RunMetrics  # noqa: PLC0415
    from shop.contract import Page  # noqa: PLC0415

    def collector_of(pages: int) -> RunCollector:
        state = RunMetrics(a_long_run(pages), "bench-1", "bench")
        return RunCollector(lambda: state)

    def cost(collector: RunCollector) -> float:
        times = []
        for _ in range(5):
            began = time.process_time()
            b"".join(collector.text(form=ExpositionFormat.OPENMETRICS))
            times.append(time.process_time() - began)
        return min(times)

    def series(collector: RunCollector) -> int:
        text = b"".join(collector.text(form=ExpositionFormat.OPENMETRICS))
        return sum(not line.startswith(b"#") for line in text.splitlines())

    numbers = [*range(8, len(Page), 2), len(Page)]
    place = bisect_left(numbers[:-1], at_least, key=lambda number: series(collector_of(number)))
    pages = numbers[place]
    whole, half = collector_of(pages), collector_of(pages // 2)
    quiet, scraped = lag(seconds, None), lag(seconds, whole)
    return {
        "series": series(whole),
        "stall_p99_ms": round(scraped[int(len(scraped) * 0.99)] * 1000, 2),
        "unscraped_p99_ms": round(quiet[int(len(quiet) * 0.99)] * 1000, 2),
        "growth": round(cost(whole) / cost(half) * 2 * series(half) / series(whole), 2),
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["idle", url, users]:
            found = idle(url, int(users))
        case ["scrape", seconds, at_least]:
            found = scrape(int(seconds), int(at_least))
        case _:
            found = sample()
    print(json.dumps(found))
