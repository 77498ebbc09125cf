"""Cells to be filled under constraints: what follows from known ones, and what cannot be given."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import Inequality, Product, Sum
from components.data.constraints.checks import check_rows, slack
from components.data.constraints.formulas import formula_of
from components.data.constraints.rewriting import Rewriting
from components.data.digits import rounded
from components.data.schema import Schema
from components.data.table import Matrix, decode_column, encode_column
from components.errors import UserError

Mask = NDArray[np.bool_]
_CLOSE = 1e-9


def followed(frame: pd.DataFrame, rewriting: Rewriting) -> pd.DataFrame:
    """The rows with the cells filled that the known ones of their constraint leave no choice in.

    Raises UserError for rows that break a constraint, and for known cells that a generator of
    rewritten rows cannot be given: a column above, or a total, without those it is made from; some
    of a combination that do not tell the others.
    """
    check_rows(frame, rewriting.outer)
    gaps, frame = frame.isna(), _with_solved(frame, rewriting)
    missing = frame.isna()
    _check_shares(frame, gaps, rewriting)
    for constraint in rewriting.outer.constraints:
        told = str(constraint)
        if isinstance(constraint, Inequality) and constraint.high in rewriting.lows:
            alone = missing[constraint.low] & ~missing[constraint.high]
            _refuse(alone.to_numpy(), told, f"{constraint.high} but not {constraint.low}")
        elif isinstance(constraint, Sum | Product):
            *sources, result = constraint.columns
            some = missing[sources].any(axis=1) & ~missing[result]
            _refuse(some.to_numpy(), told, f"{result} but not all its parts")
    for first, members in rewriting.members.items():
        frame = _with_combination(frame, rewriting, first, members)
    return frame


def reaching(schema: Schema, rows: Matrix) -> Schema:
    """The schema with ranges that reach as far as rows in `encode`'s form do."""
    wide = {}
    for values, column in zip(rows.T, schema.learned, strict=True):
        if not column.is_discrete:
            assert column.minimum is not None and column.maximum is not None
            ends = {
                "minimum": float(np.nanmin(values, initial=column.minimum)),
                "maximum": float(np.nanmax(values, initial=column.maximum)),
            }
            wide[column.name] = column.model_copy(update=ends)
    columns = tuple(wide.get(column.name, column) for column in schema.columns)
    return schema.model_copy(update={"columns": columns})


def _with_solved(frame: pd.DataFrame, rewriting: Rewriting) -> pd.DataFrame:
    """The rows with the one cell that a sum or product lacks, where the others tell it."""
    for formula in rewriting.formulas.values():
        names = (*formula.sources, formula.result)
        *sources, result = (encode_column(frame, rewriting.outer[name]) for name in names)
        lacks = np.isnan(np.array(sources))
        for place, name in enumerate(formula.sources):
            alone = lacks[place] & (lacks.sum(axis=0) == 1) & ~np.isnan(result)
            if not alone.any():
                continue
            column = rewriting.outer[name]
            solved = formula.solved(place, sources, result)
            alone &= ~np.isnan(solved)
            found = rounded(solved[alone], rewriting.grids[name], np)
            ends = {"minimum": found.min(initial=np.inf), "maximum": found.max(initial=-np.inf)}
            cells = frame[name].astype(object).to_numpy(copy=True)
            cells[alone] = decode_column(found, column.model_copy(update=ends)).astype(object)
            frame = frame.assign(**{name: cells})
    return frame


def _check_shares(frame: pd.DataFrame, gaps: pd.DataFrame, rewriting: Rewriting) -> None:
    """Raise UserError for rows whose known shares leave less than 0 for those never below it."""
    outer = rewriting.outer
    for constraint in outer.constraints:
        if not isinstance(constraint, Sum) or constraint.constant is None:
            continue
        columns = [outer[name] for name in constraint.columns]
        ends = []
        for column in columns:
            value = encode_column(frame, column)
            is_open = np.isnan(value) | gaps[column.name].to_numpy()
            least = 0.0 if column.ends[0] >= 0 else -np.inf
            ends.append((np.where(is_open, least, value), np.where(is_open, np.inf, value)))
        *sources, (low, high) = ends
        least, most = formula_of(constraint).ends(sources, ())
        allowed = slack(constraint, columns) + _CLOSE * abs(constraint.constant)
        off = (least > high + allowed) | (most < low - allowed)
        lacks = gaps[list(constraint.columns)].any(axis=1).to_numpy()
        _refuse(off & lacks, str(constraint), "shares that leave less than 0 for others")


def _with_combination(
    frame: pd.DataFrame, rewriting: Rewriting, first: str, members: tuple[str, ...]
) -> pd.DataFrame:
    told = " & ".join(members)
    combinations = rewriting.combinations[first]
    whole = combinations[~np.isnan(combinations).any(axis=1)]
    codes = np.column_stack([encode_column(frame, rewriting.outer[name]) for name in members])
    is_known = frame[list(members)].notna().to_numpy()
    drawn = np.asarray(~is_known.any(axis=1))
    if drawn.any() and len(whole) < len(combinations):
        _refuse(drawn, told, "none of these, and training rows with only some of them exist")
    filled = {name: frame[name].astype(object).to_numpy(copy=True) for name in members}
    asked = np.column_stack([is_known, np.nan_to_num(codes, nan=-1.0)])
    patterns, places = np.unique(asked[~drawn], axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        known, wanted = pattern[: len(members)] > 0, pattern[len(members) :]
        fits = whole[(whole[:, known] == wanted[known]).all(axis=1)]
        rows = np.flatnonzero(~drawn)[places.reshape(-1) == number]
        if len(fits) != 1:
            names = [name for name, is_one in zip(members, known, strict=True) if is_one]
            kind = "several combinations" if len(fits) else "no combination of training rows"
            _refuse(np.isin(np.arange(len(frame)), rows), told, f"{', '.join(names)} of {kind}")
        for name, code in zip(members, fits[0], strict=True):
            filled[name][rows] = rewriting.outer[name].categories[int(code)]
    return frame.assign(**filled)


def _refuse(rows: Mask, constraint: str, why: str) -> None:
    if rows.any():
        raise UserError(
            f"{int(rows.sum())} of {len(rows)} rows (the first is row {int(np.argmax(rows)) + 1}) "
            f"cannot be filled under constraint {constraint!r}: they have {why}"
        )
