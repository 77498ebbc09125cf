"""Any columns asked for, missing cells filled in: what a network of any order can do."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from components.config import AutoregressiveConfig
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table, encode
from components.errors import UserError
from components.models.codes.autoregressive import Autoregressive, most_levels
from components.models.codes.autoregressive_learning import ColumnLessons
from components.models.codes.row_codes import learn_row_codes, to_codes
from components.models.contract import Completer
from components.training.loop import NonFiniteLossError
from tests.models.conftest import fitted_once
from tests.procedural import mixed_table

SMALL = AutoregressiveConfig(hidden_size=64, blocks=2, rate=5e-3, any_order=0.5)


def chain(num_rows: int, seed: int) -> Table:
    """Three columns: `b` is `a` or, one time in ten, its other; `x` is near 10 where `b` is yes."""
    rng = np.random.default_rng(seed)
    a = rng.random(num_rows) < 0.3
    b = a ^ (rng.random(num_rows) < 0.1)
    x = np.round(rng.normal(np.where(b, 10.0, 0.0), 1.0), 1)
    frame = pd.DataFrame({"a": np.where(a, "yes", "no"), "b": np.where(b, "yes", "no"), "x": x})
    levels = {"dtype": "str", "categories": ("no", "yes"), "kind": ColumnKind.CATEGORICAL}
    ends = {"minimum": float(x.min()), "maximum": float(x.max()), "decimals": 1}
    columns = (
        Column(name="a", **levels),
        Column(name="b", **levels),
        Column(name="x", kind=ColumnKind.NUMERICAL, dtype="float64", **ends),
    )
    return Table(frame.astype({"a": "str", "b": "str"}), Schema(columns=columns, target="a"))


@cache
def learned() -> Autoregressive:
    model = Autoregressive(SMALL)
    model.fit(chain(2_000, 0), seed=0)
    return model


def test_conditional_distributions_are_those_of_the_process() -> None:
    given_last = learned().sample(4_000, condition={"b": "yes"}, seed=1)
    assert (given_last["b"] == "yes").all()
    assert (given_last["a"] == "yes").mean() == pytest.approx(0.27 / 0.34, abs=0.05)
    assert given_last["x"].mean() == pytest.approx(10.0, abs=0.4)
    against_the_order = learned().sample(2_000, condition={"x": 10.0}, seed=1)
    assert (against_the_order["x"] == 10.0).all()
    assert (against_the_order["b"] == "yes").mean() > 0.95
    both = learned().sample(2_000, condition={"x": 10.0, "a": "no"}, seed=1)
    assert (both["a"] == "no").all() and (both["b"] == "yes").mean() > 0.9


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"x": 1e6}, "x=1000000.0 is impossible; training rows reach from"),
        ({"x": 0.25}, "1 digits after the point"),
        ({"x": "often"}, "it is no numerical"),
        ({"x": float("nan")}, "not finite"),
        ({"x": None}, "no training row lacks it"),
        ({"b": "maybe"}, "known values: no, yes"),
        ({"c": 1}, "cannot condition on c: these columns are learned: a, b, x"),
    ],
)
def test_an_impossible_condition_is_an_error_at_once(
    condition: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        learned().sample(10**9, condition=condition, seed=0)  # type: ignore[arg-type]


def test_dates_numbers_and_missing_values_can_be_asked_for() -> None:
    model, table = fitted_once("autoregressive"), mixed_table()
    day = table.frame["seen"].dropna().iloc[5]
    rows = model.sample(20, condition={"seen": str(day), "visits": 3, "city": None}, seed=0)
    assert (rows["seen"] == day).all() and (rows["visits"] == 3).all() and rows["city"].isna().all()


def test_first_rows_are_the_same_however_many_follow() -> None:
    many = learned().sample(5_000, seed=4)
    assert_frame_equal(learned().sample(7, seed=4), many[:7])
    assert_frame_equal(learned().sample(3_000, seed=4), many[:3_000])


def test_missing_cells_are_filled_given_the_rest_and_known_ones_kept() -> None:
    truth = chain(3_000, 5).frame
    rng = np.random.default_rng(0)
    gaps = pd.DataFrame(rng.random(truth.shape) < 0.3, columns=truth.columns)
    filled = learned().complete(truth.mask(gaps), seed=0)
    assert not filled.isna().any(axis=None)
    assert filled.dtypes.equals(truth.dtypes)
    for name in truth:
        kept = ~gaps[name]
        assert (filled[name][kept] == truth[name][kept]).all()
    given_b = gaps["x"] & ~gaps["b"]
    error = (filled["x"] - np.where(truth["b"] == "yes", 10.0, 0.0))[given_b]
    assert (error.abs() < 3).mean() > 0.95 and error.abs().median() == pytest.approx(0.67, abs=0.2)
    again = learned().complete(truth.mask(gaps), seed=1)
    assert not again["x"][gaps["x"]].equals(filled["x"][gaps["x"]])


def test_what_no_training_row_has_is_kept_and_tells_nothing() -> None:
    rows = pd.DataFrame({"a": ["maybe", None], "b": ["yes", "yes"], "x": [1e9, np.nan]})
    filled = learned().complete(rows, seed=0)
    assert filled["a"][0] == "maybe" and filled["x"][0] == 1e9
    assert filled["a"][1] in ("yes", "no") and np.isfinite(filled["x"][1])


def test_a_column_that_may_be_missing_is_filled_with_values() -> None:
    model, table = fitted_once("autoregressive"), mixed_table()
    assert isinstance(model, Completer)
    filled = model.complete(table.frame, seed=0)
    assert not filled.isna().any(axis=None)
    assert list(filled["id"]) == list(table.frame["id"])


def test_killed_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"steps": 60, "checkpoint_seconds": 0.0})
    whole = Autoregressive(config)
    whole.fit(chain(300, 1), seed=0)

    class Killed(Exception):
        pass

    def kill(step: int, metrics: object) -> None:
        if step >= 40:
            raise Killed

    with pytest.raises(Killed):
        Autoregressive(config).fit(chain(300, 1), seed=0, log=kill, checkpoint_dir=tmp_path)
    resumed = Autoregressive(config)
    resumed.fit(chain(300, 1), seed=0, checkpoint_dir=tmp_path)
    assert_frame_equal(resumed.sample(200, seed=0), whole.sample(200, seed=0))


def test_divergence_is_told() -> None:
    config = SMALL.model_copy(update={"rate": 1e38, "steps": 80})
    with pytest.raises(NonFiniteLossError):
        Autoregressive(config).fit(chain(300, 1), seed=0)


def test_training_ends_before_rows_are_learned_by_heart() -> None:
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(200, 6)), columns=list("abcdef")).round(3)
    columns = tuple(
        Column(
            name=name,
            kind=ColumnKind.NUMERICAL,
            dtype="float64",
            minimum=float(noise[name].min()),
            maximum=float(noise[name].max()),
            decimals=3,
        )
        for name in noise
    )
    table = Table(noise, Schema(columns=columns, target="a"))
    model = Autoregressive(AutoregressiveConfig())
    model.fit(table, seed=0)
    fresh = pd.DataFrame(rng.normal(size=(200, 6)), columns=list("abcdef")).round(3)
    fresh = fresh.clip(noise.min(), noise.max(), axis=1)
    advantage = (model.score(noise)[:, None] > model.score(fresh)[None, :]).mean()
    assert 0.35 < advantage < 0.68
    assert len(encode(model.sample(10, seed=0), table.schema)) == 10


def independent(num_rows: int, seed: int) -> Table:
    """Four columns of noise: whatever one tells of another is chance."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(num_rows, 4)), columns=list("abcd")).round(2)
    columns = tuple(
        Column(
            name=name,
            kind=ColumnKind.NUMERICAL,
            dtype="float64",
            minimum=float(frame[name].min()),
            maximum=float(frame[name].max()),
            decimals=2,
        )
        for name in frame
    )
    return Table(frame, Schema(columns=columns, target="a"))


def lessons(config: AutoregressiveConfig, num_rows: int) -> tuple[ColumnLessons, torch.Tensor]:
    """What learns so many rows of noise, and 100 rows that it does not see."""
    table = independent(num_rows + 100, 0)
    columns = learn_row_codes(table.matrix, table.schema, crowd=10, most=32)
    codes = torch.from_numpy(to_codes(table.matrix, columns))
    return ColumnLessons(config, columns, codes[:num_rows], range(4), 0), codes[num_rows:]


def test_the_gap_has_its_price() -> None:
    config = AutoregressiveConfig(hidden_size=16, weight_decay=0.0, gap_weight=0.0)
    learner, unseen = lessons(config, 300)
    for _ in range(150):
        learner.step(0.0)
    surprise = learner.surprise_of(unseen)
    gap = surprise - learner.surprise_of(learner.codes[:100])
    assert gap > 0.1  # rows are learned by heart
    assert learner.judged(unseen) == surprise
    learner.config = config.model_copy(update={"gap_weight": 2.0})
    assert learner.judged(unseen) == pytest.approx(surprise + 2.0 * gap)


def test_fewer_rows_are_drawn_more_to_independent_columns() -> None:
    config = AutoregressiveConfig(hidden_size=16, weight_decay=2.0)
    for num_rows, decays in ((4_000, [0.0, 2.0, 20.0]), (1_000, [0.0, 8.0, 80.0])):
        groups = lessons(config, num_rows)[0].learner.optimiser.param_groups
        assert sorted(group["weight_decay"] for group in groups) == pytest.approx(decays)


def test_fewer_rows_have_fewer_levels() -> None:
    for num_rows, levels in ((1_000, 40), (8_000, 80), (10**6, 128)):
        assert most_levels(AutoregressiveConfig(), num_rows) == levels
    few = Autoregressive(AutoregressiveConfig(steps=1, crowd=1))
    few.fit(independent(125, 0), seed=0)
    assert max(column.num_levels for column in few.columns_) <= 20
