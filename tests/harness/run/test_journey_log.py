"""What a shopper did, on one line."""

import json
import logging
from pathlib import Path

import pytest

from harness.measurement.sample import JourneySample
from harness.run.journey_log import JourneyLog


def test_a_line_holds_due_time_response_time_and_service_time(tmp_path):
    log = JourneyLog(tmp_path / "deep" / "log.jsonl")
    sample = JourneySample("guest", "gpay", "ok", "nobody", 105.5, 107.0, 109.25, ordered=True, amount=100)
    log.write(7, sample, "ON1", [("Product", "ok")], 100.0)
    log.close()
    (line,) = (tmp_path / "deep" / "log.jsonl").read_text().splitlines()
    read = json.loads(line)
    assert (read["due"], read["response_time"], read["service_time"]) == (5.5, 3.75, 2.25)
    assert (read["number"], read["order"], read["pages"]) == (7, "ON1", [["Product", "ok"]])


@pytest.mark.parametrize("lines", [1, 1000])
def test_a_full_disk_ends_only_the_log_and_warns_once(lines, caplog):
    log = JourneyLog(Path("/dev/full"))
    sample = JourneySample("guest", "gpay", "ok", "nobody", 105.5, 107.0, 109.25)
    for number in range(lines):
        log.write(number, sample, "", [("Product", "ok")] * 20, 100.0)
    log.close()
    log.close()
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in said] == [
        "The journey log /dev/full cannot be written any more: No space left on device"
    ]
