"""The cost of our own work without HTTP: a guest walks from the first checkout page to the payment page, without a network.

Run as ``python own_work.py SECONDS``. A transport answers from memory, with the envelopes that the responder sends. The rest is
the same as in a run: schedule and line of arrivals, the draw of shoppers and options, the journey's own
decisions, the checks of each envelope, samples, histograms and Locust's statistics. The journey adds an
address by a sixth, small exchange. Switches between greenlets are not included: they belong to the waiting for the network.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [os.environ.get("CHECKLOAD_BUILD") or str(HERE.parents[1]), str(HERE.parent), str(HERE)]

from responder import PAGES, envelope  # noqa: E402 - found once the path is set

TURNS = 5
FLUSHED = 6_000  # pages between two updates of Locust's statistics; a run updates them once a second
OPTIONS = {"delivery_options": [{"pk": 7, "slug": "home"}], "shipping_options": [{"pk": 3, "slug": "standard"}]}


def replies() -> dict[str, bytes]:
    """The body of each page of the walk, by page and method, as large as the responder's."""
    from shop.contract import Page  # noqa: PLC0415

    bodies = {}
    for page, method, _, shown, size in PAGES:
        document = json.loads(envelope(shown, size - len(json.dumps(OPTIONS))))
        document["context_list"][0]["page_context"] |= OPTIONS
        bodies[str(Page.CHECKOUT if method == "GET" else page)] = json.dumps(document).encode()
    bodies[str(Page.ADDRESS_ADD)] = b'{"pk": 11, "title": "Home"}'
    return bodies


class Memory:
    """Answers at once. Like a real transport, it updates Locust's statistics; it does no HTTP."""

    def __init__(self, statistics) -> None:
        from users.http.transport import HttpResponse  # noqa: PLC0415

        self.reply = HttpResponse
        self.bodies = replies()
        self.statistics = statistics
        self.last = "", "", 0

    def send(self, page: str, method: str, _url: str, _headers: object, _body: object):
        body = self.bodies[page]
        self.last = method, page, len(body)
        return self.reply(200, body, "", None, time.perf_counter())

    def report(self, outcome: object, *, failed: bool) -> None:
        assert not failed, outcome
        assert self.statistics.is_only_listener()
        method, page, size = self.last
        self.statistics.buffer(method, page, (0.1, size, time.time()))

    def cookie(self, _name: str) -> str:
        return ""

    def clear_cookies(self) -> None:
        pass


class Guest:
    """One virtual user; it walks to the payment page once for each arrival."""

    kind = "guest"

    def __init__(self, transport: Memory, recorder) -> None:
        from observers import Observer  # noqa: PLC0415

        from users.population.journey_spec import JourneyMix, ShopperPolicy  # noqa: PLC0415
        from users.population.pools import LocationPool  # noqa: PLC0415
        from users.sampling import JourneySampler  # noqa: PLC0415

        self.transport, self.recorder, self.policy = transport, recorder, ShopperPolicy()
        self.observer = Observer(recorder.page)
        self.places = LocationPool({"country": 1, "city": 40, "township": 457, "district": 1})
        self.sampler = JourneySampler(JourneyMix({"guest": 1.0}, {"credit_card": 0.5, "funds_transfer": 0.5}), 1)
        self.assignment = None
        self.pages = 0

    def take(self, assignment) -> None:
        self.assignment = assignment

    def walk(self, dispatcher) -> None:
        from observers import browser_of  # noqa: PLC0415

        from harness.measurement.sample import JourneySample  # noqa: PLC0415
        from shop.contract import Page  # noqa: PLC0415
        from users.journeys.checkout import open_checkout, reach_payment  # noqa: PLC0415
        from users.journeys.context import JourneyContext  # noqa: PLC0415
        from users.journeys.steps import drive_journey  # noqa: PLC0415

        clock, due = time.perf_counter, self.assignment.arrival.due
        spec = self.sampler.spec_for(self.assignment.arrival.number)
        option = spec.payment_option
        dispatcher.begin(self.assignment, clock())
        browser = browser_of(self.transport, self.observer, option=option, due=due, now=clock)
        context = JourneyContext(spec, self.policy, lambda _: True, places=self.places)
        context.expect_goods_amount(Decimal("57.99"))

        def steps():
            yield from open_checkout(context)
            yield from reach_payment(context)

        began = clock()
        drive_journey(steps(), browser.fetch)
        assert context.last_response.page is Page.PAYMENT_OPTION
        self.recorder.journey(JourneySample("guest", option, "ok", "nobody", due, began, clock(), ordered=True))
        dispatcher.end()
        self.pages += len(browser.trail)


def measure(seconds: float) -> dict[str, float]:
    """CPU microseconds of a page, the median of some turns."""
    from locust.env import Environment  # noqa: PLC0415 - patches the standard library, so it comes first

    from harness.measurement.recorder import Recorder  # noqa: PLC0415
    from harness.measurement.sample import Window  # noqa: PLC0415
    from harness.monitoring.garbage_collection import GarbageCollectorTuning  # noqa: PLC0415
    from harness.schedule.arrivals import ArrivalProcess, Profile, ProfileSchedule, RateStage  # noqa: PLC0415
    from harness.schedule.dispatch import ArrivalDispatcher  # noqa: PLC0415
    from users.http.locust.stats import LocustStats  # noqa: PLC0415

    environment = Environment(user_classes=[])
    environment.create_local_runner()
    statistics = LocustStats(environment)
    recorder = Recorder(Window(0.0, 0.0, math.inf))
    guest = Guest(Memory(statistics), recorder)

    def dropped(arrival) -> None:
        raise AssertionError(f"{arrival} found the only guest away")

    # So many that the next one is always due: the guest never waits, and sets out a little late.
    schedule = ProfileSchedule(Profile([RateStage(3600.0, 1e6, 1e6)]), ArrivalProcess.POISSON, 1)
    start = time.perf_counter()
    due_times = ((number, start + due) for number, due in enumerate(schedule))
    dispatcher = ArrivalDispatcher(
        due_times, lambda number: guest.sampler.spec_for(number).journey, 5.0, recorder, dropped
    )
    moment = dispatcher.advance(start)

    def shop(length: float) -> float:
        nonlocal moment
        pages, busy = guest.pages, time.process_time()
        while time.process_time() < busy + length:
            dispatcher.wait_for_arrival(guest, moment)
            moment = dispatcher.advance(moment)
            guest.walk(dispatcher)
            if guest.pages % FLUSHED == 0:
                statistics.flush()
        return (time.process_time() - busy) / (guest.pages - pages) * 1e6

    shop(seconds / TURNS)
    GarbageCollectorTuning().freeze()
    turns = sorted(shop(seconds / TURNS) for _ in range(TURNS))
    return {"us_a_page": round(turns[TURNS // 2], 2)}


if __name__ == "__main__":
    print(json.dumps(measure(float(sys.argv[1]))))
