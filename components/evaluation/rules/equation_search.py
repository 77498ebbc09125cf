"""Finding the sums and products that a table's numbers and dates keep: candidates, to be tested."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from components.config import Product, Sum
from components.data.constraints.formulas import MICROSECONDS
from components.data.digits import digits_of
from components.data.schema import NUMBERS, Column, ColumnKind
from components.data.table import Matrix

MAX_COMPUTED = 30
"""So many columns of numbers are looked at, and of dates."""

MOST_OFF = 0.0005
_FEW, _MANY, _FEWEST = 200, 5_000, 100
_SCALES = (1.0, 100.0)
_FACTOR_DIGITS = 6
_NEAR = 0.05
_ROUNDING = 1e-9

Places = Sequence[int]


def find_equations(train: Matrix, columns: Sequence[Column]) -> Iterator[Sum | Product]:
    """What a few rows seem to keep of sums to a number, long sums, durations and products.

    Sums of two numbers aside. Nothing is said of chance: whoever asks tests it on all rows.
    """
    numbers = [i for i, c in enumerate(columns) if c.kind in NUMBERS][:MAX_COMPUTED]
    dates = [i for i, c in enumerate(columns) if c.kind is ColumnKind.DATETIME][:MAX_COMPUTED]
    yield from _linear(train, columns, numbers)
    screen = train[busiest(train[:, [*numbers, *dates]])]
    yield from _durations(screen, columns, numbers, dates)
    yield from _multiples(screen, columns, numbers)
    yield from _products(screen, columns, numbers)


def busiest(numbers: Matrix) -> NDArray[np.int64]:
    """A few hundred rows to screen by: those with the most values that are neither 0 nor missing.

    Ties are broken by the order of the rows, which are shuffled.
    """
    busy = (np.nan_to_num(numbers) != 0).sum(axis=1)
    return np.argsort(-busy, kind="stable")[:_FEW].astype(np.int64)


def _linear(train: Matrix, columns: Sequence[Column], numbers: Places) -> Iterator[Sum]:
    """Columns that those before them add up to, or leave of a number, in rows that lack nothing.

    A column is regressed on those before it that are not regressed so themselves.
    """
    places, rows = _without_gaps(train, numbers)
    basis: list[int] = []
    for place in places:
        wanted = rows[:, place]
        if wanted.std() == 0:
            continue
        if basis:
            weights, left = _regressed(rows[:, basis], wanted)
            found = _read(weights, rows, basis, place, columns)
            if found is not None:
                yield found
                continue
            if left.std() <= _ROUNDING * wanted.std():
                continue
        basis.append(place)


def _without_gaps(train: Matrix, numbers: Places) -> tuple[list[int], Matrix]:
    """The rows with values in all columns, the emptiest columns left out until there are enough."""
    known = ~np.isnan(train)
    left = sorted(numbers, key=lambda place: -known[:, place].sum())
    while left:
        rows = train[known[:, left].all(axis=1)]
        if len(rows) >= min(_FEWEST, len(train)):
            return sorted(left), rows[:_MANY]
        left.pop()
    return [], train[:0]


def _regressed(sources: Matrix, wanted: Matrix) -> tuple[Matrix, Matrix]:
    """The weights of least squares, and what they leave of the wanted column."""
    centre, scale = sources.mean(axis=0), sources.std(axis=0)
    level = wanted.mean()
    scaled = (sources - centre) / scale
    weights = np.linalg.lstsq(scaled, wanted - level, rcond=None)[0]
    return weights / scale, wanted - level - scaled @ weights


def _read(
    weights: Matrix, rows: Matrix, basis: Places, place: int, columns: Sequence[Column]
) -> Sum | None:
    """The sum that weights tell of: all 1, or all -1, but for those without effect."""
    unit = max(_unit(columns[each], rows[:, each]) for each in (*basis, place))
    effects = np.abs(weights) * np.ptp(rows[:, basis], axis=0)
    used = np.flatnonzero(effects > unit).tolist()
    signs = set(np.round(weights[used]).tolist())
    if not len(used) or np.abs(weights[used] - np.round(weights[used])).max() > _NEAR:
        return None
    parts = [basis[each] for each in used]
    summed = rows[:, parts].sum(axis=1)
    if signs == {-1.0}:
        constant = float(np.round(np.median(summed + rows[:, place]), _digits(columns, parts)))
        named = _last_left([*parts, place], rows, columns)
        return Sum(total=constant, parts=tuple(columns[each].name for each in named))
    if signs == {1.0} and len(parts) > 2:
        return Sum(total=columns[place].name, parts=tuple(columns[each].name for each in parts))
    return None


def _last_left(parts: Places, rows: Matrix, columns: Sequence[Column]) -> list[int]:
    """The parts in order, last the one with most digits, and of these the largest."""

    def key(place: int) -> tuple[float, float]:
        digits = digits_of(columns[place])
        return (np.inf if digits is None else digits), float(rows[:, place].mean())

    last = max(parts, key=key)
    return [*(place for place in sorted(parts) if place != last), last]


def _unit(column: Column, values: Matrix) -> float:
    """One of the last digits that the column keeps."""
    digits = digits_of(column)
    return float(_ROUNDING * np.abs(values).max() if digits is None else 10.0**-digits)


def _digits(columns: Sequence[Column], parts: Places) -> int:
    digits = [digits_of(columns[place]) for place in parts]
    return 9 if None in digits else max(d for d in digits if d is not None)


def _durations(
    screen: Matrix, columns: Sequence[Column], numbers: Places, dates: Places
) -> Iterator[Sum]:
    """A date that is another and a number of days (hours, ...), or a number that is rounded so."""
    for start, end in permutations(dates, 2):
        rows = _with(screen, (start, end))
        apart = rows[:, end] - rows[:, start]
        for place in numbers:
            for unit, size in MICROSECONDS.items():
                name, ends = columns[place].name, (columns[start].name, columns[end].name)
                counted = rows[:, place] * size
                errors = _ROUNDING * np.abs(counted)
                if _is_near(apart, counted, 0.5 + errors):
                    yield Sum(total=ends[1], parts=(ends[0], name), units={name: unit})
                elif _is_near(apart, counted, _half(columns[place]) * size + errors):
                    yield Sum(total=name, parts=ends[1:], minus=ends[:1], units={name: unit})


def _multiples(screen: Matrix, columns: Sequence[Column], numbers: Places) -> Iterator[Product]:
    """Numbers that are a few digits times another, those with fewer digits as the results."""
    found: set[frozenset[int]] = set()
    for source, result in permutations(numbers, 2):
        rows = _with(screen, (source, result))
        factor = _factor(rows[:, source], rows[:, result], _half(columns[result]))
        if factor is not None and {source, result} not in found:
            found.add(frozenset({source, result}))
            names = columns[source].name, columns[result].name
            yield Product(total=names[1], parts=names[:1], factor=factor)


def _factor(source: Matrix, result: Matrix, allowed: float) -> float | None:
    """What the source is to be multiplied by, in the fewest digits that do; None for 0, 1, many."""
    if not len(source) or not source.any():
        return None
    ratio = result[np.abs(source).argmax()] / source[np.abs(source).argmax()]
    errors = _ROUNDING * np.abs(ratio * source)
    if not ratio or not _is_near(result, ratio * source, 2 * allowed + errors):
        return None
    for digits in range(_FACTOR_DIGITS):
        factor = float(f"{ratio:.{digits}e}")
        if factor != 1 and _is_near(result, factor * source, allowed + errors):
            return factor
    return None


def _products(screen: Matrix, columns: Sequence[Column], numbers: Places) -> Iterator[Product]:
    """Numbers that are two others multiplied, or one divided by another, perhaps in per cent."""
    multiplied: set[frozenset[int]] = set()
    halves = np.array([_half(columns[place]) for place in numbers])

    def results(values: Matrix, rows: Matrix, aside: Places) -> Iterator[int]:
        off = np.abs(values[:, None] - rows[:, numbers])
        allowed = halves + _ROUNDING * np.abs(values)[:, None]
        known = ~np.isnan(rows[:, numbers])
        share = np.mean(~(off <= allowed) & known, axis=0)
        for place in np.flatnonzero((share <= MOST_OFF) & known.any(axis=0)).tolist():
            if numbers[place] not in aside:
                yield numbers[place]

    for pair in combinations(numbers, 2):
        rows = _with(screen, pair)
        for result in results(rows[:, pair[0]] * rows[:, pair[1]], rows, pair):
            multiplied.add(frozenset({*pair, result}))
            names = columns[pair[0]].name, columns[pair[1]].name
            yield Product(total=columns[result].name, parts=names)
    for above, below in permutations(numbers, 2):
        rows = _with(screen, (above, below))
        rows = rows[rows[:, below] != 0]
        ratio = rows[:, above] / rows[:, below]
        for scale in _SCALES if len(rows) else ():
            for result in results(scale * ratio, rows, (above, below)):
                if {above, below, result} not in multiplied:
                    multiplied.add(frozenset({above, below, result}))
                    total, part, over = (columns[i].name for i in (result, above, below))
                    yield Product(total=total, parts=(part,), over=(over,), factor=scale)


def _with(screen: Matrix, needed: Places) -> Matrix:
    return screen[~np.isnan(screen[:, list(needed)]).any(axis=1)]


def _half(column: Column) -> float:
    digits = digits_of(column)
    return 0.0 if digits is None else 0.5 * 10.0**-digits


def _is_near(values: Matrix, wanted: Matrix, allowed: Matrix | float) -> bool:
    """Are all that are known as wanted, and any known."""
    away = np.abs(values - wanted)
    known = ~np.isnan(away)
    return bool(known.any() and np.mean(~(away <= allowed) & known) <= MOST_OFF)
