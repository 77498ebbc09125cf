"""Tables are written whole or not at all."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from components.data.files import count_rows, read_batches
from components.data.output import check_output, write_frame, write_frames
from components.data.splits import hash_frames, hash_rows
from components.errors import UserError
from tests.procedural import mixed_frame

ROWS = pd.DataFrame({"a": range(100_000)})


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_full_disk_leaves_the_old_file_and_no_partial_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("old")
    (tmp_path / f".{name}.part").symlink_to("/dev/full")
    with pytest.raises(OSError) as failure:
        write_frame(ROWS, path)
    assert failure.value.errno == errno.ENOSPC
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_new_file_replaces_the_old(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("old")
    write_frame(ROWS, tmp_path / name)
    read = pd.read_csv if name.endswith(".csv") else pd.read_parquet
    pd.testing.assert_frame_equal(read(tmp_path / name), ROWS)


@pytest.mark.parametrize(
    ("name", "message"), [("t.xlsx", "accepted endings"), ("none/t.csv", "there is no folder")]
)
def test_refuses_where_nothing_can_be_written(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_output(tmp_path / name)


@pytest.mark.parametrize("source", ["t.csv", "*.csv", "."])
def test_refuses_to_write_over_what_is_read(tmp_path: Path, source: str) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(UserError, match="it is read; what is there would be lost"):
        check_output(tmp_path / "." / "t.csv", [tmp_path / source])
    check_output(tmp_path / "made.csv", [tmp_path / source, "sklearn:iris", "s3://store/t.csv"])


def parts_of(frame: pd.DataFrame, size: int) -> list[pd.DataFrame]:
    return [frame[start : start + size] for start in range(0, len(frame), size)]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_parts_are_one_table(tmp_path: Path, name: str) -> None:
    frame = mixed_frame(90)
    frame["late"] = frame["city"].where(frame.index >= 60)
    frame["day"] = pd.Timestamp("2024-05-01") + pd.to_timedelta(frame.index // 60, unit="h")
    assert write_frames(parts_of(frame, 30), tmp_path / name) == 90
    if name.endswith(".parquet"):
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / name), frame)
        assert pq.read_metadata(tmp_path / name).num_row_groups == 3
        assert count_rows(tmp_path / name) == 90
        again = pd.concat(read_batches(tmp_path / name, 40), ignore_index=True)
        pd.testing.assert_frame_equal(again, frame)
        assert hash_frames(read_batches(tmp_path / name, 40)) == hash_rows(frame)
    else:
        read = pd.read_csv(tmp_path / name, parse_dates=["day", "seen"])
        assert read["day"].tolist() == frame["day"].tolist()
        assert read["late"].isna().tolist() == frame["late"].isna().tolist()


def test_one_part_gives_the_bytes_of_pandas(tmp_path: Path) -> None:
    frame = mixed_frame(50)
    write_frame(frame, tmp_path / "ours.parquet")
    frame.to_parquet(tmp_path / "theirs.parquet", index=False)
    assert (tmp_path / "ours.parquet").read_bytes() == (tmp_path / "theirs.parquet").read_bytes()


def test_no_rows_are_a_table_too(tmp_path: Path) -> None:
    frame = mixed_frame(50)[:0]
    write_frame(frame, tmp_path / "none.parquet")
    assert [len(part) for part in read_batches(tmp_path / "none.parquet", 10)] == [0]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_parts_that_end_in_an_error_leave_the_old_file(tmp_path: Path, name: str) -> None:
    def parts() -> Iterator[pd.DataFrame]:
        yield ROWS
        yield ROWS
        raise UserError("no more")

    (tmp_path / name).write_text("old")
    with pytest.raises(UserError, match="no more"):
        write_frames(parts(), tmp_path / name)
    assert (tmp_path / name).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == [name]
