"""How odd a model that scores finds rows or images, and which values of a row make it so."""

from typing import Protocol

import numpy as np
import pandas as pd

from components.config import NORMAL
from components.data.images.sets import ImageSet
from components.data.schema import Schema
from components.data.table import Table
from components.models.calibration import Vector
from components.models.contract import ImageModel, ImageScorer, Scorer, TabularModel

DRAWS = 16
"""Rows drawn to take values from, and to be set beside."""


class ScoringModel(TabularModel, Scorer, Protocol):
    """A generator of rows that can say how typical a row is."""


def can_score(model: object) -> bool:
    """True for a model of rows or images that can say how typical they are."""
    return isinstance(model, Scorer | ImageScorer)


def oddness(model: TabularModel | ImageModel, rows: Table | ImageSet) -> Vector:
    """How odd each row is, shape (rows,); what is wrong with it, if that is known, is not told.

    The model is one that `can_score`, of what the rows are.
    """
    if isinstance(rows, ImageSet):
        assert isinstance(model, ImageScorer), "a model of rows is asked for images"
        return -model.score_images(rows)
    assert isinstance(model, Scorer), "a model of images is asked for rows"
    return -model.score(_as_learned(rows.frame, rows.schema))


def explain(model: ScoringModel, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """How much less odd each row would be with another value, column by column, in nats; 0 or more.

    The value is the best of some that the model draws, the others of the row stay; what a row that
    is drawn itself gains so (the median) is taken off. Where a row has no value, or the model draws
    none, nothing is said (0): a chance cannot be set against a density. All learned columns but a
    target that says what is normal, in the index of `frame`. It takes a score for each row, column
    and draw: ask for the rows that are odd.
    """
    schema = model.schema_
    names = [column.name for column in schema.learned if not _tells_normal(schema, column.name)]
    usual = model.sample(DRAWS, seed=seed)
    ahead = len(usual)
    rows = pd.concat([usual, _as_learned(frame, schema)[usual.columns]], ignore_index=True)
    before = model.score(rows)
    gains = {name: _gain(model, rows, before, name, usual[name].dropna()) for name in names}
    found = {name: gain[ahead:] - np.median(gain[:ahead]) for name, gain in gains.items()}
    return pd.DataFrame(found, index=frame.index).clip(lower=0.0)


def _gain(
    model: ScoringModel, rows: pd.DataFrame, before: Vector, name: str, values: pd.Series
) -> Vector:
    """How much the best of the values in a column raises the score of each row."""
    if values.empty:
        return np.zeros(len(rows))
    changed = pd.concat([rows.assign(**{name: v}) for v in values.unique()], ignore_index=True)
    best = model.score(changed).reshape(-1, len(rows)).max(axis=0)
    return np.where(rows[name].isna(), 0.0, best - before)


def _as_learned(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Rows as the model knows them: all pass for normal where that is all it has seen."""
    if not _tells_normal(schema, schema.target):
        return frame
    return frame.assign(**{schema.target: NORMAL})


def _tells_normal(schema: Schema, name: str) -> bool:
    return name == schema.target and schema.target_column.categories == (NORMAL,)
