import numpy as np
import pytest

from components.errors import UserError
from components.evaluation.features import Rows, linear_form, rows_of, task_of
from components.evaluation.learners import LEARNERS, fit_learner
from components.evaluation.scores import all_scores, main_score
from tests.evaluation.samplers import mixed_split
from tests.procedural import columns_table, mixed_table


def test_positive_is_the_rarer_class() -> None:
    table = mixed_table(200, target="is_member")
    share = table.frame["is_member"].mean()
    task = task_of(table)
    assert task.positive == (1 if share < 0.5 else 0)
    assert task_of(mixed_table(200)).positive is None
    assert task_of(mixed_table(200, target="ratio")).main == "r2"


def test_identifiers_constants_and_the_target_are_no_features() -> None:
    table = mixed_table(50)
    assert rows_of(table, task_of(table)).x.shape == (50, 8)


def test_unknown_categories_are_missing_features_and_dropped_targets() -> None:
    train, test, _ = mixed_split()
    frame = test.frame.astype({"city": object, "outcome": object})
    frame.loc[:4, "city"] = "Erfurt"
    frame.loc[:2, "outcome"] = "unknown"
    rows = rows_of(type(test)(frame, test.schema), task_of(train))
    assert len(rows) == len(test) - 3
    assert np.isnan(rows.x[:2]).any(axis=1).all()


def test_linear_form_has_no_gaps() -> None:
    table = mixed_table(120)
    task = task_of(table)
    rows = rows_of(table, task)
    form = linear_form(rows.x[:60], task.discrete).apply(rows.x)
    assert np.isfinite(form).all()


def test_one_class_is_refused() -> None:
    table = mixed_table(60)
    won = table.take(np.flatnonzero(table.frame["outcome"] == "won"))
    with pytest.raises(UserError, match=r"outcome.*one class"):
        task_of(won)
    with pytest.raises(UserError, match="no column besides the target"):
        task_of(columns_table(table, ["outcome"], target="outcome"))


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("target", ["outcome", "is_member", "ratio"])
def test_learners_learn_and_repeat(learner: str, target: str) -> None:
    train, test, _ = mixed_split(target=target)
    task = task_of(train)
    rows, held = rows_of(train, task), rows_of(test, task)
    found = [fit_learner(learner, rows, task, seed=1)(held.x) for _ in range(2)]
    assert np.array_equal(found[0], found[1])
    chance = 0.5 if task.num_classes else 0.0
    assert main_score(held.y, found[0], task)[0] > chance + 0.1
    assert np.isfinite(list(all_scores(held.y, found[0], task).values())).all()


def test_a_single_class_gives_a_constant() -> None:
    table = mixed_table(60)
    task = task_of(table)
    one = Rows(np.zeros((5, 8)), np.ones(5))
    assert fit_learner("forest", one, task, seed=0)(np.zeros((2, 8))).tolist() == [[0, 1, 0]] * 2


def test_influences_predict_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    table = mixed_table(60, target="ratio")
    y = rng.normal(size=400)
    predictions = y + rng.normal(0, 0.7, 400)
    task = task_of(table)
    _, influence = main_score(y, predictions, task)
    draws = [rng.integers(400, size=400) for _ in range(400)]
    spread = np.std([main_score(y[d], predictions[d], task)[0] for d in draws])
    assert np.sqrt((influence**2).sum()) / 400 == pytest.approx(spread, rel=0.15)
