"""How true a client's times stay when it is busy: against answers that take 20 ms, at a share of a core.

Each client is first tried at a modest rate for what a request costs it, and then at the rate that keeps it busy for
``SHARE`` of a core. What it says of p50 and p99 is held against what the server says: the difference is its error.
Errors are in milliseconds. wrk has no rate: it keeps as many connections as it is given busy, and its share is told.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

DELAY = 0.02
SHARE = 0.85
USERS = 500  # as many as a rate at which we are busy needs, when each waits for 20 ms
CLIENTS = ("checkload", "fast_http_user")
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def measure(client: str, port: int, seconds: float) -> dict[str, float]:
    """In a process of the client's own: its share of a core, its rate and its own p50 and p99 (s)."""
    import gevent  # noqa: PLC0415
    from locust import FastHttpUser, User  # noqa: PLC0415
    from locust.env import Environment  # noqa: PLC0415

    from harness.quiet import Quiet  # noqa: PLC0415
    from users.steps import Visit  # noqa: PLC0415
    from users.swift import Limits, Swift  # noqa: PLC0415

    url = f"http://127.0.0.1:{port}"
    environment = Environment(user_classes=[], host=url)
    environment.create_local_runner()
    kind = type("Shopper", (User if client == "checkload" else FastHttpUser,), {"host": url, "abstract": False})
    users = [kind(environment) for _ in range(USERS)]
    times: list[float] = []
    if client == "fast_http_user":
        environment.events.request.add_listener(lambda response_time, **_: times.append(response_time / 1000))

    def asking(user) -> Callable[[], None]:
        from users.envelope import check  # noqa: PLC0415

        visit = Visit("AddressSelectionPage", "GET", "/x")
        if client == "fast_http_user":

            def ask() -> None:
                with user.client.get("/x", name="page", catch_response=True) as response:
                    check(visit, response.status_code, response.content)

            return ask
        transport = Swift(url, user, Limits(5.0, 30.0, 60.0, 1_000_000))

        def fetch() -> None:
            sent = time.perf_counter()
            reply = transport.send("page", "GET", "/x", {}, None)
            times.append((reply.arrived or time.perf_counter()) - sent)
            _, outcome = check(visit, reply.status, reply.body)
            transport.report(outcome, failed=False)

        return fetch

    def shop(ask: Callable[[], None], number: int, pause: float, until: float) -> None:
        due = time.perf_counter() + pause * number / USERS
        while due < until:
            gevent.sleep(max(0.0, due - time.perf_counter()))
            ask()
            due += pause

    asks = [asking(user) for user in users]

    def run(rate: float, length: float) -> tuple[float, float]:
        times.clear()
        began, busy = time.perf_counter(), time.process_time()
        pause = max(DELAY * 1.05, USERS / rate)
        gevent.joinall([gevent.spawn(shop, ask, n, pause, began + length) for n, ask in enumerate(asks)])
        spent = time.perf_counter() - began
        return (time.process_time() - busy) / spent, len(times) / spent

    run(500.0, 0.5)
    Quiet().begin()
    share, rate = run(1500.0, seconds / 3)
    for _ in range(2):  # costs fall as rates rise: once more, with what the first try says
        urllib.request.urlopen(f"{url}/_truth", timeout=10).read()
        share, rate = run(rate * SHARE / share, seconds)
    truth = json.load(urllib.request.urlopen(f"{url}/_truth", timeout=10))
    times.sort()
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    return _row(share, rate, p50 - truth["p50"], p99 - truth["p99"])


def _row(share: float, rate: float, p50: float, p99: float) -> dict[str, float]:
    return {
        "core_share": round(share, 2),
        "rate": round(rate),
        "p50_error_ms": round(p50 * 1000, 2),
        "p99_error_ms": round(p99 * 1000, 2),
    }


def wrk(port: int, seconds: float, spent: Callable[[], float]) -> dict[str, float] | None:
    """The same of wrk; ``spent`` tells the processor time of the children so far."""
    program = shutil.which("wrk")
    if program is None:
        return None
    url = f"http://127.0.0.1:{port}"
    urllib.request.urlopen(f"{url}/_truth", timeout=10).read()
    before, began = spent(), time.perf_counter()
    command = [program, "-t1", f"-c{USERS}", f"-d{max(1, round(seconds))}s", "--latency", f"{url}/x"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    share = (spent() - before) / (time.perf_counter() - began)
    truth = json.load(urllib.request.urlopen(f"{url}/_truth", timeout=10))
    said = {
        percent: float(value) * UNITS[unit]
        for percent, value, unit in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", output, re.MULTILINE)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert rate is not None, "wrk did not say its rate"
    return _row(share, float(rate.group(1)), said["50"] - truth["p50"], said["99"] - truth["p99"])


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
