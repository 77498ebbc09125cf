"""Rows drawn a part at a time: the same rows, whatever the parts, and identifiers stay distinct."""

from itertools import islice

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from components.data.identifiers.patterns import MOST_DRAWN, numbered_identifiers
from components.data.schema import Column, ColumnKind
from components.errors import UserError
from components.models.contract import Streamer, TabularModel
from components.models.streaming import CHUNK, chunk_rng, chunk_sizes, stream
from tests.models.conftest import NAMES, fitted_once
from tests.procedural import mixed_table

MANY = CHUNK + 3_000
IN_A_HURRY = ("trees", "ctgan")
"""Of the others, so many rows are drawn in the tests that are slow."""


class Copier:
    """A generator that knows nothing of parts."""

    schema_ = mixed_table(100).schema

    def sample(self, num_rows: int, *, condition: object = None, seed: int) -> pd.DataFrame:
        return mixed_table(num_rows, seed).frame


@pytest.fixture
def fitted(model_name: str) -> TabularModel:
    return streamer(model_name)


@pytest.fixture(
    params=[pytest.param(n, marks=[] if n in IN_A_HURRY else [pytest.mark.slow]) for n in NAMES]
)
def of_many(request: pytest.FixtureRequest) -> str:
    """The name of each registered model in turn, for tests that draw many rows."""
    return str(request.param)


def streamer(name: str) -> TabularModel:
    model = fitted_once(name)
    if not isinstance(model, Streamer):
        pytest.skip("its rows come all at once")
    return model


@pytest.mark.parametrize("batch", [CHUNK, pytest.param(50_000, marks=[pytest.mark.slow])])
def test_the_rows_are_those_of_sample_whatever_the_batch(of_many: str, batch: int) -> None:
    fitted = streamer(of_many)
    frames = list(stream(fitted, MANY, seed=3, batch=batch))
    assert [len(frame) for frame in frames] == chunk_sizes(MANY, batch)
    assert all(frame.index.equals(pd.RangeIndex(len(frame))) for frame in frames)
    whole = fitted.sample(MANY, seed=3)
    assert_frame_equal(pd.concat(frames, ignore_index=True), whole)
    assert whole["id"].is_unique and set(whole["id"].str.len()) == {8}


def test_rows_of_other_numbers_begin_alike(of_many: str) -> None:
    fitted = streamer(of_many)
    first, of_more, alone = (
        next(stream(fitted, num_rows, seed=3)).drop(columns="id")
        for num_rows in (2 * CHUNK, 10**7, CHUNK)
    )
    assert_frame_equal(first, of_more)
    same = 130_000 if of_many == "ctgan" else CHUNK  # its last batch of fewer is another one
    assert_frame_equal(first[:same], alone[:same])


def test_no_two_chunks_are_alike(of_many: str) -> None:
    first, second = islice(stream(streamer(of_many), 2 * CHUNK, seed=3), 2)
    assert (first["ratio"] != second["ratio"]).mean() > 0.5


def test_conditions_hold_in_every_part_and_progress_is_told(of_many: str) -> None:
    told: list[int] = []
    given = {"outcome": "won"}
    fitted = streamer(of_many)
    frames = stream(fitted, MANY, condition=given, seed=0, batch=40_000, told=told.append)
    assert all((frame["outcome"] == "won").all() for frame in frames)
    assert told == sorted(told) and len(told) > 1 and told[-1] == MANY


def test_conditions_hold_in_a_part_and_impossible_ones_are_refused(fitted: TabularModel) -> None:
    frames = list(stream(fitted, 700, condition={"outcome": "won"}, seed=0, batch=300))
    assert [len(frame) for frame in frames] == [300, 300, 100]
    assert all((frame["outcome"] == "won").all() for frame in frames)
    with pytest.raises(UserError, match="nowhere"):
        stream(fitted, 10**12, condition={"nowhere": 1}, seed=0)


@pytest.mark.parametrize("num_rows", [0, 1, 7])
def test_few_rows_are_one_frame(fitted: TabularModel, num_rows: int) -> None:
    frames = list(stream(fitted, num_rows, seed=0))
    assert [len(frame) for frame in frames] == [num_rows]
    assert_frame_equal(frames[0], fitted.sample(num_rows, seed=0))


def test_a_generator_without_parts_is_cut() -> None:
    frames = list(stream(Copier(), 25, seed=1, batch=10))  # type: ignore[arg-type]
    assert [len(frame) for frame in frames] == [10, 10, 5]
    assert_frame_equal(pd.concat(frames, ignore_index=True), mixed_table(25, 1).frame)


def test_the_first_chunk_has_the_random_numbers_of_the_seed_itself() -> None:
    assert chunk_rng(5, 0).random() == np.random.default_rng(5).random()
    firsts = [chunk_rng(seed, number).random() for seed in range(4) for number in range(4)]
    assert len(set(firsts)) == 16


@pytest.mark.parametrize(
    ("example", "pattern"),
    [
        ("AB-0001x", r"[A-Z]{2}-\d{4}[a-z]"),
        ("7f3a-99", r"\d[a-z]\d[a-z]-\d\d(-\d+)?"),
        ("x", r"[a-z]-\d+"),
        ("#", r"#-\d+"),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", r"[a-z\d-]{36}"),
    ],
)
def test_identifiers_are_distinct_over_all_parts(example: str, pattern: str) -> None:
    column = Column(name="id", kind=ColumnKind.IDENTIFIER, dtype="str", example=example)
    total = MOST_DRAWN + 5_000

    def made(rows: range) -> pd.Series:
        return numbered_identifiers(column, rows, total, np.random.default_rng(1))

    whole = made(range(total))
    assert whole.is_unique and whole.str.fullmatch(pattern).all()
    assert made(range(70_000, 70_010)).tolist() == whole[70_000:70_010].tolist()
    used = whole.str[0].nunique()
    assert used == 1 or used in (10, 26)


def test_numbers_go_on() -> None:
    column = Column(name="id", kind=ColumnKind.IDENTIFIER, dtype="int64", example=9)
    rows = numbered_identifiers(column, range(10, 13), 10**6, np.random.default_rng(1))
    assert rows.tolist() == [11, 12, 13]
