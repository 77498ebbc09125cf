"""Fresh identifiers: same shape as the real ones, never learned from them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.cast import cast
from components.data.schema import Column

MOST_DRAWN = 131_072
"""Identifiers of more rows are made from the row's number, since they cannot be compared."""

_ALPHABETS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")

_Numbers = NDArray[np.uint64]


def fresh_identifiers(column: Column, num_rows: int, rng: np.random.Generator) -> pd.Series:
    """`num_rows` distinct identifiers: whole numbers from 1, or strings in the example's pattern.

    In a string, digits and letters are drawn anew and everything else is kept. Where the pattern
    has fewer than 10 * num_rows strings, the row's number is appended.
    """
    if not isinstance(column.example, str):
        return cast(pd.Series(np.arange(1, num_rows + 1)), column.dtype)
    alphabets = [_alphabet(character) for character in column.example]
    drawn = [
        np.array(list(alphabet))[rng.integers(len(alphabet), size=num_rows)]
        for alphabet in alphabets
    ]
    names = pd.Series(["".join(row) for row in zip(*drawn, strict=True)], dtype=object)
    if _is_narrow(alphabets, num_rows) or names.duplicated().any():
        names = names + "-" + pd.Series(np.arange(num_rows)).astype(str)
    return cast(names, column.dtype)


def numbered_identifiers(
    column: Column, rows: range, total: int, rng: np.random.Generator
) -> pd.Series:
    """The identifiers of some of `total` rows, distinct among all of these.

    They look like those of `fresh_identifiers`, and each depends on `rng` and its row's number
    alone. Some places of the pattern, chosen by `rng`, spell the number in digits that `rng`
    shuffles; the others are filled from a hash of it.
    """
    if not isinstance(column.example, str):
        return cast(pd.Series(np.arange(rows.start + 1, rows.stop + 1)), column.dtype)
    numbers = np.arange(rows.start, rows.stop, dtype=np.uint64)
    alphabets = [_alphabet(character) for character in column.example]
    is_narrow = _is_narrow(alphabets, total)
    left, shift = 0 if is_narrow else total - 1, np.zeros(len(numbers), dtype=np.uint64)
    rest, drawn = numbers, [np.empty(0)] * len(alphabets)
    for place in rng.permutation(len(alphabets)):
        size = len(alphabets[place])
        letters = np.array(list(alphabets[place]))[rng.permutation(size)]
        key = rng.integers(2**63, dtype=np.uint64)
        if size > 1 and left:  # what came before only turns the digit: no two numbers meet
            digit, base = rest % np.uint64(size), np.uint64(size)
            drawn[place] = letters[(digit + shift) % base]
            shift, rest, left = shift * np.uint64(31) + digit, rest // base, left // size
        else:
            drawn[place] = letters[_hashed(numbers, key) % np.uint64(size)]
    names = pd.Series(["".join(row) for row in zip(*drawn, strict=True)], dtype=object)
    if is_narrow:
        names = names + "-" + pd.Series(numbers).astype(str)
    return cast(names, column.dtype)


def _is_narrow(alphabets: list[str], num_rows: int) -> bool:
    """True where the pattern has too few strings for so many rows."""
    return bool(np.prod([float(len(alphabet)) for alphabet in alphabets]) < 10 * num_rows)


def _hashed(numbers: _Numbers, key: np.uint64) -> _Numbers:
    """Numbers that look random, one for each: the finaliser of SplitMix64 (Steele et al. 2014)."""
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15) + key
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    hashed: _Numbers = mixed ^ (mixed >> np.uint64(31))
    return hashed


def _alphabet(character: str) -> str:
    return next((letters for letters in _ALPHABETS if character in letters), character)
