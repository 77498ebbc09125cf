import numpy as np
import pytest
from scipy import stats

from components.evaluation.statistics import (
    auc_influence,
    auc_interval,
    bootstrap_interval,
    corrected_interval,
    mean_interval,
    robust_spread,
    share_interval,
    standard_error,
)


def test_auc_counts_ties_a_half() -> None:
    labels = np.array([True, True, False, False])
    assert auc_influence(labels, np.array([1.0, 0.0, 0.0, 0.0]))[0] == 0.75


def test_delong_matches_its_definition() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(60) < 0.4
    scores = rng.normal(labels * 1.0)
    auc, influence = auc_influence(labels, scores)
    wins = scores[labels][:, None] > scores[~labels]
    variance = wins.mean(1).var(ddof=1) / labels.sum() + wins.mean(0).var(ddof=1) / (~labels).sum()
    assert auc == pytest.approx(wins.mean())
    assert standard_error(influence) == pytest.approx(np.sqrt(variance))


def test_auc_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(1)
    truth, missed = stats.norm.cdf(1 / np.sqrt(2)), 0
    for _ in range(300):
        labels = np.repeat([False, True], 60)
        found = auc_interval(labels, rng.normal(labels * 1.0), confidence=0.95)
        missed += found.low > truth
    assert 0.02 < missed / 300 < 0.09


def test_shares_have_exact_intervals() -> None:
    two_sided = share_interval(7, 50, confidence=0.95, sides=2)
    assert two_sided.low == pytest.approx(0.0582, abs=1e-4)
    assert two_sided.high == pytest.approx(0.2674, abs=1e-4)
    assert share_interval(50, 50, confidence=0.95).high == 1.0


def test_corrected_interval_is_wider_than_the_naive_one() -> None:
    differences = np.array([0.01, -0.01, 0.03, 0.02])
    naive = mean_interval(differences, confidence=0.95)
    corrected = corrected_interval(differences, test_to_train=0.25, confidence=0.95)
    ratio = (corrected.high - corrected.value) / (naive.high - naive.value)
    assert ratio == pytest.approx(np.sqrt((0.25 + 0.25) / 0.25))


def test_equal_differences_have_no_width() -> None:
    found = corrected_interval(np.full(10, 0.5), test_to_train=0.25, confidence=0.95)
    assert (found.low, found.high) == (0.5, 0.5)


def test_bootstrap_repeats_and_resembles_the_normal_interval() -> None:
    sample = np.random.default_rng(2).normal(size=400)
    runs = [
        bootstrap_interval(lambda x: float(x.mean()), sample, confidence=0.95, seed=3)
        for _ in range(2)
    ]
    normal = mean_interval(sample, confidence=0.95)
    assert runs[0] == runs[1]
    assert runs[0].low == pytest.approx(normal.low, abs=0.02)


def test_neither_outliers_nor_spikes_widen_the_robust_spread() -> None:
    normal = np.random.default_rng(0).normal(50.0, 10.0, 1_000)
    assert robust_spread(normal) == pytest.approx(normal.std())
    assert robust_spread(np.append(normal, [1e6, np.nan])) == pytest.approx(normal.std(), rel=0.02)
    spiked = np.append(np.zeros(4_000), normal)
    assert robust_spread(spiked) == pytest.approx(normal.std())
    assert robust_spread(np.append(spiked, 1e6)) == pytest.approx(normal.std(), rel=0.02)
    flags = np.repeat([0.0, 1.0, 1e6], [600, 399, 1])
    assert robust_spread(flags) == 1.0
    assert robust_spread(np.full(3, 7.0)) == robust_spread(np.full(3, np.nan)) == 0.0
