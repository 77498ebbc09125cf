"""Captions: labels of several words, each of which says something of the image by itself."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def words_of(caption: str) -> tuple[str, ...]:
    """The words of a caption, each once.

    >>> words_of("large red  square")
    ('large', 'red', 'square')
    """
    return tuple(dict.fromkeys(caption.split()))


def vocabulary(captions: Sequence[str]) -> tuple[str, ...]:
    """Every word of the captions, sorted.

    >>> vocabulary(["large red square", "small red disc"])
    ('disc', 'large', 'red', 'small', 'square')
    """
    return tuple(sorted({word for caption in captions for word in words_of(caption)}))


def word_codes(captions: Sequence[str], words: Sequence[str]) -> NDArray[np.float32]:
    """1 where a caption has a word, else 0, shape (captions, words); they have no others.

    >>> word_codes(["large red", "red"], ("large", "red", "small")).tolist()
    [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    """
    codes = np.zeros((len(captions), len(words)), dtype=np.float32)
    for row, caption in enumerate(captions):
        codes[row, [words.index(word) for word in words_of(caption)]] = 1
    return codes


def attributes(captions: Sequence[str]) -> list[NDArray[np.int64]]:
    """For each place in the captions, which word stands there, as a number, shape (captions,).

    A place where all have the same word says nothing. There are none where captions are of one word
    or have not equally many: then places mean nothing.

    >>> [place.tolist() for place in attributes(["large red disc", "small red ring"])]
    [[0, 1], [0, 1]]
    >>> attributes(["disc", "ring"])
    []
    """
    split = [caption.split() for caption in captions]
    if len({len(words) for words in split}) != 1 or len(split[0]) < 2:
        return []
    places = [np.unique(place, return_inverse=True)[1] for place in np.array(split).T]
    return [codes.astype(np.int64) for codes in places if codes.max() > 0]
