"""The cost of size: memory of users that wait, the time to start many, a master's work, and the same for twice as much.

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
from typing import Any

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


def master(workers: int) -> dict[str, float]:
    """The share of a core that so many workers take of their master, 600 pages a second each.

    They have worked for half a minute, and report their counts each second. The time for Locust's own statistics, which come
    every three seconds, is a figure of its own.
    """
    from locust.runners import WORKER_REPORT_INTERVAL  # noqa: PLC0415

    half, whole = _reports_of(workers // 2), _reports_of(workers)
    return {
        "workers": workers,
        "core_share": round(whole, 3),
        "locusts_own": round(_report_of_locust() * workers / WORKER_REPORT_INTERVAL, 3),
        "growth": round(whole / half, 2),
    }


def _reports_of(count: int, seconds: int = 32, measured: int = 7) -> float:
    """Processor seconds to read the reports of so many workers in one second; the median of the last ``measured`` seconds."""
    import msgpack  # noqa: PLC0415

    from harness.distributed.delta import DeltaEncoder  # noqa: PLC0415
    from harness.measurement.recorder import Recorder  # noqa: PLC0415
    from harness.measurement.sample import PageSample, Window  # noqa: PLC0415
    from harness.measurement.totals import RunTotals  # noqa: PLC0415
    from harness.monitoring.process import ProcessFacts  # noqa: PLC0415

    master = _a_master(count)
    rng = random.Random(1)
    window = Window(0.0, 0.0, math.inf)
    recorders = {name: Recorder(window) for name in master.fleet.workers}
    encoders = {name: DeltaEncoder(recorder) for name, recorder in recorders.items()}
    facts = ProcessFacts()
    spent = []
    for second in range(seconds):
        messages = {}
        for name, recorder in recorders.items():
            for n in range(600 if second >= seconds - measured else 60):
                due = second + rng.random()
                sent = due + rng.random() / 1000
                took = rng.lognormvariate(-3, 0.5)
                recorder.page(
                    PageSample(f"page{n % 15}", f"option{n % 4}", "ok", "nobody", due, sent, sent + took, 900, 200)
                )
                if n % 10 == 0:
                    recorder.offered(due)
                    recorder.started(due, rng.random() / 1000, 0.0)
            for _ in range(100):
                facts.loop_lag.record(rng.random() / 1000)
            messages[name] = msgpack.dumps(
                {
                    "run": master.run.id,
                    "key": master.fleet.workers[name].key,
                    "counts": encoders[name].encode(),
                    "under_way": 60,
                    "in_flight": {f"option{n}": 15 for n in range(4)},
                    "requesting": {f"page{n}": 2 for n in range(15)},
                    "facts": {"process": facts.to_json(), "processor_share": 0.5},
                    "orders": b"",
                    "final": False,
                }
            )
        began = time.process_time()
        for name, message in messages.items():
            master.inbox.receive_report(name, msgpack.loads(message, strict_map_key=False))
        master.load.instrument.aggregate()
        spent.append(time.process_time() - began)
    assert RunTotals.of(master.run.recorder).pages == sum(
        RunTotals.of(recorder).pages for recorder in recorders.values()
    )
    return sorted(spent[-measured:])[measured // 2]


def _a_master(workers: int) -> Any:
    """A master's run, begun, with so many workers that have a user each."""
    from master_runs import MasterRun  # noqa: PLC0415
    from workloads import FakeWorkload  # noqa: PLC0415

    from harness.distributed.messages import CLOCK_REQUEST  # noqa: PLC0415

    def send(what: str, message: Any, name: str | None) -> None:
        if what == CLOCK_REQUEST:
            master.inbox.receive_clock_reply(
                name, {**message, "received": message["sent"], "answered": message["sent"]}
            )

    workload = FakeWorkload(name="bench", arrival_rate=1.0, users=workers, steady=1e9)
    master = MasterRun(workload, send, lambda: {f"worker_{n}": {"Guest": 1} for n in range(workers)})
    master.start(workers)
    return master


def _report_of_locust() -> float:
    """Processor seconds for one report of Locust's own statistics: 15 names, three seconds."""
    import msgpack  # noqa: PLC0415
    from locust.env import Environment  # noqa: PLC0415
    from locust.stats import setup_distributed_stats_event_listeners  # noqa: PLC0415

    master, worker = Environment(user_classes=[]), Environment(user_classes=[])
    for environment in (master, worker):
        setup_distributed_stats_event_listeners(environment.events, environment.stats)
    rng = random.Random(1)
    spent = []
    for _ in range(30):
        for n in range(1800):
            worker.stats.log_request("GET", f"page{n % 15}", 1000 * rng.lognormvariate(-3, 0.5), 900)
        report: dict = {}
        worker.events.report_to_master.fire(client_id="one", data=report)
        worker.stats.reset_all()
        packed = msgpack.dumps(report)
        began = time.process_time()
        master.events.worker_report.fire(client_id="one", data=msgpack.loads(packed, strict_map_key=False))
        spent.append(time.process_time() - began)
    return sorted(spent)[len(spent) // 2]


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
        case ["master", workers]:
            found = master(int(workers))
        case ["scrape", seconds, at_least]:
            found = scrape(int(seconds), int(at_least))
        case _:
            found = sample()
    print(json.dumps(found))
