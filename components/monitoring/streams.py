"""A stream of rows read once, and what is kept of it."""

from dataclasses import dataclass

import pandas as pd

from components.data.batches import Batches
from components.monitoring.extremes import Extremes
from components.monitoring.kept_rules import KeptRules
from components.monitoring.reference import SAMPLE
from components.monitoring.rhythm import RhythmSeen
from components.monitoring.sampled import RowSample
from components.monitoring.sketch import Batch, Sketcher, TableSketch
from components.monitoring.time_order import TimeOrder


@dataclass(frozen=True)
class Rows:
    """The sketch of all rows, a sample, and what was noted of all in their order; the names."""

    sketch: TableSketch
    sample: Batch
    order: TimeOrder
    rules: KeptRules
    extremes: Extremes
    rhythm: RhythmSeen
    names: tuple[str, ...]


def read_rows(batches: Batches, sketcher: Sketcher) -> Rows:
    """All rows, read once, in memory that does not grow with them."""
    schema = sketcher.reader.schema
    wanted = [name for name in batches.names if name in schema.names]
    sketch = sketcher.sketch(pd.DataFrame({name: [] for name in wanted}))[0]
    sample, order, rules = RowSample(SAMPLE), TimeOrder(schema), KeptRules(schema)
    extremes, rhythm = Extremes(schema), RhythmSeen(schema)
    for frame in batches.read(wanted or None):
        found, rows = sketcher.sketch(frame)
        sketch = sketch + found
        sample.add(len(frame), rows.take)
        for noted in (order, rules, extremes, rhythm):
            noted.add(rows.names, rows.matrix)
    return Rows(sketch, sample.rows(), order, rules, extremes, rhythm, tuple(batches.names))
