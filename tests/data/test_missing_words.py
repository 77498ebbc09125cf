"""A word that is read as missing, and may be meant as it stands, is told."""

from pathlib import Path

import pandas as pd
import pytest

from components.data.batches import file_batches
from components.data.sources import read_source


@pytest.mark.parametrize(
    ("cells", "is_told"),
    [
        (["DE", "NA", "FR"], True),
        (["red", "None", "blue"], True),
        (["DE", "NA", ""], False),
        (["1", "NA", "2"], False),
        (["a long text", "NA", "of words"], False),
        (["DE", "FR", "GB"], False),
    ],
)
def test_doubtful_words_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, cells: list[str], is_told: bool
) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame({"it": cells, "y": 1}).to_csv(path, index=False)
    read_source(str(path))
    assert len(caplog.messages) == is_told
    assert all("'it' of t.csv has cells" in text for text in caplog.messages)
    file_batches([path], tmp_path)
    assert len(caplog.messages) == 2 * is_told
