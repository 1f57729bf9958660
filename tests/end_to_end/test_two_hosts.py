"""Master and workers on two hosts; the network between them is slow, loses packets, is cut and works again."""

import json
import re
import time
import urllib.request

import pytest
from relay import Relay
from running import QUICK

pytestmark = pytest.mark.end_to_end

WORKERS = ("127.0.0.2", "127.0.0.3")
DELAY, LOSS = 0.020, 0.01
BRIEF, LONG = 1.5, 7.0  # seconds
ENOUGH = QUICK.replace('"6s"', '"8s"')


@pytest.fixture
def hosts(locust, free_port, shop, scenario):
    """Start a master and two workers; returns the master's process, the workers' processes, and the relays between them."""
    relays = []

    def start(text=ENOUGH):
        load = ("--scenario", scenario(text))
        master = locust(
            *("--headless", "--master", "--master-bind-port", str(free_port), "--expect-workers", "2"),
            *("--host", shop, *load),
        )
        # A worker tries ten times as long; the relay needs a master that listens.
        master.until("Waiting for workers")
        relays[:] = [Relay(free_port, address=one, delay=DELAY, loss=LOSS) for one in WORKERS]
        workers = [locust("--worker", "--master-host", one.address, "--master-port", str(one.port)) for one in relays]
        master.until("steady,")
        return master, workers, relays

    yield start
    for one in relays:
        one.close()


def ledger(shop):
    with urllib.request.urlopen(f"{shop}/_control/ledger", timeout=10) as answer:
        return json.loads(answer.read())


def invalid(result):
    return {one["check"]: one["message"] for one in result["judgement"]["findings"] if one["level"] == "invalid"}


def test_a_link_that_is_cut_for_a_moment_costs_nothing(hosts, shop):
    master, workers, relays = hosts()
    for each in relays:
        each.block()
    time.sleep(BRIEF)
    for each in relays:
        each.unblock()
    run = master.wait()
    for each in workers:
        assert each.wait().code == 0
    assert run.code in (0, 4, 5), run.output  # 4: a busy machine
    result, books = run.result, ledger(shop)
    counts = result["counts"]
    assert "workers" not in invalid(result), run.output
    assert counts["journeys"] == 200
    assert counts["failed_journeys"] == 0
    assert counts["pages_by_page"] == {page: n for page, n in books["pages"].items() if n}
    assert counts["orders_by_option"] == {option: n for option, n in books["orders"].items() if n}
    assert all(each.carried > 1000 for each in relays)


def test_a_link_that_is_cut_for_long_makes_the_run_invalid_and_names_the_worker(hosts):
    master, workers, relays = hosts(QUICK.replace('"6s"', '"30s"'))
    relays[1].block()
    cut = time.monotonic()
    master.until("was lost", timeout=20)
    noticed = time.monotonic() - cut
    time.sleep(max(0.0, LONG - noticed))
    relays[1].unblock()
    run = master.wait()
    assert run.code == 4, run.output
    ((number, name),) = re.findall(r"worker (\d) \((\S+)\) was lost", run.output)
    assert f"worker {number} was lost" in invalid(run.result)["workers"]
    assert "in the steady part" in invalid(run.result)["workers"]
    given_up = re.findall(r"Worker (\S+) failed to send heartbeat", run.output)
    assert given_up in ([], [name])
    there, cut_off = (each.wait(timeout=10) for each in workers)
    assert "Traceback" not in there.output + cut_off.output
    assert (there.code, cut_off.code) == (0, 4)
    assert "the master has been silent for 4 s" in cut_off.output
