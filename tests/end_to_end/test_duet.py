"""One load for two real shops: each has its own result, with the same journeys."""

import json

import pytest
from running import QUICK

from shop.serving.process import ShopProcess
from shop.settings import ServiceSettings, Settings

pytestmark = pytest.mark.end_to_end


def test_one_load_makes_the_same_journeys_at_two_shops(locust, scenario, shop):
    slower = ShopProcess.start(Settings(service=ServiceSettings(default=0.01)))
    try:
        run = locust("--headless", "--host", shop, "--candidate", slower.url, "--scenario", scenario(QUICK)).wait()
        served = slower.ledger()["orders"]
    finally:
        slower.stop()
    both = [json.loads((run.folder / place / "result.json").read_text()) for place in ("", "candidate")]
    base, candidate = (one["counts"] for one in both)
    assert base["journeys"] == candidate["journeys"] > 100
    assert base["orders"] == candidate["orders"] == sum(served.values())
    assert base["amount"] == candidate["amount"]
    assert [one["asked"]["target"] for one in both] == [shop, slower.url]
    assert both[1]["run_id"] == f"{both[0]['run_id']}-candidate"
