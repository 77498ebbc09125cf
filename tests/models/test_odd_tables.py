"""The oddest tables: each is learned from, or refused in one clear line."""

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.data.output import write_frame
from components.data.preparation import prepare_table
from components.data.sources import read_source
from components.errors import UserError
from components.models.catalog import load_model
from tests.models.conftest import small_model

NUM_ROWS = 240


def _with_target(columns: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(columns).assign(y=np.resize(["yes", "no", "no"], NUM_ROWS))


def _all_categorical(rng: np.random.Generator) -> pd.DataFrame:
    return _with_target({f"c{i}": rng.choice(list("abcdef"), NUM_ROWS) for i in range(5)})


def _wide(rng: np.random.Generator, num_genes: int, num_rows: int) -> pd.DataFrame:
    names = [f"gene {i}" for i in range(num_genes)]
    genes = pd.DataFrame(rng.normal(size=(num_rows, num_genes)), columns=names)
    return genes.assign(y=np.resize(["ill", "well"], num_rows))


def _missing_in_one_class(rng: np.random.Generator) -> pd.DataFrame:
    frame = _with_target({"m": rng.normal(size=NUM_ROWS), "x": rng.normal(size=NUM_ROWS)})
    return frame.assign(m=frame["m"].mask(frame["y"] == "yes"))


def _old_dates(rng: np.random.Generator) -> pd.DataFrame:
    days = pd.to_timedelta(rng.integers(0, 20_000, NUM_ROWS), unit="D")
    return _with_target({"born": pd.Timestamp("1890-01-01") + days})


def _strange_text(rng: np.random.Generator) -> pd.DataFrame:
    said = ["😀🎉", "'; DROP TABLE users; --", 'a,b\n"c"', "naïve Ünïcode", "  spaces  "]
    return _with_target({"said": rng.choice(said, NUM_ROWS), "SELECT * FROM 😀": range(NUM_ROWS)})


def _huge_numbers(rng: np.random.Generator) -> pd.DataFrame:
    huge = rng.choice([1e308, -1e308, 1.5, 2.5e-308], NUM_ROWS)
    return _with_target({"huge": huge, "wide": np.exp(rng.normal(0, 200, NUM_ROWS))})


def _mixed_types(rng: np.random.Generator) -> pd.DataFrame:
    mixed = [i % 5 if i % 2 else f"s{i % 7}" for i in range(NUM_ROWS)]
    return _with_target({"mixed": [str(value) for value in mixed], "x": rng.normal(size=NUM_ROWS)})


def _numbers_in_text(rng: np.random.Generator) -> pd.DataFrame:
    prices = [f"(${a:,.2f})" if a % 9 < 1 else f"${a:,.2f}" for a in rng.lognormal(7, 1, NUM_ROWS)]
    shares = [f"{share}%" if share > 9 else "-" for share in rng.integers(0, 100, NUM_ROWS)]
    return _with_target({"price": prices, "share": shares})


def _largest_integers(rng: np.random.Generator) -> pd.DataFrame:
    return _with_target({"i": rng.choice([2**62, -(2**62), 0, 1], NUM_ROWS)})


HUNDREDS = "hundreds of columns, sixty rows"
ODD: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
    "all categorical": _all_categorical,
    "twice as many columns as rows": partial(_wide, num_genes=100, num_rows=50),
    HUNDREDS: partial(_wide, num_genes=300, num_rows=60),
    "all missing in one class": _missing_in_one_class,
    "dates before 1970": _old_dates,
    "emoji and SQL": _strange_text,
    "1e308": _huge_numbers,
    "numbers among words": _mixed_types,
    "numbers in text": _numbers_in_text,
    "the largest integers": _largest_integers,
}


@pytest.mark.parametrize(
    "odd", [pytest.param(odd, marks=[pytest.mark.slow] * (odd == HUNDREDS)) for odd in ODD]
)
def test_an_odd_table_is_learned_and_comes_back(odd: str, model_name: str, tmp_path: Path) -> None:
    frame = ODD[odd](np.random.default_rng(0))
    write_frame(frame, tmp_path / "real.csv")
    table = prepare_table(read_source(str(tmp_path / "real.csv")).frame, "y")
    model = small_model(model_name, hasty=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(table, seed=0)
        rows = model.sample(40, seed=0)
    assert list(rows.columns) == list(frame.columns) and len(rows) == 40
    assert set(rows["y"]) <= set(frame["y"])
    model.save(tmp_path / "model")
    assert load_model(tmp_path / "model").sample(40, seed=0).equals(rows)
    write_frame(rows, tmp_path / "rows.csv")
    again = read_source(str(tmp_path / "rows.csv")).frame
    assert len(again) == 40 and list(again.columns) == list(frame.columns)


def test_a_class_in_each_row_is_refused_in_a_line(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(60) / 7, "y": [f"class {i}" for i in range(60)]})
    with pytest.raises(UserError, match="target 'y' is identifier; a target is categorical"):
        prepare_table(frame, "y")


@pytest.mark.slow
def test_two_thousand_columns_of_sixty_rows(model_name: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2_000)), columns=[f"g{i}" for i in range(2_000)])
    table = prepare_table(frame.assign(y=np.resize(["a", "b"], 60)), "y")
    model = small_model(model_name)
    model.fit(table, seed=0)
    assert model.sample(30, seed=0).shape == (30, 2_001)
