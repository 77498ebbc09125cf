import numpy as np
import pandas as pd
import pytest

from components.data.table import Table
from components.evaluation.fidelity.missingness import patterns
from components.evaluation.fidelity.rare_levels import rare_error
from components.evaluation.fidelity.rates import above_noise, rate_error
from components.evaluation.fidelity.shape import total_variation
from components.evaluation.fidelity.tails import Tail, tail_error
from tests.evaluation.samplers import case_of, measure, mixed_split, process_table, values


def test_slopes_are_those_of_the_error() -> None:
    real, other, step = np.array([0.02, 0.01, 0.03]), np.array([0.01, 0.04, 0.02]), 1e-7
    found = rate_error(real, other)
    for place in range(3):
        nudge = np.eye(3)[place] * step
        by_real = (rate_error(real + nudge, other).value - found.value) / step
        by_other = (rate_error(real, other + nudge).value - found.value) / step
        assert found.by_real[place] == pytest.approx(by_real, rel=1e-4)
        assert found.by_other[place] == pytest.approx(by_other, rel=1e-4)


@pytest.mark.parametrize("num_levels", [3, 30, 300])
def test_equal_processes_are_no_further_apart_than_noise(num_levels: int) -> None:
    plain, corrected = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shares = rng.dirichlet(np.ones(num_levels))
        sides = [rng.choice(num_levels, 400, p=shares) for _ in range(2)]
        plain.append(total_variation(*sides).value)
        corrected.append(above_noise(*sides).value)
    assert np.mean(corrected) < 0.3 * np.mean(plain)


def test_influences_give_the_spread_of_fresh_draws() -> None:
    def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        return rng.normal(size=(2000, 1)), rng.normal(0, 1.3, size=(2000, 1))

    tail = Tail(0, 1.645, True)
    found = [tail_error(tail, *drawn(seed)) for seed in range(60)]
    claimed = np.sqrt(found[0].real.var() / 2000 + found[0].synthetic.var() / 2000)
    assert claimed == pytest.approx(np.std([f.value for f in found]), rel=0.3)


def test_clipped_tails_are_found_and_named() -> None:
    train, test, fresh = (process_table(1200, seed) for seed in (0, 1, 2))
    edge = float(train.frame["x3"].quantile(0.9))
    cut = Table(fresh.frame.assign(x3=fresh.frame["x3"].clip(upper=edge)), train.schema)
    fair, worse = (measure("tails", case_of(train, test, t)).measurements[0] for t in (fresh, cut))
    assert fair.reference == pytest.approx(fair.value, abs=0.05)
    assert worse.value - fair.value == pytest.approx(2 / 40, abs=0.02)
    assert "high end of x3 (1.0% of training and 0.0% of synthetic values)" in worse.meaning


def test_rare_levels_by_hand() -> None:
    real = np.repeat([0.0, 1.0, 2.0, np.nan], [90, 4, 2, 4])
    twice = np.repeat([0.0, 1.0, 2.0], [88, 8, 4])
    found = rare_error(real, twice)
    assert found is not None and found.value == pytest.approx(0.5)
    assert rare_error(np.repeat([0.0, 1.0], 50), twice) is None


def test_categories_unheard_of_are_counted() -> None:
    train, test, more = mixed_split(extra=200)
    frame = more.frame.astype({"city": object})
    frame.loc[:49, "city"] = "Erfurt"
    found = measure("rare_levels", case_of(train, test, Table(frame, train.schema)))
    assert values(found)["novel_levels"] == 0.25


def test_gaps_that_go_together_are_a_pattern() -> None:
    together = np.repeat([[True, True], [False, False]], 50, axis=0)
    apart = np.vstack([together[::2], together[::2] ^ [False, True]])
    codes = patterns([together, apart])
    assert total_variation(*codes).value == 0.5
    train, test, more = mixed_split(extra=200)
    filled = more.frame.assign(amount=more.frame["amount"].fillna(1.0))
    found = measure("missingness", case_of(train, test, Table(filled, train.schema)))
    assert values(found)["missingness_error"] == pytest.approx(0.15, abs=0.05)
    assert "amount" in found.measurements[0].meaning
    whole = process_table(100, 0)
    assert measure("missingness", case_of(whole, whole, whole)).measurements == ()


def test_dates_moved_to_weekdays_are_seen() -> None:
    train, test, more = mixed_split(600, 400, extra=600)
    days = more.frame["seen"].dt.weekday
    moved = more.frame["seen"] - pd.to_timedelta((days - 4).clip(lower=0).fillna(0), unit="D")
    changed = Table(more.frame.assign(seen=moved), train.schema)
    fair, off = (
        measure("periods", case_of(train, test, t)).measurements[0] for t in (more, changed)
    )
    assert fair.value < 0.05 < off.value
    assert "the weekday of seen" in off.meaning
