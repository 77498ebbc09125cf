"""Windows and unions: what is new, which side each row is on, and that it stays on it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config import GroupSplit, MarkedSplit, PrepareConfig, RandomSplit, Split
from components.data.conformed import ConformedRows
from components.data.forms.kept_forms import kept_forms
from components.data.inference import described_by
from components.data.preparation import prepare_table
from components.data.sources import hash_source, open_batches, read_source
from components.data.splits import split_rows
from components.data.union import Reference, join_windows, read_manifest
from components.data.windows import (
    HELD_OUT,
    ORIGINS,
    keep_window,
    labelled_rows,
    list_windows,
    marked,
    new_among,
    not_in,
)
from components.errors import UserError
from tests.procedural import mixed_frame, mixed_table

SHA = "ab" * 32
TABLE = mixed_table(200)
SCHEMA = TABLE.schema


def config(split: Split | None = None) -> PrepareConfig:
    return PrepareConfig(data="x", target="outcome", test_share=0.25, split=split or RandomSplit())


def with_sides(rows: pd.DataFrame, sha256: str = SHA) -> pd.DataFrame:
    return marked(rows, config(), sha256, stratify=True, earlier=rows.head(0))


def reference(train: pd.DataFrame, test: pd.DataFrame) -> Reference:
    return Reference("people", "1", train, test, ("cd" * 32,), "key", RandomSplit())


def test_rows_of_a_watched_source_that_grew_are_those_that_were_added() -> None:
    before, added = mixed_frame(200), mixed_frame(40, seed=9)
    grown = pd.concat([before, added, before.head(3)], ignore_index=True).sample(
        frac=1, random_state=1
    )
    new = new_among(grown, before, SCHEMA)
    assert sorted(new["ratio"]) == sorted([*added["ratio"], *before["ratio"].head(3)])
    assert len(not_in(grown, before, SCHEMA)) == len(added)


def test_rows_without_a_label_are_left_out_and_a_missing_column_is_named() -> None:
    rows = mixed_frame(80).assign(extra=1)
    rows.loc[:9, "outcome"] = None
    assert list(labelled_rows(rows, SCHEMA).columns) == SCHEMA.names
    assert len(labelled_rows(rows, SCHEMA)) == 70
    with pytest.raises(UserError, match="no column 'city', which the model was taught"):
        labelled_rows(rows.drop(columns="city"), SCHEMA)


def test_held_out_rows_follow_from_the_content_and_keep_class_shares() -> None:
    rows = mixed_frame(200)
    first, again, other = with_sides(rows), with_sides(rows), with_sides(rows, "cd" * 32)
    assert first[HELD_OUT].equals(again[HELD_OUT]) and not first[HELD_OUT].equals(other[HELD_OUT])
    shares = first.groupby("outcome")[HELD_OUT].mean()
    assert shares.to_numpy() == pytest.approx(0.25, abs=0.02)


def test_a_group_stays_on_the_side_it_was_on() -> None:
    rows = mixed_frame(300).assign(person=np.arange(300) % 30)
    earlier = rows.head(30).assign(**{HELD_OUT: np.arange(30) % 3 == 0})
    later = rows.tail(200).assign(person=lambda frame: frame["person"] + 10)
    found = marked(later, config(GroupSplit(column="person")), SHA, stratify=True, earlier=earlier)
    sides = found.groupby("person")[HELD_OUT]
    assert (sides.nunique() == 1).all()
    known = sides.first().loc[10:29]
    assert (known == earlier.set_index("person")[HELD_OUT].loc[10:29]).all()
    assert 0 < sides.first().loc[30:].sum() < 10


def test_only_the_newest_windows_are_kept(tmp_path: Path) -> None:
    for number in range(4):
        keep_window(tmp_path, with_sides(mixed_frame(20, seed=number)), f"{number}" * 64, most=3)
    assert [window.sha256[0] for window in list_windows(tmp_path)] == ["1", "2", "3"]


def test_a_union_keeps_every_side_and_the_newest_rows_alone(tmp_path: Path) -> None:
    base = reference(mixed_frame(75, seed=1), mixed_frame(25, seed=2))
    windows = [
        keep_window(tmp_path / "w", with_sides(mixed_frame(40, seed=k)), f"{k}" * 64, most=9)
        for k in (3, 4)
    ]
    whole = join_windows(base, windows, tmp_path / "u", max_rows=1_000)
    assert (whole.num_rows, whole.num_new) == (180, 80)
    rows = read_source(str(whole.folder)).frame
    assert rows[HELD_OUT].tolist() == [False] * 75 + [True] * 25 + [
        side for window in windows for side in pd.read_parquet(window.path)[HELD_OUT]
    ]
    some = join_windows(base, windows, tmp_path / "u", max_rows=100)
    rows = read_source(str(some.folder)).frame
    assert (some.num_rows, some.num_new) == (100, 80) and rows[HELD_OUT].head(20).sum() == 5
    assert rows["ratio"].iloc[14] == base.train["ratio"].iloc[-1]
    fewest = join_windows(base, windows, tmp_path / "u", max_rows=50)
    assert (fewest.num_rows, fewest.num_new) == (50, 50)


def test_a_union_keeps_how_its_source_writes_dates_and_numbers(tmp_path: Path) -> None:
    days = pd.Series(pd.date_range("2022-01-01", periods=100)).dt.strftime("%d/%m/%Y")
    prices = [f"{price:.2f} EUR" for price in np.arange(100) / 4]
    frame = mixed_frame(100).drop(columns=["id", "currency"]).assign(day=days, price=prices)
    table = prepare_table(frame, "outcome")
    base = replace(reference(table.frame, table.frame[:0]), columns=table.schema.columns)
    union = join_windows(base, [], tmp_path / "u", max_rows=1_000)
    kinds = {column.name: column.kind for column in table.schema.columns}
    with open_batches(str(union.folder), tmp_path) as (batches, _):
        again = ConformedRows.infer(batches.without([HELD_OUT]), "outcome", kinds)
    described = described_by(again.kinds, again.forms)
    for rows in again.read():
        described.add(rows[table.schema.names])
    assert described.schema("outcome") == table.schema
    assert table.schema["day"].written and table.schema["price"].number_form


def test_damaged_forms_are_an_error_in_a_line(tmp_path: Path) -> None:
    table = pa.table({"a": [1]}).replace_schema_metadata({"mintmark.forms": '{"a": 3}'})
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(UserError, match=r"rows\.parquet: its metadata 'mintmark.forms' is damaged"):
        kept_forms(tmp_path / "rows.parquet")


def test_a_union_is_named_by_its_content_and_says_where_it_came_from(tmp_path: Path) -> None:
    base = reference(mixed_frame(75, seed=1), mixed_frame(25, seed=2))
    window = keep_window(tmp_path / "w", with_sides(mixed_frame(40)), SHA, most=9)
    first = join_windows(base, [window], tmp_path / "u", max_rows=1_000)
    sha256 = hash_source(str(first.folder))
    again = join_windows(base, [window], tmp_path / "u", max_rows=1_000)
    assert again == first and hash_source(str(again.folder)) == sha256
    found = read_manifest(str(first.folder))
    assert found is not None and (found.version, found.windows) == ("1", (SHA,))
    assert found.until == window.arrived and read_manifest(str(tmp_path)) is None
    origins = [
        json.loads(pq.read_metadata(path).metadata[ORIGINS.encode()])
        for path in sorted(first.folder.glob("*.parquet"))
    ]
    assert origins == [["cd" * 32], [SHA]]


def test_marks_must_be_truths_that_vary() -> None:
    rows = pd.DataFrame({"ill": [True, False] * 4, "side": [1, 0, 0, 0, 1, 0, 0, 0]})
    asked = PrepareConfig(data="x", target="ill", split=MarkedSplit(column="side"))
    assert split_rows(rows, asked, stratify=True).test.tolist() == [0, 4]
    with pytest.raises(UserError, match="has 2: true and false are accepted"):
        split_rows(rows.replace({"side": {1: 2}}), asked, stratify=True)
    with pytest.raises(UserError, match="marks 8 of 8 rows"):
        split_rows(rows.assign(side=1), asked, stratify=True)
