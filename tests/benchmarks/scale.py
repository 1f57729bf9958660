"""What size costs: memory of users that wait, the time to start many, a master's work, and twice as much of each.

Each row is measured in a process of its own and says what twice the work costs (``growth``: 2 is in proportion).
"""

from __future__ import annotations

import gc
import json
import math
import random
import resource
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]


def idle(url: str, users: int) -> dict[str, float]:
    """Bytes of a user who has asked for one page and waits, and seconds to bring so many to that point.

    They are started by halves: the growth is what the whole took in units of the first half.
    """
    import gevent  # noqa: PLC0415
    from gevent.event import Event  # noqa: PLC0415
    from locust import User  # noqa: PLC0415
    from locust.env import Environment  # noqa: PLC0415

    from users.swift import Limits, Swift  # noqa: PLC0415

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    environment = Environment(user_classes=[], host=url)
    environment.create_local_runner()
    kind = type("Shopper", (User,), {"host": url, "abstract": False})
    limits, stay, failed = Limits(30.0, 30.0, 60.0, 1_000_000), Event(), []

    def live() -> None:
        transport = Swift(url, kind(environment), limits)
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


def master(workers: int) -> dict[str, float]:
    """The share of a core that so many workers' reports, one a second each, take of their master."""
    import msgpack  # noqa: PLC0415

    from harness.recorder import Recorder  # noqa: PLC0415
    from harness.sample import PageSample, Window  # noqa: PLC0415
    from harness.snapshot import Heard, Teller, merged  # noqa: PLC0415

    window = Window(0.0, 0.0, math.inf)
    rng = random.Random(1)

    def second_of(count: int) -> float:
        tellers, heard = [], []
        for _ in range(count):
            recorder = Recorder(window)
            tellers.append((recorder, Teller(recorder)))
            heard.append(Heard(window, most_slices=128))
        spent = []
        for second in range(6):
            packed = []
            for recorder, teller in tellers:
                for n in range(600):
                    due = second + rng.random()
                    sent = due + rng.random() / 1000
                    took = rng.lognormvariate(-3, 0.5)
                    recorder.page(
                        PageSample(f"page{n % 15}", f"option{n % 4}", "ok", "nobody", due, sent, sent + took, 900, 200)
                    )
                packed.append(msgpack.dumps(teller.message()))
            began = time.process_time()
            for one, message in zip(heard, packed, strict=True):
                one.hear(msgpack.loads(message, strict_map_key=False))
            merged(heard, window, most_slices=128)
            spent.append(time.process_time() - began)
        return sorted(spent)[len(spent) // 2]

    half, whole = second_of(workers // 2), second_of(workers)
    return {"workers": workers, "core_share": round(whole, 3), "growth": round(whole / half, 2)}


def sample() -> dict[str, float]:
    """Microseconds to record one page, and what one costs with twice as many kinds of pages."""
    from harness.recorder import Recorder  # noqa: PLC0415
    from harness.sample import PageSample, Window  # noqa: PLC0415

    def best(kinds: int) -> float:
        recorder = Recorder(Window(0.0, 0.0, math.inf))
        rng = random.Random(1)
        samples = [
            PageSample(
                f"page{n % kinds}", "option", "ok", "nobody", due, due, due + rng.lognormvariate(-3, 0.5), 900, 200
            )
            for n in range(4000)
            for due in [rng.random() * 60]
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


def scrape(seconds: int) -> dict[str, float]:
    """By how much the event loop is late for 99 of 100 probes while somebody scrapes each second, and when nobody does."""
    from bench_scrape import a_long_run, lag  # noqa: PLC0415

    from harness.exporter import RunCollector  # noqa: PLC0415
    from harness.exposition import Format  # noqa: PLC0415
    from harness.run_state import RunState  # noqa: PLC0415

    def collector_of(state: RunState) -> RunCollector:
        return RunCollector(lambda: state)

    def cost(collector: RunCollector) -> float:
        times = []
        for _ in range(5):
            began = time.process_time()
            b"".join(collector.text(form=Format.OPENMETRICS))
            times.append(time.process_time() - began)
        return min(times)

    whole = collector_of(RunState(a_long_run(), "bench-1", "bench"))
    half = collector_of(RunState(a_long_run(every=2), "bench-1", "bench"))

    def series(collector: RunCollector) -> int:
        text = b"".join(collector.text(form=Format.OPENMETRICS))
        return sum(not line.startswith(b"#") for line in text.splitlines())

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
        case ["master", workers]:
            found = master(int(workers))
        case ["scrape", seconds]:
            found = scrape(int(seconds))
        case _:
            found = sample()
    print(json.dumps(found))
