"""Prometheus accepts the configuration that we ship, and scrapes the address at which a run answers."""

import re
import subprocess

import pytest
from running import ROOT, needs

from harness.network import METRICS_PORT

CONFIG = ROOT / "dashboards" / "prometheus.yml"


@pytest.mark.end_to_end
@needs("promtool")
def test_promtool_accepts_the_configuration():
    checked = subprocess.run(
        ["promtool", "check", "config", str(CONFIG)], capture_output=True, text=True, timeout=30, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "SUCCESS" in checked.stdout


def test_prometheus_scrapes_the_default_port_every_five_seconds():
    text = re.sub(r"#.*", "", CONFIG.read_text())
    scraped = text.split("scrape_configs:")[1]
    assert re.findall(r"targets: \[(.*)\]", scraped) == [f'"127.0.0.1:{METRICS_PORT}"']
    assert re.findall(r"scrape_interval: (\S+)", text) == ["5s"]
