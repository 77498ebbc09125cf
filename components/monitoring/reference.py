"""What a monitor knows of the training rows: computed once, written as JSON, no row in it."""

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from components.data.batches import Batches
from components.data.records import read_record
from components.data.schema import NUMBERS, Column, ColumnKind, Schema
from components.monitoring.levels import CategoryLevels, Levels, NumberLevels
from components.monitoring.reading import Reader
from components.monitoring.rhythm import Rhythm, RhythmSeen
from components.monitoring.sampled import RowSample
from components.monitoring.season import ALL_YEAR, Season
from components.monitoring.sketch import Batch, ColumnSketch, Sketcher, TableSketch
from components.monitoring.time_order import TimeOrder
from components.monitoring.value import Value

_FORMAT = 2
SAMPLE = 20_000
"""Training rows that are kept for a look: for Evidently, and of which the trees see some."""
_ROWS_FOR_LEVELS = 100_000
"""Levels are told from so many training rows; the rows at each level are counted in all."""


class _ColumnState(Value):
    """A column as it is written: counts by phase."""

    levels: Levels | None
    counts: tuple[tuple[int, ...], ...]
    missing: tuple[int, ...]
    sums: tuple[int, ...]
    squares: tuple[int, ...]
    once: int
    is_ordered: bool


class _State(Value):
    format: int
    season: Season
    rows: tuple[int, ...]
    columns: dict[str, _ColumnState]
    rhythm: Rhythm | None


@dataclass(frozen=True)
class Reference:
    """The sketch of the training rows, and the levels it was made by.

    `once` counts, for each discrete column, the categories that one row alone has; `ordered` are
    the datetime columns whose values never step back; `rhythm` says how rows follow one another.
    """

    schema: Schema
    season: Season
    levels: Mapping[str, Levels]
    sketch: TableSketch
    once: Mapping[str, int]
    ordered: frozenset[str]
    rhythm: Rhythm | None = None

    @property
    def num_rows(self) -> int:
        """How many training rows there were."""
        return self.sketch.num_rows

    @cached_property
    def _reader(self) -> Reader:
        return Reader.of(self.schema)

    def sketcher(self) -> Sketcher:
        """Makes sketches that can be compared with this one."""
        return Sketcher(self._reader, self.season, self.levels)

    def categories(self, name: str) -> tuple[str, ...]:
        """The categories of a column in the order of their codes; none of a number."""
        return tuple(self._reader.codes.get(name, ()))

    def sample_of(self, batches: Batches) -> Batch:
        """Some of the training rows."""
        return _sample(batches, self._reader, self.season, SAMPLE)

    def without(self, names: Collection[str]) -> "Reference":
        """The same without these columns: new rows may have them or lack them."""
        kept = tuple(c for c in self.schema.columns if c.name not in names)
        columns = {n: c for n, c in self.sketch.columns.items() if n not in names}
        return replace(
            self,
            schema=self.schema.model_copy(update={"columns": kept}),
            levels={name: levels for name, levels in self.levels.items() if name not in names},
            sketch=TableSketch(self.sketch.rows, columns),
        )

    def not_comparing(self, names: Collection[str]) -> "Reference":
        """The same with these columns as identifiers, which must be there and are not compared."""
        columns = tuple(
            c.model_copy(update={"kind": ColumnKind.IDENTIFIER}) if c.name in names else c
            for c in self.schema.columns
        )
        return replace(
            self,
            schema=self.schema.model_copy(update={"columns": columns}),
            levels={name: levels for name, levels in self.levels.items() if name not in names},
        )

    def save(self, path: Path) -> None:
        """Write as JSON: no category that few rows have is named in it, and no row."""
        columns = {}
        for name, column in self.sketch.columns.items():
            columns[name] = _ColumnState(
                levels=self.levels.get(name),
                counts=tuple(map(tuple, column.counts.tolist())),
                missing=tuple(column.missing.tolist()),
                sums=tuple(column.sums.tolist()),
                squares=tuple(column.squares.tolist()),
                once=self.once.get(name, 0),
                is_ordered=name in self.ordered,
            )
        rows = tuple(self.sketch.rows.tolist())
        state = _State(
            format=_FORMAT, season=self.season, rows=rows, columns=columns, rhythm=self.rhythm
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(state.model_dump_json())
        os.replace(partial, path)

    @classmethod
    def load(cls, path: Path, schema: Schema) -> "Reference":
        """Read what `save` wrote of training rows with this schema."""
        state = read_record(_State, path)
        assert state.format == _FORMAT, "the file's name has the format"
        columns = {
            name: ColumnSketch(
                np.array(column.counts, dtype=np.int64).reshape(len(state.rows), -1),
                np.array(column.missing),
                np.array(column.sums),
                np.array(column.squares),
            )
            for name, column in state.columns.items()
        }
        return cls(
            schema,
            state.season,
            {name: column.levels for name, column in state.columns.items() if column.levels},
            TableSketch(np.array(state.rows), columns),
            {name: column.once for name, column in state.columns.items()},
            frozenset(name for name, column in state.columns.items() if column.is_ordered),
            state.rhythm,
        )


def reference_name(content: str, season: Season) -> str:
    """The name of the file that keeps the sketch of training rows of this content."""
    said = f"{_FORMAT} {_ROWS_FOR_LEVELS} {content} {season.model_dump_json()}"
    return f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.json"


def make_reference(batches: Batches, schema: Schema, season: Season = ALL_YEAR) -> Reference:
    """Read training rows twice: a sample for the levels, then all for the counts.

    Raises UserError where the season's column cannot tell the phase.
    """
    season.check(schema)
    reader = Reader.of(schema)
    levels = _tell_levels(batches, reader, season)
    sketcher = Sketcher(reader, season, levels)
    sketch: TableSketch | None = None
    order, rhythm = TimeOrder(schema), RhythmSeen(schema)
    counts = {name: np.zeros(len(codes) + 1, np.int64) for name, codes in reader.codes.items()}
    for frame in batches.read():
        found, rows = sketcher.sketch(frame)
        sketch = found if sketch is None else sketch + found
        order.add(rows.names, rows.matrix)
        rhythm.add(rows.names, rows.matrix)
        for name in counts:
            codes = rows.matrix[:, rows.names.index(name)]
            present = codes[~np.isnan(codes)].astype(np.intp)
            counts[name] += np.bincount(present, minlength=len(counts[name]))
    assert sketch is not None, "training rows have a batch at least"
    once = {name: int((count == 1).sum()) for name, count in counts.items()}
    ordered = order.in_order()
    told = rhythm.rhythm() if rhythm.time in ordered else None
    return Reference(schema, season, levels, sketch, once, ordered, told)


def _tell_levels(batches: Batches, reader: Reader, season: Season) -> dict[str, Levels]:
    rows = _sample(batches, reader, season, _ROWS_FOR_LEVELS)
    levels: dict[str, Levels] = {}
    for position, name in enumerate(rows.names):
        column, values = reader.schema[name], rows.matrix[:, position]
        values = values[~np.isnan(values)]
        if column.kind in NUMBERS and len(values):
            levels[name] = NumberLevels.of(values)
        elif column.is_discrete:
            levels[name] = _category_levels(values, column, reader)
    return levels


def _sample(batches: Batches, reader: Reader, season: Season, most: int) -> Batch:
    sample, sketcher = RowSample(most), Sketcher(reader, season, {})
    for frame in batches.read():
        sample.add(len(frame), partial(_read_rows, sketcher, frame))
    return sample.rows()


def _read_rows(sketcher: Sketcher, frame: pd.DataFrame, rows: np.ndarray) -> Batch:
    return sketcher.read(frame.iloc[rows])[0]


def _category_levels(codes: np.ndarray, column: Column, reader: Reader) -> CategoryLevels:
    names = list(reader.codes[column.name])
    counted = Counter(codes.astype(np.intp).tolist())
    return CategoryLevels.of({names[c]: n for c, n in counted.items() if c < len(names)})
