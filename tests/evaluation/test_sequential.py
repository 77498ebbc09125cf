import numpy as np
import pytest
from scipy import stats

from components.evaluation.sequential import information, look_levels, normal_levels

FOLDS, NUM_TRIALS = 5, 20_000


def bounds_crossed(levels: tuple[float, ...], *, folds: int = FOLDS, effect: float = 0.0) -> float:
    """How often a trial crosses at some look, its folds going together alike.

    Folds correlate by rho, with rho / (1 - rho) the held-out rows for each training row: what
    Nadeau and Bengio's correction takes for granted.
    """
    rng = np.random.default_rng(7)
    ratio = 1 / (folds - 1)
    rho = ratio / (1 + ratio)
    common = rng.normal(effect, np.sqrt(rho), (NUM_TRIALS, 1))
    seen = common + rng.normal(0, np.sqrt(1 - rho), (NUM_TRIALS, folds * len(levels)))
    crossed = np.zeros(NUM_TRIALS, dtype=bool)
    for look, level in enumerate(levels, start=1):
        part = seen[:, : look * folds]
        error = part.std(axis=1, ddof=1) * np.sqrt(1 / part.shape[1] + ratio)
        crossed |= part.mean(axis=1) - effect > stats.t.isf(level, part.shape[1] - 1) * error
    return float(crossed.mean())


@pytest.mark.parametrize(("folds", "looks"), [(3, 8), (5, 3), (5, 8), (10, 2)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_all_looks_together_err_as_often_as_they_may(folds: int, looks: int, alpha: float) -> None:
    levels = look_levels(alpha, looks, folds=folds, test_to_train=1 / (folds - 1))
    allowed = 4 * np.sqrt(alpha * (1 - alpha) / NUM_TRIALS)
    assert bounds_crossed(levels, folds=folds) == pytest.approx(alpha, abs=allowed)


def test_bounds_at_whatever_look_cover_the_effect() -> None:
    levels = look_levels(0.05, 6, folds=FOLDS, test_to_train=0.25)
    assert bounds_crossed(levels, effect=0.7) == pytest.approx(0.05, abs=0.006)


def test_looking_without_care_errs_too_often() -> None:
    assert bounds_crossed((0.05,) * 6) > 0.07


def test_levels_are_those_of_lan_and_demets() -> None:
    """O'Brien and Fleming's kind at five even looks, one-sided .025 (Jennison and Turnbull)."""
    levels = normal_levels(0.025, (0.2, 0.4, 0.6, 0.8, 1.0))
    known = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    assert stats.norm.isf(levels).tolist() == pytest.approx(known, abs=2e-3)


def test_the_first_look_is_the_strictest() -> None:
    levels = look_levels(0.05, 8, folds=5, test_to_train=0.25)
    assert list(levels) == sorted(levels)
    assert levels[0] < 0.02 < levels[-1] < 0.05


def test_most_information_is_there_after_a_repeat() -> None:
    """At 1 of 2 looks: (1/10 + 1/4) / (1/5 + 1/4)."""
    assert information(2, folds=5, test_to_train=0.25) == pytest.approx((0.35 / 0.45, 1.0))
