"""How many distinct values there are, counted exactly over batches in bounded memory."""

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_KEYS = ("distinct values:", "counted by hash.")
_IN_MEMORY = 1 << 25
"""Bytes of hashes held in memory; more lie in a temporary file, and are counted by parts."""


class Distinct:
    """The distinct values of a column's batches, in order of appearance, with their counts.

    Past `most_kept` values only hashes of 128 bits are kept, on disk, which still tell how many
    there are; or nothing where that is not asked for (`counts_on`).

    >>> distinct = Distinct(most_kept=2)
    >>> distinct.add(np.array(["a", "b"], dtype=object), np.array([3, 1]))
    >>> distinct.add(np.array(["b", "c"], dtype=object), np.array([1, 1]))
    >>> distinct.count()
    3
    """

    def __init__(self, most_kept: int, *, counts_on: bool = True) -> None:
        self.counts: dict[Any, int] = {}
        self.is_over = False
        self._most_kept = most_kept
        self._hashes = _HashFile() if counts_on else None

    def add(self, levels: NDArray[Any], counts: NDArray[np.int64]) -> None:
        """Note a batch's own distinct values, and how many rows have each."""
        if not self.is_over:
            for level, count in zip(levels.tolist(), counts.tolist(), strict=True):
                self.counts[level] = self.counts.get(level, 0) + count
            self.is_over = len(self.counts) > self._most_kept
            levels = _as_array(list(self.counts), levels.dtype)
        if self.is_over and self._hashes is not None:
            self._hashes.add(_hashed(levels))
        if self.is_over:
            self.counts = {}

    def count(self) -> int:
        """How many distinct values there were; one more than are kept where it went uncounted."""
        if not self.is_over:
            return len(self.counts)
        return self._most_kept + 1 if self._hashes is None else self._hashes.count()


class Repeats:
    """Whether a number of a column's batches comes again: exact, in bounded memory.

    >>> repeats = Repeats()
    >>> repeats.add(np.array([1, 2]))
    >>> repeats.found
    False
    >>> repeats.add(np.array([3, 2]))
    >>> repeats.found
    True
    """

    def __init__(self) -> None:
        self._hashes: _HashFile | None = _HashFile()
        self._num_values = 0

    def add(self, numbers: NDArray[Any]) -> None:
        """Take the next batch's numbers; nothing is kept of them once one came again."""
        if self._hashes is None:
            return
        self._num_values += len(numbers)
        if pd.Index(numbers).is_unique:
            self._hashes.add(_hashed(numbers))
        else:
            self._hashes = None

    @property
    def found(self) -> bool:
        """Whether any did."""
        return self._hashes is None or self._hashes.count() < self._num_values


class _HashFile:
    """Pairs of hashes, appended to a file that turns to the disk where it grows."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)
        self._counted: int | None = None

    def add(self, hashes: Hashes) -> None:
        """Append pairs, shape (values, 2)."""
        self._file.write(hashes.tobytes())
        self._counted = None

    def count(self) -> int:
        """How many pairs differ, counted a part of them at a time."""
        if self._counted is not None:
            return self._counted
        end = self._file.tell()
        num_parts = end // _IN_MEMORY + 1
        total = 0
        for part in range(num_parts):
            held = [pairs[pairs[:, 0] % num_parts == part] for pairs in self._read()]
            total += _num_distinct(np.concatenate(held))
        self._file.seek(end)
        self._counted = total
        return total

    def _read(self) -> Iterator[Hashes]:
        self._file.seek(0)
        while block := self._file.read(_IN_MEMORY):
            yield np.frombuffer(block, dtype=np.uint64).reshape(-1, 2)


def _num_distinct(pairs: Hashes) -> int:
    if not len(pairs):
        return 0
    ordered = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return 1 + int((ordered[1:] != ordered[:-1]).any(axis=1).sum())


def _as_array(levels: list[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind != "O":
        return np.array(levels, dtype=dtype)
    array = np.empty(len(levels), dtype=object)
    array[:] = levels
    return array


def _hashed(levels: NDArray[Any]) -> Hashes:
    """Two hashes of each value, alike where the values are equal."""
    if levels.dtype.kind == "O":
        levels = _as_array([_text(level) for level in levels], levels.dtype)
    elif levels.dtype.kind == "f":
        levels = levels + 0.0  # one zero
    return np.column_stack(
        [pd.util.hash_array(levels, hash_key=key, categorize=False) for key in _KEYS]
    )


def _text(level: Any) -> str:
    """A text for a value, one for all that are equal: 1, 1.0 and True are."""
    if isinstance(level, str):
        return f"text {level}"
    if isinstance(level, int | float | Decimal):
        try:
            return f"number {Fraction(level)}"
        except (ValueError, OverflowError):
            return f"number {level}"
    return f"{type(level).__name__}: {level!r}"
