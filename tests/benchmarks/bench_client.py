"""What a checked request costs the client: checkload's own transport beside Locust's two clients and wrk.

Run it as ``python tests/benchmarks/bench_client.py``; it takes about two minutes (``--quick``: a few seconds, and figures that only
show that it works). ``--write README.md`` puts the tables between the two marks there. A responder has one core, the
clients share another and take turns; each walks the same five pages, with cookies, a token header, form bodies and
envelopes of 0.6 to 4 kB, checked page by page (wrk checks nothing: it is the limit). Printed and written to
``results/bench.json`` are medians of CPU microseconds a request, and ratios within each round. It fails if a side sent
anything else than the same requests or saw other bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import trustme

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

import timing  # noqa: E402 - found once the path is set
from markdown import put_between_marks, tables  # noqa: E402
from responder import CHECKOUT, COOKIES, PAGES, TOKEN, envelope  # noqa: E402

SIDES = ("checkload", "fast_http_user", "http_user")
# Journeys a round, so that each side works for about half a second.
JOURNEYS = {"checkload": 1_600, "thousand": 3_000, "fast_http_user": 300, "http_user": 100}
USERS = 10
BODY_BYTES = sum(len(envelope(shown, size)) for *_, shown, size in PAGES)
TARGET = 1 / 6


# -- one side, in a process of its own ---------------------------------------------------------------


def side(name: str, port: int, users: int) -> None:
    """Warm up, then walk as many journeys as each line of standard input says; answer with a line of JSON each."""
    import locust  # noqa: F401, PLC0415 - patches the standard library, which only this process wants

    from harness.quiet import Quiet  # noqa: PLC0415

    walk = _walker(name, f"http://127.0.0.1:{port}", users)
    walk(2 * users)
    if name == "checkload":
        Quiet().begin()  # as every run does once its users are there
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        journeys = int(line)
        busy = time.process_time()
        pages, received = walk(journeys)
        print(json.dumps({"cpu": time.process_time() - busy, "pages": pages, "bytes": received}), flush=True)


def _walker(name: str, url: str, number: int = USERS) -> Callable[[int], tuple[int, int]]:
    import gevent  # noqa: PLC0415
    from locust import FastHttpUser, HttpUser, User  # noqa: PLC0415
    from locust.env import Environment  # noqa: PLC0415

    from users.statistics import Statistics  # noqa: PLC0415

    environment = Environment(user_classes=[], host=url)
    environment.create_local_runner()
    kinds = {"checkload": User, "fast_http_user": FastHttpUser, "http_user": HttpUser}
    kind = type("Shopper", (kinds[name],), {"host": url, "abstract": False})
    statistics = Statistics(environment)
    users = [kind(environment) for _ in range(number)]
    shoppers = [_browser(user, url, statistics) if name == "checkload" else _locust_client(user) for user in users]

    def walk(journeys: int) -> tuple[int, int]:
        left = iter(range(journeys))
        tally = [0, 0]

        def shop(one_journey: Callable[[], tuple[int, int]]) -> None:
            for _ in left:
                pages, received = one_journey()
                tally[0] += pages
                tally[1] += received

        before = environment.stats.num_requests
        gevent.joinall([gevent.spawn(shop, shopper) for shopper in shoppers], raise_error=True)
        statistics.flush()
        assert environment.stats.num_requests - before == tally[0] == journeys * len(PAGES), "Locust counted otherwise"
        assert environment.stats.num_failures == 0, "a page failed its checks"
        return tally[0], tally[1]

    return walk


def _visits() -> list:
    from shop.contract import Page  # noqa: PLC0415
    from users.steps import Visit  # noqa: PLC0415

    echoes = {
        "DeliveryOptionSelectionPage": {"delivery_option": "7"},
        "ShippingOptionSelectionPage": {"shipping_option": "3"},
    }
    return [
        Visit(
            Page(page),
            method,
            f"{CHECKOUT}{page}",
            form=dict(pair.replace("%40", "@").split("=") for pair in form.split("&")) if form else None,
            expects=frozenset({Page(shown)}),
            echo=echoes.get(page, {}),
        )
        for page, method, form, shown, _ in PAGES
    ]


def _browser(user, url: str, statistics) -> Callable[[], tuple[int, int]]:
    """Ours, with all that a run switches on: checks, cookies, limits, Locust's statistics, our own histograms."""
    import math  # noqa: PLC0415

    from harness.recorder import Recorder  # noqa: PLC0415
    from harness.sample import Window  # noqa: PLC0415
    from users.client import Browser  # noqa: PLC0415
    from users.steps import walk  # noqa: PLC0415
    from users.swift import Limits, Swift  # noqa: PLC0415

    transport = Swift(url, user, Limits(5.0, 30.0, 60.0, 1_000_000), statistics=statistics)
    recorder = Recorder(Window(time.perf_counter(), time.perf_counter(), math.inf))
    visits = _visits()

    def steps():
        for visit in visits:  # noqa: UP028 - answers are sent in, which a list cannot take
            yield visit

    def journey() -> tuple[int, int]:
        received = 0

        def record(sample) -> None:
            nonlocal received
            received += sample.received
            recorder.page(sample)

        transport.forget()
        browser = Browser(
            transport, record, "credit_card", time.perf_counter(), time.perf_counter, lambda _: None, lambda _: 0.0
        )
        browser.csrf_token = TOKEN
        walk(steps(), browser.fetch)
        return len(browser.trail), received

    return journey


def _locust_client(user) -> Callable[[], tuple[int, int]]:
    """What is written with Locust's clients today: ``catch_response``, orjson, the same checks of the same bytes."""
    from urllib.parse import urlencode  # noqa: PLC0415

    from users.envelope import check  # noqa: PLC0415

    client = user.client
    cookies = client.cookiejar if hasattr(client, "cookiejar") else client.cookies
    visits = _visits()

    def journey() -> tuple[int, int]:
        received = 0
        cookies.clear()
        for visit in visits:
            headers = {"x-requested-with": "XMLHttpRequest", "User-Agent": "checkload"}
            body = None
            if visit.form is not None:
                headers["x-csrftoken"] = TOKEN
                headers["content-type"] = "application/x-www-form-urlencoded"
                body = urlencode(visit.form).encode()
            with client.request(
                visit.method,
                visit.path,
                name=visit.page,
                data=body,
                headers=headers,
                allow_redirects=False,
                catch_response=True,
            ) as response:
                answer, outcome = check(visit, response.status_code, response.content or b"")
                received += len(response.content or b"")
                if answer is None:
                    response.failure(str(outcome))
                else:
                    response.success()
        return len(visits), received

    return journey


# -- the measurement ---------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "bench.json")
    parser.add_argument("--quick", action="store_true", help="as little as shows that everything works")
    parser.add_argument("--write", type=Path, help="a Markdown file with two marks, to put the tables between")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--users", type=int, default=USERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        side(asked.side, asked.port, asked.users)
        return 0
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(_responder(cores))
        running = {name: stack.enter_context(_side(name, port, cores)) for name in SIDES}
        running["thousand"] = stack.enter_context(_side("checkload", port, cores, 100 if asked.quick else 1000))
        rounds: list[dict[str, float]] = []
        for _ in range(1 if asked.quick else asked.rounds):
            costs = {name: _measure(one, name, port, quick=asked.quick) for name, one in running.items()}
            costs["wrk"] = _wrk(port, cores)
            rounds.append({name: cost for name, cost in costs.items() if cost is not None})
    _tell(rounds, cores)
    medians = _medians(rounds)
    written = {
        "cpu_us_per_request": {name: medians.get(name) for name in (*SIDES, "wrk", "k6")},
        "thousand_users_to_ten": round(statistics.median(one["thousand"] / one["checkload"] for one in rounds), 3),
        "timing": _timing(cores, 0.5 if asked.quick else 5.0),
        "scale": _scale(cores, quick=asked.quick),
    }
    report = tables(written)
    print(report)
    if asked.write:
        put_between_marks(asked.write, report)
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    asked.results.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    return 0


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in rounds), 2) for name in rounds[0]}


def _tell(rounds: list[dict[str, float]], cores: list[int]) -> None:
    medians = _medians(rounds)
    print(f"cores apart: {'yes' if len(cores) > 1 else 'no'}; {len(rounds)} alternating rounds, medians")
    for name, cost in medians.items():
        ratio = statistics.median(one["checkload"] / one[name] for one in rounds)
        print(
            f"{name:15} {cost:8.1f} us a request {1e6 / cost:9,.0f} requests a core-second   checkload is {ratio:.3f} of it"
        )
    ratio = statistics.median(one["checkload"] / one["fast_http_user"] for one in rounds)
    print(
        f"of FastHttpUser's CPU: {ratio:.3f} = 1/{1 / ratio:.1f} (wanted: 1/6 or less): {'yes' if ratio <= TARGET else 'NO'}"
    )


@contextlib.contextmanager
def _started(command: list[str], core: int | None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        yield process
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@contextlib.contextmanager
def _responder(cores: list[int], script: str = "responder.py", *arguments: str) -> Iterator[int]:
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        command = [sys.executable, str(HERE / script), str(port_file), *arguments]
        with _started(command, cores[0] if len(cores) > 1 else None):
            deadline = time.monotonic() + 10
            while not (port_file.exists() and port_file.read_text()):
                assert time.monotonic() < deadline, "the responder did not start"
                time.sleep(0.02)
            yield int(port_file.read_text())


@contextlib.contextmanager
def _side(name: str, port: int, cores: list[int], users: int = USERS) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        str(Path(__file__).resolve()),
        "--side",
        name,
        "--port",
        str(port),
        "--users",
        str(users),
    ]
    with _started(command, cores[1] if len(cores) > 1 else None) as process:
        assert json.loads(process.stdout.readline()) == {"ready": name}, f"{name} did not start"
        yield process


def _asked(command: list[str], cores: list[int], **environment: str) -> dict:
    pin = (lambda: os.sched_setaffinity(0, {cores[1]})) if len(cores) > 1 else None
    done = subprocess.run(
        [sys.executable, *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=pin,
        env={**os.environ, **environment},
        timeout=120,
    )
    return json.loads(done.stdout)


def _timing(cores: list[int], seconds: float) -> dict[str, dict | None]:
    with _responder(cores, "steady.py", str(timing.DELAY)) as port:
        found: dict[str, dict | None] = {
            client: _asked([str(HERE / "timing.py"), client, str(port), str(seconds)], cores)
            for client in timing.CLIENTS
        }
        found["wrk"] = timing.wrk(port, seconds, _children)
        found["k6"] = None
    return found


def _scale(cores: list[int], *, quick: bool) -> dict[str, dict]:
    script = str(HERE / "scale.py")
    found = {}
    with _responder(cores) as port:
        plain = f"http://127.0.0.1:{port}"
        found["idle user"] = _asked([script, "idle", plain, "50" if quick else "1000"], cores)
        found["10,000 users"] = _asked([script, "idle", plain, "100" if quick else "5000"], cores)
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(f"{folder}/ca.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(f"{folder}/server.pem")
        with _responder(cores, "responder.py", f"{folder}/server.pem") as port:
            command = [script, "idle", f"https://127.0.0.1:{port}", "50" if quick else "500"]
            found["idle user, TLS"] = _asked(command, cores, SSL_CERT_FILE=f"{folder}/ca.pem")
    found["master of 64 workers"] = _asked([script, "master", "8" if quick else "64"], cores)
    found["recording a page"] = _asked([script, "sample"], cores)
    return found


def _counts(port: int) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_counts", timeout=10) as reply:
        return json.load(reply)


def _measure(process: subprocess.Popen[str], name: str, port: int, *, quick: bool) -> float:
    """CPU microseconds a request of one side, once it is certain that it did its work."""
    journeys = JOURNEYS[name] // (20 if quick else 1)
    before = _counts(port)
    process.stdin.write(f"{journeys}\n")
    process.stdin.flush()
    done = json.loads(process.stdout.readline())
    after = _counts(port)
    asked = {page: after["asked"][page] - before["asked"][page] for page in after["asked"]}
    assert set(asked.values()) == {journeys}, f"{name} did not ask for each page once a journey: {asked}"
    assert after["faulty"] == 0, f"{name} left out a cookie, a header or a form"
    sent = sum(after["sent"].values()) - sum(before["sent"].values())
    assert sent == done["bytes"] == journeys * BODY_BYTES, f"{name} saw other bytes than were sent"
    return done["cpu"] / done["pages"] * 1e6


def _wrk(port: int, cores: list[int]) -> float | None:
    """The same requests as fast as a C program sends them, without a look at the replies; ``None`` without wrk."""
    program = shutil.which("wrk")
    if program is None:
        return None
    before = _counts(port)
    busy = _children()
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_lua())
        script.flush()
        command = [program, "-t1", f"-c{USERS}", "-d1s", "-s", script.name, f"http://127.0.0.1:{port}"]
        with _started(command, cores[1] if len(cores) > 1 else None) as process:
            output = process.stdout.read()
    spent = _children() - busy
    after = _counts(port)
    assert after["faulty"] == 0, "wrk left out a cookie, a header or a form"
    assert "Non-2xx" not in output, "wrk was refused"
    found = re.search(r"(\d+) requests in", output)
    assert found is not None, "wrk did not say how many requests it made"
    requests = sum(after["asked"].values()) - sum(before["asked"].values())
    assert abs(requests - int(found.group(1))) <= 2 * USERS, "wrk counted otherwise"
    spread = [after["asked"][page] - before["asked"][page] for page in after["asked"]]
    assert max(spread) - min(spread) <= 2 * USERS, f"wrk did not ask for all pages alike: {spread}"
    return spent / requests * 1e6


def _lua() -> str:
    lines = []
    for page, method, form, *_ in PAGES:
        headers = ['["x-requested-with"]="XMLHttpRequest"', f'["Cookie"]="{"; ".join(COOKIES)}"']
        headers += ['["Accept-Encoding"]="gzip, deflate, br"', '["User-Agent"]="checkload"']
        if form:
            headers += [f'["x-csrftoken"]="{TOKEN}"', '["content-type"]="application/x-www-form-urlencoded"']
        body = f'"{form}"' if form else "nil"
        lines.append(f'  wrk.format("{method}", "{CHECKOUT}{page}", {{{", ".join(headers)}}}, {body}),')
    return "\n".join(
        [
            "local requests, at = {}, 0",
            "init = function(args)",
            "  requests = {",
            *lines,
            "  }",
            "end",
            "request = function() at = at % 5 + 1; return requests[at] end",
        ]
    )


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
