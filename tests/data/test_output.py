"""Tables are written whole or not at all."""

import errno
from pathlib import Path

import pandas as pd
import pytest

from components.data.output import check_output, write_frame
from components.errors import UserError

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
    ("name", "message"), [("t.xlsx", "accepted endings"), ("none/t.csv", "does not exist")]
)
def test_refuses_where_nothing_can_be_written(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_output(tmp_path / name)
