from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.evaluation.copies import count_copies
from tests.evaluation.samplers import Marginals, case_of, measure, mixed_split, values

Parts = tuple[Table, Table, Table]


def breast_cancer() -> Parts:
    """Training rows, test rows and fresh real rows."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.assign(target=bunch.target.astype(int))
    frame = frame.iloc[np.random.default_rng(0).permutation(len(frame))].reset_index(drop=True)
    numbers = [
        Column(name=name, kind=ColumnKind.NUMERICAL, dtype="float64", minimum=0, maximum=1e4)
        for name in bunch.data
    ]
    target = Column(name="target", kind=ColumnKind.CATEGORICAL, dtype="int64", categories=(0, 1))
    table = Table(frame, Schema(columns=(*numbers, target), target="target"))
    ends = (0, 200, 400, 569)
    train, test, fresh = (table.take(np.arange(a, b)) for a, b in pairwise(ends))
    return train, test, fresh


def mixed() -> Parts:
    return mixed_split(300, 300, extra=300)


@pytest.fixture(params=[breast_cancer, mixed])
def parts(request: pytest.FixtureRequest) -> Parts:
    found: Parts = request.param()
    return found


def test_a_copy_of_the_training_rows_is_found_out(parts: Parts) -> None:
    train, test, _ = parts
    found = values(measure("membership", case_of(train, test, train)))
    assert found["membership_auc"] >= 0.95
    assert found["membership_tpr"] >= 0.9
    told = values(measure("attributes", case_of(train, test, train)))
    assert told["attribute_excess"] > 0.3
    copies = values(measure("copies", case_of(train, test, train)))
    assert copies["copy_rate"] == 1.0 and copies["copy_excess"] >= 0.95


def test_fresh_rows_tell_nothing(parts: Parts) -> None:
    train, test, fresh = parts
    found = measure("membership", case_of(train, test, fresh)).measurements[0]
    assert abs(found.value - 0.5) < 0.06
    assert found.low < 0.5 < found.high
    told = measure("attributes", case_of(train, test, fresh)).measurements[0]
    assert told.low < 0 < told.high
    assert values(measure("copies", case_of(train, test, fresh)))["copy_excess"] < 0.01


def test_marginals_tell_little(parts: Parts) -> None:
    train, test, _ = parts
    loose = Table(Marginals(train).sample(len(train), seed=0), train.schema)
    assert values(measure("membership", case_of(train, test, loose)))["membership_auc"] < 0.56


def test_noise_on_copies_hides_the_copies_not_the_members() -> None:
    train, test, _ = breast_cancer()
    rng = np.random.default_rng(0)
    features = train.frame.drop(columns="target")
    noise = rng.normal(0, 0.05, features.shape) * features.std().to_numpy()
    noisy = Table(pd.concat([features + noise, train.frame[["target"]]], axis=1), train.schema)
    case = case_of(train, test, noisy)
    assert values(measure("copies", case))["copy_rate"] < 0.01
    assert values(measure("membership", case))["membership_auc"] > 0.9


def test_common_rows_are_no_copies_beyond_chance() -> None:
    """Where rows have few possible values, fresh rows equal training rows by chance."""
    rng = np.random.default_rng(0)
    column = Column(name="a", kind=ColumnKind.CATEGORICAL, dtype="int64", categories=(0, 1, 2))
    other = column.model_copy(update={"name": "b"})
    schema = Schema(columns=(column, other), target="b")
    tables = [
        Table(pd.DataFrame(rng.integers(0, 3, (size, 2)), columns=["a", "b"]), schema)
        for size in (400, 200, 400)
    ]
    found = values(measure("copies", case_of(*tables)))
    assert found["copy_rate"] > 0.9
    assert abs(found["copy_excess"]) < 0.05


def test_a_share_of_copies_is_measured_whatever_the_split() -> None:
    train, test, fresh = breast_cancer()
    frame = pd.concat([train.frame.iloc[:50], fresh.frame.iloc[:50]], ignore_index=True)
    few = test.take(np.arange(60))
    found = values(measure("copies", case_of(train, few, Table(frame, train.schema))))
    assert found["copy_excess"] == pytest.approx(0.5, abs=0.02)


def test_near_is_within_a_unit_in_every_column() -> None:
    among = np.array([[0.0, 5.0], [0.5, 5.5]])
    rows = np.array([[0.4, 5.4], [0.4, 9.0]])
    assert count_copies(rows, among, np.array([0.45, 0.45])).tolist() == [2, 0]
