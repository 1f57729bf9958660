"""Writes access logs of shoppers with a known mix, without a shop, to compare estimates with."""

import heapq
import json
import random
import time
from collections.abc import Iterator

from shop.contract import CHECKOUT_PATH, PATHS, PAYMENT_OPTIONS, Flow, Page
from users.population.journey_spec import JourneyMix, JourneySpec, SmsScript
from users.population.think import ThinkTimes
from users.sampling import JourneySampler

BEGAN = 1_764_061_200.0
G, P = "GET", "POST"
SIGN_IN = ((G, Page.CSRF_TOKEN), (P, Page.LOGIN))
ENTRY = ((G, Page.PRODUCT), (P, Page.BASKET_ADD), (G, Page.CHECKOUT))
DELIVERY = (
    *((P, Page.ADDRESS_ADD), (P, Page.ADDRESS_SELECTION), (G, Page.DELIVERY_OPTION), (P, Page.DELIVERY_OPTION)),
    *((G, Page.SHIPPING_OPTION), (P, Page.SHIPPING_OPTION)),
)
GUEST = ((G, Page.CSRF_TOKEN), *ENTRY, (P, Page.INDEX), *DELIVERY)
THANKS = ((G, Page.THANK_YOU), (G, Page.COMPLETED_ORDER))
SMS = {
    SmsScript.RIGHT: (Page.VERIFY_SMS,),
    SmsScript.WRONG: (Page.VERIFY_SMS, Page.VERIFY_SMS),
    SmsScript.RESEND: (Page.SEND_SMS, Page.VERIFY_SMS),
    SmsScript.LATE: (Page.VERIFY_SMS, Page.SEND_SMS, Page.VERIFY_SMS),
    SmsScript.LOCKED: (Page.VERIFY_SMS, Page.VERIFY_SMS, Page.VERIFY_SMS),
}
UNTHINKING = frozenset(
    {Page.CSRF_TOKEN, Page.ADDRESS_SELECTION, Page.THREE_D_REDIRECT, Page.THANK_YOU, Page.COMPLETED_ORDER}
)


def pages(one: JourneySpec, *, asked: bool, chance: random.Random) -> list[tuple[str, Page]]:
    """The requests of a shopper; ``asked`` says whether the shop asks for a code at payment on delivery."""
    if one.journey == "abandoning":
        return list(GUEST[: chance.randint(4, len(GUEST))])
    way = {"guest": GUEST, "first_time": (*SIGN_IN, *ENTRY, *DELIVERY), "returning": (*SIGN_IN, *ENTRY)}[one.journey]
    done = [*way, (G, Page.PAYMENT_OPTION), (P, Page.PAYMENT_OPTION)]
    option = PAYMENT_OPTIONS[one.payment_option]
    done.append((P, option.first_page))
    if option.flow in (Flow.CARD, Flow.SAVED_CARD):
        done += [(P, Page.INSTALLMENT), (P, Page.CARD_CONFIRMATION)]
        if one.three_d:
            done += [(G, Page.THREE_D_REDIRECT), (P, Page.THREE_D_SECURE)]
        if one.declined:
            return done
    elif option.completed_by is not option.first_page:
        done.append((P, option.completed_by))
    if option.flow is Flow.PAY_ON_DELIVERY and asked:
        done += [(P, page) for page in SMS[one.sms]]
        if one.sms is SmsScript.LOCKED:
            return done
    return [*done, *THANKS]


def moments(rate: float, chance: random.Random, *, burst: int = 1) -> Iterator[float]:
    """Poisson arrivals at ``rate`` a second, in bursts."""
    now = BEGAN
    while True:
        now += chance.expovariate(rate / burst)
        for _ in range(burst):
            yield now


def lines(
    mix: JourneyMix,
    think: ThinkTimes,
    journeys: int,
    *,
    seed: int,
    asked: float = 1.0,
    rate: float = 5.0,
    burst: int = 1,
    form: str = "combined",
) -> Iterator[str]:
    """The log of this many journeys, in the order in which a server writes it; lines stay in memory only as long as needed."""
    chance = random.Random(f"log {seed}")
    sampler = JourneySampler(mix, seed)
    waiting: list[tuple[float, int, str]] = []
    serial = 0
    for number, began in zip(range(journeys), moments(rate, chance, burst=burst), strict=False):
        while waiting and waiting[0][0] <= began:
            yield heapq.heappop(waiting)[2]
        one = sampler.spec_for(number)
        now = began
        for place, (method, page) in enumerate(pages(one, asked=chance.random() < asked, chance=chance)):
            if place and page not in UNTHINKING:
                now += think.draw(page, chance)
            took = chance.expovariate(1 / 0.02)
            now += took
            serial += 1
            heapq.heappush(waiting, (now, serial, written(form, now, took, method, page, number)))
    while waiting:
        yield heapq.heappop(waiting)[2]


def address(page: Page) -> str:
    path = PATHS.get(page)
    if path is None:
        return f"{CHECKOUT_PATH}?page={page}"
    return path.replace("{pk}", "17").replace("{token}", "5ecretT0ken")


def written(form: str, done: float, took: float, method: str, page: Page, number: int) -> str:
    """One line in one of the usual formats, with secrets that must not appear again."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(done))
    host, agent = f"203.0.{number // 250 % 250}.{number % 250}", f"Mozilla/5.0 ({number})"
    cookie = f"osessionid=s3cret{number:07d}"
    asked = f"{method} {address(page)} HTTP/1.1"
    if form == "json":
        row = {"msec": round(done, 3), "request": asked, "status": 200, "request_time": took, "http_cookie": cookie}
        return json.dumps({**row, "remote_addr": host, "http_user_agent": agent}) + "\n"
    start = f'{host} - jane@example.com [{stamp}] "{asked}" 200 512 "-" "{agent}"'
    if form == "combined":  # with fields that nginx is often configured to add
        return f'{start} {took:.3f} "{cookie}" msec={done:.3f}\n'
    if form == "apache":  # %D, and the moment of the start
        began = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(done - took))
        return f'{host} - - [{began}] "{asked}" 200 512 "-" "{agent}" {took * 1e6:.0f}\n'
    return f"{start.partition(chr(34) + '-' + chr(34))[0].rstrip()}\n"  # common
