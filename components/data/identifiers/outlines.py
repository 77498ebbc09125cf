"""The outline that identifiers of several lengths have in common, and what its places are."""

import unicodedata
from collections import Counter
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

ALPHABETS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
HEXADECIMAL = 6
"""Letters at the beginning of the alphabet that stand for digits."""
MOST_FOREIGN = 256
_SIGNS = "9aA"
"""What stands in a shape for a digit and a letter of either case, in the order of `ALPHABETS`."""
_MIXED = "x"
"""What stands for any of them where they are not told apart."""
_TO_MIXED = str.maketrans(dict.fromkeys(_SIGNS, _MIXED))
_MOST_SHAPES = 65_536
FEWEST_ALIKE, _SHARE_ALIKE = 5, 0.2
"""So many rows share an outline, and this share of all, where identifiers are made by it."""
_SHARE_MIXED = 0.05
"""The same of outlines in which letters and digits are not told apart."""


class Outlines:
    """The shapes of identifiers, told from training rows; `add` takes the next.

    >>> outlines = Outlines()
    >>> texts = np.array(["ab@c", "ab@cd", "f@e", "k@lm", "op@q", "r@st"])
    >>> outlines.add(texts.view(np.uint32).reshape(6, -1))
    >>> "".join(place[0] for place in outlines.places)
    'aa@aa'
    """

    def __init__(self) -> None:
        self._shapes: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._num_rows = 0
        self._are_merged = False

    def add(self, codes: NDArray[np.uint32]) -> None:
        """Take identifiers whose characters are `codes`, 0 behind the end."""
        self._num_rows += len(codes)
        if len(self._shapes) <= _MOST_SHAPES:
            self._shapes.update(_shapes_of(codes))
            self._are_merged = self._are_merged or len(self._shapes) > _MOST_SHAPES
            self._merge_shapes()
            known, counts = np.unique(codes, return_counts=True)
            self._characters.update(dict(zip(map(chr, known), counts.tolist(), strict=True)))

    def _merge_shapes(self) -> None:
        """Where there were too many, no longer tell letters and digits in shapes apart."""
        if self._are_merged:
            merged = Counter[str]()
            for shape, count in self._shapes.items():
                merged[shape.translate(_TO_MIXED)] += count
            self._shapes = merged

    @property
    def places(self) -> tuple[str, ...]:
        """What the places of the commonest outline are drawn from, each run of its usual length.

        Empty where all are of one length, and where hardly any two have the same outline, also if
        letters and digits are not told apart, as in the groups of an IPv6 address. Letters are of
        the Latin alphabet where most are, so that an accent tells nothing of its owner.
        """
        if len({len(shape) for shape in self._shapes}) < 2 or len(self._shapes) > _MOST_SHAPES:
            return ()
        alike = Counter[tuple[str, ...]]()
        if not self._are_merged:
            alike = self._alike(is_mixed=False, share=_SHARE_ALIKE)
        alike = alike or self._alike(is_mixed=True, share=_SHARE_MIXED)
        if not alike:
            return ()
        runs = list(alike)
        sizes = [[len(run) for run in each] for each in runs]
        lengths = np.average(sizes, axis=0, weights=list(alike.values())).round().astype(int)
        places: list[str] = []
        for same, length in zip(zip(*runs, strict=True), lengths, strict=True):
            signs = {*"".join(same)}
            if signs & {*_SIGNS, _MIXED}:
                places += [self._drawn_from(signs)] * length
            else:
                places += (same[0] * length)[:length]
        return tuple(places)

    def _alike(self, *, is_mixed: bool, share: float) -> Counter[tuple[str, ...]]:
        """The runs of the shapes of the commonest outline, none where too few rows have it."""
        outlines: dict[str, Counter[tuple[str, ...]]] = {}
        for shape, count in self._shapes.items():
            outline, runs = _mixed_outline(shape) if is_mixed else _outline(shape)
            outlines.setdefault(outline, Counter())[runs] += count
        alike = min(outlines.items(), key=lambda found: (-found[1].total(), found[0]))[1]
        enough = max(FEWEST_ALIKE, share * self._num_rows)
        return alike if alike.total() >= enough else Counter()

    def _drawn_from(self, signs: set[str]) -> str:
        """What a run is drawn from in which these signs stand: one, or letters and digits."""
        if signs & {_MIXED}:
            signs = {_sign(character) for character in self._characters} & set(_SIGNS)
        if len(signs) == 1:
            (sign,) = signs
            return self._letters(sign) if sign in _SIGNS[1:] else ALPHABETS[0]
        drawn = [ALPHABETS[0]] * ("9" in signs)
        for sign in sorted(signs & set(_SIGNS[1:]), reverse=True):
            drawn.append(self._letters(sign)[: HEXADECIMAL if self._are_hexadecimal else None])
        return "".join(drawn)

    @property
    def _are_hexadecimal(self) -> bool:
        """Whether no letters are there but those that stand for digits."""
        letters = {character for character in self._characters if character.isalpha()}
        return any(letters <= set(case[:HEXADECIMAL]) for case in ALPHABETS[1:])

    def _letters(self, sign: str) -> str:
        """What letters of a case are drawn from: Latin ones, or others where most are others."""
        found = Counter({c: n for c, n in self._characters.items() if _sign(c) == sign})
        latin = ALPHABETS[_SIGNS.index(sign)]
        others = [
            character for character in found if character.isalpha() and character not in latin
        ]
        if 2 * sum(found[character] for character in others) <= found.total():
            return latin
        return "".join(sorted(others)[:MOST_FOREIGN])


def _shapes_of(codes: NDArray[np.uint32]) -> Counter[str]:
    """The shapes of identifiers whose characters are `codes`, 0 behind the end, with their counts.

    >>> _shapes_of(np.array([[ord(letter) for letter in "B-12"]], dtype=np.uint32))
    Counter({'A-99': 1})
    """
    known, places = np.unique(codes, return_inverse=True)
    signs = np.array([ord(_sign(chr(code))) if code else 0 for code in known], dtype=np.uint32)
    written = np.ascontiguousarray(signs[places].reshape(codes.shape))
    shapes, counts = np.unique(written.view(f"U{codes.shape[1]}"), return_counts=True)
    return Counter(dict(zip(shapes.tolist(), counts.tolist(), strict=True)))


def _sign(character: str) -> str:
    """What stands for a character in a shape: one sign for all letters of a case, one for digits.

    Accents that are characters of their own are letters.

    >>> "".join(map(_sign, "Zoë.Ж-7"))
    'Aaa.A-9'
    """
    if character.isalpha() or unicodedata.category(character)[0] == "M":
        return "A" if character.isupper() else "a"
    return "9" if character.isalnum() else character


def _outline(shape: str) -> tuple[str, tuple[str, ...]]:
    """A shape with runs of one sign as one, and the runs: `aaa99@aa.a` is `a9@a.a`."""
    runs = tuple("".join(run) for _, run in groupby(shape))
    return "".join(run[0] for run in runs), runs


def _mixed_outline(shape: str) -> tuple[str, tuple[str, ...]]:
    """The same where letters and digits are one sign, and others are kept as they are.

    >>> _mixed_outline("9a99:a9::9a")
    ('x:x::x', ('9a99', ':', 'a9', '::', '9a'))
    """
    found = groupby(shape, key=lambda sign: sign in _SIGNS or sign == _MIXED)
    runs = [(is_mixed, "".join(run)) for is_mixed, run in found]
    outline = "".join("x" if is_mixed else run for is_mixed, run in runs)
    return outline, tuple(run for _, run in runs)
