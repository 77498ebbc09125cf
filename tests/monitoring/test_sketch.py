"""Sketches add up, in any order, to that of all rows; and what is kept of the rows is bounded."""

import json
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.data.batches import frame_batches
from components.errors import UserError
from components.monitoring.reference import Reference, make_reference, reference_name
from components.monitoring.sampled import RowSample
from components.monitoring.season import ALL_YEAR, Period, Season
from components.monitoring.sketch import Batch, TableSketch, standardised
from components.monitoring.unseen import MOST_KEPT, CategoryCounts
from tests.procedural import mixed_frame, mixed_table

TABLE = mixed_table(600)
DAYS = Season(period=Period.DAY_OF_WEEK, column="seen")


def reference(season: Season = ALL_YEAR) -> Reference:
    return make_reference(frame_batches(TABLE.frame), TABLE.schema, season)


def plain(sketch: TableSketch) -> str:
    """Everything in a sketch, as text."""
    columns = {
        name: [
            *(getattr(c, part).tolist() for part in ("counts", "missing", "sums", "squares")),
            [c.smallest, c.largest, sorted(c.unseen.counts.items()), c.unseen.total, str(c.faults)],
        ]
        for name, c in sketch.columns.items()
    }
    return json.dumps([sketch.rows.tolist(), columns])


def odd_frame() -> pd.DataFrame:
    """Rows with everything that a sketch has to count."""
    frame = mixed_frame(400, seed=3)
    city = frame["city"].mask(frame.index % 7 == 0, [f"new {i % 30}" for i in range(400)])
    ratio = frame["ratio"].mask(frame.index == 5, np.inf)
    return frame.assign(city=city, ratio=ratio, age=frame["age"] + (frame.index % 50 == 0) / 2)


@pytest.mark.parametrize("season", [ALL_YEAR, DAYS])
def test_adding_is_associative_and_commutative_to_the_bit(season: Season) -> None:
    sketcher, frame = reference(season).sketcher(), odd_frame()
    whole = plain(sketcher.sketch(frame)[0])
    rng = np.random.default_rng(0)
    for _ in range(8):
        order = rng.permutation(len(frame))
        cuts = np.sort(rng.integers(0, len(frame), rng.integers(1, 6)))
        parts = [sketcher.sketch(frame.iloc[rows])[0] for rows in np.split(order, cuts)]
        assert plain(reduce(add, parts)) == whole
        assert plain(parts[0] + reduce(add, parts[1:])) == whole
        assert plain(reduce(add, reversed(parts))) == whole


def test_the_counts_are_those_of_the_rows() -> None:
    found = reference()
    sketch = found.sketcher().sketch(odd_frame())[0]
    age, city = sketch.columns["age"], sketch.columns["city"]
    values = odd_frame()["age"].to_numpy()
    edges = [-np.inf, *found.levels["age"].edges, np.inf]  # type: ignore[union-attr]
    by_hand = [int(((values > a) & (values <= b)).sum()) for a, b in zip(edges, edges[1:])]  # noqa: B905, RUF007
    assert age.counts.sum(axis=0).tolist() == by_hand
    mean, spread = standardised(float(age.sums.sum()), float(age.squares.sum()), len(values))
    old = TABLE.frame["age"].to_numpy(dtype=float)
    assert mean == pytest.approx((values.mean() - old.mean()) / old.std(), abs=1e-3)
    assert spread == pytest.approx(values.std() / old.std(), abs=1e-3)
    assert (age.faults.fraction, sketch.columns["ratio"].faults.num_infinite) == (
        values[values % 1 != 0].min(),
        1,
    )
    unseen = odd_frame()["city"].str.startswith("new ").sum()
    assert city.unseen.total == unseen and city.missing.sum() == odd_frame()["city"].isna().sum()


def test_categories_beyond_those_kept_are_dropped_alike_in_any_order() -> None:
    rng = np.random.default_rng(1)
    names = [f"c{i}" for i in range(3 * MOST_KEPT)]
    parts = [
        CategoryCounts.of({n: int(rng.integers(1, 9)) for n in rng.choice(names, 900)})
        for _ in range(5)
    ]
    forth, back = reduce(add, parts), reduce(add, reversed(parts))
    assert forth == back and len(forth.counts) == MOST_KEPT
    assert forth.total == sum(part.total for part in parts)
    for name, count in list(forth.counts.items())[:50]:
        assert count == sum(part.counts.get(name, 0) for part in parts)


@pytest.mark.parametrize("season", [ALL_YEAR, DAYS])
def test_the_reference_is_json_and_back_and_names_no_rare_category(
    tmp_path: Path, season: Season
) -> None:
    rare = TABLE.frame.assign(city=TABLE.frame["city"].mask(TABLE.frame.index == 7, "Secretville"))
    schema = TABLE.schema.model_copy(
        update={
            "columns": tuple(
                c.model_copy(update={"categories": (*c.categories, "Secretville")})
                if c.name == "city"
                else c
                for c in TABLE.schema.columns
            )
        }
    )
    found = make_reference(frame_batches(rare), schema, season)
    path = tmp_path / "sketches" / reference_name("content", season)
    found.save(path)
    again = Reference.load(path, schema)
    assert "Secretville" not in path.read_text() and "AB-0001x" not in path.read_text()
    assert again.levels == found.levels and again.once["city"] == found.once["city"] == 1
    assert (again.num_rows, again.ordered, again.season) == (600, found.ordered, season)
    current = mixed_frame(100, 1)
    one, two = (each.sketcher().sketch(current)[0] for each in (found, again))
    assert plain(one) == plain(two)
    for name, column in found.sketch.columns.items():
        assert (again.sketch.columns[name].counts == column.counts).all()


def test_a_reference_is_kept_by_content_and_season() -> None:
    names = {reference_name(c, s) for c in ("a", "b") for s in (ALL_YEAR, DAYS)}
    assert len(names) == 4


def batches_of(matrix: np.ndarray, size: int) -> list[Batch]:
    parts = [matrix[i : i + size] for i in range(0, len(matrix), size)]
    return [Batch(("x", "y"), part, np.zeros(len(part), dtype=np.intp)) for part in parts]


def test_a_sample_is_bounded_and_does_not_depend_on_the_cuts() -> None:
    matrix = np.arange(20_000.0).reshape(-1, 2)
    found = []
    for size in (10_000, 999, 137):
        sample = RowSample(500)
        for batch in batches_of(matrix, size):
            sample.add(len(batch.matrix), batch.take)
        found.append(sample.rows().matrix)
    assert all((rows == found[0]).all() for rows in found) and found[0].shape == (500, 2)
    assert abs(found[0][:, 0].mean() / matrix[:, 0].mean() - 1) < 0.1
    few = RowSample(500)
    few.add(400, batches_of(matrix[:400], 400)[0].take)
    assert (few.rows().matrix == matrix[:400]).all()


def test_a_season_is_told_by_a_datetime_column() -> None:
    with pytest.raises(UserError, match=r"'age' is integer; the day of week is told by a datetime"):
        reference(Season(period=Period.DAY_OF_WEEK, column="age"))
    with pytest.raises(UserError, match=r"time column 'seen' without a period"):
        reference(Season(column="seen"))
    micros = np.array([np.datetime64(f"2024-01-0{d}T0{d}:00", "us").astype(float) for d in (1, 7)])
    assert DAYS.phases(np.append(micros, np.nan)).tolist() == [0, 6, 7]
    hours = Season(period=Period.HOUR_OF_DAY, column="seen")
    assert hours.phases(micros).tolist() == [1, 7]
