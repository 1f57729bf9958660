"""What many workers cost their master: processor share, memory and bytes a second, with simulated reports.

Run as ``python tests/benchmarks/fleet.py WORKERS [SECONDS]``. Each worker reports once a second what a worker with 600 pages a second
counts. At most ``DISTINCT`` of them count for themselves; the others send the same counts under their own name and key. The
master reads every report, and keeps the counts of every worker.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [os.environ.get("CHECKLOAD_BUILD") or str(HERE.parents[1]), str(HERE.parent), str(HERE)]

DISTINCT = 64
PAGES = 600  # a second and worker


def master(workers: int, seconds: int = 32) -> dict[str, float]:
    """The share of a core that so many workers take of their master, memory for each of them, and what they send.

    They have worked for so many ``seconds``. The time for Locust's own statistics, which come every three seconds, is a figure of its own.
    """
    from locust.runners import WORKER_REPORT_INTERVAL  # noqa: PLC0415

    half, whole = _reports_of(workers // 2, seconds), _reports_of(workers, seconds)
    return {
        "workers": workers,
        "core_share": round(whole["share"], 3),
        "kilobytes_a_second": round(whole["bytes"] / 1000),
        "kilobytes_each": round(whole["memory"] / workers / 1000),
        "locusts_own": round(_report_of_locust() * workers / WORKER_REPORT_INTERVAL, 3),
        "growth": round(whole["share"] / half["share"], 2),
    }


def _reports_of(count: int, seconds: int) -> dict[str, float]:
    """Processor seconds to read the reports of one second, their bytes, and the memory that they leave; medians of the last seconds."""
    import msgpack  # noqa: PLC0415

    from harness.distributed.delta import DeltaEncoder  # noqa: PLC0415
    from harness.measurement.recorder import Recorder  # noqa: PLC0415
    from harness.measurement.sample import Window  # noqa: PLC0415
    from harness.measurement.totals import RunTotals  # noqa: PLC0415
    from harness.monitoring.process import ProcessFacts  # noqa: PLC0415

    fleet = _a_master(count)
    measured = min(7, seconds // 2)
    rng = random.Random(1)
    window = Window(0.0, 0.0, math.inf)
    recorders = [Recorder(window) for _ in range(min(count, DISTINCT))]
    encoders = [DeltaEncoder(recorder) for recorder in recorders]
    facts = ProcessFacts()
    spent, sent, memory = [], [], 0
    for second in range(seconds):
        for recorder in recorders:
            _work(recorder, second, PAGES if second >= seconds - measured else PAGES // 10, rng)
        for _ in range(100):
            facts.loop_lag.record(rng.random() / 1000)
        counts = [encoder.encode() for encoder in encoders]
        took = size = 0.0
        before = _resident()
        for number, name in enumerate(fleet.fleet.workers):
            message = msgpack.dumps(
                {
                    "run": fleet.run.id,
                    "key": fleet.fleet.workers[name].key,
                    "counts": counts[number % len(counts)],
                    "under_way": 60,
                    "in_flight": {f"option{n}": 15 for n in range(4)},
                    "requesting": {f"page{n}": 2 for n in range(15)},
                    "facts": {"process": facts.to_json(), "processor_share": 0.5},
                    "orders": b"",
                    "final": False,
                }
            )
            size += len(message)
            began = time.process_time()
            fleet.inbox.receive_report(name, msgpack.loads(message, strict_map_key=False))
            took += time.process_time() - began
        began = time.process_time()
        fleet.load.instrument.aggregate()
        spent.append(took + time.process_time() - began)
        sent.append(size)
        memory += _resident() - before
    counted = sum(RunTotals.of(recorders[number % len(recorders)]).pages for number in range(count))
    assert RunTotals.of(fleet.run.recorder).pages == counted
    return {
        "share": sorted(spent[-measured:])[measured // 2],
        "bytes": sorted(sent[-measured:])[measured // 2],
        "memory": memory,
    }


def _work(recorder: Any, second: int, pages: int, rng: random.Random) -> None:
    """A second of a worker's counts."""
    from harness.measurement.sample import PageSample  # noqa: PLC0415

    for n in range(pages):
        due = second + rng.random()
        began = due + rng.random() / 1000
        done = began + rng.lognormvariate(-3, 0.5)
        recorder.page(PageSample(f"page{n % 15}", f"option{n % 4}", "ok", "nobody", due, began, done, 900, 200))
        if n % 10 == 0:
            recorder.offered(due)
            recorder.started(due, rng.random() / 1000, 0.0)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _a_master(workers: int) -> Any:
    """A master's run, begun, with so many workers that have a user each."""
    from master_runs import MasterRun  # noqa: PLC0415
    from workloads import FakeWorkload  # noqa: PLC0415

    from harness.distributed.messages import CLOCK_REQUEST  # noqa: PLC0415

    def send(what: str, message: Any, name: str | None) -> None:
        if what == CLOCK_REQUEST:
            fleet.inbox.receive_clock_reply(name, {**message, "received": message["sent"], "answered": message["sent"]})

    workload = FakeWorkload(name="bench", arrival_rate=1.0, users=workers, steady=1e9)
    fleet = MasterRun(workload, send, lambda: {f"worker_{n}": {"Guest": 1} for n in range(workers)})
    fleet.start(workers)
    return fleet


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


if __name__ == "__main__":
    print(json.dumps(master(*map(int, sys.argv[1:]))))
