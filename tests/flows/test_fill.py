"""`mintmark fill`, on champions in a real registry."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import AutoregressiveConfig, ClassGaussianConfig
from components.data.table import Table
from components.registry.tracking import connect
from components.storage.home import HOME_VARIABLE, Home
from tests.home import invoke, mintmark
from tests.procedural import mixed_frame, mixed_table
from tests.registry.generators import crown, register_generator


@pytest.fixture(scope="module")
def home(home_in: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with two champions: `any`, of any order, and `fixed`, which draws in one."""
    home = home_in(tmp_path_factory.mktemp("fill"))
    client = connect(home)
    data = home.root / "rows.csv"
    mixed_frame(60).to_csv(data, index=False)
    small, table = AutoregressiveConfig(hidden_size=16, steps=20, batch_size=64), mixed_table(100)
    register_generator(client, home, "any", str(data), config=small, table=table)
    register_generator(client, home, "fixed", str(data), config=ClassGaussianConfig(), table=table)
    crown(client, home, "any", ["1"])
    crown(client, home, "fixed", ["1"])
    return home


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Rows of which one column is absent, one has gaps, and identifiers are there."""
    frame = mixed_frame(30, seed=3).drop(columns=["ratio"])
    frame["age"] = frame["age"].astype("float64").mask(np.arange(30) % 3 == 0)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


def test_gaps_and_absent_columns_are_filled(home: Home, rows: Path, tmp_path: Path) -> None:
    status, _, told = invoke(
        "fill", "any", str(rows), "-o", str(tmp_path / "f.csv"), home=home.root
    )
    assert status == 0, told
    before, after = pd.read_csv(rows), pd.read_csv(tmp_path / "f.csv")
    assert not after.isna().any(axis=None) and len(after) == 30
    known = before["age"].notna()
    assert (after["age"][known] == before["age"][known]).all()
    assert list(after["id"]) == list(before["id"]) and after["ratio"].nunique() > 1


def test_columns_that_the_model_does_not_know_are_kept(home: Home, tmp_path: Path) -> None:
    frame = mixed_frame(30, seed=3).assign(notes=[f"note {i}" for i in range(30)])
    frame["age"] = frame["age"].astype("float64").mask(np.arange(30) % 3 == 0)
    source, output = tmp_path / "rows.csv", tmp_path / "f.csv"
    frame.to_csv(source, index=False)
    status, _, told = invoke("fill", "any", str(source), "-o", str(output), home=home.root)
    assert status == 0, told
    assert "kept as they are, since the model does not know them: notes" in " ".join(told.split())
    after = pd.read_csv(output)
    assert after["age"].notna().all()
    assert after["notes"].tolist() == frame["notes"].tolist()


@pytest.mark.slow
def test_many_draws_are_numbered(home: Home, rows: Path, tmp_path: Path) -> None:
    output = tmp_path / "f.parquet"
    done = mintmark("fill", "any", str(rows), "-o", str(output), "--draws", "3", home=home.root)
    assert done.returncode == 0, done.stderr
    filled = pd.read_parquet(output)
    assert filled["imputation"].value_counts().to_dict() == {1: 30, 2: 30, 3: 30}
    first, second = (filled[filled["imputation"] == k]["ratio"].tolist() for k in (1, 2))
    assert first != second


@pytest.mark.parametrize(
    ("model", "change", "said"),
    [
        ("fixed", {}, "cannot fill cells"),
        ("any", {"colour": "red"}, "unknown colour, while ratio would be filled in every row"),
        ("any", {"age": "often"}, "column 'age' holds 'often' in 30 of 30 rows"),
    ],
)
def test_what_cannot_be_filled_is_told_in_a_line(
    model: str,
    change: dict[str, str],
    said: str,
    home: Home,
    rows: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pd.read_csv(rows).assign(**change).to_csv(rows, index=False)
    monkeypatch.setenv(HOME_VARIABLE, str(home.root))
    status, _, told = invoke("fill", model, str(rows), "-o", str(tmp_path / "f.csv"))
    assert status == 2 and said in " ".join(told.split())
    assert not (tmp_path / "f.csv").exists()


@pytest.mark.slow
def test_a_column_of_the_rows_is_not_overwritten(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    client = connect(home)
    table = mixed_table(80)
    named = {"ratio": "imputation"}
    columns = [
        c.model_copy(update={"name": named.get(c.name, c.name)}) for c in table.schema.columns
    ]
    schema = table.schema.model_copy(update={"columns": tuple(columns)})
    renamed = Table(table.frame.rename(columns=named), schema)
    data = tmp_path / "rows.csv"
    renamed.frame.to_csv(data, index=False)
    small = AutoregressiveConfig(hidden_size=8, steps=3)
    register_generator(client, home, "any", str(data), config=small, table=renamed)
    crown(client, home, "any", ["1"])
    output = tmp_path / "f.csv"
    done = mintmark("fill", "any", str(data), "-o", str(output), "--draws", "2", home=home.root)
    assert done.returncode == 2 and "a column 'imputation'" in " ".join(done.stderr.split())
    assert not output.exists()


def test_any_column_can_be_asked_for(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(home.root))
    output = tmp_path / "s.parquet"
    wanted = ("--condition", '{"city": "Cork", "visits": 2}')
    status, _, told = invoke("sample", "any", "-n", "25", *wanted, "-o", str(output))
    assert status == 0, told
    drawn = pd.read_parquet(output)
    assert (drawn["city"] == "Cork").all() and (drawn["visits"] == 2).all() and len(drawn) == 25
