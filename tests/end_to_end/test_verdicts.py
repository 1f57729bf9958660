"""Every way a run can end, and the exit code that a pipeline sees for it."""

import json
import os
import signal
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from running import QUICK, ROOT

pytestmark = pytest.mark.end_to_end

SHORT = QUICK.replace('duration = "6s"', 'duration = "4s"')


def test_a_correct_shop_passes_and_all_result_files_are_written(locust, scenario):
    run = locust("--headless", "--scenario", scenario()).wait()
    assert run.code == 0, run.output
    assert "PASSED" in "".join(run.output.splitlines()[-5:])
    (folder,) = {path.parent for path in run.results.rglob("result.json")}
    assert sorted(path.name for path in folder.iterdir()) == [
        "junit.xml",
        "metrics.om.gz",
        "orders.csv",
        "report.html",
        "result.json",
        "summary.json",
        "summary.md",
    ]
    schema = json.loads((ROOT / "harness" / "results" / "result.schema.json").read_text())
    jsonschema.validate(run.result, schema)
    small = json.loads((folder / "summary.json").read_text())
    jsonschema.validate(small, json.loads((ROOT / "harness" / "reporting" / "summary.schema.json").read_text()))
    assert run.result["judgement"]["verdict"] == small["verdict"] == "passed"
    assert run.result["ledger"]["agrees"]
    assert (folder / "summary.md").read_text().startswith("## checkload quick: PASSED")
    suite = ET.parse(folder / "junit.xml").getroot()
    assert not list(suite.iter("failure"))
    assert len(list(suite.iter("testcase"))) >= 3


def test_a_slow_shop_fails_and_the_broken_objective_is_named(locust, scenario):
    slow = SHORT.replace("p95 < 1s", "p95 < 40ms") + '[shop.service]\ndefault = "80ms"\n'
    run = locust("--headless", "--scenario", scenario(slow)).wait()
    assert run.code == 3, run.output
    assert "page response_time p95 < 40ms: failed" in run.output


def test_a_failing_shop_fails(locust, scenario):
    failing = SHORT + '[[shop.faults]]\nname = "server_error"\nshare = 0.5\npages = ["BasketAdd"]\n'
    run = locust("--headless", "--scenario", scenario(failing)).wait()
    assert run.code == 3, run.output
    assert run.result["counts"]["journeys_by_outcome"]["http_5xx"] > 20
    assert run.result["ledger"]["agrees"]


def test_too_few_samples_are_inconclusive_and_the_report_says_how_many_more_are_needed(locust, scenario):
    strict = SHORT.replace("p95 < 1s", "p99.9 < 1s")
    run = locust("--headless", "--scenario", scenario(strict)).wait()
    assert run.code == 5, run.output
    assert "more" in run.output
    (objective,) = [one for one in run.result["judgement"]["objectives"] if "p99.9" in one["text"]]
    assert objective["more_needed"] > 0


def test_an_unreachable_target_is_invalid_at_once(locust, scenario, free_port):
    began = time.monotonic()
    run = locust("--headless", "--scenario", scenario(), "--host", f"http://127.0.0.1:{free_port}").wait()
    assert run.code == 4, run.output
    assert "could not be reached" in run.output
    assert time.monotonic() - began < 15


def test_a_run_whose_shop_is_killed_is_invalid(locust, scenario):
    process = locust("--headless", "--scenario", scenario(QUICK.replace('duration = "6s"', 'duration = "30s"')))
    process.until("steady,")
    os.kill(_shop_of(process.process.pid), signal.SIGKILL)
    run = process.wait()
    assert run.code == 4, run.output
    assert "the embedded shop ended" in run.output
    assert run.result["counts"]["pages"] > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_invalid_and_loses_nothing(locust, scenario, number):
    process = locust("--headless", "--scenario", scenario(QUICK.replace('duration = "6s"', 'duration = "30s"')))
    process.until("steady,")
    process.signal(number)
    run = process.wait(timeout=30)
    assert run.code == 4, run.output
    assert "interrupted" in run.output
    assert run.result["counts"]["journeys"] > 20
    assert "Traceback" not in run.output
    (page,) = run.results.rglob("report.html")
    assert "interrupted" in page.read_text(encoding="utf-8")


def test_the_stop_file_ends_the_run(locust, scenario, tmp_path):
    switch = tmp_path / "stop"
    text = scenario(QUICK.replace('duration = "6s"', 'duration = "60s"'))
    process = locust("--headless", "--scenario", text, "--stop-file", str(switch))
    process.until("steady,")
    switch.touch()
    run = process.wait(timeout=30)
    assert run.code == 4, run.output
    assert "stop file" in run.output


def test_a_stop_rule_ends_the_run_as_failed(locust, scenario):
    broken = QUICK.replace('duration = "6s"', 'duration = "60s"')
    broken += '[stop]\nrules = ["failures > 50% for 2s"]\n[[shop.faults]]\nname = "unavailable"\nshare = 1.0\n'
    began = time.monotonic()
    run = locust("--headless", "--scenario", scenario(broken)).wait()
    assert run.code == 3, run.output
    assert "stop rule" in run.output
    assert time.monotonic() - began < 30


def test_a_closed_load_says_that_it_is_closed(locust, scenario):
    closed = """
    objectives = ["journey failures < 5%"]
    [closed]
    users = 8
    duration = "5s"
    warm_up = "1s"
    [think]
    median = "20ms"
    """
    run = locust("--headless", "--scenario", scenario(closed)).wait()
    assert run.sound, run.output
    assert "closed" in run.output
    assert run.result["asked"]["model"] == "closed"
    assert run.result["ledger"]["agrees"]


def _shop_of(pid):
    """The process id of the embedded shop that this Locust process has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (shop,) = [int(child) for child in children if b"shop" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return shop


def test_workers_end_early_together_when_the_verdict_is_certain(locust, scenario):
    longer = QUICK.replace('duration = "6s"', 'duration = "29s"')
    run = locust("--headless", "--scenario", scenario(longer), "--processes", "2", "--stop-when-certain").wait()
    assert run.sound, run.output
    assert "Ended early: the verdict was certain after" in run.output
    (ended,) = [one for one in run.result["judgement"]["findings"] if one["check"] == "end"]
    assert ended["level"] == "ok"
    assert "check 1 of 3" in ended["message"]
    window = run.result["measured"]["window"]
    assert 6 <= window["steady_until"] - window["steady_from"] < 9
    # All journeys finished: none was cut off, none dropped.
    assert set(run.result["counts"]["journeys_by_outcome"]) <= {"ok", "abandoned"}
    offered = sum(one["offered"] for one in run.result["measured"]["arrivals"].values())
    assert offered == run.result["counts"]["journeys"]


def test_a_signal_during_the_drain_leaves_a_whole_run_to_judge(locust, scenario):
    late = QUICK.replace('duration = "6s"', 'duration = "2s"').replace("share = 1.0", "share = 1.0\nlate = 1")
    late += '[payments]\npay_on_delivery = 1\n[shop.sms]\ncode_lifetime = "7s"\n'
    process = locust("--headless", "--scenario", scenario(late))
    process.until("none waits for the shop")
    process.signal(signal.SIGTERM)
    run = process.wait()
    assert "interrupted" not in run.output
    assert run.sound, run.output
    assert run.result["stopped"] == ""


def test_a_ceiling_on_orders_ends_the_load_in_good_order(locust, scenario):
    text = QUICK.replace('duration = "6s"', 'duration = "60s"') + "[journeys]\nguest = 1\n[stop]\nmax_sms = 100_000\n"
    run = locust("--headless", "--scenario", scenario(text), "--processes", "2", "--max-orders", "250").wait()
    assert run.code in (0, 4), run.output
    assert "the ceiling of 250 orders leaves no room" in run.result["stopped"]
    assert 50 < run.result["counts"]["orders"] <= 250
    assert not {"aborted", "dropped"} & run.result["counts"]["journeys_by_outcome"].keys()
    assert run.result["ledger"]["agrees"]
    assert run.result["counts"]["failed_journeys"] == 0
