"""The prepared rows as tables; the test rows only with their lock checked."""

import json

import pandas as pd

from components.data.schema import Schema
from components.data.splits import hash_rows
from components.data.table import Table
from components.stages.paths import StagePaths


def read_train(paths: StagePaths) -> Table:
    """The training rows and their schema."""
    return Table(pd.read_parquet(paths.train), Schema.load(paths.schema))


def read_test(paths: StagePaths) -> Table:
    """The locked test rows; AssertionError where they are not those that `prepare` locked."""
    frame = pd.read_parquet(paths.test)
    locked = json.loads(paths.split.read_text())["test_sha256"]
    assert hash_rows(frame) == locked, f"{paths.test} is not what prepare locked ({locked})"
    return Table(frame, Schema.load(paths.schema))
