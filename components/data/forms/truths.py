"""True and false as a source writes them, such as `TRUE`, `yes` or 1: read, and so written."""

from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd
from pandas.api import types

from components.data.texts import holds_text, trimmed

Truths = tuple[str, str]
"""How false and true are written."""

PLAIN: Truths = ("False", "True")
"""How they are written where a source says nothing else."""
DIGITS: Truths = ("0", "1")

_PAIRS = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), DIGITS, ("off", "on"))
_MEANINGS = {word: bool(place) for pair in _PAIRS for place, word in enumerate(pair)}
_MEANINGS |= {"0.0": False, "1.0": True}
_CONTRARIES = {word: pair[1 - place] for pair in _PAIRS for place, word in enumerate(pair)}


def told_truths(counts: Mapping[str, int]) -> Truths | None:
    """How most of these words, with their counts, say false and true; None where it is `PLAIN`.

    Also where there are none, or one of them says neither. A word that is not there is written as
    the other one is.

    >>> told_truths({"TRUE": 3, "FALSE": 5}), told_truths({"Y": 2}), told_truths({"maybe": 1})
    (('FALSE', 'TRUE'), ('N', 'Y'), None)
    """
    found: Counter[str] = Counter()
    for word, count in counts.items():
        found[word.strip()] += count
    if not found or any(word.lower() not in _CONTRARIES for word in found):
        return None
    most = [word for word, _ in found.most_common()]
    no, yes = (
        next((word for word in most if _MEANINGS[word.lower()] is meant), _contrary(most[0]))
        for meant in (False, True)
    )
    return None if (no, yes) == PLAIN else (no, yes)


def csv_truths(cells: Iterable[str]) -> Truths | None:
    """The same of the cells of a CSV column that is read as true and false, declared or not."""
    words = Counter(cell for cell in cells if cell)
    return told_truths(words) if all(word.lower() in _PAIRS[0] for word in words) else None


def words_of(values: pd.Series) -> Truths | None:
    """The same of a column that is declared to be true and false."""
    if are_truths(values):
        return None
    if not holds_text(values):
        return DIGITS
    return told_truths(Counter(values.dropna().astype(str).tolist()))


def are_truths(values: pd.Series) -> bool:
    """Whether all values that are there are true or false already."""
    is_typed = types.is_bool_dtype(values)
    return is_typed or (values.dtype == object and types.infer_dtype(values) == "boolean")


def read_truths(values: pd.Series) -> pd.Series:
    """Values as true and false, missing where they are.

    Raises ValueError where a value is neither.
    """
    read = read_what_is_truth(values)
    unread = values.notna() & read.isna()
    if unread.any():
        raise ValueError(f"{values[unread].tolist()[0]!r} is neither true nor false")
    return read


def read_what_is_truth(values: pd.Series) -> pd.Series:
    """The same, missing where a value is neither."""
    if are_truths(values):
        return values.astype("boolean")
    if not holds_text(values):
        return values.map({0: False, 1: True}).astype("boolean")
    texts = pd.Series(trimmed(values).to_pylist(), index=values.index, dtype=object)
    return texts.map(lambda text: _MEANINGS.get(text.lower()), na_action="ignore").astype("boolean")


def write_truths(frame: pd.DataFrame, words: Mapping[str, Truths]) -> pd.DataFrame:
    """The frame with these columns as text, true and false of each in its words."""
    return frame.assign(**{name: _written(frame[name], pair) for name, pair in words.items()})


def _written(values: pd.Series, words: Truths) -> pd.Series:
    texts = dict(zip(PLAIN, words, strict=True))
    return values.astype(object).map(lambda v: texts.get(str(v), v), na_action="ignore")


def _contrary(word: str) -> str:
    """The word for the contrary, in capital or small letters as this one."""
    other = _CONTRARIES[word.lower()]
    if word.isupper():
        return other.upper()
    return other.capitalize() if word[:1].isupper() else other
