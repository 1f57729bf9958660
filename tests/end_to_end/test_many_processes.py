"""One load from several processes: the same counts, the same journeys, and each lost worker is reported."""

import json
import os
import re
import signal
from decimal import Decimal

import msgpack
import pytest
import zmq
from instrument_faults import LONG, workers_of
from running import QUICK

from harness.distributed.messages import REFUSE, REPORT
from harness.results.orders_file import read_orders

pytestmark = pytest.mark.end_to_end

LISTS = {"Countries", "Cities", "Townships", "Districts"}


def journeys(folder, pattern):
    lines = [json.loads(line) for path in folder.glob(pattern) for line in path.read_text().splitlines()]
    kept = ("journey", "payment_option", "outcome", "verification")
    # Left out: only the first shoppers of each process look up the places of an address.
    return {
        line["number"]: {key: line[key] for key in kept}
        | {"pages": [one for one in line["pages"] if one[0] not in LISTS]}
        for line in lines
    }


def test_two_workers_agree_with_the_ledger_despite_foreign_messages(locust, scenario, free_port):
    at = ("--master-bind-port", str(free_port), "--master-port", str(free_port))
    process = locust("--headless", "--scenario", scenario(), "--processes", "2", *at)
    process.until("steady,")
    ids = re.findall(r"(\S+_[0-9a-f]{32}) \(index", process.output)
    assert len(ids) == 2
    with zmq.Context() as context, context.socket(zmq.DEALER) as stranger:
        stranger.connect(f"tcp://127.0.0.1:{free_port}")
        said = [
            b"\xff\xff\xff",
            b"",
            *(msgpack.dumps((kind, {}, one)) for one in ids for kind in ("quit", REPORT, REFUSE)),
        ]
        for one in said:
            stranger.send(one)
        run = process.wait()
    assert run.sound, run.output
    (port,) = [one for one in run.result["judgement"]["findings"] if one["check"] == "port"]
    assert port["message"].startswith(f"{len(said)} messages were refused")
    assert run.result["ledger"]["agrees"], run.result["ledger"]
    arrivals = run.result["measured"]["arrivals"].values()
    assert sum(one["offered"] for one in arrivals) == sum(one["started"] for one in arrivals) == 150
    assert run.result["counts"]["journeys"] == 150


def test_the_number_of_processes_does_not_change_the_shoppers(locust, tmp_path):
    one = locust("--headless", "--scenario", "smoke", "--journey-log", str(tmp_path / "one.jsonl")).wait()
    three = locust(
        "--headless", "--scenario", "smoke", "--journey-log", str(tmp_path / "three.jsonl"), "--processes", "3"
    ).wait()
    assert one.sound, one.output
    assert three.sound, three.output
    assert len(list(tmp_path.glob("three.worker-*.jsonl"))) == 3
    assert journeys(tmp_path, "one.jsonl") == journeys(tmp_path, "three.worker-*.jsonl")


def test_a_closed_load_from_two_workers_agrees_with_the_ledger(locust, scenario):
    closed = """
    objectives = ["journey failures < 5%"]
    [closed]
    users = 8
    duration = "5s"
    warm_up = "1s"
    [think]
    median = "50ms"
    """
    run = locust("--headless", "--scenario", scenario(closed), "--processes", "2").wait()
    assert run.sound, run.output
    assert run.result["ledger"]["agrees"]
    assert run.result["asked"]["model"] == "closed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_master_waits_for_the_journeys_under_way(locust, scenario, number):
    slow = LONG + '[shop.service]\ndefault = "60ms"\n'
    process = locust("--headless", "--scenario", scenario(slow), "--processes", "2")
    process.until("steady,")
    workers = workers_of(process.process.pid)
    process.signal(number)
    if number != signal.SIGTERM:  # as a terminal does, to all of them at once
        for worker in workers:
            os.kill(worker, number)
    run = process.wait(timeout=40)
    assert run.code == 4, run.output
    assert "interrupted" in run.output
    assert run.result["ledger"]["agrees"], run.result["ledger"]
    outcomes = run.result["counts"]["journeys_by_outcome"]
    assert not {"aborted", "unfinished"} & set(outcomes), outcomes
    amounts = [Decimal(one.amount) for one in read_orders(run.folder)]
    assert len(amounts) == run.result["counts"]["orders"] > 0
    assert sum(amounts) * 100 == run.result["counts"]["amount"]


def test_an_order_number_given_to_shoppers_of_two_workers_fails_the_run(locust, scenario):
    tolerant = QUICK.replace('"journey failures < 5%"', '"journey failures < 50%"').replace('"6s"', '"4s"')
    fault = '[[shop.faults]]\nname = "repeated_order_number"\nshare = 0.3\n'
    run = locust("--headless", "--scenario", scenario(tolerant + fault), "--processes", "2").wait()
    (finding,) = [one for one in run.result["judgement"]["findings"] if one["check"] == "orders"]
    assert finding["level"] == "failed"
    assert "given to shoppers of more than one worker" in finding["message"]
    # Within one worker it is the journey that fails.
    assert run.result["counts"]["journeys_by_outcome"]["double_order"] > 0
    assert run.code in (3, 4)
