"""Columns of text, and what one rather is than names: prose."""

import re
from collections.abc import Iterable
from itertools import islice

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas.api import types

_WORD = re.compile(r"[^\W\d_]{2,}")

PROSE_WORDS, PROSE_SHARE = 5.0, 0.5
"""Prose has so many words on average, and is another in this share of rows."""
ENOUGH_ROWS = 50_000
"""After so many rows, or distinct values, no more are looked at."""


def holds_text(values: pd.Series) -> bool:
    """Whether the values are neither times nor numbers."""
    return not (types.is_datetime64_any_dtype(values) or types.is_numeric_dtype(values))


def trimmed(values: pd.Series) -> pa.Array:
    """Values as text without the blanks around it, null where they are missing."""
    texts = values if values.dtype == "str" else values.astype(str).where(values.notna())
    return pc.utf8_trim_whitespace(pa.array(texts, pa.large_string(), from_pandas=True))


class TextSummary:
    """How many words rows' values have."""

    def __init__(self) -> None:
        self.num_rows = self.num_words = 0

    def add(self, levels: Iterable[object], counts: NDArray[np.int64]) -> None:
        """Take the distinct values of the next rows, and how many of these have each."""
        if self.num_rows >= ENOUGH_ROWS:
            return
        first = zip(map(str, levels), counts.tolist(), strict=True)
        for level, count in islice(first, ENOUGH_ROWS):
            self.num_rows += count
            self.num_words += count * sum(1 for word in level.split() if _WORD.search(word))

    @property
    def words(self) -> float:
        """How many words a value has on average."""
        return self.num_words / max(self.num_rows, 1)
