"""Files are read a part at a time, and what was read is let go."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.data.batches import parquet_batches
from components.data.files import read_batches


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Twenty row groups of numbers that do not compress."""
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(200_000, 5)).round(12))
    path = tmp_path / "large.parquet"
    rows.rename(columns=str).to_parquet(path, row_group_size=10_000)
    return path


@pytest.mark.parametrize("reader", ["batches", "files"])
def test_no_more_of_a_file_is_held_than_a_part_of_it(large: Path, reader: str) -> None:
    before = pa.total_allocated_bytes()
    parts = (
        parquet_batches(large, 10_000).read()
        if reader == "batches"
        else read_batches(large, 10_000)
    )
    held = [pa.total_allocated_bytes() - before for _ in parts]
    assert len(held) == 20 and max(held) < large.stat().st_size / 4
