"""A fit finds the Universal Scalability Law in points that the law made."""

import math
import random

import pytest

from harness.planning.usl import Usl, best_fit, fit, interval

LAW = Usl(20.0, 0.05, 0.002)
LOADS = (1, 2, 4, 8, 12, 16, 24, 32)


def points(law, loads=LOADS, noise=0.0, seed=1):
    chance = random.Random(seed)
    return [(n, law.throughput(n) * math.exp(chance.gauss(0, noise))) for n in loads]


@pytest.mark.parametrize(
    "law", [LAW, Usl(5.0, 0.3, 0.0), Usl(7.0, 0.0, 0.0), Usl(3.0, 0.0, 0.01), Usl(1e-3, 0.9, 1e-5)]
)
def test_a_fit_to_points_of_a_law_finds_the_law(law):
    found = best_fit(points(law))
    assert (found.rate, found.sigma, found.kappa) == pytest.approx((law.rate, law.sigma, law.kappa), abs=1e-6)


def test_a_queue_at_one_server_is_contention_only():
    # M/M/1: N = a / (1 - a) in hand at a throughput of a, so X = N / (1 + N) = (N / 2) / (1 + (N - 1) / 2).
    found = best_fit([(a / (1 - a), a) for a in (0.1, 0.3, 0.5, 0.7, 0.8, 0.9)])
    assert (found.rate, found.sigma, found.kappa) == pytest.approx((0.5, 0.5, 0.0), abs=1e-9)
    assert found.most == pytest.approx(1.0)


def test_superlinear_throughput_is_fitted_as_linear():
    found = best_fit([(n, n**1.2) for n in LOADS])
    assert (found.sigma, found.kappa) == (0.0, 0.0)
    assert found.most == math.inf
    assert found.knee == math.inf


def test_the_knee_is_where_the_law_is_highest():
    n = LAW.knee
    assert n == pytest.approx(math.sqrt(0.95 / 0.002))
    assert LAW.throughput(n) > max(LAW.throughput(n * 0.9), LAW.throughput(n * 1.1))
    assert LAW.most == LAW.throughput(n)


def test_the_fit_does_not_depend_on_the_unit():
    noisy = points(LAW, noise=0.05)
    one, other = best_fit(noisy), best_fit([(n, 60 * x) for n, x in noisy])
    assert (other.rate / 60, other.sigma, other.kappa) == pytest.approx((one.rate, one.sigma, one.kappa), rel=1e-6)


def test_the_interval_has_its_coverage():
    fits = [fit(points(LAW, noise=0.03, seed=seed), seed=seed, replicates=100) for seed in range(60)]
    bands = [each.band(64) for each in fits]
    held = sum(low < LAW.throughput(64) < high for low, high in bands)
    assert held >= 54


def test_the_interval_narrows_with_the_noise():
    rough, fine = fit(points(LAW, noise=0.05), seed=1), fit(points(LAW, noise=0.005), seed=1)
    low, high = fine.band(32)
    assert high - low < rough.band(32)[1] - rough.band(32)[0]
    assert fine.most()[0] < fine.law.most < fine.most()[1]
    assert fine.error < rough.error
    assert len(rough.residuals) == len(LOADS)


def test_the_interval_depends_on_the_seed():
    noisy = points(LAW, noise=0.05)
    assert fit(noisy, seed=3) == fit(noisy, seed=3)
    assert fit(noisy, seed=3).others != fit(noisy, seed=4).others


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="it has 5 points and needs 6"):
        fit(points(LAW, LOADS[:5]), seed=1)
    with pytest.raises(ValueError, match="5 points"):
        fit([*points(LAW, LOADS[:5]), (0.0, 0.0)], seed=1)
    with pytest.raises(ValueError, match="nearly the same load"):
        fit(points(LAW, [10, 10.5, 11, 11.5, 12, 12.5]), seed=1)


def test_an_interval_is_the_middle_share_of_the_values():
    assert interval(list(range(101)), 0.9) == (5, 95)
    assert all(math.isnan(edge) for edge in interval([], 0.9))
