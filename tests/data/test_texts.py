"""Text that is rather numbers or prose than names is no names; prose is refused with what to do."""

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config import ColumnKind
from components.data.batches import file_batches
from components.data.inference import infer_kinds
from components.data.sources import read_source
from components.data.summaries import summarise
from components.errors import UserError

NUM_ROWS = 200
RNG = np.random.default_rng(0)
AMOUNTS = np.round(RNG.lognormal(7, 1, NUM_ROWS), 2)


def kind_of(values: object, **declared: ColumnKind) -> ColumnKind:
    frame = pd.DataFrame({"it": values, "y": np.resize(["a", "b"], NUM_ROWS)})
    return infer_kinds(frame, "y", declared)["it"]


def texts(write: Callable[[float], str]) -> list[str]:
    return [write(amount) for amount in AMOUNTS]


@pytest.mark.parametrize(
    "write",
    [
        lambda amount: f"${amount:,.2f}",
        lambda amount: f"CHF {amount:.2f}",
        lambda amount: f"{amount:.1f}%",
        lambda amount: f"{amount:,.0f}".replace(",", " "),
        lambda amount: f"{amount:.2f}".replace(".", ","),
        lambda amount: f"({amount:,.2f})",
        lambda amount: f"{amount:.1f} kg",
    ],
)
def test_numbers_with_signs_are_no_names(write: Callable[[float], str]) -> None:
    assert kind_of(texts(write)) in (ColumnKind.NUMERICAL, ColumnKind.INTEGER)
    assert kind_of(texts(write), it=ColumnKind.IDENTIFIER) is ColumnKind.IDENTIFIER


def test_numbers_kept_as_text_are_told_from_codes() -> None:
    assert kind_of(AMOUNTS.astype(str)) is ColumnKind.NUMERICAL
    assert kind_of([str(i**2) for i in range(NUM_ROWS)]) is ColumnKind.IDENTIFIER
    assert kind_of([f"{i % 90 + 100}.{i % 89 + 10}" for i in range(200)]) in (
        ColumnKind.IDENTIFIER,
        ColumnKind.CATEGORICAL,
    )


@pytest.mark.parametrize(
    "write",
    [
        lambda i: f"{i * 7919 % 99_991:05d}",  # post codes: leading zeros
        lambda i: f"{10_000_019 + i * 7919}",  # codes of one length
        lambda i: f"B{i}",
        lambda i: f"ZH {i * 37}",
        lambda i: f"+41 79 {i % 900:03d} {i % 97:02d} {i % 89:02d}",
        lambda i: f"user{i}@mail.com",
        lambda i: f"{i} Main Street",
        lambda i: f"https://example.com/a/b/c/{i}/the-long-name-of-a-page",
    ],
)
def test_codes_and_names_are_identifiers(write: Callable[[int], str]) -> None:
    assert kind_of([write(i) for i in range(NUM_ROWS)]) is ColumnKind.IDENTIFIER


def test_few_texts_of_numbers_are_categories() -> None:
    assert kind_of([f"{i % 15}%" for i in range(NUM_ROWS)]) is ColumnKind.CATEGORICAL


@pytest.mark.parametrize("distinct", [NUM_ROWS, 150])
def test_prose_is_learned_by_choice_alone(distinct: int) -> None:
    words = np.array("the quick brown fox jumps over a lazy dog and so on".split())
    prose = [
        " ".join(np.random.default_rng(i % distinct).choice(words, 9)) for i in range(NUM_ROWS)
    ]
    with pytest.raises(UserError, match=r"'it' is free text, \d words a row.*drop it.*identifier"):
        kind_of(prose)
    assert kind_of(prose, it=ColumnKind.CATEGORICAL) is ColumnKind.CATEGORICAL
    answers = [" ".join(words[i % 3 : i % 3 + 7]) for i in range(NUM_ROWS)]
    assert kind_of(answers) is ColumnKind.CATEGORICAL


@pytest.mark.parametrize(
    ("value", "what"), [(time(4, 30), "times of day"), (timedelta(hours=3), "durations")]
)
def test_what_cannot_be_learned_is_named(value: object, what: str) -> None:
    with pytest.raises(UserError, match=f"'it' holds {what}, such as .*drop it"):
        kind_of([value] * (NUM_ROWS - 1) + [None])


def test_decimals_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    decimals = pa.array([Decimal(str(amount)) for amount in AMOUNTS], pa.decimal128(12, 2))
    pq.write_table(pa.table({"it": decimals, "y": np.resize(["a", "b"], NUM_ROWS)}), path)
    batches = file_batches([path], tmp_path)
    whole = pd.concat(list(batches.read()))["it"]
    assert whole.tolist() == AMOUNTS.tolist() == read_source(str(path)).frame["it"].tolist()
    assert not summarise(batches.read(), batches.dtypes, "y", {})["it"].is_text


@pytest.mark.parametrize("size", [50, 1_000])
def test_codes_in_csv_keep_their_zeros(size: int, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    codes = [f"{i * 613 % 9_973:05d}" for i in range(NUM_ROWS)]
    lacking = [code if i % 7 else "" for i, code in enumerate(codes)]
    pd.DataFrame({"it": codes, "some": lacking, "x": AMOUNTS}).to_csv(path, index=False)
    spooled = pd.concat(list(file_batches([path], tmp_path, size).read()))
    for frame in (spooled, read_source(str(path)).frame):
        assert frame["it"].tolist() == codes
        assert frame["some"].fillna("").tolist() == lacking
        assert frame["x"].tolist() == AMOUNTS.tolist()
