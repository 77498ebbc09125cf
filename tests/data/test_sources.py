"""Sources: what is read, how it is hashed, and what is refused."""

import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.data.sources import hash_source, open_batches, read_source
from components.errors import UserError

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


def test_reads_bundled_table_with_named_target() -> None:
    source = read_source("sklearn:breast_cancer")
    assert source.frame.shape == (569, 31)
    assert set(source.frame["diagnosis"]) == {"malignant", "benign"}
    assert source.sha256 == hash_source("sklearn:breast_cancer")


@pytest.mark.parametrize("name", ["t.csv", "T.CSV", "t.csv.gz", "t.tsv", "t.parquet", "t.Parquet"])
def test_reads_files_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.lower().endswith(".parquet"):
        FRAME.to_parquet(path)
    else:
        FRAME.to_csv(path, index=False, sep="\t" if name.endswith(".tsv") else ",")
    read = read_source(str(path)).frame
    assert read["a"].tolist() == [1, 2, 3]
    assert read["b"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("reader", ["whole", "in parts"])
def test_an_index_that_pandas_wrote_is_a_column_if_it_has_a_name(
    tmp_path: Path, reader: str, caplog: pytest.LogCaptureFixture
) -> None:
    def read(frame: pd.DataFrame) -> pd.DataFrame:
        path = tmp_path / "indexed.parquet"
        frame.to_parquet(path)
        if reader == "whole":
            return read_source(str(path)).frame
        with open_batches(str(path), tmp_path, 2) as (batches, _):
            return pd.concat(batches.read(), ignore_index=True)

    times = pd.date_range("2024-05-01", periods=3, freq="h", name="at")
    assert read(FRAME.set_index(times))["at"].tolist() == times.tolist()
    keys = pd.MultiIndex.from_arrays([list("pqr"), [7, 8, 9]], names=["shop", "till"])
    assert read(FRAME.set_index(keys)).columns.tolist() == ["a", "b", "shop", "till"]
    assert not caplog.records
    assert read(FRAME.iloc[[2, 0]]).columns.tolist() == ["a", "b"]  # numbers of rows tell nothing
    assert not caplog.records
    assert read(FRAME.set_index(times.rename(None))).columns.tolist() == ["a", "b"]
    assert "index of its rows (timestamp" in caplog.text and "no name" in caplog.text


def test_glob_and_folder_read_all_files_in_order(tmp_path: Path) -> None:
    for number in (2, 1):
        FRAME.assign(a=number).to_csv(tmp_path / f"part{number}.csv", index=False)
    by_glob = read_source(str(tmp_path / "part*.csv"))
    by_folder = read_source(str(tmp_path))
    assert by_glob.frame["a"].tolist() == [1, 1, 1, 2, 2, 2]
    assert by_glob.sha256 == by_folder.sha256 == hash_source(str(tmp_path))


def test_hash_follows_content_not_name(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "one.csv", index=False)
    FRAME.to_csv(tmp_path / "two.csv", index=False)
    FRAME.assign(a=0).to_csv(tmp_path / "three.csv", index=False)
    one, two, three = (hash_source(str(tmp_path / f"{n}.csv")) for n in ("one", "two", "three"))
    assert one == two != three


def test_refuses_missing_file() -> None:
    with pytest.raises(UserError, match=r"no data at 'nowhere\.csv'.*sklearn:breast_cancer"):
        read_source("nowhere.csv")


def test_refuses_unknown_bundled_table() -> None:
    with pytest.raises(UserError, match=r"no bundled table 'sklearn:titanic'.*breast_cancer"):
        read_source("sklearn:titanic")


def test_refuses_other_formats(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"accepted formats are \.csv"):
        read_source(str(tmp_path / "t.xlsx"))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.xlsx", b"PK", "accepted formats .*; save the sheet as CSV"),
        ("t.csv.zip", b"PK", "accepted formats .*; unpack it first"),
        ("t.jsonl", b"{}", "accepted formats .*; write its rows as one of these"),
        ("t.csv", b"PAR1\xff", "it is a Parquet file: give it a name that ends in .parquet"),
        ("t.csv", b"\x1f\x8b\xff", "it is packed by gzip: give it a name that ends in .gz"),
        ("t.csv", "a,b".encode("utf-16"), "it is text in UTF-16: save it as UTF-8"),
        ("t.csv", b"a\xff", r"it is not text in UTF-8 \(a byte 0xff\)"),
    ],
)
def test_what_is_no_table_is_told_what_to_do(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=told):
        read_source(str(tmp_path / name))


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("0.5,3,a\n1.5,4,b\n", True),
        ("city,2019,2020\nRome,1.5,2\n", False),
        ("year,0.1,0.9\n2019,1.5,2\n", False),
        ("1,2\n3,4\n", False),
        ("a,b\nc,d\n", False),
    ],
)
def test_names_that_look_like_values_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, is_told: bool
) -> None:
    (tmp_path / "t.csv").write_text(text)
    read_source(str(tmp_path / "t.csv"))
    assert ["looks like values" in message for message in caplog.messages] == [True] * is_told


def test_a_single_picture_is_told_to_come_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(UserError, match="of pictures the folder that holds them is accepted"):
        read_source(str(tmp_path / "x.png"))


def test_refuses_duplicate_column_names(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(UserError, match="more than one column named 'a'"):
        read_source(str(tmp_path / "t.csv"))


@pytest.mark.parametrize("name", ["t.parquet", "t.csv.gz"])
def test_refuses_truncated_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".parquet"):
        FRAME.to_parquet(path)
    else:
        path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 5000))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="cannot read"):
        read_source(str(path))


def test_refuses_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("")
    with pytest.raises(UserError, match="cannot read"):
        read_source(str(tmp_path / "t.csv"))


def test_refuses_files_with_different_columns(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "1.csv", index=False)
    FRAME.rename(columns={"b": "c"}).to_csv(tmp_path / "2.csv", index=False)
    with pytest.raises(UserError, match="'b', 'c'"):
        read_source(str(tmp_path / "*.csv"))


def test_a_damaged_note_of_pandas_is_one_line(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2]}).replace_schema_metadata({b"pandas": b'{"index_columns": []}'})
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(UserError, match="what pandas noted of its columns is damaged"):
        read_source(str(tmp_path / "rows.parquet"))
    with (
        pytest.raises(UserError, match="what pandas noted of its columns is damaged"),
        open_batches(str(tmp_path / "rows.parquet"), tmp_path),
    ):
        pass


def test_tables_in_folders_by_their_values_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for year in (2023, 2024):
        (tmp_path / f"year={year}").mkdir()
        FRAME.to_parquet(tmp_path / f"year={year}" / "part.parquet")
    told = r"2 tables in the folders in it, such as 'year=2023/part\.parquet'.*/\*\*/\*\.parquet'"
    with pytest.raises(UserError, match=told):
        read_source(str(tmp_path))
    assert not caplog.records
    rows = read_source(str(tmp_path / "**" / "*.parquet")).frame
    assert rows.columns.tolist() == ["a", "b"] and len(rows) == 6
    assert "names have values of 'year', which are not read" in caplog.text


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_refuses_text_with_a_nul(tmp_path: Path, name: str) -> None:
    """By itself pandas would read 1 where 1.5 was."""
    text = b"a,b\n1,x\n1.\0005,y\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    with pytest.raises(UserError, match="its byte 10 is NUL"):
        read_source(str(tmp_path / name))
    with (
        pytest.raises(UserError, match="its byte 10 is NUL"),
        open_batches(str(tmp_path / name), tmp_path),
    ):
        pass


def test_refuses_duplicate_column_names_of_parquet(tmp_path: Path) -> None:
    rows = pa.table([pa.array([1, 2]), pa.array([3, 4])], names=["a", "a"])
    pq.write_table(rows, tmp_path / "t.parquet")
    with pytest.raises(UserError, match="more than one column is named 'a'"):
        read_source(str(tmp_path / "t.parquet"))
