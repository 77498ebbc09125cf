"""A table in which every fidelity metric has something to measure, and generators for it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.config import TreesConfig
from components.data.inference import conform, describe, infer_kinds
from components.data.table import Table, decode, encode
from components.models.catalog import make_model
from tests.evaluation.samplers import Marginals
from tests.procedural import mixed_frame

REGIONS = {"Ankara": "south", "Bergen": "north", "Cork": "north", "Delft": "west"}
TARGET = "outcome"
NUM_ROWS = 450
GENERATORS = ("copy", "trees", "marginals", "noise")


@dataclass(frozen=True)
class Split:
    """Training rows, test rows, and the rows of each generator."""

    train: Table
    test: Table
    made: dict[str, Table]


def rich_frame(num_rows: int) -> pd.DataFrame:
    """`mixed_frame` with a rule of each kind but sums, gaps that go together, and a rare level."""
    rng = np.random.default_rng(7)
    frame = mixed_frame(num_rows).drop(columns=["id", "currency"])
    delay = pd.to_timedelta(rng.integers(1, 10**6, num_rows), unit="s")
    rare = pd.Series(np.where(rng.random(num_rows) < 0.03, "other", "usual")).astype("str")
    return frame.assign(
        region=frame["city"].map(REGIONS).astype("str"), until=frame["seen"] + delay, channel=rare
    )


def split(frame: pd.DataFrame, num_train: int, made: dict[str, pd.DataFrame]) -> Split:
    """The first rows to train on, the others to test on, and further rows as they are."""
    kinds = infer_kinds(frame, TARGET, {})
    frame = conform(frame, kinds)
    schema = describe(frame.iloc[:num_train], kinds, TARGET)
    parts = (frame.iloc[:num_train], frame.iloc[num_train:].reset_index(drop=True))
    train, test = (Table(part, schema) for part in parts)
    return Split(train, test, {name: Table(rows, schema) for name, rows in made.items()})


def rich_split() -> Split:
    """As many training as test rows, and as many of every generator, so that none is left out."""
    frame = rich_frame(2 * NUM_ROWS)
    train = split(frame, NUM_ROWS, {}).train
    trees = make_model(TreesConfig())
    trees.fit(train, seed=0)
    made = {
        "copy": train.frame,
        "trees": trees.sample(NUM_ROWS, seed=1),
        "marginals": Marginals(train).sample(NUM_ROWS, seed=0),
        "noise": noise(train, NUM_ROWS, seed=0),
    }
    return split(frame, NUM_ROWS, made)


def noise(table: Table, num_rows: int, seed: int) -> pd.DataFrame:
    """Each column evenly over its levels or range; half missing where any value can be."""
    rng = np.random.default_rng(seed)
    matrix = np.empty((num_rows, len(table.schema.learned)))
    real = encode(table.frame, table.schema)
    for place, column in enumerate(table.schema.learned):
        if column.is_discrete:
            matrix[:, place] = rng.integers(0, len(column.categories), num_rows)
        else:
            matrix[:, place] = rng.uniform(column.minimum, column.maximum, num_rows)
        if np.isnan(real[:, place]).any():
            matrix[rng.random(num_rows) < 0.5, place] = np.nan
    return decode(matrix, table.schema, seed=seed)
