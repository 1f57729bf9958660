"""The benchmark of the client works: every side did the same requests, and its figures are all there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("bench_client.py")


@pytest.mark.end_to_end
def test_a_quick_run_writes_all_figures_between_the_marks(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n", encoding="utf-8")
    results = tmp_path / "bench.json"
    command = [sys.executable, str(BENCH), "--quick", "--results", str(results), "--write", str(page)]
    subprocess.run(command, check=True, timeout=240, capture_output=True)
    found = json.loads(results.read_text(encoding="utf-8"))
    costs = found["cpu_us_per_request"]
    always = {"checkload", "checkload_tls", "fast_http_user", "fast_http_user_tls", "http_user"}
    assert all(costs[name] > 0 for name in always)
    # A quick run gets nothing: what is not there has no figures, and says why.
    assert {name for name, cost in costs.items() if cost is None} == found["absent"].keys() - {"own_work_compiled"}
    assert (costs["k6"] is None) == (shutil.which("k6") is None)
    assert found["thousand_users_to_ten"] > 0
    assert found["own_work_us"]["plain"] > 0
    assert {"checkload", "checkload_compiled", "checkload_tls", "fast_http_user", "k9", "wrk"} < set(found["timing"])
    assert found["timing"]["checkload"]["core_share"] > 0
    assert set(found["scale"]) == {
        "idle user",
        "idle user, TLS",
        "many users",
        "journeys in flight",
        "parked users",
        "master",
        "master of a thousand",
        "recording a page",
        "being scraped",
        "being scraped, all pages",
    }
    assert all(row["growth"] > 0 for row in found["scale"].values())
    # Ten thousand users and 64 workers are not measured here, and must not be said to be in order.
    assert found["targets"]["ten_thousand_seconds"]["met"] is None
    assert found["targets"]["master_core_share"]["met"] is None
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- bench: begin -->\n| client |")
    assert text.endswith("<!-- bench: end -->\nafter\n")
    assert "old" not in text
