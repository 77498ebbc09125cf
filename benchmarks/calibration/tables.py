"""Real tables that libraries ship, drawn anew for each seed: training, test and further rows."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from benchmarks.calibration.processes import PROCESSES
from components.config import ColumnKind, PrepareConfig
from components.data.bundled import load_bundled
from components.data.inference import conform, describe, infer_kinds
from components.data.schema import DISCRETE
from components.data.splits import split_rows
from components.data.table import Table

TARGETS = {
    "breast_cancer": ("sklearn:breast_cancer", "diagnosis"),
    "diabetes": ("sklearn:diabetes", "progression"),
    "digits": ("sklearn:digits", "digit"),
    "fair": ("statsmodels:fair", "affair"),
    "iris": ("sklearn:iris", "species"),
    "wine": ("sklearn:wine", "cultivar"),
}


@dataclass(frozen=True)
class Parts:
    """Rows to train on, rows to test on, and further real rows that take part in nothing else."""

    train: Table
    test: Table
    more: Table


@dataclass(frozen=True)
class Source:
    """A whole table and the kinds of its columns."""

    frame: pd.DataFrame
    kinds: dict[str, ColumnKind]
    target: str


@cache
def source(name: str) -> Source:
    """The whole of a shipped table; columns of a single value are left out."""
    uri, target = TARGETS[name]
    frame = load_bundled(uri)
    frame = frame[[column for column in frame if frame[column].nunique() > 1]]
    kinds = infer_kinds(frame, target, {})
    return Source(conform(frame, kinds), kinds, target)


def draw(name: str, num_train: int, num_test: int, num_more: int, *, seed: int) -> Parts:
    """Disjoint rows by `seed`: a shipped table's, by class, or fresh ones of a process.

    `num_test` and `num_more` are caps: what a shipped table has no rows for is left out. The
    schema is learned from the training rows, as the stage `prepare` does.
    """
    if name in PROCESSES:
        return _fresh(name, num_train, num_test, num_more, seed=seed)
    whole = source(name)
    discrete = whole.kinds[whole.target] in DISCRETE
    train, rest = _split(whole, whole.frame, num_train, seed, discrete)
    wanted = min(num_test, len(rest)) if num_more == 0 else min(num_test, len(rest) // 2)
    test, left = _split(whole, rest, wanted, seed, discrete)
    schema = describe(train, whole.kinds, whole.target)
    parts = (train, test, left.iloc[:num_more])
    first, second, third = (Table(part.reset_index(drop=True), schema) for part in parts)
    return Parts(first, second, third)


def _split(
    whole: Source, frame: pd.DataFrame, count: int, seed: int, discrete: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """About `count` rows by class, and the others, both in random order."""
    rng = np.random.default_rng(seed)
    frame = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    if count >= len(frame):
        return frame, frame.iloc[:0]
    config = PrepareConfig(data="", target=whole.target, test_share=count / len(frame), seed=seed)
    rows = split_rows(frame, config, stratify=discrete)
    return frame.iloc[rows.test], frame.iloc[rows.train]


def _fresh(name: str, num_train: int, num_test: int, num_more: int, *, seed: int) -> Parts:
    process = PROCESSES[name]
    counts = (num_train, num_test, num_more)
    frames = [process.frame(count, seed=[seed, part]) for part, count in enumerate(counts)]
    kinds = infer_kinds(pd.concat(frames), process.target, process.kinds)
    frames = [conform(frame, kinds) for frame in frames]
    schema = describe(frames[0], kinds, process.target)
    first, second, third = (Table(frame, schema) for frame in frames)
    return Parts(first, second, third)
