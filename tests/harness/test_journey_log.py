"""What a shopper did, on one line."""

import json

from harness.journey_log import JourneyLog
from harness.sample import JourneySample


def test_a_line_says_when_a_journey_was_due_and_how_long_it_took_from_there_and_from_its_start(tmp_path):
    log = JourneyLog(tmp_path / "deep" / "log.jsonl")
    sample = JourneySample("guest", "gpay", "ok", "nobody", 105.5, 107.0, 109.25, ordered=True, amount=100)
    log.write(7, sample, "ON1", [("Product", "ok")], 100.0)
    log.close()
    (line,) = (tmp_path / "deep" / "log.jsonl").read_text().splitlines()
    read = json.loads(line)
    assert (read["due"], read["response_time"], read["service_time"]) == (5.5, 3.75, 2.25)
    assert (read["number"], read["order"], read["pages"]) == (7, "ON1", [["Product", "ok"]])
