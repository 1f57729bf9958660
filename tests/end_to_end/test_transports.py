"""The same journeys over our own client and over Locust's: the same pages in the same order, and the same receipts."""

import resource
import socket
import time
from types import SimpleNamespace

import pytest
from fault_walks import LARGEST, LONGEST, Route, Walker, locust_transport
from locust import User
from locust.env import Environment

from harness.measurement.outcomes import Outcome
from shop.contract import PAYMENT_OPTIONS
from shop.serving.process import ShopProcess
from shop.settings import Settings
from users.http.client import HttpClient, HttpLimits
from users.http.locust.client import LocustHttpClient
from users.http.locust.stats import LocustStats
from users.population.journey_spec import SmsScript

pytestmark = pytest.mark.end_to_end

ASKS = Settings.model_validate({"seed": 5, "sms": {"options": ["pay_on_delivery", "gpay"]}})
ROUTES = [
    *map(Route, PAYMENT_OPTIONS),
    Route("credit_card", three_d=True),
    Route("credit_card", declined=True),
    Route("pay_on_delivery", sms=SmsScript.WRONG),
    Route("pay_on_delivery", sms=SmsScript.RESEND),
    Route("cash_register", "returning"),
    Route("cash_register", "first_time"),
]
LIMITS = HttpLimits(LONGEST, LONGEST, LONGEST, LARGEST)


def own_client(url):
    user = SimpleNamespace(environment=SimpleNamespace(events=SimpleNamespace(request=Events())), context=dict)
    return HttpClient(url, user, LIMITS)


class Events:
    def fire(self, **arguments):
        """Do nothing: there is no listener."""


@pytest.fixture
def walk_all():
    """Every route, over one kind of transport, through a shop of its own that was never visited before."""
    shops = []

    def walk(make):
        shops.append(ShopProcess.start(ASKS))
        transport = make(shops[-1].url)
        walker = Walker(transport, shops[-1].url, time.perf_counter, time.sleep)
        walked = [walker(route) for route in ROUTES]
        transport.close()
        return walked, shops[-1].ledger()

    yield walk
    for shop in shops:
        shop.stop()


def reported(walked):
    # Not how many bytes: a reply may tell how many seconds are left.
    return walked.end, walked.receipt, [(sample.page, sample.outcome) for sample in walked.samples]


def test_both_http_clients_get_the_same_receipts(walk_all):
    ours, our_ledger = walk_all(own_client)
    locusts, their_ledger = walk_all(locust_transport)
    for route, one, other in zip(ROUTES, ours, locusts, strict=True):
        assert reported(one) == reported(other), route
        assert one.end[0] is (Outcome.DECLINED if route.declined else Outcome.OK), route
        assert [sample.page for sample in one.samples if not sample.sent <= sample.done] == []
    assert sum(one.receipt is not None for one in ours) == len(ROUTES) - 1
    assert our_ledger["orders"] == their_ledger["orders"]
    assert sum(our_ledger["orders"].values()) == len(ROUTES) - 1


@pytest.fixture
def environment():
    """The environment of a locustfile, with a runner that counts requests."""
    made = Environment(user_classes=[])
    made.create_local_runner()
    yield made
    made.runner.quit()


@pytest.mark.parametrize("listens", [False, True])
def test_locust_counts_the_same_for_both_clients_singly_or_in_bulk(walk_all, environment, listens):
    def clients(kind):
        def make(url):
            user = type("Shopper", (User,), {"host": url})(environment)
            return HttpClient(url, user, LIMITS, statistics=LocustStats(environment) if kind == "many" else None)

        return make

    collected = []
    if listens:
        environment.events.request.add_listener(lambda **arguments: collected.append(arguments))
    stats, counted = environment.stats, []
    for kind in ("one", "many"):
        stats.clear_all()
        walked, _ = walk_all(clients(kind))
        pages = [sample for one in walked for sample in one.samples]
        counted.append({key: (entry.num_requests, entry.num_failures) for key, entry in stats.entries.items()})
        total = stats.total
        assert total.num_requests == len(pages) == sum(total.num_reqs_per_sec.values())
        assert total.num_requests == sum(total.response_times.values())
        assert total.total_content_length == sum(sample.received for sample in pages)
        spent = [(sample.done - sample.sent) * 1000 for sample in pages]
        assert total.total_response_time == pytest.approx(sum(spent), rel=0.2)
        assert 0 < total.min_response_time < total.max_response_time < max(spent) + 5
        assert total.start_time <= total.last_request_timestamp <= time.time()
    assert counted[0] == counted[1]
    assert len(collected) == (2 * len(pages) if listens else 0)


def test_the_charts_of_locust_move_each_second(environment):
    recorded, now = LocustStats(environment), int(time.time())
    for second in range(now - 30, now):
        for n in range(20):
            # Five seconds ago everything became slower.
            recorded.buffer("GET", f"Page{n % 4}", (100.0 if second < now - 5 else 400.0, 500, second + n / 20))
        recorded.flush()
    total = environment.stats.total
    assert total.num_requests == 600
    assert total.current_rps == pytest.approx(20)
    # The slow seconds are half of the ten that a chart looks back on.
    assert total.get_current_response_time_percentile(0.95) == 400
    assert total.get_current_response_time_percentile(0.25) == 100
    assert total.get_response_time_percentile(0.5) == 100
    assert environment.stats.entries["Page3", "GET"].num_requests == 150


@pytest.mark.parametrize("kind", ["ours", "locust's"])
def test_no_client_blames_the_shop_when_file_descriptors_run_out(environment, kind):
    exhausted = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        user = type("Shopper", (User,), {"host": url})(environment)
        if kind == "ours":
            transport = HttpClient(url, user, LIMITS, on_resource_exhausted=exhausted.append)
        else:
            transport = LocustHttpClient(url, user, LIMITS, on_resource_exhausted=exhausted.append)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            reply = transport.send("IndexPage", "GET", "/", {}, None)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        transport.report(reply.failure, failed=True)
        transport.close()
    assert reply.failure is Outcome.NO_SOCKET
    assert exhausted == ["EMFILE"]


def test_locust_gets_the_same_failure_text_from_both_clients(environment):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"  # nothing listens there once it is closed
    user = type("Shopper", (User,), {"host": url})(environment)
    locusts = LocustHttpClient(url, user, LIMITS)
    errors = []
    for transport in (HttpClient(url, user, LIMITS, statistics=LocustStats(environment)), locusts):
        environment.stats.clear_all()
        reply = transport.send("IndexPage", "GET", "/", {}, None)
        transport.report(reply.failure, failed=True)
        transport.close()
        assert environment.stats.total.num_requests == environment.stats.total.num_failures == 1
        errors.append({key: repr(error.error) for key, error in environment.stats.errors.items()})
    assert errors[0] == errors[1]
    assert len(errors[0]) == 1
