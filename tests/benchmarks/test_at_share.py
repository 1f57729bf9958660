"""The search for the rate at which a client is as busy as wanted, with simulated clients."""

import random

import pytest
from at_share import BAND, DELAY, ENOUGH, SHARE, at_share


class Straw:
    """A client with requests that cost less at a higher rate; it measures ``error`` seconds too much."""

    def __init__(self, error=0.0, noise=0.0, capacity=1e9):
        self.rates, self.error, self.noise, self.capacity = [], error, noise, capacity
        self.chance = random.Random(3)

    def run(self, rate):
        self.rates.append(rate)
        share = min(1.0, 0.2 + rate / 20_000) * self.chance.uniform(1 - self.noise, 1 + self.noise)
        return share, rate, DELAY + self.error, 2 * DELAY + 2 * self.error

    def truth(self):
        late = bool(self.rates) and self.rates[-1] > self.capacity
        return {"p50": DELAY * (2 if late else 1), "p99": 2 * DELAY}


@pytest.mark.parametrize("noise", [0.0, 0.04])
def test_stretches_at_the_wanted_cpu_share_are_reported(noise):
    straw = Straw(error=0.001, noise=noise)
    row = at_share(straw.truth, straw.run, 1_000.0, 12)
    assert row["stretches"] == ENOUGH
    assert row["core_share"] == pytest.approx(SHARE, abs=BAND)
    assert row["rate"] == pytest.approx(15_000, rel=0.2)
    assert (row["p50_error_ms"], row["p99_error_ms"]) == (1.0, 2.0)


def test_the_nearest_stretch_is_reported_if_no_stretch_has_the_wanted_share():
    straw = Straw()
    row = at_share(straw.truth, straw.run, 1_000.0, 5, most=4_000)
    assert row["stretches"] == 0
    assert row["core_share"] == 0.4
    assert row["rate"] == 4_000


def test_a_stretch_with_a_late_server_counts_only_if_there_is_no_other():
    straw = Straw(capacity=8_000)
    row = at_share(straw.truth, straw.run, 10_000.0, 6)
    assert row["stretches"] == 0
    assert row["rate"] <= 8_000
    hopeless = Straw(capacity=0)
    assert at_share(hopeless.truth, hopeless.run, 10_000.0, 2)["p50_error_ms"] == pytest.approx(-20)
