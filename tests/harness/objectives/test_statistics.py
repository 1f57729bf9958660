"""The statistics agree with the textbooks, and verdicts are wrong as seldom as the confidence says."""

import math
import random

import pytest
from scipy.special import bdtr, bdtrc, stdtr

from harness.objectives.statistics import (
    VARIATION_MARGIN,
    common_variation,
    design_effect,
    design_effect_at,
    fewest_samples,
    mean_confidence_interval,
    proves_broken,
    proves_kept,
    proves_kept_in_clusters,
    samples_for_verdict,
)


@pytest.mark.parametrize(
    ("allowed", "confidence", "over", "samples", "why"),
    [
        (0.01, 0.99, 0, 459, "MLPerf LoadGen, clean run"),
        (0.01, 0.99, 1, 662, "MLPerf LoadGen, one query over"),
        (0.01, 0.99, 10, 2010, "MLPerf LoadGen, ten queries over"),
        (0.05, 0.95, 0, 59, "p95 at 95 %"),
        (0.05, 0.99, 0, 90, "p95 at 99 %"),
        (0.01, 0.95, 0, 299, "p99 at 95 %"),
        (0.001, 0.95, 0, 2995, "p99.9 at 95 %"),
        (0.001, 0.99, 0, 4603, "p99.9 at 99 %"),
    ],
)
def test_sample_sizes_agree_with_published_ones(allowed, confidence, over, samples, why):
    assert fewest_samples(allowed, confidence, over) == samples, why
    assert proves_kept(samples, over, allowed, 1 - confidence)
    assert not proves_kept(samples - 1, over, allowed, 1 - confidence)


@pytest.mark.parametrize(("total", "over"), [(1, 0), (1, 1), (20, 0), (20, 7), (20, 20), (500, 1), (500, 20)])
@pytest.mark.parametrize("allowed", [0.001, 0.05, 0.5])
def test_the_tests_use_the_tails_of_the_binomial_distribution(total, over, allowed):
    for alpha in (0.49, 0.047, 1e-4):
        assert proves_kept(total, over, allowed, alpha) is bool(bdtr(over, total, allowed) <= alpha)
        at_least = bdtrc(over - 1, total, allowed) if over else 1.0
        assert proves_broken(total, over, allowed, alpha) is bool(at_least <= alpha)


@pytest.mark.parametrize(
    ("total", "over", "why"),
    [
        (10, 0, "clean, too few"),
        (100, 2, "on the good side, too few"),
        (100, 8, "on the bad side, too few"),
    ],
)
@pytest.mark.parametrize("effect", [1.0, 3.5])
def test_the_announced_number_of_samples_decides_and_half_of_it_does_not(total, over, why, effect):
    needed = samples_for_verdict(total, over, 0.05, 0.95, effect)
    share = over / total
    proves = proves_kept if share < 0.05 else proves_broken
    whole = math.ceil if share < 0.05 else math.floor
    assert needed > total
    for n in range(needed, needed + 50):
        assert proves(n / effect, whole(share * n) / effect, 0.05, 0.05), why
    assert not proves(needed / 2 / effect, share * needed / 2 / effect, 0.05, 0.05)


def test_a_run_with_none_over_the_bound_needs_an_exact_number_of_samples():
    assert samples_for_verdict(10, 0, 0.05, 0.95) == 59


def test_a_single_sample_over_the_bound_is_not_evidence_enough():
    assert samples_for_verdict(1, 1, 0.05, 0.95) == 2


def test_no_number_of_samples_decides_at_the_bound():
    assert samples_for_verdict(100, 5, 0.05, 0.95) is None


def _over(rng, n, share):
    """How many of ``n`` are over the bound if each is with this probability."""
    return sum(rng.random() < share for _ in range(n))


@pytest.mark.parametrize(("allowed", "n"), [(0.05, 80), (0.05, 400), (0.01, 400)])
def test_twice_the_allowed_share_seldom_passes_and_half_of_it_seldom_fails(allowed, n):
    rng = random.Random(f"{allowed} {n}")
    runs = 600
    passed = failed = 0
    for _ in range(runs):
        passed += proves_kept(n, _over(rng, n, 2 * allowed), allowed, 0.05)
        failed += proves_broken(n, _over(rng, n, allowed / 2), allowed, 0.05)
    assert passed / runs <= 0.05
    assert failed / runs <= 0.05


def test_independent_samples_have_a_design_effect_near_one():
    rng = random.Random(11)
    effects = [design_effect([(50, _over(rng, 50, 0.05)) for _ in range(40)]) for _ in range(50)]
    assert 1 <= sum(effects) / len(effects) < 1.8


@pytest.mark.parametrize(
    ("slices", "effect", "why"),
    [
        ([(10, 1)] * 40, 1.0, "evener than chance is still one for one"),
        ([(10, 0)] * 40, 1.0, "nothing over cannot cluster"),
        ([(10, 10)] * 40, 1.0, "all over cannot cluster"),
        ([], 1.0, "no slices"),
        ([(400, 40)], 1.0, "one stretch cannot vary"),
        ([(0, 0)] * 3 + [(10, 1)] * 40 + [(0, 0)] * 3, 1.0, "empty stretches tell nothing"),
    ],
)
def test_the_design_effect_is_never_below_one(slices, effect, why):
    assert design_effect(slices) == pytest.approx(effect), why


def test_slow_samples_in_one_cluster_have_a_high_design_effect():
    # 40 slices of 10; all 20 that were over fell into two neighbours. In 20 batches of 20: one has 20, nineteen 0.
    slices = [(10, 10 if index in (20, 21) else 0) for index in range(40)]
    between = (19**2 + 19 * 1**2) / 19
    assert design_effect(slices) == pytest.approx(between / (20 * 0.05 * 0.95))


def test_clustered_samples_are_not_judged_as_independent():
    """A shop with occasional stalls and twice the allowed share over the bound."""
    rng = random.Random(5)
    naive = deflated = 0
    for _ in range(300):
        # One second in ten is bad through and through: 10 % over, 5 % allowed.
        slices = [(20, 20 if rng.random() < 0.1 else 0) for _ in range(60)]
        total, over, effect = 1200, sum(x for _, x in slices), design_effect(slices)
        naive += proves_kept(total, over, 0.05, 0.05)
        deflated += proves_kept(total / effect, over / effect, 0.05, 0.05)
    assert naive > 15
    assert deflated <= 15  # 5 % of 300


def test_the_mean_has_students_interval():
    values = [18.0, 22.0, 20.0, 24.0, 16.0]
    mean, either_way = mean_confidence_interval(values, 0.95)
    assert mean == 20.0
    quantile = either_way / (math.sqrt(10) / math.sqrt(5))
    assert stdtr(4, quantile) == pytest.approx(0.95)


# -- samples that come together ----------------------------------------------------------------------------------------


def waves(length, of=36):
    """Slices in waves of this length, every other wave over the median."""
    return [(70, 70 if index // length % 2 else 0) for index in range(of)]


def test_times_that_rise_and_fall_together_have_common_variation():
    chance = random.Random(1)
    calm = [(70, sum(chance.random() < 0.5 for _ in range(70))) for _ in range(36)]
    assert common_variation([calm]) < 3
    assert common_variation([waves(1)]) < common_variation([waves(3)]) < common_variation([waves(9)])
    assert common_variation([]) == common_variation([[(10, 0)] * 5]) == common_variation([[(10, 5)]]) == 0.0


def test_common_variation_weighs_more_with_a_smaller_allowed_share():
    assert design_effect_at(0.05, 0.0) == 1.0
    assert (
        1.0
        < design_effect_at(0.5, 10.0)
        < design_effect_at(0.05, 10.0)
        < design_effect_at(0.01, 10.0)
        < 1 + VARIATION_MARGIN * 10.0
    )


@pytest.mark.parametrize(
    ("total", "over", "effect", "proved", "why"),
    [
        (59, 0, 1.0, True, "without clusters as for independent samples"),
        (58, 0, 1.0, False, "likewise"),
        (
            2_000,
            0,
            39.0,
            True,
            "a hundred samples over in clusters of twenty are five clusters: none of them is no luck",
        ),
        (1_000, 0, 39.0, False, "none of two and a half is"),
        (2_000, 2_000, 39.0, False, "all over"),
    ],
)
def test_clusters_count_not_the_samples_in_them(total, over, effect, proved, why):
    assert proves_kept_in_clusters(total, over, 0.05, 0.05, effect) is proved, why


def test_the_probability_of_few_clusters_agrees_with_simulation():
    chance, size, clusters = random.Random(2), 20.0, 6.0

    def drawn():
        total, gone = 0.0, chance.expovariate(1.0)
        while gone < clusters:
            total += chance.expovariate(1 / size)
            gone += chance.expovariate(1.0)
        return total

    over = 45.0
    share = sum(drawn() <= over for _ in range(4_000)) / 4_000
    total = clusters * size / 0.05
    for alpha, proved in ((share * 1.15, True), (share * 0.85, False)):
        assert proves_kept_in_clusters(total, over, 0.05, alpha, 2 * size - 1) is proved
