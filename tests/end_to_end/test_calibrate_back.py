"""Calibration from the embedded shop's log recovers the mix of the run, and the arrivals can be repeated."""

import csv
import json
import tomllib
from collections import Counter

import pytest

from scenarios.commands.cli import main
from scenarios.loading.reader import read_scenario
from users.population.journey_spec import SmsScript

pytestmark = pytest.mark.end_to_end

KNOWN = """
seed = 11
objectives = ["journey failures < 5%"]
[arrivals]
rate = "30/s"
duration = "12s"
drain = "15s"
[journeys]
guest = 50
returning = 25
first_time = 15
abandoning = 10
[payments]
credit_card = 40
pay_on_delivery = 30
gpay = 12
saved_card = 10
pay_later = 8
[sms]
share = 0.8
right = 70
wrong = 15
resend = 10
locked = 5
[cards]
three_d = 0.3
declined = 0.1
[think]
median = "60ms"
sigma = 0.4
[think.pages]
Product = "200ms"
[think.sigmas]
Product = 0.7
[shop]
access_log = "PATH"
"""


def walked(folder, pattern):
    return [json.loads(line) for path in sorted(folder.glob(pattern)) for line in path.read_text().splitlines()]


def holds(line, truth):
    """Whether the interval in the comment beside a share contains the true share."""
    low, high = (float(part.strip(" %")) for part in line.partition("interval ")[2].partition(" (")[0].split(" to "))
    return low <= 100 * truth <= high


def test_calibration_recovers_a_known_mix_and_its_arrivals(locust, scenario, tmp_path, free_port):
    log, own, trace = tmp_path / "access.log", tmp_path / "own.toml", tmp_path / "trace.csv"
    path = scenario(KNOWN.replace("PATH", log.as_posix()), name="known")
    run = locust("--headless", "--scenario", path, "--journey-log", str(tmp_path / "known.jsonl")).wait()
    assert run.sound, run.output
    assert main(["calibrate", str(log), "-o", str(own), "--trace", str(trace), "--load", "mean"]) == 0
    rows = list(csv.DictReader(trace.read_text().splitlines()))
    _gives_back(
        own.read_text(), read_scenario(path).mix, read_scenario(str(own)), walked(tmp_path, "known.jsonl"), rows
    )
    _comes_again(locust, tmp_path, own, rows, free_port)


def _gives_back(text, truth, found, journeys, rows):
    # A shopper without an order who was silent when the log ended may have been under way.
    missing = len(journeys) - len(rows)
    assert 0 <= missing <= 0.05 * len(journeys)
    for name, count in Counter(one["journey"] for one in journeys).items():
        assert 0 <= count - Counter(row["journey"] for row in rows)[name] <= missing
    paid = Counter(one["payment_option"] for one in journeys if one["outcome"] == "ok")
    seen = Counter(row["payment_option"] for row in rows)
    lost = Counter(one["payment_option"] for one in journeys if one["outcome"] in ("declined", "code_locked"))
    for option, count in paid.items():
        assert count <= seen[option] <= count + lost[option]
    lines = {line.partition(" =")[0]: line for line in text.splitlines() if " = " in line}
    held = [
        *(holds(lines[name], weight / 100) for name, weight in {**truth.journeys, **truth.payments}.items()),
        *(holds(lines[script.value], weight / 100) for script, weight in truth.sms.items()),
        holds(lines["share"], 0.8),
        holds(lines["three_d"], 0.3),
        holds(lines["declined"], 0.1),
    ]
    assert len(held) == 16
    assert sum(held) >= 15, text  # one of these 95 % intervals may miss
    assert set(found.mix.payments) == set(truth.payments)
    assert set(found.mix.sms) == {SmsScript.RIGHT, SmsScript.WRONG, SmsScript.RESEND, SmsScript.LOCKED}
    # The machine makes a pause of 200 ms longer, and more so if other processes are busy.
    assert 0.19 <= found.think.pages["Product"] <= 0.25
    assert found.think.pages["Checkout"] < 0.11
    assert found.think.sigmas["Product"] == pytest.approx(0.7, abs=0.12)


def _comes_again(locust, tmp_path, own, rows, port):
    """Run the trace twice as fast from two processes: every arrival comes at its time and as recorded."""
    text = own.read_text()
    faster = text.replace("\ntrace = ", "\ntime_scale = 0.5\ntrace = ", 1)
    assert tomllib.loads(faster)["arrivals"]["time_scale"] == 0.5
    again, log, trace = tmp_path / "again.toml", tmp_path / "again.log", tmp_path / "again.csv"
    again.write_text(f'{faster}\n[shop]\naccess_log = "{log.as_posix()}"\n')
    run = locust(
        *("--headless", "--scenario", str(again), "--journey-log", str(tmp_path / "again.jsonl")),
        *("--processes", "2", "--master-bind-port", str(port), "--master-port", str(port)),
    ).wait()
    assert run.sound, run.output
    arrivals = run.result["measured"]["arrivals"].values()
    assert sum(one["offered"] for one in arrivals) == len(rows)
    journeys = {one["number"]: one for one in walked(tmp_path, "again.worker-*.jsonl")}
    assert sorted(journeys) == list(range(len(rows)))
    for number, row in enumerate(rows):
        assert journeys[number]["journey"] == row["journey"]
        assert row["payment_option"] in ("", journeys[number]["payment_option"])
    # The shop's log shows that the arrivals came at the times of the trace.
    assert main(["calibrate", str(log), "-o", str(tmp_path / "third.toml"), "--trace", str(trace)]) == 0
    seen = [float(row["time"]) for row in csv.DictReader(trace.read_text().splitlines())]
    due = [float(row["time"]) / 2 for row in rows]
    for moment in due:
        before = [sum(one <= moment for one in times) / len(times) for times in (seen, due)]
        assert before[0] == pytest.approx(before[1], abs=0.06)
