"""Decay and bake windows: planted losses are found, noise is not, few rows say so."""

import numpy as np
import pandas as pd
import pytest

from components.config import Purpose
from components.data.preparation import prepare_table
from components.data.table import Table
from components.evaluation.difference import Difference
from components.evaluation.live.bake import Bake, Outcome, compare_champions, judge_bake
from components.evaluation.live.decay import Decay, Margins, measure_decay

MARGINS = Margins(lift=0.02, level=0.05, news=0.02)


def rows(num_rows: int, seed: int, *, turned: bool = False, noise: float = 0.3) -> pd.DataFrame:
    """Two numbers, and whether the first one is large; `turned`: whether the second one is."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(num_rows, 2))
    ill = x[:, 1 if turned else 0] + noise * rng.normal(size=num_rows) > 0
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "ill": np.where(ill, "yes", "no")})


TRAIN = prepare_table(rows(600, 1), "ill")
TEST = Table(rows(400, 2), TRAIN.schema)


def decay(live: pd.DataFrame, synthetic: pd.DataFrame, purpose: Purpose) -> Decay | str:
    return measure_decay(
        TRAIN,
        TEST,
        [Table(live, TRAIN.schema)],
        synthetic=synthetic,
        purpose=purpose,
        margins=MARGINS,
        seed=0,
    )


@pytest.mark.parametrize("purpose", [Purpose.AUGMENTATION, Purpose.SHARING])
def test_more_rows_of_the_same_kind_show_no_decay(purpose: Purpose) -> None:
    found = decay(rows(400, 3), rows(600, 4), purpose)
    assert isinstance(found, Decay) and not found.has_decayed
    assert found.lift.before == pytest.approx(0, abs=0.02) and found.level.now > 0.9


def test_a_world_that_turned_shows_in_the_level_and_in_what_new_rows_add() -> None:
    found = decay(rows(400, 3, turned=True), rows(600, 4), Purpose.SHARING)
    assert isinstance(found, Decay) and found.level.has_decayed and found.news is not None
    assert found.news.has_decayed and found.news.value > 0.1
    assert found.level.now == pytest.approx(0.5, abs=0.1) and not found.lift.has_decayed
    assert found.reason.startswith("its benefit decayed on 400 new rows: ROC AUC, level 0.")
    assert "; with new rows 0." in found.reason and " without (+0." in found.reason


def test_rows_that_help_there_and_harm_here_show_in_the_lift() -> None:
    """The real rows know both worlds, the synthetic ones the old one alone."""
    both = pd.concat([rows(300, 1), rows(300, 2, turned=True)], ignore_index=True)
    found = measure_decay(
        prepare_table(both, "ill"),
        TEST,
        [Table(rows(400, 3, turned=True), TRAIN.schema)],
        synthetic=rows(600, 4),
        purpose=Purpose.SHARING,
        margins=MARGINS,
        seed=0,
    )
    assert isinstance(found, Decay) and found.lift.has_decayed and found.lift.before > 0


def test_a_world_that_became_harder_is_no_news() -> None:
    windows = [Table(rows(300, seed, noise=2.0), TRAIN.schema) for seed in (7, 8, 9)]
    found = measure_decay(
        TRAIN,
        TEST,
        windows,
        synthetic=rows(600, 4),
        purpose=Purpose.SHARING,
        margins=Margins(lift=None, level=None, news=0.02),
        seed=0,
    )
    assert isinstance(found, Decay) and not found.has_decayed
    assert found.level.value < -0.15 and found.news is not None
    assert found.news.value == pytest.approx(0, abs=0.05)


def test_too_few_rows_say_so() -> None:
    assert decay(rows(40, 3), rows(600, 4), Purpose.SHARING) == (
        "40 labelled rows are new; at least 50 are needed"
    )
    one_class = rows(60, 3).assign(ill="yes")
    assert "fewer than two classes" in str(decay(one_class, rows(600, 4), Purpose.SHARING))


def compared(champion: pd.DataFrame, before: pd.DataFrame) -> Difference | str:
    return compare_champions(
        TRAIN, TEST, champion=champion, before=before, purpose=Purpose.SHARING, seed=0
    )


def test_a_champion_made_worse_on_purpose_is_worse_at_the_first_look() -> None:
    bad = rows(600, 5).assign(ill=lambda frame: frame["ill"].sample(frac=1, random_state=0).values)
    found = compared(bad, rows(600, 4))
    assert isinstance(found, Difference)
    assert judge_bake([found], looks=4, margin=0.01).outcome is Outcome.WORSE
    turned = compared(rows(600, 4), bad)
    assert isinstance(turned, Difference) and turned.value == pytest.approx(-found.value)
    assert judge_bake([turned], looks=4, margin=0.01).outcome is Outcome.WATCHED


def test_other_columns_are_told() -> None:
    assert compared(rows(600, 4), rows(600, 4).assign(c=1)) == (
        "the champion before has other columns (c)"
    )


def test_differences_are_pooled_by_their_rows() -> None:
    found = [Difference(0.9, 0.8, 0.03, 300), Difference(0.8, 0.8, 0.05, 100)]
    bake = judge_bake(found, looks=2, margin=0.01)
    assert bake.loss == pytest.approx(0.075) and bake.num_rows == 400
    error = np.sqrt((0.75 * 0.03) ** 2 + (0.25 * 0.05) ** 2)
    assert (bake.loss - bake.low) / error == pytest.approx(1.662, abs=0.002)
    assert bake.outcome is Outcome.WORSE


def test_one_look_of_one_is_the_plain_test() -> None:
    bake = judge_bake([Difference(0.8, 0.8, 0.01, 100)], looks=1, margin=0.01)
    assert bake.low == pytest.approx(-0.01645, abs=1e-4) and bake.outcome is Outcome.CONFIRMED


def test_a_bake_says_what_was_looked_at() -> None:
    bake = judge_bake([Difference(0.8, 0.8, 0.01, 1_000)], looks=1, margin=0.01, unit="image")
    assert "is lost on 1,000 images of 1 of 1 looks" in bake.reason


def test_an_equal_champion_is_rolled_back_in_at_most_a_twentieth_of_bake_windows() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(0.01, 0.02, (1_000, 4))
    rolled_back = 0
    for looks in draws:
        found = [Difference(0.8 + value, 0.8, 0.02, 300) for value in looks]
        bakes = (judge_bake(found[: k + 1], looks=4, margin=0.01) for k in range(4))
        rolled_back += any(bake.outcome is Outcome.WORSE for bake in bakes)
    assert 0.03 < rolled_back / len(draws) < 0.06


def test_the_reason_has_the_figures() -> None:
    bake = judge_bake([Difference(0.9, 0.6, 0.02, 300)], looks=4, margin=0.01)
    assert isinstance(bake, Bake) and bake.reason == (
        "worse on live rows than the champion before: +0.300 is lost on 300 rows of 1 of 4 looks, "
        f"at least {bake.low:+.3f} with 95% confidence over all looks; +0.010 is allowed"
    )


def test_a_target_of_one_value_is_a_reason_not_an_error() -> None:
    train = prepare_table(rows(200, 1), "a")
    varied, constant = (rows(200, 2), rows(200, 2).assign(a=1.0))
    for test, live, said in (
        (varied, constant, "all new rows have one value of the target"),
        (constant, varied, "all test rows have one value of the target"),
    ):
        found = measure_decay(
            train,
            Table(test, train.schema),
            [Table(live, train.schema)],
            synthetic=rows(200, 3),
            purpose=Purpose.SHARING,
            margins=MARGINS,
            seed=0,
        )
        assert found == said
