"""What a column of text rather is than names: numbers with signs around them, or prose."""

import re
from collections.abc import Iterable
from itertools import islice

import numpy as np
from numpy.typing import NDArray

_GAPS = "[,.' \u00a0\u2019\u202f]"
_NUMBER = rf"(\d+([.,]\d+)?|\d{{1,3}}({_GAPS}\d{{3}})+([.,]\d+)?|\.\d+)([eE][+-]?\d+)?"
_BEFORE, _BEHIND = r"([$€£¥₹]|[A-Z]{3})", r"([$€£¥₹%‰]|[A-Za-z]{1,3}\.?)"
_PLUS = "[+\u2212-]?"
_LIKE_NUMBER = re.compile(rf"\(?{_PLUS}({_BEFORE} ?)?{_PLUS}{_NUMBER}( ?{_BEHIND})?\)?")
_PLAIN = re.compile(rf"{_PLUS}(\d+|\d*\.\d+)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE = re.compile(r"0\d.*|[A-Za-z]+\d+")
"""What is no number though it ends in digits: 04109, B12."""

MOST_NUMBERS = 0.8
"""From this share of rows on, a text is one of numbers with others among them."""
MOST_OTHERS = 5
"""The most distinct values that stand among numbers in place of missing ones."""
PROSE_WORDS, PROSE_SHARE = 5.0, 0.5
"""Prose has so many words on average, and is another in this share of rows."""
ENOUGH_ROWS = 50_000
"""After so many rows, or distinct values, no more are looked at."""


class TextSummary:
    """How many rows' values look like numbers, which ones do not, and how many words they have."""

    def __init__(self) -> None:
        self.num_rows = self.num_words = self.num_numbers = 0
        self.widths: set[int] = set()
        self.others: dict[str, int] = {}
        self.has_codes = self.has_fractions = self.has_signs = False

    def add(self, levels: Iterable[object], counts: NDArray[np.int64]) -> None:
        """Take the distinct values of the next rows, and how many of these have each."""
        if self.num_rows >= ENOUGH_ROWS:
            return
        first = zip(map(str, levels), counts.tolist(), strict=True)
        for level, count in islice(first, ENOUGH_ROWS):
            text = level.strip()
            self.num_rows += count
            self.num_words += count * sum(1 for word in text.split() if _WORD.search(word))
            if _LIKE_NUMBER.fullmatch(text) and not _CODE.fullmatch(text):
                self.num_numbers += count
                self.widths.add(len(text))
                self.has_fractions = self.has_fractions or not text.isdigit()
                self.has_signs = self.has_signs or not _PLAIN.fullmatch(text)
            elif len(self.others) <= MOST_OTHERS:
                self.others[level] = self.others.get(level, 0) + count
            self.has_codes = self.has_codes or bool(_CODE.fullmatch(text))

    @property
    def are_numbers(self) -> bool:
        """Whether it is a column of numbers that something keeps from being read as such.

        Codes are none: they are of one length, or some begin with a zero or a letter, or all are
        whole numbers and were kept as text.
        """
        return (
            self.num_numbers >= MOST_NUMBERS * self.num_rows > 0
            and len(self.others) <= MOST_OTHERS
            and len(self.widths) > 1
            and not self.has_codes
            and (self.has_fractions or bool(self.others))
        )

    @property
    def words(self) -> float:
        """How many words a value has on average."""
        return self.num_words / max(self.num_rows, 1)
