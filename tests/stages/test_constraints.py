"""Constraints in `prepare`: kept with the schema, found where asked for, or refused in one line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import Params, parse_params
from components.data.files import read_files
from components.data.preparation import prepare_table
from components.data.schema import ColumnKind, Schema
from components.errors import UserError
from components.stages import prepare, synthesize, train
from components.stages.discovery import discover
from components.stages.paths import StagePaths
from tests.ruled import CONSTRAINTS, num_broken, ruled_frame


def settings(folder: Path, model: str = "trees", **asked: object) -> Params:
    ruled_frame(900).to_parquet(folder / "rows.parquet")
    raw = {
        "name": "ruled",
        "prepare": {"data": str(folder / "rows.parquet"), "target": "outcome", **asked},
        "train": {"model": {"name": model}},
        "evaluate": {"purpose": "sharing"},
    }
    return parse_params(raw, "these")


def test_declared_constraints_reach_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINTMARK_HOME", str(tmp_path / "home"))
    asked = [constraint.model_dump(mode="json") for constraint in CONSTRAINTS]
    params, paths = settings(tmp_path, constraints=asked), StagePaths(tmp_path)
    for stage in (prepare, train, synthesize):
        stage.run(params, paths)
    assert Schema.load(paths.schema).constraints == CONSTRAINTS
    rows, real = read_files([paths.synthetic]), ruled_frame(900)
    assert len(rows) > 500
    assert [num_broken(rows, c, real) for c in CONSTRAINTS] == [0] * len(CONSTRAINTS)


def test_constraints_are_found_where_asked_for(tmp_path: Path) -> None:
    first = CONSTRAINTS[0].model_dump(mode="json")
    params = settings(tmp_path, constraints=[first], discover_constraints=True)
    prepare.run(params, StagePaths(tmp_path))
    found = [str(c) for c in Schema.load(StagePaths(tmp_path).schema).constraints]
    assert found[0] == str(CONSTRAINTS[0]) and len(set(found)) == len(found)
    assert set(found) >= {
        "sent <= paid",
        "least <= price",
        "total = price + tax",
        "items = sold + returned",
        "total <= limit",
        "city & continent & is_coastal",
    }


def dummies(num_rows: int) -> pd.DataFrame:
    """Two columns of which one is true, forty of 0 and 1 and eight of booleans, in between others.

    One of the forty is true in three rows.
    """
    rng = np.random.default_rng(0)
    colour, size = rng.integers(0, 39, num_rows), rng.integers(0, 8, num_rows)
    colour[:3] = 39
    columns = {f"colour_{i}": (colour == i).astype(int) for i in range(40)}
    columns |= {f"size_{i}": size == i for i in range(8)}
    is_new = rng.random(num_rows) < 0.5
    columns |= {"is_new": is_new, "is_old": ~is_new, "is_big": rng.random(num_rows) < 0.3}
    columns |= {"rings": rng.integers(0, 2, num_rows), "age": rng.normal(40, 9, num_rows).round(1)}
    names = rng.permutation(list(columns))
    return pd.DataFrame({name: columns[name] for name in names}).assign(outcome=size % 2)


@pytest.mark.parametrize("model", ["trees", "copula"])
def test_columns_of_which_one_is_true_are_found_and_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setenv("MINTMARK_HOME", str(tmp_path / "home"))
    real = dummies(2_500)
    real.to_parquet(tmp_path / "dummies.parquet")
    raw = {
        "name": "dummies",
        "prepare": {
            "data": str(tmp_path / "dummies.parquet"),
            "target": "outcome",
            "discover_constraints": True,
        },
        "train": {"model": {"name": model, "crowd": 15}},
        "synthesize": {"rows": 3_000},
        "evaluate": {"purpose": "sharing"},
    }
    params, paths = parse_params(raw, "these"), StagePaths(tmp_path)
    for stage in (prepare, train, synthesize):
        stage.run(params, paths)
    found = {frozenset(c.columns) for c in Schema.load(paths.schema).constraints}
    groups = [[n for n in real if n.startswith(start)] for start in ("colour_", "size_")]
    groups.append(["is_new", "is_old"])
    rows = read_files([paths.synthetic])
    for group in groups:
        assert frozenset(group) in found
        assert (rows[group].astype(int).sum(axis=1) == 1).all()
    assert rows["colour_39"].sum() == 0, "fewer rows than a crowd"
    assert rows.dtypes.astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    assert len(found) == 3


def test_what_a_category_determines_is_held_with_it(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 5, 900)
    columns = {f"is_{i}": (colour == i).astype(int) for i in range(5)}
    frame = pd.DataFrame({"colour": np.array(list("abcde"))[colour], **columns})
    frame = frame.assign(size=np.arange(900) % 71 / 2, outcome=np.arange(900) % 3)
    table = prepare_table(frame, "outcome")
    found = discover(table, 0)
    assert [set(c.columns) for c in found.constraints] == [{"colour", *columns}]
    assert {found[name].kind for name in columns} == {ColumnKind.CATEGORICAL}
    alone = discover(prepare_table(frame.drop(columns="colour"), "outcome"), 0)
    assert [set(c.columns) for c in alone.constraints] == [{*columns}]
    targeted = discover(prepare_table(frame.drop(columns="colour"), "is_0"), 0)
    assert targeted.constraints == (), "the target is not one of a combination"


def test_broken_rows_stop_prepare(tmp_path: Path) -> None:
    asked = [{"kind": "inequality", "low": "paid", "high": "sent"}]
    with pytest.raises(UserError, match=r"'paid <= sent' is broken by \d+ of 900 rows, such as: "):
        prepare.run(settings(tmp_path, constraints=asked), StagePaths(tmp_path))


@pytest.mark.parametrize(
    "asked", [{"constraints": [CONSTRAINTS[0].model_dump()]}, {"discover_constraints": True}]
)
def test_a_guarantee_holds_no_constraints(tmp_path: Path, asked: dict[str, object]) -> None:
    with pytest.raises(UserError, match="private cannot hold constraints"):
        settings(tmp_path, "private", **asked)
