"""Words that a CSV file is read with as missing cells, and that may be words of their own."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

logger = logging.getLogger(__name__)

_WORDS = frozenset({"NA", "None", "null", "NULL", "nan", "NaN"})
_LONGEST = 24


def doubtful_words(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The columns of short words where a cell may be meant as it stands, with the commonest such.

    Where some cells are empty, or others are numbers, such a word says that a value is missing.

    >>> doubtful_words({"country": ["DE", "NA", "FR"], "n": ["1", "NA"], "gap": ["a", "NA", ""]})
    {'country': 'NA'}
    """
    found = {}
    for name, cells in columns.items():
        counts = Counter(cells)
        words = [word for word, _ in counts.most_common() if word in _WORDS]
        others = counts.keys() - _WORDS
        if words and others and all(map(_is_short_word, others)):
            found[name] = words[0]
    return found


def tell_doubtful_words(path: Path, words: Mapping[str, str]) -> None:
    """Log that these words are read as missing, and how to keep them."""
    for name, word in words.items():
        logger.warning(
            "column %r of %s has cells %r among other words: they are read as missing; where that "
            "is a word of its own, write another one, or the table as Parquet, which keeps it",
            name,
            path.name,
            word,
        )


def _is_short_word(cell: str) -> bool:
    return cell.isalnum() and not cell.isdecimal() and len(cell) <= _LONGEST
