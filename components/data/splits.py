"""Training and test rows: drawn once, locked by a hash of the test rows."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import GroupSplit, PrepareConfig, RandomSplit, TimeSplit
from components.errors import UserError

logger = logging.getLogger(__name__)

Rows = NDArray[np.int64]

_HASHED = 131_072
"""Rows hashed at once: it takes memory of its own."""


@dataclass(frozen=True)
class SplitRows:
    """Positions of the training and the test rows, each sorted; the two never overlap."""

    train: Rows
    test: Rows


def split_rows(frame: pd.DataFrame, config: PrepareConfig, *, stratify: bool) -> SplitRows:
    """The rows of each side as `config.split` says; `stratify` keeps the target's class shares."""
    rng = np.random.default_rng(config.seed)
    labels = frame[config.target] if stratify else pd.Series(np.zeros(len(frame), dtype=int))
    if isinstance(config.split, RandomSplit):
        test = _draw(labels, config.test_share, rng)
    elif isinstance(config.split, TimeSplit):
        test = _latest(_key(frame, config.split), config.test_share)
    else:
        test = _groups(_key(frame, config.split), config.test_share, rng)
    train = np.setdiff1d(np.arange(len(frame)), test)
    if config.train_rows is not None:
        train = _keep(train, labels, config.train_rows, rng)
    elif len(train) > config.max_train_rows:
        logger.info(
            "%d of %d training rows are kept (prepare.max_train_rows)",
            config.max_train_rows,
            len(train),
        )
        train = _keep(train, labels, config.max_train_rows, rng)
    return SplitRows(train=train, test=np.sort(test))


def hash_rows(frame: pd.DataFrame) -> str:
    """The SHA-256 of a table's columns and values, in order."""
    starts = range(0, max(len(frame), 1), _HASHED)
    return hash_frames(frame.iloc[start : start + _HASHED] for start in starts)


def hash_frames(frames: Iterable[pd.DataFrame]) -> str:
    """What `hash_rows` gives for all rows of these frames, one at least, in one table."""
    digest = None
    for frame in frames:
        digest = digest or hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    assert digest is not None
    return digest.hexdigest()


def _key(frame: pd.DataFrame, split: TimeSplit | GroupSplit) -> pd.Series:
    if split.column not in frame.columns:
        known = ", ".join(map(str, frame.columns[:30]))
        raise UserError(f"split column {split.column!r} is not in the table; there are: {known}")
    if frame[split.column].isna().any():
        raise UserError(f"split column {split.column!r} has missing values")
    return frame[split.column]


def _draw(labels: pd.Series, share: float, rng: np.random.Generator) -> Rows:
    """A random `share` of the rows of each class, at least one."""
    picked = []
    for _, rows in sorted(labels.groupby(labels.to_numpy()).indices.items()):
        count = max(1, round(share * len(rows)))
        picked.append(rng.permutation(rows)[:count])
    return np.concatenate(picked).astype(np.int64)


def _latest(times: pd.Series, share: float) -> Rows:
    """The latest rows; rows of one instant stay together, on the training side."""
    order = np.argsort(times.to_numpy(), kind="stable")
    cut = times.iloc[order[round((1 - share) * len(times)) - 1]]
    test = np.flatnonzero((times > cut).to_numpy())
    if len(test) == 0:
        raise UserError(f"split column {times.name!r} has no later value to test on than {cut!r}")
    return test.astype(np.int64)


def _groups(groups: pd.Series, share: float, rng: np.random.Generator) -> Rows:
    """Whole groups, drawn at random until `share` of the rows is reached."""
    names = rng.permutation(np.sort(groups.unique()))
    if len(names) < 2:
        raise UserError(f"split column {groups.name!r} has one group; at least two are needed")
    sizes = groups.value_counts().reindex(names).to_numpy().cumsum()
    count = min(len(names) - 1, int(np.searchsorted(sizes, share * len(groups))) + 1)
    return np.flatnonzero(groups.isin(names[:count]).to_numpy()).astype(np.int64)


def _keep(train: Rows, labels: pd.Series, num_rows: int, rng: np.random.Generator) -> Rows:
    """`num_rows` of the training rows, by class; all where there are no more."""
    if num_rows >= len(train):
        raise UserError(f"train_rows = {num_rows}, but only {len(train)} rows are left to train on")
    kept = _draw(labels.iloc[train].reset_index(drop=True), num_rows / len(train), rng)
    return np.sort(train[kept])
