"""The rows of a race: those learned from, those held out, and what is drawn beside them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import AutoConfig, EvaluateConfig, ModelConfig, Split
from components.data.table import Table
from components.errors import UserError
from components.evaluation.case import Case
from components.evaluation.evaluate import (
    RANDOM,
    canonical_case,
    group_column_of,
    to_be_judged,
)
from components.models.catalog import make_model
from components.models.contract import Budget, TabularModel

logger = logging.getLogger(__name__)

MOST_RACED = 30_000
"""Of more training rows, so many at random take part in a race."""

HELD_OUT_SHARE: float = AutoConfig.model_fields["held_out_share"].default
FEWEST_HELD_OUT = 30

_SPLIT_STREAM = 0x7ACE


@dataclass(frozen=True)
class Parts:
    """Rows that are learned from and rows held out, parted as test rows are by the `split`."""

    inside: Table
    held_out: Table
    split: Split = RANDOM


def can_race(table: Table, config: AutoConfig, split: Split = RANDOM) -> bool:
    """Whether so many rows can be held out of `table` that a race tells anything."""
    raced, held_out = _positions(table, config.held_out_share, 0, split)
    return min(len(held_out), len(raced) - len(held_out)) >= 2 * FEWEST_HELD_OUT


def hold_out(table: Table, share: float, seed: int, split: Split = RANDOM) -> Parts:
    """Hold a share of the rows out, of each class the same; or whole groups where there are groups.

    Raises UserError where they are too few.
    """
    raced, held_out = _positions(table, share, seed, split)
    if len(raced) < len(table):
        logger.info("race: %d of %d training rows take part", len(raced), len(table))
    inside = np.setdiff1d(raced, held_out)
    if min(len(held_out), len(inside)) < FEWEST_HELD_OUT:
        column = group_column_of(split)
        whole = "" if column is None else f" where those of one {column!r} are kept together"
        raise UserError(
            f"{len(table)} training rows are too few for a race{whole}: {len(held_out)} would be "
            f"held out of them, {len(inside)} left, and {FEWEST_HELD_OUT} of each are needed; name "
            "a generator (train.model.name)"
        )
    return Parts(table.take(inside), table.take(held_out), split)


Positions = NDArray[np.int64]


def _positions(table: Table, share: float, seed: int, split: Split) -> tuple[Positions, Positions]:
    """The rows that take part, and those of them that are held out."""
    rng, column = np.random.default_rng([seed, _SPLIT_STREAM]), group_column_of(split)
    if column is not None:
        return _whole_groups(table, column, share, rng)
    raced = rng.permutation(len(table))[:MOST_RACED]
    return raced, _of_each_class(table, raced, share)


def _of_each_class(table: Table, rows: Positions, share: float) -> Positions:
    """The first of `rows` of each class; of all together where the target is a number."""
    parts: Sequence[Positions] = [rows]
    if table.schema.is_classification:
        codes = table.frame[table.schema.target].astype("category").cat.codes.to_numpy()[rows]
        parts = [rows[codes == code] for code in np.unique(codes)]
    return np.sort(np.concatenate([part[: round(share * len(part))] for part in parts]))


def _whole_groups(
    table: Table, column: str, share: float, rng: np.random.Generator
) -> tuple[Positions, Positions]:
    """Groups in a random order: those that take part, and the first of them are held out."""
    groups = pd.factorize(table.frame[column], use_na_sentinel=False)[0]
    order = rng.permutation(int(groups.max(initial=-1)) + 1)
    ends = np.cumsum(np.bincount(groups, minlength=len(order))[order])
    num_raced = max(int(np.searchsorted(ends, MOST_RACED, side="right")), min(2, len(order)))
    num_held = min(1 + int(np.searchsorted(ends, share * ends[num_raced - 1])), num_raced - 1)
    raced, held_out = (np.isin(groups, order[:count]) for count in (num_raced, num_held))
    return np.flatnonzero(raced), np.flatnonzero(held_out)


def fitted_inside(
    config: ModelConfig,
    parts: Parts,
    seed: int,
    budget: Budget = Budget(),  # noqa: B008 - frozen
) -> TabularModel:
    """A generator fitted on the rows inside."""
    model = make_model(config, parts.inside.schema.constraints)
    model.fit(parts.inside, seed=seed, budget=budget)
    return model


def drawn_case(model: TabularModel, parts: Parts, settings: EvaluateConfig) -> Case:
    """As many rows as there are inside, drawn by a generator fitted on these, as a case."""
    rows = model.sample(len(parts.inside), seed=settings.seed)
    inside, held_out = (to_be_judged(part, parts.split) for part in (parts.inside, parts.held_out))
    return canonical_case(inside, held_out, rows, settings, parts.split)
