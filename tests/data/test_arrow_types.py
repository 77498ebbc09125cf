"""Made rows have in Parquet the types of a Parquet source, and in CSV what they always had."""

import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config import ColumnKind, RandomSplit
from components.data.batches import file_batches
from components.data.conformed import ConformedRows
from components.data.forms.arrow_types import parse_type
from components.data.inference import described_by
from components.data.output import write_frame, write_frames
from components.data.preparation import prepare_table
from components.data.schema import Column, Schema
from components.data.sources import read_source
from components.data.table import Table, decode
from components.data.union import Reference, join_windows
from components.data.windows import HELD_OUT, keep_window, labelled_rows
from components.errors import UserError

NUM_ROWS = 120
_SECONDS = [1_700_000_000 + 3_601 * k for k in range(NUM_ROWS)]
_SMALL = [k % 100 + (k % 7 > 3) for k in range(NUM_ROWS)]
_WORDS = [("red", "green", "blue")[k % 3] for k in range(NUM_ROWS)]
_PRICES = [Decimal(199 + 31 * k) / 100 for k in range(NUM_ROWS)]
_MICROS = [s * 10**6 for s in _SECONDS]
_DAYS = [19_000 + 3 * k for k in range(NUM_ROWS)]

COLUMNS: dict[str, tuple[list[Any], pa.DataType]] = {
    "zoned": (_MICROS, pa.timestamp("us", "Europe/Berlin")),
    "utc": (_MICROS, pa.timestamp("ms", "UTC")),
    "nanos": (_MICROS, pa.timestamp("ns")),
    "day": (_DAYS, pa.date32()),
    "int8": (_SMALL, pa.int8()),
    "int16": (_SMALL, pa.int16()),
    "int32": (_SMALL, pa.int32()),
    "uint8": (_SMALL, pa.uint8()),
    "uint16": (_SMALL, pa.uint16()),
    "uint32": (_SMALL, pa.uint32()),
    "uint64": (_SMALL, pa.uint64()),
    "float16": ([k / 8 for k in range(NUM_ROWS)], pa.float16()),
    "float32": ([k / 10 for k in range(NUM_ROWS)], pa.float32()),
    "whole_float": (_SMALL, pa.float64()),
    "price": (_PRICES, pa.decimal128(10, 2)),
    "whole_decimal": (_SMALL, pa.decimal128(4, 0)),
    "wide": (_PRICES, pa.decimal256(50, 2)),
    "time_ms": ([37_250 * s % 86_400_000 for s in _SECONDS], pa.time32("ms")),
    "time_us": ([37_000_001 * s % 86_400_000_000 for s in _SECONDS], pa.time64("us")),
    "time_ns": ([37_000_001 * s % 86_400_000_000 * 1_000 for s in _SECONDS], pa.time64("ns")),
    "opened": ([3_600 * (7 + k % 3) for k in range(NUM_ROWS)], pa.time64("us")),
    "lasted": ([37 * k for k in range(NUM_ROWS)], pa.duration("s")),
    "lasted_ms": ([37_250 * k for k in range(NUM_ROWS)], pa.duration("ms")),
    "lasted_us": ([37_000_001 * k - 10**9 for k in range(NUM_ROWS)], pa.duration("us")),
    "lasted_ns": ([37_000_001 * k * 1_000 for k in range(NUM_ROWS)], pa.duration("ns")),
    "night": ([(79_200 + 131 * k) % 86_400 * 1_000 for k in range(NUM_ROWS)], pa.time32("ms")),
    "word": (_WORDS, pa.string()),
    "level": (_WORDS, pa.dictionary(pa.int32(), pa.string())),
    "short_level": (_WORDS, pa.dictionary(pa.int8(), pa.string())),
}


def typed(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.timestamp("us")).cast(kind)
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).cast(kind)
    if pa.types.is_decimal(kind):
        return pa.array([v if v is None else Decimal(v) for v in values], kind)
    if kind == pa.float16():
        return pa.array([v if v is None else np.float16(v) for v in values], kind)
    return pa.array(values, kind)


def real(*, gaps: bool) -> pa.Table:
    columns = {
        name: typed([None if gaps and k % 9 == 0 else v for k, v in enumerate(values)], kind)
        for name, (values, kind) in COLUMNS.items()
    }
    return pa.table(columns | {"y": pa.array(["a", "b"] * (NUM_ROWS // 2), pa.large_string())})


def read(path: Path, kinds: dict[str, ColumnKind] | None = None) -> Table:
    found = read_source(str(path))
    return prepare_table(found.frame, "y", kinds=kinds or {}, kept=found.forms)


def parts(table: Table) -> list[pd.DataFrame]:
    made = decode(table.matrix, table.schema, seed=0)
    return [made[:50], made[50:].reset_index(drop=True)]


def made(table: Table, folder: Path) -> pa.Table:
    write_frames(parts(table), folder / "made.parquet", table.schema)
    return pq.read_table(folder / "made.parquet")


def one_column(folder: Path, values: list[Any], kind: pa.DataType) -> Path:
    rows = {"it": typed(values, kind), "y": ["a", "b"] * (len(values) // 2)}
    pq.write_table(pa.table(rows), folder / "one.parquet")
    return folder / "one.parquet"


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("name", COLUMNS)
def test_made_rows_have_the_types_and_gaps_of_their_source(
    tmp_path: Path, name: str, gaps: bool
) -> None:
    source = real(gaps=gaps).select([name, "y"])
    pq.write_table(source, tmp_path / "real.parquet")
    found = made(read(tmp_path / "real.parquet"), tmp_path)
    assert found.schema.types == source.schema.types
    assert found.column(name).to_pylist() == source.column(name).to_pylist()


@pytest.mark.parametrize("gaps", [False, True])
def test_what_pandas_reads_of_made_rows_is_what_it_reads_of_the_source(
    tmp_path: Path, gaps: bool
) -> None:
    source = real(gaps=gaps)
    if gaps:  # Arrow's whole numbers with gaps are floats in pandas, and made ones stay whole
        source = source.select([n for n in source.column_names if "int" not in n])
    pq.write_table(source, tmp_path / "real.parquet")
    made(read(tmp_path / "real.parquet"), tmp_path)
    expected, found = (pd.read_parquet(tmp_path / f"{n}.parquet") for n in ("real", "made"))
    assert found.dtypes.to_dict() == expected.dtypes.to_dict()


def test_nullable_numbers_of_pandas_are_those_again(tmp_path: Path) -> None:
    rows = pd.DataFrame({"it": pd.array([*_SMALL], "Int16"), "y": ["a", "b"] * (NUM_ROWS // 2)})
    rows.loc[::9, "it"] = pd.NA
    rows.to_parquet(tmp_path / "real.parquet")
    made(read(tmp_path / "real.parquet"), tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "made.parquet"), rows)


def test_the_files_of_a_folder_agree_or_have_the_usual_type(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    source = real(gaps=True).select(["zoned", "int16", "y"])
    for number in range(3):
        pq.write_table(source, tmp_path / "real" / f"{number}.parquet")
    assert made(read(tmp_path / "real"), tmp_path).schema.types == source.schema.types
    other = source.set_column(1, "int16", source.column("int16").cast(pa.int32()))
    pq.write_table(other, tmp_path / "real" / "3.parquet")
    zoned = source.schema.field("zoned").type
    assert made(read(tmp_path / "real"), tmp_path).schema.types[:2] == [zoned, pa.int64()]


def test_parts_tell_the_schema_of_the_whole(tmp_path: Path) -> None:
    pq.write_table(real(gaps=True), tmp_path / "real.parquet")
    rows = ConformedRows.infer(file_batches([tmp_path / "real.parquet"], tmp_path, 30), "y", {})
    described = described_by(rows.kinds, rows.forms)
    for batch in rows.read():
        described.add(batch)
    schema = described.schema("y")
    assert schema == read(tmp_path / "real.parquet").schema
    assert {c.name: c.arrow for c in schema.columns} == {
        **{name: str(kind) for name, (_, kind) in COLUMNS.items()},
        "y": None,
    }
    (tmp_path / "schema.json").write_text(schema.model_dump_json())
    assert Schema.load(tmp_path / "schema.json") == schema


def test_csv_files_know_of_no_types(tmp_path: Path) -> None:
    pq.write_table(real(gaps=True), tmp_path / "real.parquet")
    table = read(tmp_path / "real.parquet")
    plain = [column.model_copy(update={"arrow": None}) for column in table.schema.columns]
    without = table.schema.model_copy(update={"columns": tuple(plain)})
    write_frames(parts(table), tmp_path / "made.csv", table.schema)
    write_frames(parts(table), tmp_path / "usual.csv", without)
    assert (tmp_path / "made.csv").read_bytes() == (tmp_path / "usual.csv").read_bytes()
    real(gaps=True).to_pandas().to_csv(tmp_path / "real.csv", index=False)
    assert "arrow" not in read(tmp_path / "real.csv").schema.model_dump_json()
    batches = file_batches([tmp_path / "real.csv"], tmp_path)
    rows = ConformedRows.infer(batches, "y", {})
    assert not any(form.arrow for form in rows.forms.values())


def test_a_schema_from_before_types_were_kept_is_read(tmp_path: Path) -> None:
    pq.write_table(real(gaps=False).select(["int8", "y"]), tmp_path / "real.parquet")
    table = read(tmp_path / "real.parquet")
    text = table.schema.model_dump_json()
    assert '"arrow":"int8"' in text
    old = Schema.model_validate_json(text.replace(',"arrow":"int8"', ""))
    assert made(Table(table.frame, old), tmp_path).schema.types[0] == pa.int64()


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("int8", ColumnKind.NUMERICAL, pa.int8()),
        ("int8", ColumnKind.CATEGORICAL, pa.int8()),
        ("price", ColumnKind.NUMERICAL, pa.decimal128(10, 2)),
        ("float32", ColumnKind.CATEGORICAL, pa.large_string()),
        ("zoned", ColumnKind.CATEGORICAL, pa.large_string()),
        ("day", ColumnKind.CATEGORICAL, pa.large_string()),
    ],
)
def test_another_kind_has_the_type_where_its_values_fit(
    tmp_path: Path, name: str, kind: ColumnKind, expected: pa.DataType
) -> None:
    pq.write_table(real(gaps=False).select([name, "y"]), tmp_path / "real.parquet")
    table = read(tmp_path / "real.parquet", {name: kind})
    if table.frame[name].dtype.kind == "f" and kind is ColumnKind.CATEGORICAL:
        expected = COLUMNS[name][1]
    assert made(table, tmp_path).schema.types[0] == expected


def test_days_as_numbers_and_declared_truths_have_the_usual_types(tmp_path: Path) -> None:
    days: list[Any] = [20_240_101 + k % 28 for k in range(NUM_ROWS)]
    table = read(one_column(tmp_path, days, pa.int32()))
    assert made(table, tmp_path).schema.types[0] == pa.timestamp("us")
    truths: list[Any] = [k // 2 % 2 for k in range(NUM_ROWS)]
    table = read(one_column(tmp_path, truths, pa.int8()), {"it": ColumnKind.BOOLEAN})
    assert made(table, tmp_path).schema.types[0] == pa.bool_()


def test_no_number_wraps(tmp_path: Path) -> None:
    table = read(one_column(tmp_path, [*_SMALL], pa.int8()))
    frame = decode(table.matrix, table.schema, seed=0)
    beyond = frame.assign(it=frame["it"] + 100)
    with pytest.raises(UserError, match="'it' cannot be written as int8, the type of its source"):
        write_frames([frame, beyond], tmp_path / "made.parquet", table.schema)
    assert not (tmp_path / "made.parquet").exists()
    write_frame(beyond, tmp_path / "filled.parquet", table.schema)  # these may be a user's own
    assert pq.read_schema(tmp_path / "filled.parquet").types[0] == pa.int64()


def test_ends_that_the_type_has_no_room_for_leave_the_usual_type(tmp_path: Path) -> None:
    """A total can be what its parts can add up to."""
    table = read(one_column(tmp_path, [*_SMALL], pa.int8()))
    wide = [
        c.model_copy(update={"maximum": 300.0}) if c.name == "it" else c
        for c in table.schema.columns
    ]
    schema = table.schema.model_copy(update={"columns": tuple(wide)})
    assert made(Table(table.frame, schema), tmp_path).schema.types[0] == pa.int64()


def test_an_unknown_type_is_told_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    column = Column(
        name="it", kind=ColumnKind.INTEGER, dtype="int64", minimum=0, maximum=5, arrow="int7"
    )
    frame = pd.DataFrame({"it": [1, 5]})
    with caplog.at_level(logging.WARNING):
        write_frames([frame] * 3, tmp_path / "t.parquet", Schema(columns=(column,), target="it"))
    assert pq.read_schema(tmp_path / "t.parquet").types == [pa.int64()]
    (told,) = [r.getMessage() for r in caplog.records]
    assert "'it' is of type int7 in its source" in told and "int64" in told


@pytest.mark.parametrize("kind", [*(kind for _, kind in COLUMNS.values()), pa.large_string()])
def test_a_name_is_read_as_its_type(kind: pa.DataType) -> None:
    assert parse_type(str(kind)) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "int7",
        "list<item: int8>",
        "decimal128(90, 2)",
        "timestamp[us, tz=]",
        "duration[m]",
        "dictionary<values=list, indices=int32>",
        "dictionary<values=string, indices=int9>",
    ],
)
def test_other_names_are_no_types(text: str) -> None:
    assert parse_type(text) is None


def test_an_order_of_levels_is_not_made_up() -> None:
    found = parse_type("dictionary<values=string, indices=int8, ordered=1>")
    assert found == pa.dictionary(pa.int8(), pa.string())


def test_a_union_with_rows_that_arrived_has_the_types_too(tmp_path: Path) -> None:
    pq.write_table(real(gaps=True).select(["zoned", "int16", "y"]), tmp_path / "real.parquet")
    table = read(tmp_path / "real.parquet")
    arrived = pq.read_table(tmp_path / "real.parquet").to_pandas()[:20]
    new = labelled_rows(arrived, table.schema).assign(**{HELD_OUT: False})
    window = keep_window(tmp_path / "windows", new, "ab" * 32, most=1)
    reference = Reference(
        "m", "1", table.frame, new.head(0), ("cd" * 32,), "k", RandomSplit(), table.schema.columns
    )
    union = join_windows(reference, [window], tmp_path / "unions", max_rows=1_000)
    paths = sorted(union.folder.glob("*.parquet"))
    rows = ConformedRows.infer(file_batches(paths, tmp_path).without([HELD_OUT]), "y", {})
    assert rows.forms["zoned"].arrow == table.schema["zoned"].arrow is not None
    assert rows.forms["int16"].arrow == "int16"
