"""Conditions on columns of combinations, told of the one column that stands in place of them."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from components.data.conditions import Condition, code_condition
from components.data.constraints.rewriting import Rewriting, shares_of
from components.data.digits import rounded
from components.data.schema import ColumnKind, Scalar
from components.data.table import Matrix
from components.errors import UserError

Mask = NDArray[np.bool_]

MOST_DRAWS = 100
"""So many times rows are drawn in vain before a condition is taken for one that none has."""

_FEWEST = 1_000
_CLOSE = 1e-9
_STREAM = 0xC0DE


def within_combinations(
    condition: Condition, rewriting: Rewriting
) -> tuple[dict[str, Scalar | None], dict[str, Mask]]:
    """The condition on columns of `inner`, and what it leaves of combinations where these are many.

    That is, by the first column, for each category of `inner`, and last for a missing value,
    whether it fits. Raises UserError where no combination does.
    """
    given, several = dict(condition), {}
    for first, members in rewriting.members.items():
        asked = {name: given.pop(name) for name in members if name in condition}
        if not asked:
            continue
        column = rewriting.inner[first]
        fits = np.append(_fitting(asked, rewriting, first), False)
        fits[-1] = column.nullable and all(wanted is None for wanted in asked.values())
        levels = np.flatnonzero(fits)
        if not len(levels):
            told = ", ".join(f"{name}={wanted!r}" for name, wanted in asked.items())
            raise UserError(f"condition {told} is impossible; no combination of training rows fits")
        if len(levels) == 1:
            given[first] = (*column.categories, None)[levels[0]]
        else:
            several[first] = fits
    return given, several


def check_room(condition: Condition, rewriting: Rewriting) -> None:
    """Raise UserError where values asked for leave too much or too little of a number."""
    outer = rewriting.outer
    for formula in shares_of(outer.constraints):
        asked = {n: v for n, v in condition.items() if n in formula.sources and v is not None}
        if not asked or any(
            condition.get(n, 0) is None for n in (*formula.sources, formula.result)
        ):
            continue
        values = code_condition(asked, outer)
        known = {outer.learned[place].name: (value, value) for place, value in values.items()}
        ends = [known.get(name, outer[name].ends) for name in formula.sources]
        least, most = formula.ends(ends, ())
        low, high = outer[formula.result].ends
        if least > high + _CLOSE * abs(high) or most < low - _CLOSE * abs(low):
            told = ", ".join(f"{name}={wanted!r}" for name, wanted in asked.items())
            raise UserError(
                f"condition {told} is impossible; it leaves {least:g} to {most:g} for "
                f"{formula.result}, which training rows have from {low:g} to {high:g}"
            )


def check_moments(condition: Condition, rewriting: Rewriting) -> None:
    """Raise UserError for a duration after which no date can be: seconds are whole, or days."""
    outer = rewriting.outer
    for formula in rewriting.formulas.values():
        for name in formula.sources:
            wanted = condition.get(name)
            if outer[formula.result].kind is not ColumnKind.DATETIME or wanted is None:
                continue
            (value,) = code_condition({name: wanted}, outer).values()
            nearest = float(rounded(np.float64(value), rewriting.grids[name], np))
            if abs(value - nearest) > _CLOSE * abs(value):
                raise UserError(
                    f"condition {name}={wanted!r} is impossible; {formula.result} would lie "
                    f"between the dates that training rows have, the nearest is {name}={nearest!r}"
                )


def fitting_rows(
    draw: Callable[[int, int], Iterator[Matrix]],
    num_rows: int,
    wanted: Mapping[int, Mask],
    seed: int,
) -> Iterator[Matrix]:
    """So many of the rows that `draw` makes of a number and a seed: those whose codes fit.

    `wanted` is as `within_combinations` gives it, by the column's position. Raises UserError where
    hardly any row fits.
    """
    left, in_vain, rng = num_rows, 0, np.random.default_rng([seed, _STREAM])
    while left:
        kept = 0
        for part in draw(max(left, _FEWEST), int(rng.integers(2**32))):
            fit = np.all([fits[_places(part[:, i], fits)] for i, fits in wanted.items()], axis=0)
            found = part[fit][: left - kept]
            kept += len(found)
            if len(found):
                yield found
        left, in_vain = left - kept, 0 if kept else in_vain + 1
        if in_vain == MOST_DRAWS:
            raise UserError("the condition is impossible; of all rows that were drawn none fits it")


def _fitting(asked: Condition, rewriting: Rewriting, first: str) -> Mask:
    """Which combinations have what is asked for."""
    combinations, members = rewriting.combinations[first], rewriting.members[first]
    fits = np.ones(len(combinations), dtype=np.bool_)
    for name, wanted in asked.items():
        (code,) = code_condition({name: wanted}, rewriting.outer).values()
        codes = combinations[:, members.index(name)]
        fits &= np.isnan(codes) if np.isnan(code) else codes == code
    return fits


def _places(codes: Matrix, fits: Mask) -> NDArray[np.int64]:
    return np.nan_to_num(codes, nan=len(fits) - 1).astype(np.int64)
