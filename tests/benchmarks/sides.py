"""One side of the benchmark in a process of its own: checkload's transport, or one of Locust's two clients.

Run as ``python sides.py NAME URL USERS``. It warms up, says that it is ready, and then walks as many journeys as each line of its
standard input says, and answers with a line of JSON each. All sides set the garbage collector as a run of
checkload does: Locust's clients get every advantage that needs no change to the user's code.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [os.environ.get("CHECKLOAD_BUILD") or str(HERE.parents[1]), str(HERE.parent), str(HERE)]

from responder import CHECKOUT, PAGES, TOKEN  # noqa: E402 - found once the path is set

Journey = Callable[[], tuple[int, int]]
"""One walk through the five pages; how many they were, and the bytes of their bodies."""


def serve(name: str, url: str, users: int) -> None:
    import locust  # noqa: F401, PLC0415 - patches the standard library, which only this process wants

    from harness.monitoring.garbage_collection import GarbageCollectorTuning  # noqa: PLC0415

    walk = _walker(name, url, users)
    walk(2 * users)
    GarbageCollectorTuning().freeze()
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        busy = time.process_time()
        pages, received = walk(int(line))
        print(json.dumps({"cpu": time.process_time() - busy, "pages": pages, "bytes": received}), flush=True)


def _walker(name: str, url: str, number: int) -> Callable[[int], tuple[int, int]]:
    import gevent  # noqa: PLC0415
    from gevent.queue import SimpleQueue  # noqa: PLC0415
    from locust import FastHttpUser, HttpUser, User  # noqa: PLC0415
    from locust.env import Environment  # noqa: PLC0415

    from harness.measurement.recorder import Recorder  # noqa: PLC0415
    from harness.measurement.sample import Window  # noqa: PLC0415
    from users.http.locust.stats import LocustStats  # noqa: PLC0415

    environment = Environment(user_classes=[], host=url)
    environment.create_local_runner()
    kinds = {"checkload": User, "fast_http_user": FastHttpUser, "http_user": HttpUser}
    kind = type("Shopper", (kinds[name],), {"host": url, "abstract": False, **_verifying(name)})
    statistics = LocustStats(environment)
    users = [kind(environment) for _ in range(number)]
    wanted = visits()
    if name == "checkload":
        recorder = Recorder(Window(time.perf_counter(), time.perf_counter(), math.inf))  # one, as in a run
        shoppers = [_browser(user, url, statistics, recorder, wanted) for user in users]
    else:
        shoppers = [_locust_client(user, wanted) for user in users]

    # Users live as long as a run, so starting a user and its greenlet is not a cost of a request.
    reported, ended = [SimpleQueue() for _ in shoppers], SimpleQueue()
    for shopper, inbox in zip(shoppers, reported, strict=True):
        gevent.spawn(_live, shopper, inbox, ended)

    def walk(journeys: int) -> tuple[int, int]:
        left, tally = iter(range(journeys)), [0, 0]
        before = environment.stats.num_requests
        for inbox in reported:
            inbox.put((left, tally))
        for _ in reported:
            if (error := ended.get()) is not None:
                raise error
        statistics.flush()
        assert environment.stats.num_requests - before == tally[0] == journeys * len(PAGES), "Locust counted otherwise"
        assert environment.stats.num_failures == 0, "a page failed its checks"
        return tally[0], tally[1]

    return walk


def _live(one_journey: Journey, inbox, ended) -> None:
    """One user's life: it walks its part of the journeys in each round."""
    for left, tally in inbox:
        try:
            for _ in left:
                pages, received = one_journey()
                tally[0] += pages
                tally[1] += received
        except Exception as error:  # noqa: BLE001 - the waiting side must hear of any error
            ended.put(error)
        else:
            ended.put(None)


def _verifying(name: str) -> dict[str, object]:
    """The settings with which a ``FastHttpUser`` verifies certificates by the system's authorities, as ours does."""
    if name != "fast_http_user":
        return {}
    from gevent import ssl  # noqa: PLC0415

    context = ssl.create_default_context()

    def shared() -> ssl.SSLContext:
        return context

    return {"insecure": False, "ssl_context_factory": staticmethod(shared)}


def visits() -> list:
    """The five pages as requests, each with what its reply must hold."""
    from shop.contract import Page  # noqa: PLC0415
    from users.journeys.steps import Expectation, OrderState, PageRequest  # noqa: PLC0415

    echoes = {
        "DeliveryOptionSelectionPage": {"delivery_option": "7"},
        "ShippingOptionSelectionPage": {"shipping_option": "3"},
    }
    return [
        PageRequest(
            Page(page),
            method,
            f"{CHECKOUT}{page}",
            form=dict(pair.replace("%40", "@").split("=") for pair in form.split("&")) if form else None,
            expect=Expectation(pages=frozenset({Page(shown)})),
            order=OrderState(echo=echoes.get(page, {})),
        )
        for page, method, form, shown, _ in PAGES
    ]


def _browser(user, url: str, statistics, recorder, wanted: list) -> Journey:
    """Our client with all that a run uses: checks, cookies, limits, Locust's statistics, our own histograms."""
    from observers import Observer, browser_of  # noqa: PLC0415

    from users.http.client import HttpClient, HttpLimits  # noqa: PLC0415
    from users.journeys.steps import drive_journey  # noqa: PLC0415
    from users.traceparent import TraceContext  # noqa: PLC0415

    numbers = itertools.count(1)
    transport = HttpClient(url, user, HttpLimits(5.0, 30.0, 60.0, 1_000_000), statistics=statistics)

    def steps():
        for request in wanted:  # noqa: UP028 - answers are sent in, which a list cannot take
            yield request

    def journey() -> tuple[int, int]:
        received = 0

        def record(sample) -> None:
            nonlocal received
            received += sample.received
            recorder.page(sample)

        transport.clear_cookies()
        now = time.perf_counter()
        trace = TraceContext("benchmark", next(numbers), 0.0)  # each request is marked, as in a run
        browser = browser_of(
            transport, Observer(record), option="credit_card", due=now, now=time.perf_counter, trace=trace
        )
        drive_journey(steps(), browser.fetch)
        return len(browser.trail), received

    return journey


def _locust_client(user, wanted: list) -> Journey:
    """Locust's client as users write it today: ``catch_response``, orjson, the same checks of the same bytes."""
    from urllib.parse import urlencode  # noqa: PLC0415

    from users.journeys.checks import check_response  # noqa: PLC0415

    client = user.client
    cookies = client.cookiejar if hasattr(client, "cookiejar") else client.cookies

    def journey() -> tuple[int, int]:
        received = 0
        cookies.clear()
        for request in wanted:
            headers = {"x-requested-with": "XMLHttpRequest", "User-Agent": "checkload"}
            body = None
            if request.form is not None:
                headers["x-csrftoken"] = TOKEN
                headers["content-type"] = "application/x-www-form-urlencoded"
                body = urlencode(request.form).encode()
            with client.request(
                request.method,
                request.path,
                name=request.page,
                data=body,
                headers=headers,
                allow_redirects=False,
                catch_response=True,
            ) as response:
                answer, outcome = check_response(request, response.status_code, response.content or b"")
                received += len(response.content or b"")
                if answer is None:
                    response.failure(str(outcome))
                else:
                    response.success()
        return len(wanted), received

    return journey


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
