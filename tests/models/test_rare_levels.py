"""Categories of few rows: no name of theirs is given out where there is a crowd, none is lost."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import (
    AutoregressiveConfig,
    ClassGaussianConfig,
    Constraint,
    CopulaConfig,
    ExpressionGanConfig,
    Inequality,
    ModelConfig,
    Sum,
    TableGanConfig,
    TreesConfig,
)
from components.data.crowds import crowded_ends
from components.data.preparation import prepare_table
from components.data.schema import ColumnKind
from components.data.table import OTHER, Table, encode
from components.errors import UserError
from components.models.catalog import load_model, make_model
from components.models.codes import autoregressive
from components.models.contract import Scorer
from components.models.rare_levels import (
    columns_gathered,
    gather_rare,
    without_rare_names,
    without_sparse,
)

CROWD = 10
SMALL = AutoregressiveConfig(crowd=CROWD, steps=20, batch_size=64, hidden_size=16)
SUM = Sum(total="wealth", parts=("fortune", "debt"))
CROWDED = [TreesConfig(crowd=CROWD, min_leaf=2), SMALL]


def shops(num_rows: int = 600) -> Table:
    """Rows with a shop: two common ones, and a tail of such as few rows have."""
    rng = np.random.default_rng(0)
    tail = rng.integers(0, 60, num_rows)
    shop = np.where(rng.random(num_rows) < 0.7, tail % 2, tail)
    frame = pd.DataFrame(
        {
            "shop": [f"shop {number:02d}" for number in shop],
            "branch": shop,
            "spent": np.round(rng.lognormal(2 + shop / 60, 0.5), 2),
            "seldom": np.where(np.arange(num_rows) < 3, "never", np.where(tail % 2, "so", "no")),
            "back": np.where(rng.random(num_rows) < 0.4, "yes", "no"),
        }
    )
    return prepare_table(frame, "back", kinds={"branch": ColumnKind.CATEGORICAL})


def common(table: Table, name: str) -> set[object]:
    counts = table.frame[name].value_counts()
    return set(counts.index[counts >= CROWD])


@pytest.mark.parametrize("config", CROWDED, ids=lambda config: config.name)
def test_no_rare_name_is_given_out_and_their_share_is_kept(
    config: ModelConfig, tmp_path: Path
) -> None:
    table, model = shops(), make_model(config)
    model.fit(table, seed=0)
    model.save(tmp_path)
    rows = load_model(tmp_path).sample(3_000, seed=0)
    assert set(rows["shop"]) == common(table, "shop") | {OTHER}
    assert set(rows["branch"]) <= common(table, "branch")
    assert set(rows["seldom"]) == {"so", "no"}
    rare = ~table.frame["shop"].isin(common(table, "shop"))
    assert (rows["shop"] == OTHER).mean() == pytest.approx(rare.mean(), abs=0.06)
    text = (tmp_path / "model.json").read_text()
    for name in set(table.frame["shop"]) - common(table, "shop") | {"never"}:
        assert name not in text


@pytest.mark.parametrize("config", CROWDED, ids=lambda config: config.name)
def test_rows_with_rare_names_are_scored_as_what_they_are_given_as(config: ModelConfig) -> None:
    table, model = shops(), make_model(config)
    model.fit(table, seed=0)
    row = table.frame.iloc[[0, 0]].assign(shop=["shop unheard of", OTHER])
    first, second = model.score(row)  # type: ignore[attr-defined]
    assert first == second and np.isfinite(first)


def test_table_gan_gives_out_no_rare_name(tmp_path: Path) -> None:
    table, model = shops(), make_model(TableGanConfig(steps=2, crowd=CROWD))
    model.fit(table, seed=0)
    model.save(tmp_path)
    assert set(load_model(tmp_path).sample(500, seed=0)["shop"]) <= common(table, "shop") | {OTHER}
    text = (tmp_path / "model.json").read_text()
    assert not [
        name for name in set(table.frame["shop"]) - common(table, "shop") if f'"{name}"' in text
    ]


def test_without_a_crowd_every_name_is_kept() -> None:
    table = shops()
    assert gather_rare(table, 1) is table
    model = make_model(TreesConfig())
    model.fit(table, seed=0)
    assert model.schema_ == table.schema


def test_the_schema_says_what_is_left_and_the_log_what_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = shops()
    before = table.frame.copy()
    with caplog.at_level(logging.INFO):
        gathered = gather_rare(table, CROWD)
    pd.testing.assert_frame_equal(table.frame, before)
    assert set(gathered.schema["shop"].categories) == {*common(table, "shop"), OTHER}
    assert gathered.schema["back"] == table.schema["back"]
    assert columns_gathered(table.schema, gathered.schema) == ["shop"]
    assert (
        "column 'seldom': categories with fewer than 10 rows each (1 of them, in 3 of 600"
        in caplog.text
    )
    assert f"given out as {OTHER!r}" in caplog.text
    assert not np.isnan(encode(table.frame, gathered.schema)[:, 0]).any()


@pytest.mark.parametrize("spread", [100, 300])
@pytest.mark.parametrize("text", [True, False])
def test_where_no_name_is_common(spread: int, text: bool, caplog: pytest.LogCaptureFixture) -> None:
    codes = np.arange(600) % spread
    shop = [f"n{code}" for code in codes] if text else codes
    table = prepare_table(
        shops().frame.assign(shop=shop), "back", kinds={"shop": ColumnKind.CATEGORICAL}
    )
    if spread == 300:
        with pytest.raises(UserError, match=r"'shop' has 300 .* none of them has 5 .*identifier"):
            gather_rare(table, CROWD)
        return
    gathered = gather_rare(table, CROWD)
    assert gathered.schema["shop"].categories == ((OTHER,) if text else (0,))
    assert "600 of 600 rows" in caplog.text
    assert set(gathered.frame["shop"]) == set(gathered.schema["shop"].categories)


def test_missing_values_stay_missing() -> None:
    frame = shops().frame
    frame["shop"] = frame["shop"].where(np.arange(len(frame)) % 3 > 0)
    table = gather_rare(prepare_table(frame, "back"), CROWD)
    assert table.frame["shop"].isna().tolist() == frame["shop"].isna().tolist()


def test_more_categories_than_a_network_learns_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(autoregressive, "MOST_CATEGORIES", 20)
    model = make_model(SMALL.model_copy(update={"crowd": 1}))
    said = r"'shop' has 56 categories; autoregressive learns at most 20.*trees.*crowd.*drop"
    with pytest.raises(UserError, match=said):
        model.fit(shops(), seed=0)
    make_model(SMALL).fit(shops(), seed=0)


def test_numbers_that_few_rows_have_are_given_out_by_nobody(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    frame = shops().frame.assign(grant=np.nan, since=pd.NaT)
    frame.loc[:2, "grant"] = 55_123.5
    frame["since"] = pd.to_datetime(frame["since"])
    frame.loc[: CROWD - 2, "since"] = pd.Timestamp("2020-03-01")
    frame.loc[:CROWD, "due"] = np.arange(CROWD + 1.0)
    table = prepare_table(frame, "back")
    with caplog.at_level(logging.INFO):
        gathered = gather_rare(table, CROWD).frame
    assert (
        "'grant': 3 of 600 rows have a value; none is given out, since it takes 10" in caplog.text
    )
    assert not gathered[["grant", "since"]].notna().any().any()
    assert gathered["due"].count() == CROWD + 1
    for config in (*CROWDED, CopulaConfig(), TableGanConfig(steps=2)):
        model = make_model(config)
        model.fit(table, seed=0)
        assert model.schema_["grant"].maximum == 0
        rows = model.sample(2_000, seed=0)
        assert not rows[["grant", "since"]].notna().any().any(), config.name
    few = Table(table.frame.head(8), table.schema)
    assert without_sparse(few, CROWD).frame["spent"].equals(few.frame["spent"])


FAR_OUT, LONG_AGO = 123_456_789.25, pd.Timestamp("1871-02-03")


def persons(num_rows: int = 500) -> pd.DataFrame:
    """Rows with a fortune and a date of birth; one person is far richer, another far older."""
    rng = np.random.default_rng(1)
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 18_000, num_rows), "D")
    frame = pd.DataFrame(
        {
            "fortune": np.round(rng.lognormal(9, 1, num_rows), 2),
            "born": born.astype("datetime64[us]"),
            "cars": rng.integers(0, 4, num_rows),
            "debt": np.round(rng.lognormal(6, 1, num_rows), 2),
            "back": rng.choice(["yes", "no"], num_rows),
        }
    )
    frame.loc[3, "fortune"], frame.loc[4, "born"], frame.loc[5, "cars"] = FAR_OUT, LONG_AGO, 77_777
    return frame.assign(wealth=np.round(frame["fortune"] + frame["debt"], 2))


def found_in(directory: Path, *numbers: float) -> set[float]:
    """Those of the numbers that a file of the artifact holds, as text or as a binary number."""
    content = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    forms = {n: [f"{n:.15g}".encode(), np.float64(n).tobytes()] for n in numbers}
    return {n for n, written in forms.items() if any(form in content for form in written)}


@pytest.mark.parametrize("held", [(), (Inequality(low="debt", high="wealth"),), (SUM,)], ids=str)
@pytest.mark.parametrize(
    "config",
    [
        *CROWDED,
        CopulaConfig(),
        TableGanConfig(steps=2),
        ClassGaussianConfig(crowd=CROWD),
        ExpressionGanConfig(crowd=CROWD, steps=2),
    ],
    ids=lambda config: config.name,
)
def test_nobody_is_told_by_being_the_richest_or_the_oldest(
    config: ModelConfig, held: tuple[Constraint, ...], tmp_path: Path
) -> None:
    frame = persons()
    table = prepare_table(frame, "back", kinds={"cars": ColumnKind.INTEGER})
    table = Table(table.frame, table.schema.model_copy(update={"constraints": held}))
    model = make_model(config, held)
    model.fit(table, seed=0)
    model.save(tmp_path)
    richest, oldest = float(frame["wealth"].max()), float(LONG_AGO.value // 1000)
    secrets = [FAR_OUT, richest, oldest, 77_777.0]
    assert not found_in(tmp_path, *secrets)
    rows = load_model(tmp_path).sample(3_000, seed=0)
    others = frame.drop(index=[3, 4, 5])
    assert rows["fortune"].max() < 1.5 * others["fortune"].max()
    assert rows["wealth"].max() < 1.5 * others["wealth"].max()
    assert rows["born"].min() > others["born"].min() - pd.Timedelta(days=3_650)
    assert rows["cars"].max() == 3


def test_ends_that_a_crowd_reaches_stay() -> None:
    frame = persons().assign(cars=np.arange(500) % 5, fortune=np.arange(500) / 2)
    table = prepare_table(frame, "back", kinds={"cars": ColumnKind.INTEGER})
    gathered = gather_rare(table, CROWD)
    for name, ends in {"cars": (0, 4), "fortune": (0, 249.5)}.items():
        assert (gathered.schema[name].minimum, gathered.schema[name].maximum) == ends
        assert gathered.frame[name].equals(table.frame[name])


@pytest.mark.parametrize("num_rows", [2, 3, 15, 40])
def test_ends_of_few_rows_are_in_order(num_rows: int) -> None:
    for values in (np.full(num_rows, 3.0), 1e308 * np.linspace(-1, 1, num_rows)):
        low, high = crowded_ends(values, CROWD)
        assert values.min() <= low <= high <= values.max()


@pytest.mark.parametrize("config", [TreesConfig(crowd=15), CopulaConfig(crowd=15)])
def test_a_part_in_which_no_name_has_a_crowd_is_learned_without_the_names(
    config: ModelConfig,
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"city": np.repeat([f"c{i}" for i in range(30)], 6), "x": rng.random(180)})
    frame["y"] = np.resize(["a", "b"], 180)
    table = prepare_table(frame, "y")
    part = table.take(np.arange(0, 180, 3))
    with pytest.raises(UserError, match="none of them has 5 of 60 rows"):
        make_model(config).fit(part, seed=0)
    nameless = without_rare_names(part)
    assert nameless.frame["x"].equals(part.frame["x"])
    model = make_model(config)
    model.fit(nameless, seed=0)
    rows = model.sample(50, seed=0)
    assert set(rows["city"]) == {OTHER}
    assert np.isfinite(encode(rows, table.schema)[:, 1:]).all()
    if isinstance(model, Scorer):
        assert np.isfinite(model.score(table.frame)).all()
    assert without_rare_names(table) is table
