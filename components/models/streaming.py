"""Rows of a generator a part at a time, so that memory does not grow with their number."""

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

import numpy as np
import pandas as pd

from components.data.conditions import Condition
from components.data.identifiers.patterns import MOST_DRAWN
from components.data.images.rows import to_rows
from components.data.schema import Schema
from components.data.table import Matrix, decode
from components.models.contract import ImageModel, Streamer, TabularModel

CHUNK = MOST_DRAWN
"""Rows of a frame, where nothing else is asked for, and of a chunk with random numbers of its own.

As many rows or fewer come from the seed itself, so that they are those of versions without chunks.
"""

_CHUNK_STREAM = 0xC8

_Rows = TypeVar("_Rows", Matrix, pd.DataFrame)

_Part = TypeVar("_Part", bound=Sized)

Told = Callable[[int], None]
"""Called with the number of rows that are drawn by now."""


def tell_nobody(num_rows: int) -> None:
    """A `Told` for callers with no one to tell."""


def stream(
    model: TabularModel | ImageModel,
    num_rows: int,
    *,
    condition: Condition | None = None,
    seed: int,
    batch: int = CHUNK,
    told: Told = tell_nobody,
) -> Iterator[pd.DataFrame]:
    """The rows of `model.sample`, in frames of `batch` rows, the last of fewer; one at least.

    Images come as rows, too (`components/data/images/rows.py`). The rows do not depend on `batch`.
    A generator that is no `Streamer` draws them all at once.
    """
    assert batch > 0
    if isinstance(model, ImageModel):
        images = model.draw_images(num_rows, condition=condition, seed=seed)
        return _in_batches(telling(map(to_rows, images), told), batch)
    if not isinstance(model, Streamer):
        rows = model.sample(num_rows, condition=condition, seed=seed)
        return _in_batches(telling([rows], told), batch)
    parts = model.draw(num_rows, condition=condition, seed=seed)
    return _in_batches(_decoded(telling(parts, told), model.schema_, num_rows, seed), batch)


class SamplesWhole:
    """The `sample` of a generator that is a `Streamer`: its `draw` in one table."""

    def sample(
        self: Streamer, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> pd.DataFrame:
        """Exactly `num_rows` rows that meet `condition`; see `TabularModel`."""
        parts = self.draw(num_rows, condition=condition, seed=seed)
        return whole(parts, self.schema_, seed=seed)


def whole(parts: Iterable[Matrix], schema: Schema, *, seed: int) -> pd.DataFrame:
    """The one table of all parts of a draw."""
    return decode(np.concatenate(list(parts)), schema, seed=seed)


def chunk_sizes(num_rows: int, size: int = CHUNK) -> list[int]:
    """The rows of each chunk, all but the last of `size`; one of no rows where none are asked."""
    return [min(size, num_rows - start) for start in range(0, num_rows, size)] or [0]


def chunk_rng(seed: int, number: int) -> np.random.Generator:
    """The random numbers of a chunk; those of the first are the seed's own."""
    return np.random.default_rng([seed, number, _CHUNK_STREAM] if number else seed)


def _decoded(
    parts: Iterable[Matrix], schema: Schema, num_rows: int, seed: int
) -> Iterator[pd.DataFrame]:
    first = 0
    for matrix in _cut(parts, CHUNK, np.concatenate):
        yield decode(matrix, schema, seed=seed, first=first, total=num_rows)
        first += len(matrix)


def _in_batches(frames: Iterable[pd.DataFrame], size: int) -> Iterator[pd.DataFrame]:
    cut = _cut(frames, size, lambda held: held[0] if len(held) == 1 else pd.concat(held))
    return (frame.reset_index(drop=True) for frame in cut)


def telling(parts: Iterable[_Part], told: Told) -> Iterator[_Part]:
    """The parts as they are, `told` how many rows there were with each."""
    done = 0
    for part in parts:
        done += len(part)
        told(done)
        yield part


def _cut(
    parts: Iterable[_Rows], size: int, join: Callable[[list[_Rows]], _Rows]
) -> Iterator[_Rows]:
    """The rows of all parts in parts of `size`, the last of fewer; one at least."""
    held: list[_Rows] = []
    num_held = num_given = 0
    for part in parts:
        held.append(part)
        num_held += len(part)
        if num_held < size:
            continue
        rows = join(held)
        for start in range(0, num_held - size + 1, size):
            yield rows[start : start + size]
            num_given += 1
        held, num_held = [rows[num_held - num_held % size :]], num_held % size
    if num_held or not num_given:
        yield join(held)
