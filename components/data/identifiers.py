"""Fresh identifiers: same shape as the real ones, never learned from them."""

import numpy as np
import pandas as pd

from components.data.cast import cast
from components.data.schema import Column

_ALPHABETS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


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
    space = np.prod([float(len(alphabet)) for alphabet in alphabets])
    if space < 10 * num_rows or names.duplicated().any():
        names = names + "-" + pd.Series(np.arange(num_rows)).astype(str)
    return cast(names, column.dtype)


def _alphabet(character: str) -> str:
    return next((letters for letters in _ALPHABETS if character in letters), character)
