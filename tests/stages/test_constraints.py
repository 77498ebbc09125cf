"""Constraints in `prepare`: kept with the schema, found where asked for, or refused in one line."""

from pathlib import Path

import pytest

from components.config import Params, parse_params
from components.data.files import read_files
from components.data.schema import Schema
from components.errors import UserError
from components.stages import prepare, synthesize, train
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
