"""Load levels and runs of shops with known properties."""

from dataclasses import replace

import pytest
from finished_runs import a_run

from harness.planning.load_levels import LoadLevel


def a_level(rate=10.0, *, kept=True, **overrides):
    """A load level whose journeys take 4 pages of 50 ms each."""
    level = LoadLevel(
        source=f"at {rate:g}",
        rate=rate,
        throughput=rate,
        orders=0.8 * rate,
        pages=4 * rate,
        in_shop=0.2 * rate,
        in_flight=2.0 * rate,
        journey_time=dict.fromkeys(("mean", "p50", "p95", "p99"), 2.0),
        page_time=dict.fromkeys(("mean", "p50", "p95", "p99"), 0.05),
        kept=kept,
        instances=1,
        broken=() if kept else ("page response_time p95 < 100ms",),
        patience={"page response_time p95 < 100ms": 0.05},
    )
    return replace(level, **overrides)


@pytest.fixture(scope="session")
def level():
    return a_level


@pytest.fixture(scope="session")
def run_at():
    return a_run
