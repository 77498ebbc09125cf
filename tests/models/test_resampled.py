"""Resampling: what judges know, what they pick, and what they leave as it is."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from components.config import CopulaConfig, ResampledConfig, TreesConfig
from components.data.table import Matrix, Table
from components.models.catalog import make_model
from components.models.odds_trees import SUREST, OddsTrees, learn_odds
from tests.procedural import mixed_table


def _moons(num_rows: int, rng: np.random.Generator) -> Matrix:
    """Rows on a ring in the first two columns, the third with gaps."""
    angle, noise = rng.uniform(0, 2 * np.pi, num_rows), rng.normal(0, 0.1, (num_rows, 3))
    rows = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(num_rows)]) + noise
    rows[rng.random(num_rows) < 0.3, 2] = np.nan
    return rows


@pytest.fixture(scope="module")
def odds() -> OddsTrees:
    rng = np.random.default_rng(0)
    made = np.column_stack([rng.normal(0, 0.7, (4000, 2)), np.zeros(4000)])
    return learn_odds(_moons(2000, rng), made, rounds=60, min_leaf=20, rng=rng)


def test_real_rows_have_better_odds_than_made_ones(odds: OddsTrees) -> None:
    rng = np.random.default_rng(1)
    ring, centre = odds.log_odds(_moons(500, rng)), odds.log_odds(np.zeros((5, 3)))
    assert np.median(ring) > 1 > -1 > centre.max()
    assert np.abs(ring).max() <= SUREST


def test_the_arrays_say_what_scikit_learn_says() -> None:
    rng = np.random.default_rng(2)
    rows, other = _moons(600, rng), rng.normal(0, 0.7, (600, 3))
    found = learn_odds(rows, other, rounds=5, min_leaf=20, rng=np.random.default_rng(3))
    shuffled = np.random.default_rng(3)
    x = np.concatenate([shuffled.permutation(part) for part in (rows, other)])
    is_real = np.arange(1200) < 600
    part = np.tile(np.arange(600) % 2, 2)
    wanted = np.zeros(50)
    for half in (0, 1):
        judge = HistGradientBoostingClassifier(
            max_iter=5,
            max_depth=8,
            min_samples_leaf=20,
            early_stopping=False,
            random_state=0,
        ).fit(x[part != half], is_real[part != half])
        wanted += judge.decision_function(x[:50]) / 2
    np.testing.assert_allclose(found.log_odds(x[:50]), wanted, atol=1e-9)


def test_judges_of_the_same_kind_of_rows_say_nothing() -> None:
    rng = np.random.default_rng(4)
    found = learn_odds(_moons(400, rng), _moons(400, rng), rounds=50, min_leaf=50, rng=rng)
    assert np.abs(found.log_odds(_moons(100, rng))).max() < 0.5


def test_too_few_rows_for_a_leaf_leave_rows_as_they_are() -> None:
    rng = np.random.default_rng(5)
    found = learn_odds(_moons(20, rng), _moons(20, rng), rounds=50, min_leaf=50, rng=rng)
    assert (found.log_odds(_moons(10, rng)) == 0).all()


def test_rows_are_more_like_real_ones_and_classes_keep_their_shares() -> None:
    table = mixed_table(1500)
    bent = table.frame["age"].sub(45).abs() / 100  # which no copula can follow
    table = Table(table.frame.assign(ratio=bent), table.schema)
    config = ResampledConfig(generator=CopulaConfig())
    judged, plain = make_model(config), make_model(config.generator)
    for model in (judged, plain):
        model.fit(table, seed=0)
    first, second = (model.sample(6000, seed=1) for model in (judged, plain))
    shares = [frame["outcome"].value_counts(normalize=True) for frame in (first, second)]
    assert (shares[0] - shares[1]).abs().max() < 0.03
    off = [
        (frame["age"].sub(45).abs() / 100 - frame["ratio"]).abs().median()
        for frame in (first, second)
    ]
    assert off[0] < 0.7 * off[1]


def test_a_judge_adds_to_the_density_what_it_thinks() -> None:
    table = mixed_table(400)
    model = make_model(ResampledConfig(generator=TreesConfig(crowd=10)))
    model.fit(table, seed=0)
    difference = model.score(table.frame) - model.generator.score(table.frame)  # type: ignore[attr-defined]
    assert np.abs(difference).max() <= SUREST
