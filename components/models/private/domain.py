"""What each column may hold, found out from rows without telling of any one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import ColumnKind
from components.data.digits import LARGEST_WHOLE
from components.data.forms.clock_forms import ClockForm
from components.data.schema import Column, Scalar
from components.data.table import Matrix
from components.models.codes.row_codes import ColumnCodes, RowCodes
from components.models.levels import Levels
from components.models.private.noise import Noise

MOST_SPIKES = 512
HALVINGS = 8
"""How often the stretch between two powers of two may be halved."""
NUMBER_PARTS, CATEGORY_PARTS = HALVINGS + 3, 3
"""Histograms of a column of numbers; and how many of these that of a column of categories costs."""
FEWEST = 6.0
"""A stretch is halved where its rows are more than so many deviations of their noise..."""
LEAST_SHARE = 1 / 400
"""...and more than this share of all rows."""
SURE = 3.0
"""A stretch at an end is kept where its rows are more than so many deviations of their noise."""
GRAIN_SHARE = 0.98
"""The share of rows whose numbers must be multiples of a grain, for it to be taken for theirs."""
_PUBLIC = frozenset({ColumnKind.BOOLEAN})
_SECOND = 10**6
_GRAINS: dict[ColumnKind, tuple[float, ...]] = {
    ColumnKind.INTEGER: (1000.0, 100.0, 10.0, 1.0),
    ColumnKind.DATETIME: tuple(
        float(step) for step in (86_400 * _SECOND, 3600 * _SECOND, 60 * _SECOND, _SECOND, 1000, 1)
    ),
}
_DIGITS = range(11)
_POWERS = {
    ColumnKind.NUMERICAL: (-1073, 1024),
    ColumnKind.INTEGER: (1, 63),
    ColumnKind.DATETIME: (1, 63),
}
"""The powers of two below which numbers of a kind can lie, but for their sign."""
EMPTY = 0.001
"""The chance that an empty stretch, of the thousands there are, is taken to hold rows. Each has
noise whether it holds rows or not: this hides nobody."""
_TINY = np.finfo(np.float64).tiny
_LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True)
class Domain:
    """A column as it may be told of: its description, its codes, and how many rows have each.

    `counts` has noise in it and nothing below 0.
    """

    column: Column
    codes: ColumnCodes
    counts: Matrix

    def groups(self, most: int) -> NDArray[np.int64]:
        """The group of each code, at most about `most`: neighbours together, if it is of numbers.

        A code with as many rows as a group should have is a group by itself, and so is that of a
        missing value.
        """
        counts = self.counts[: self.codes.num_levels]
        size = self.counts.sum() / most
        is_large = counts >= size
        if self.codes.is_ordered:
            before = np.cumsum(np.where(is_large, 0.0, counts)) - np.where(is_large, 0.0, counts)
            bin_of = np.floor(before / max(size, 1e-9)).astype(np.int64)
            own = np.cumsum(is_large)
            keys = np.column_stack([own, np.where(is_large, -1, bin_of)])
        else:
            small = np.zeros(len(counts), dtype=np.int64)
            keys = np.column_stack([np.where(is_large, np.arange(len(counts)) + 1, small), small])
            if len(counts) <= most:
                keys[:, 0] = np.arange(len(counts))
        groups = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
        after = np.full(int(self.codes.has_missing), groups.max(initial=-1) + 1)
        return np.concatenate([groups, after]).astype(np.int64)


def learn_domain(
    values: pd.Series, numbers: Matrix, column: Column, noise: Noise, rho: float
) -> Domain:
    """The domain of a column of the training rows, at a cost of at most `rho`.

    `numbers` are the `values` in `encode`'s form. Names, kinds and types of columns are public.
    """
    if column.is_discrete:
        return _learn_categories(values, column, noise, rho)
    return _learn_numbers(numbers, column, noise, rho)


def parts_of(column: Column) -> int:
    """How much of the cost of all domains a column may take, beside the others."""
    return CATEGORY_PARTS if column.is_discrete else NUMBER_PARTS


def _learn_categories(values: pd.Series, column: Column, noise: Noise, rho: float) -> Domain:
    """Categories that more rows have than noise alone would make of none; perhaps there is none."""
    present = values.dropna()
    known: tuple[Scalar, ...] = (False, True) if column.kind in _PUBLIC else ()
    known = known or tuple(sorted(present.unique().tolist()))
    counts = present.value_counts().reindex(pd.Index(list(known), dtype=object), fill_value=0)
    cells = np.append(counts.to_numpy(dtype=np.int64), len(values) - len(present))
    noisy, sigma = noise.histogram(cells, rho)
    bar = noise.account.bar(sigma)
    is_kept = np.full(len(known), column.kind in _PUBLIC) | (noisy[:-1] > bar)
    kept = tuple(value for value, keep in zip(known, is_kept, strict=True) if keep)
    codes = np.arange(len(kept), dtype=np.float64)
    has_missing = bool(noisy[-1] > bar)
    shown = column.model_copy(update={"categories": kept, "nullable": has_missing})
    return Domain(
        shown,
        ColumnCodes(Levels(codes, codes, 0.0), has_missing, is_ordered=False),
        _counts(noisy[:-1][is_kept], noisy[-1], has_missing),
    )


def _counts(levels: Matrix, missing: float, has_missing: bool) -> Matrix:
    counts: Matrix = np.maximum(np.append(levels, [missing] if has_missing else []), 0.0)
    return counts


def _learn_numbers(numbers: Matrix, column: Column, noise: Noise, rho: float) -> Domain:
    """Numbers that many rows share; all others by stretches between powers of two.

    These are halved again and again where many rows are.
    """
    part = rho / NUMBER_PARTS
    present = numbers[~np.isnan(numbers)]
    grain = _grain(present, column, noise, part)
    spikes = _spikes(present, noise, part)
    others = present[~np.isin(present, spikes.low)]
    stretches, missing = _magnitudes(others, len(numbers) - len(present), column, noise, part)
    if not len(stretches.low) and not len(spikes.low) and not missing:
        stretches = _least(column)
    for _ in range(HALVINGS):
        least = max(FEWEST * noise_deviation(part), LEAST_SHARE * len(numbers))
        is_split = (stretches.counts > least) & ~_is_one_value(stretches, grain)
        if not is_split.any():
            break
        stretches = _halved(others, stretches, is_split, noise, part)
    return _told(column, grain, spikes, _trimmed(stretches), missing)


@dataclass(frozen=True)
class _Stretches:
    """Stretches [low, high) of numbers, ascending, their noisy counts, the variances of these."""

    low: Matrix
    high: Matrix
    counts: Matrix
    variances: Matrix


def noise_deviation(rho: float) -> float:
    """The deviation of the noise in a histogram that costs `rho`."""
    return float(rho**-0.5)


def _grain(present: Matrix, column: Column, noise: Noise, rho: float) -> float:
    """The coarsest step that nearly all numbers are multiples of; 0 where there is none."""
    if column.kind is ColumnKind.NUMERICAL:
        grains = [10.0**-digits for digits in _DIGITS]
        with np.errstate(over="ignore", invalid="ignore"):
            fits = [np.round(present, digits) == present for digits in _DIGITS]
    else:
        grains = list(_GRAINS[column.kind])
        fits = [np.fmod(present, grain) == 0 for grain in grains]
    first = np.argmax(np.array([*fits, np.full(len(present), True)]), axis=0)
    cells = np.bincount(first, minlength=len(grains) + 1)
    noisy, _ = noise.histogram(cells, rho)
    reached = np.cumsum(np.maximum(noisy, 0)) >= GRAIN_SHARE * np.maximum(noisy, 0).sum()
    place = int(np.argmax(reached))
    return grains[place] if place < len(grains) else 0.0


def _spikes(present: Matrix, noise: Noise, rho: float) -> _Stretches:
    """Numbers that more rows have than noise alone would make of none, at most `MOST_SPIKES`."""
    known, cells = np.unique(present, return_counts=True)
    noisy, sigma = noise.histogram(cells, rho)
    kept = np.flatnonzero(noisy > noise.account.bar(sigma))
    kept = np.sort(kept[np.argsort(-noisy[kept], kind="stable")][:MOST_SPIKES])
    return _Stretches(known[kept], known[kept], noisy[kept], np.full(len(kept), sigma**2))


def _magnitudes(
    present: Matrix, num_missing: int, column: Column, noise: Noise, rho: float
) -> tuple[_Stretches, float]:
    """Stretches from one power of two to the next with many rows, and the rows without a number.

    0 is a stretch by itself.
    """
    mantissa, power = np.frexp(np.abs(present))
    power = power.astype(np.int64) - ((present < 0) & (mantissa == 0.5))
    first, last = _POWERS[column.kind]
    count = last - first + 1
    outward = np.clip(power - first, 0, count - 1) + 1
    place = np.where(present == 0, 0, np.sign(present) * outward).astype(np.int64) + count
    cells = np.bincount(place, minlength=2 * count + 1)
    noisy, sigma = noise.histogram(np.append(cells, num_missing), rho)
    counts, missing = noisy[:-1], float(noisy[-1])
    bar = sigma * NormalDist().inv_cdf(1 - EMPTY / len(counts))
    kept = np.flatnonzero(counts > bar)
    ends = [_ends(int(place) - count, first) for place in kept]
    low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    stretches = _Stretches(low, high, counts[kept], np.full(len(kept), sigma**2))
    return stretches, missing if missing > bar else 0.0


def _least(column: Column) -> _Stretches:
    """What is said of a column of which nothing stands out: 0, as it would be without any row."""
    low, high = _ends(0, _POWERS[column.kind][0])
    return _Stretches(np.array([low]), np.array([high]), np.ones(1), np.ones(1))


def _ends(outward: int, first: int) -> tuple[float, float]:
    """The stretch of numbers so many powers of two from 0, of which the nearest is `first`."""
    if outward == 0:
        return 0.0, float(np.nextafter(0.0, 1.0))
    power = abs(outward) - 1 + first
    small = float(np.ldexp(1.0, power - 1))
    large = float(np.ldexp(1.0, power)) if power < 1024 else float(_LARGEST)
    return (small, large) if outward > 0 else (-large, -small)


def _is_one_value(stretches: _Stretches, grain: float) -> NDArray[np.bool_]:
    """Whether a stretch has at most one multiple of the grain, or one number."""
    low, high = stretches.low, stretches.high
    middle = low / 2 + high / 2
    is_point = (middle <= low) | (middle >= high)
    if grain == 0:
        return is_point
    first, last = _multiples(low, high, grain)
    return is_point | (first >= last)


def _multiples(low: Matrix, high: Matrix, grain: float) -> tuple[Matrix, Matrix]:
    """The first and the last multiple of the grain in each stretch, last < first where none."""
    with np.errstate(over="ignore"):
        first, last = np.ceil(low / grain) * grain, np.floor(high / grain) * grain
    last = np.where(last >= high, last - grain, last)
    is_fine = np.isfinite(first) & np.isfinite(last)
    return np.where(is_fine, first, low), np.where(is_fine, last, high)


def _halved(
    present: Matrix, whole: _Stretches, is_split: NDArray[np.bool_], noise: Noise, rho: float
) -> _Stretches:
    """The stretches with those of `is_split` in halves, whose rows are counted afresh.

    Two halves and the whole are made to agree, each trusted as its variance says (Hay et al. 2010).
    """
    middle = whole.low / 2 + whole.high / 2
    halves = np.where(is_split, 2, 1)
    low, high = np.repeat(whole.low, halves), np.repeat(whole.high, halves)
    second = (np.cumsum(halves) - 1)[is_split]
    low[second], high[second - 1] = middle[is_split], middle[is_split]
    place = np.searchsorted(low, present, side="right") - 1
    is_inside = (place >= 0) & (present < high[np.maximum(place, 0)])
    cells = np.bincount(place[is_inside], minlength=len(low))
    noisy, sigma = noise.histogram(np.column_stack([cells[second - 1], cells[second]]), rho)
    found, trust = noisy.sum(axis=1), 2 * sigma**2
    known, variance = whole.counts[is_split], whole.variances[is_split]
    agreed = (known * trust + found * variance) / (trust + variance)
    noisy += ((agreed - found) / 2)[:, None]
    spread = sigma**2 / 2 + variance * trust / (variance + trust) / 4
    counts, variances = np.repeat(whole.counts, halves), np.repeat(whole.variances, halves)
    for side, at in enumerate((second - 1, second)):
        counts[at], variances[at] = noisy[:, side], spread
    return _Stretches(low, high, counts, variances)


def _trimmed(stretches: _Stretches) -> _Stretches:
    """The stretches without those at either end that may well hold no row."""
    is_sure = stretches.counts > SURE * np.sqrt(stretches.variances)
    sure = np.flatnonzero(is_sure)
    kept = slice(sure[0], sure[-1] + 1) if len(sure) else slice(None)
    return _Stretches(
        stretches.low[kept],
        stretches.high[kept],
        stretches.counts[kept],
        stretches.variances[kept],
    )


def _in_range(stretches: _Stretches, column: Column) -> _Stretches:
    """The stretches as far as they can be: of times of day, within a day."""
    form = column.number_form
    found = form.range if isinstance(form, ClockForm) else None
    if found is None:
        return stretches
    low, high = np.maximum(stretches.low, found[0]), np.minimum(stretches.high, found[1])
    kept = low < high
    if not kept.any():
        return stretches
    counts, variances = stretches.counts[kept], stretches.variances[kept]
    return _Stretches(low[kept], high[kept], counts, variances)


def _told(
    column: Column, grain: float, spikes: _Stretches, stretches: _Stretches, missing: float
) -> Domain:
    """The domain of these spikes and stretches, as multiples of the grain where there is one."""
    digits = None
    if column.kind is ColumnKind.NUMERICAL and grain > 0:
        digits = max(round(-np.log10(grain)), *map(_digits_of, spikes.low), 0)
        grain = 10.0**-digits
    first, last, counts = _cut(_in_range(stretches, column), spikes.low.tolist(), grain)
    if grain > 0:
        first, last = _multiples(first, last, grain)
        kept = first <= last
        first, last, counts = first[kept], last[kept], counts[kept]
    low, high = _widened(first, np.where(grain > 0, last, np.nextafter(last, first)), grain)
    low, high = np.concatenate([spikes.low, low]), np.concatenate([spikes.low, high])
    order = np.argsort(low)
    low, high, counts = low[order], high[order], np.concatenate([spikes.counts, counts])[order]
    has_missing = missing > 0
    ends = np.concatenate([spikes.low, first, last])
    shown = column.model_copy(
        update={
            "nullable": has_missing,
            "minimum": float(ends.min(initial=np.inf if len(ends) else 0.0)),
            "maximum": float(ends.max(initial=-np.inf if len(ends) else 0.0)),
            "decimals": digits,
            "significant": None,
            "step": grain if digits is None and grain > 1 else None,  # not that of the rows
        }
    )
    is_even = len(low) > 0 and grain > 0 and _has_multiples(low[0], high[-1], grain)
    codes = ColumnCodes(Levels(low, high, grain if is_even else 0.0), has_missing, is_ordered=True)
    return Domain(shown, codes, _counts(counts, missing, has_missing))


def _digits_of(value: float) -> int:
    """The fewest digits after the point that keep a number, as many as are looked for at most."""
    return next((d for d in _DIGITS if round(value, d) == value), _DIGITS[-1])


def _has_multiples(first: float, last: float, grain: float) -> bool:
    """Whether the first is a multiple of the grain, and the others up to the last are, too."""
    if max(abs(first), abs(last)) > LARGEST_WHOLE * grain:
        return False
    return bool(abs(first / grain - round(first / grain)) < 1e-6)


def _cut(
    stretches: _Stretches, spikes: Sequence[float], grain: float
) -> tuple[Matrix, Matrix, Matrix]:
    """The stretches without the spikes in them, each piece with rows by its length."""
    pieces: list[tuple[float, float, float]] = []
    whole = zip(stretches.low, stretches.high, stretches.counts, strict=True)
    for low, high, rows in whole:
        length = max(high / 2 - low / 2, _TINY)
        inside = [spike for spike in spikes if low <= spike < high]
        starts = [low, *(_after(spike, grain) for spike in inside)]
        ends = [*(_before(spike, grain) for spike in inside), high]
        for start, end in zip(starts, ends, strict=True):
            if start < end:
                pieces.append((start, end, rows * ((end / 2 - start / 2) / length)))
    low, high, counts = np.array(pieces, dtype=np.float64).reshape(-1, 3).T
    return low, high, counts


def _after(spike: float, grain: float) -> float:
    return max(spike + grain / 2, float(np.nextafter(spike, np.inf)))


def _before(spike: float, grain: float) -> float:
    return min(spike - grain / 2, spike)


def _widened(first: Matrix, last: Matrix, grain: float) -> tuple[Matrix, Matrix]:
    """Stretches that round to each of their multiples equally often; the first begins on one."""
    is_wide = first < last
    low = np.where(is_wide, first - 0.499 * grain, first)
    low[:1] = first[:1]
    return low, np.where(is_wide, last + 0.499 * grain, last)


def code_rows(
    matrix: Matrix, missing: NDArray[np.bool_], domains: Sequence[Domain], noise: Noise
) -> RowCodes:
    """The rows' codes, shape (rows, columns).

    A value that is not of its column's domain gets a code at random, by the noisy counts: it must
    neither be lost nor told, and each row is coded by itself.
    """
    coded = np.empty(matrix.shape, dtype=np.int64)
    for i, domain in enumerate(domains):
        codes = domain.codes.code(matrix[:, i])
        is_out = (codes < 0) | (np.isnan(matrix[:, i]) & ~missing[:, i])
        shares = np.maximum(domain.counts, 1e-9)
        coded[:, i] = np.where(is_out, noise.assigned(shares, len(matrix)), codes)
    return coded
