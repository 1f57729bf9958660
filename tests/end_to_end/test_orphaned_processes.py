"""After the master is gone, the load ends within seconds and no process of the run is left."""

import json
import signal
import time
import urllib.request
from pathlib import Path

import pytest
from instrument_faults import LONG, workers_of

pytestmark = pytest.mark.end_to_end

GONE = 5.0  # seconds after which the load has ended
SLOW = LONG + '[shop.service]\ndefault = "60ms"\n'


def requests(shop):
    with urllib.request.urlopen(f"{shop}/_control/ledger", timeout=10) as answer:
        return sum(json.loads(answer.read())["pages"].values())


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def left_after(seconds, pids):
    """The processes of these that still run after at most so many seconds."""
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [pid for pid in pids if alive(pid)]


def test_workers_end_their_load_and_themselves_when_the_master_is_killed(locust, free_port, shop, scenario):
    at = ("--master-port", str(free_port))
    master = locust(
        *("--headless", "--master", "--master-bind-port", str(free_port), "--expect-workers", "2"),
        *("--host", shop, "--scenario", scenario(LONG)),
    )
    workers = [locust("--worker", *at) for _ in range(2)]
    master.until("steady,")
    before = requests(shop)
    master.signal(signal.SIGKILL)
    time.sleep(GONE)
    then = requests(shop)
    assert then > before > 0
    runs = [each.wait(timeout=10) for each in workers]
    assert requests(shop) == then
    for run in runs:
        assert run.code == 4, run.output
        assert "the master has been silent for 4 s" in run.output
        assert "Traceback" not in run.output


@pytest.mark.parametrize("numbers", [(signal.SIGSTOP,), (signal.SIGINT, signal.SIGINT)])
def test_no_process_is_left_after_a_master_is_killed(locust, scenario, numbers):
    master = locust("--headless", "--scenario", scenario(SLOW), "--processes", "2")
    master.until("steady,")
    workers, children = workers_of(master.process.pid), children_of(master.process.pid)
    assert (len(workers), len(children)) == (2, 3)
    for number in numbers:
        master.signal(number)
        time.sleep(1.5)  # a Ctrl-C that follows within a second counts as the same one
    if signal.SIGSTOP in numbers:
        assert left_after(GONE, workers) == []
        master.signal(signal.SIGCONT)
        run = master.wait(timeout=60)
        assert run.code == 4
        assert "was lost" in run.result["judgement"]["reason"]
    assert left_after(GONE, [master.process.pid, *children]) == []


def test_a_run_that_is_cancelled_during_startup_leaves_an_invalid_result(locust, scenario):
    # Locust says so before it has read any of our options.
    process = locust("--headless", "--scenario", scenario(), "--processes", "2", "-L", "DEBUG")
    process.until("Starting Locust")
    process.signal(signal.SIGINT)
    run = process.wait(timeout=30)
    assert run.code == 4, run.output
    assert "Traceback" not in run.output
    assert "interrupted after 0 ms by Ctrl-C" in run.result["judgement"]["reason"]


def test_a_run_cancelled_before_its_workers_connect_leaves_an_invalid_result(locust, free_port, scenario):
    master = locust(
        *("--headless", "--master", "--master-bind-port", str(free_port), "--expect-workers", "1"),
        *("--scenario", scenario()),
    )
    master.until("Waiting for workers")
    master.signal(signal.SIGHUP)
    run = master.wait(timeout=20)
    assert run.code == 4, run.output
    assert "Traceback" not in run.output
    assert run.result["judgement"]["verdict"] == "invalid"
    assert "interrupted" in run.result["judgement"]["reason"]
