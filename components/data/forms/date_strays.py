"""Texts that are dates but for some: what keeps such a column from being one of dates."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config.yaml_text import shown
from components.data.counted import counted
from components.data.forms.dates import FORMATS, formats_of
from components.data.forms.period_dates import read_by

_NEARLY_ALL = 0.9
"""Of so many rows a text is one of dates."""
_MOST_HELD, _TRIED = 10_000, 20
_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?"
_DAYS = tuple(form for form in FORMATS if "%Y" in form and "%d" in form)
"""Formats that hardly anything but a date has."""


class DateStrays:
    """What stands among dates in text, told from the first distinct values; `add` takes the next.

    >>> strays = DateStrays()
    >>> days = [f"{day}/05/2024" for day in range(10, 30)]
    >>> strays.add([*days, "31/02/2024"], np.ones(21, dtype=np.int64))
    >>> strays.told
    "is text of dates, such as '10/05/2024', but for '31/02/2024' in 1 row"
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._is_full = False

    def add(self, levels: Iterable[object], counts: NDArray[np.int64]) -> None:
        """Take the distinct values of the next rows, and how many of these have each."""
        for level, count in zip(levels, counts.tolist(), strict=True):
            text = str(level)
            if len(self._counts) == _MOST_HELD and text not in self._counts:
                self._is_full = True
                return
            self._counts[text] = self._counts.get(text, 0) + count

    @property
    def told(self) -> str | None:
        """Why these are no dates as they stand, as the rest of a sentence; None for other text."""
        texts = pd.Series([*self._counts], dtype="str")
        counts = np.array([*self._counts.values()], dtype=np.int64)
        found = [*_are_dates(texts)]
        if not found:
            return None
        most = max(found, key=lambda are: counts[are].sum())
        either = pd.concat(found, axis=1).any(axis=1)
        if counts[either].sum() < _NEARLY_ALL * counts.sum():
            return None
        such = f"is text of dates, such as {shown(texts[most].iloc[0])}"
        others = texts[either & ~most]
        if counts[most].sum() < _NEARLY_ALL * counts.sum():
            return f"{such}, and others such as {shown(others.iloc[0])}: of several formats"
        if most.all():
            return f"{such}, but not in all rows" if self._is_full else None
        num = int(counts[~most].sum())
        kinds = int((~most).sum())
        more = f" and {counted(kinds - 1, 'more value')}" if kinds > 1 else ""
        return f"{such}, but for {shown(texts[~most].iloc[0])}{more} in {counted(num, 'row')}"


def _are_dates(texts: pd.Series) -> Iterator[pd.Series]:
    """Which are dates by ISO, and by each of the formats that one of some has."""
    some = texts[:: 1 + len(texts) // _TRIED]
    tried = {each for text in some for each in formats_of(text) if each in _DAYS}
    is_iso = texts.str.fullmatch(_ISO)
    if is_iso.any():
        read = pd.to_datetime(texts.where(is_iso), format="ISO8601", errors="coerce", utc=True)
        yield read.notna()
    for form in sorted(tried):
        yield read_by(texts, form).notna()
