"""One journey at a time through a shop that breaks a promise, with everything that was booked for it."""

import asyncio
import http.client
import json
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from urllib.parse import urlsplit

from locust.event import EventHook
from observers import Observer, browser_of

from harness.measurement.outcomes import Outcome
from shop.app import Shop
from shop.serving.asgi import RESET_EXTENSION, AsgiShop
from shop.settings import Settings
from users.http.client import HttpClient, HttpLimits
from users.http.locust.client import LocustHttpClient
from users.http.transport import HttpResponse
from users.journeys.catalogue import JOURNEYS
from users.journeys.context import JourneyContext
from users.journeys.steps import JourneyFailed, drive_journey
from users.population.accounts import Account
from users.population.journey_spec import JourneySpec, ShopperPolicy, SmsScript
from users.population.pools import LocationPool

LONGEST = 5.0  # seconds of the in-process shop's clock that an exchange may take
LARGEST = 2 * 1024 * 1024
FAULTS = "/_control/faults"


@dataclass(frozen=True)
class Route:
    """What a shopper does, and what the shop must be set to for it."""

    option: str = "cash_register"
    journey: str = "guest"
    sms: SmsScript = SmsScript.RIGHT
    three_d: bool = False
    declined: bool = False
    shop: dict = field(default_factory=dict, hash=False)

    def __str__(self):
        reported = [self.journey, self.option, self.sms, "three_d" * self.three_d, "declined" * self.declined]
        reported += [f"{key}={value}" for key, value in self.shop.items()]
        return " ".join(filter(None, reported))


@dataclass
class WalkedJourney:
    """How a journey ended, and the samples of its pages."""

    receipt: object = None
    failure: JourneyFailed | None = None
    samples: list = field(default_factory=list)

    @property
    def end(self):
        """The outcome and the page it happened on; ``ok`` and no page for a receipt."""
        return (self.failure.outcome, self.failure.page) if self.failure else (Outcome.OK, None)

    @property
    def blamed(self):
        """The pages that were booked as the shop's fault, with their outcomes, in order."""
        return [(sample.page, sample.outcome) for sample in self.samples if sample.blame == "shop"]


class Walker:
    """Sends shopper after shopper to one shop over one transport; no order number may come up twice."""

    def __init__(self, transport, origin, clock, sleep, *, first=0, **policy):
        self.transport, self.origin, self._clock, self._sleep = transport, origin, clock, sleep
        self._policy = ShopperPolicy(**policy)
        self.places = LocationPool()
        self._numbers, self._seen = count(first * 1_000_000), set()

    def __call__(self, route, account=None):
        number = next(self._numbers)
        journey = JOURNEYS[route.journey]
        if journey.signs_in and account is None:
            account = self.new_account()
        spec = JourneySpec(number, route.journey, route.option, route.sms, route.three_d, route.declined, seed=number)
        context = JourneyContext(
            spec, self._policy, self._is_new, account=account, shop_url=self.origin, places=self.places
        )
        walked = WalkedJourney()
        observer = Observer(walked.samples.append)
        browser = browser_of(
            self.transport, observer, option=route.option, due=self._clock(), now=self._clock, sleep=self._sleep
        )
        self.transport.clear_cookies()
        try:
            walked.receipt = drive_journey(journey.steps(context), browser.fetch)
        except JourneyFailed as failure:
            walked.failure = failure
        return walked

    def new_account(self):
        """A customer that the shop creates at the first sign-in."""
        number = next(self._numbers)
        return Account(f"customer.{number}@shoppers.example", "Aa1secret", phone=f"06{number:09d}")

    def _is_new(self, number):
        known = number in self._seen
        self._seen.add(number)
        return not known


class Clock:
    """A clock that moves only when a caller sleeps."""

    def __init__(self):
        self.now = 1_750_000_000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    async def asleep(self, seconds):
        self.sleep(seconds)


class InProcessTransport:
    """A transport without sockets: speaks ASGI to a shop in this very process, on the shop's own clock."""

    def __init__(self, settings):
        self.clock = Clock()
        self.shop = Shop(Settings.model_validate({"unknown_fields": "refuse", "csrf": "strict", **settings}))
        self._app = AsgiShop(self.shop, self.clock, self.clock.asleep)
        self._loop = asyncio.new_event_loop()
        self.cookies = {}

    def close(self):
        self._loop.close()

    def set_faults(self, *faults):
        """Take these faults, and no others."""
        reply = self.send("", "PUT", FAULTS, {"content-type": "application/json"}, json.dumps(faults).encode())
        assert reply.status == 200, reply.body

    def clear_cookies(self):
        self.cookies.clear()

    def cookie(self, name):
        return self.cookies.get(name, "")

    def report(self, outcome, *, failed):
        """Do nothing: no statistics are kept here."""

    def send(self, page, method, url, headers, body):
        began, parts = self.clock(), urlsplit(url)
        sent, left, aborted = [], [{"type": "http.request", "body": body or b""}], []
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        held = [(name.encode(), value.encode()) for name, value in {"host": "shop.test", **headers}.items()]

        async def receive():
            if not left:  # nothing more to send: the client waits until its timeout, then hangs up
                self.clock.now = max(self.clock.now, began + LONGEST)
            return left.pop() if left else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [*held, (b"cookie", cookie.encode())],
            "extensions": {RESET_EXTENSION: {"call": lambda: aborted.append(True)}},
        }
        self._loop.run_until_complete(self._app(scope, receive, send))
        if self.clock() - began >= LONGEST:
            return HttpResponse(0, b"", "", Outcome.TIMEOUT)
        if aborted:
            return HttpResponse(0, b"", "", Outcome.CONNECTION)
        return self._reply(sent)

    def _reply(self, sent):
        location = ""
        for name, value in sent[0]["headers"]:
            if name == b"set-cookie":
                self._keep(value.decode())
            elif name == b"location":
                location = value.decode()
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return HttpResponse(sent[0]["status"], body, location, Outcome.TOO_LARGE if len(body) > LARGEST else None)

    def _keep(self, cookie):
        name, _, value = cookie.partition(";")[0].partition("=")
        self.cookies[name] = value


def locust_transport(url, longest=LONGEST, silence=None):
    """Locust's own client, towards a shop with an address; ``silence`` is its read timeout."""
    return LocustHttpClient(url, _user(), _limits(longest, silence))


def own_transport(url, longest=LONGEST, silence=None):
    """The same with our own client."""
    return HttpClient(url, _user(), _limits(longest, silence))


def _limits(longest, silence):
    return HttpLimits(longest, longest if silence is None else silence, longest, LARGEST)


def _user():
    return SimpleNamespace(environment=SimpleNamespace(events=SimpleNamespace(request=EventHook())), context=dict)


def set_faults(url, *faults):
    """Have a running shop take these faults, and no others."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        connection.request("PUT", FAULTS, json.dumps(faults), {"content-type": "application/json"})
        reply = connection.getresponse()
        said = reply.read()
    finally:
        connection.close()
    assert reply.status == 200, said
