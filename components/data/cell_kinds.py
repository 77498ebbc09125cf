"""Whether a text holds more in a cell than a name: lists and records, or two numbers."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.data.texts import ENOUGH_ROWS, trimmed

_STRUCTURE_SHARE, _PAIR_SHARE = 0.9, 0.95
"""Of so many rows a text is one of lists and records, or of two numbers."""
_FEWEST_OF_A_PART = 6
"""Each of two numbers has so many values at least: else it is a unit, as in `7/10`."""
_MOST_HELD = 1_000
_STRUCTURE = r"(?s)^(?:\{.*\}|\[.*\])$"
_NUMBER = "[-+]?[0-9]+(?:[.][0-9]+)?"
_BETWEEN = r" ?(?:[/x\x{d7}:;±]|\+/-) ?|, |,| ?[-\x{2013}] ?| to "
_PAIR = rf"^\(?(?P<one>{_NUMBER})(?P<between>{_BETWEEN})(?P<other>{_NUMBER})\)?$"
_ASCENDING = frozenset(("-", "\u2013", "to"))


class CellSummary:
    """How many rows' cells are lists or records, and how many two numbers; `add` takes the next.

    >>> cells = CellSummary()
    >>> cells.add([f"{120 + k}/{k * 3}" for k in range(60)], np.ones(60, dtype=np.int64))
    >>> cells.are_pairs, cells.are_structures
    (True, False)
    """

    def __init__(self) -> None:
        self.num_rows = self._num_structures = self._num_pairs = 0
        self._between: set[str] = set()
        self._parts: tuple[set[str], set[str]] = (set(), set())
        self._widths: set[int] = set()
        self._are_codes = self._has_decimals = False
        self._ascend = True

    def add(self, levels: Iterable[object], counts: NDArray[np.int64]) -> None:
        """Take the distinct values of the next rows, and how many of these have each."""
        if self.num_rows >= ENOUGH_ROWS:
            return
        first = [str(level) for level, _ in zip(levels, range(ENOUGH_ROWS), strict=False)]
        texts, counts = trimmed(pd.Series(first, dtype="str")), counts[: len(first)]
        self.num_rows += int(counts.sum())
        is_structure = pc.match_substring_regex(texts, _STRUCTURE)
        self._num_structures += int(counts[is_structure.to_numpy(zero_copy_only=False)].sum())
        self._add_pairs(texts, counts)

    @property
    def are_structures(self) -> bool:
        """Whether nearly all are lists or records, as JSON and Python write them."""
        return self._num_structures >= _STRUCTURE_SHARE * max(self.num_rows, 1)

    @property
    def are_pairs(self) -> bool:
        """Whether nearly all are two numbers with one sign between, and neither is a code.

        Codes have leading zeros, or all are of one length. With a dash between them the second is
        the larger, as in ranges.
        """
        are_most = self._num_pairs >= _PAIR_SHARE * max(self.num_rows, 1)
        if not are_most or len(self._between) > 1 or self._are_codes:
            return False
        (between,) = self._between
        if between == "," and not self._has_decimals:
            return False  # of thousands, or with decimals
        are_told = self._has_decimals or (len(self._widths) > 1)
        may_be = between not in _ASCENDING or self._ascend
        return are_told and may_be and min(map(len, self._parts)) >= _FEWEST_OF_A_PART

    def _add_pairs(self, texts: pa.Array, counts: NDArray[np.int64]) -> None:
        found = pc.extract_regex(texts, _PAIR)
        is_pair = found.is_valid().to_numpy(zero_copy_only=False)
        self._num_pairs += int(counts[is_pair].sum())
        one, between, other = (
            pc.struct_field(found, name).filter(pa.array(is_pair))
            for name in ("one", "between", "other")
        )
        self._between.update(pc.unique(pc.utf8_trim_whitespace(between)).to_pylist())
        self._widths.update(pc.unique(pc.utf8_length(texts.filter(pa.array(is_pair)))).to_pylist())
        for part, values in zip(self._parts, (one, other), strict=True):
            if len(part) < _MOST_HELD:
                part.update(pc.unique(values).to_pylist()[:_MOST_HELD])
            starts = pc.any(pc.match_substring_regex(values, "^[-+]?0[0-9]")).as_py()
            self._are_codes = self._are_codes or bool(starts)
            decimals = pc.any(pc.match_substring(values, ".")).as_py()
            self._has_decimals = self._has_decimals or bool(decimals)
        numbers = pc.less(pc.cast(one, pa.float64()), pc.cast(other, pa.float64()))
        self._ascend = self._ascend and bool(pc.all(numbers).as_py() is not False)
