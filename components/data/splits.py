"""Training and test rows: drawn once, locked by a hash of the test rows."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import GroupSplit, MarkedSplit, PrepareConfig, RandomSplit, TimeSplit
from components.errors import UserError

logger = logging.getLogger(__name__)

Rows = NDArray[np.int64]

_HASHED = 131_072
"""Rows hashed at once: it takes memory of its own."""
_FAR_MORE = 0.5
"""Of the test rows asked for: a group that brings so many too many is none of theirs."""


@dataclass(frozen=True)
class SplitRows:
    """Positions of the training and the test rows, each sorted; the two never overlap."""

    train: Rows
    test: Rows


def split_rows(frame: pd.DataFrame, config: PrepareConfig, *, stratify: bool) -> SplitRows:
    """The rows of each side as `config.split` says; `stratify` keeps the target's class shares.

    Of the frame, only the target (where stratified) and the split's column are looked at.
    """
    rng = np.random.default_rng(config.seed)
    classes = _classes(frame[config.target]) if stratify else np.zeros(len(frame), dtype=np.int8)
    if isinstance(config.split, RandomSplit):
        test = drawn_by_class(classes, config.test_share, rng)
    elif isinstance(config.split, TimeSplit):
        test = _latest(_key(frame, config.split), config.test_share)
    elif isinstance(config.split, MarkedSplit):
        test = _marked(_key(frame, config.split))
    else:
        test = _groups(_key(frame, config.split), config.test_share, rng)
    is_left = np.ones(len(frame), dtype=bool)
    is_left[test] = False
    train = np.flatnonzero(is_left)
    if config.train_rows is not None:
        train = keep_some(train, classes, config.train_rows, rng)
    elif len(train) > config.max_train_rows:
        logger.info(
            "%d of %d training rows are kept (prepare.max_train_rows)",
            config.max_train_rows,
            len(train),
        )
        train = keep_some(train, classes, config.max_train_rows, rng)
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


def check_key(name: str, names: Sequence[str]) -> None:
    """Raise UserError where the column to split by is not among the table's."""
    if name not in names:
        known = ", ".join(map(str, names[:30]))
        raise UserError(f"split column {name!r} is not in the table; there are: {known}")


def _key(frame: pd.DataFrame, split: TimeSplit | GroupSplit | MarkedSplit) -> pd.Series:
    check_key(split.column, frame.columns.tolist())
    if frame[split.column].isna().any():
        raise UserError(f"split column {split.column!r} has missing values")
    return frame[split.column]


def _classes(labels: pd.Series) -> NDArray[np.integer]:
    """Each row's class as a number, in the order of the labels and as small as goes."""
    return labels.astype("category").cat.codes.to_numpy()


def drawn_by_class(classes: NDArray[np.integer], share: float, rng: np.random.Generator) -> Rows:
    """A random `share` of the rows of each class, at least one."""
    narrow = np.int32 if len(classes) < 2**31 else np.int64  # a position a row takes memory
    order = np.argsort(classes, kind="stable").astype(narrow)
    ends = np.cumsum(np.bincount(classes))
    picked = []
    for rows in np.split(order, ends[:-1]):
        if len(rows):
            count = max(1, round(share * len(rows)))
            picked.append(rng.permutation(rows)[:count].astype(np.int64))
    return np.concatenate(picked)


def _latest(times: pd.Series, share: float) -> Rows:
    """The latest rows; rows of one instant stay together, on the training side."""
    order = np.argsort(times.to_numpy(), kind="stable")
    cut = times.iloc[order[round((1 - share) * len(times)) - 1]]
    test = np.flatnonzero((times > cut).to_numpy())
    if len(test) == 0:
        raise UserError(f"split column {times.name!r} has no later value to test on than {cut!r}")
    return test.astype(np.int64)


def _marked(marks: pd.Series) -> Rows:
    """The rows that are marked; raises UserError where marks are no truths, or all the same."""
    odd = [value for value in marks.unique().tolist() if value not in (0, 1)]
    if odd:
        raise UserError(f"split column {marks.name!r} has {odd[0]!r}: true and false are accepted")
    test = np.flatnonzero(marks.to_numpy(dtype=bool)).astype(np.int64)
    if len(test) in (0, len(marks)):
        raise UserError(f"split column {marks.name!r} marks {len(test)} of {len(marks)} rows")
    return test


def _groups(groups: pd.Series, share: float, rng: np.random.Generator) -> Rows:
    """Whole groups, drawn at random until `share` of the rows is reached.

    A group that would bring far more is passed over, so that one which has most rows is trained on.
    """
    names = rng.permutation(np.sort(groups.unique()))
    if len(names) < 2:
        raise UserError(f"split column {groups.name!r} has one group; at least two are needed")
    sizes = groups.value_counts().reindex(names).astype("int64").tolist()
    test = np.flatnonzero(groups.isin(names[_about(sizes, share * len(groups))]).to_numpy())
    if abs(len(test) / len(groups) - share) > _FAR_MORE * share:
        logger.warning(
            "%.0f%% of the rows are test rows, where %.0f%% were asked for (prepare.test_share): "
            "the largest group of %r has %d of %d rows",
            100 * len(test) / len(groups),
            100 * share,
            groups.name,
            max(sizes),
            len(groups),
        )
    return test.astype(np.int64)


def _about(sizes: Sequence[int], num_rows: float) -> list[int]:
    """The first groups that have so many rows together, without those that bring far more.

    All but one at most; the smallest, where each alone has too many.
    """
    taken: list[int] = []
    total = 0
    for place, size in enumerate(sizes):
        if total >= num_rows or len(taken) == len(sizes) - 1:
            break
        if total + size <= (1 + _FAR_MORE) * num_rows:
            taken.append(place)
            total += size
    return taken or [sizes.index(min(sizes))]


def keep_some(
    train: Rows, classes: NDArray[np.integer], num_rows: int, rng: np.random.Generator
) -> Rows:
    """`num_rows` of the training rows, by class. Raises UserError where there are fewer."""
    if num_rows > len(train):
        raise UserError(f"train_rows = {num_rows}, but only {len(train)} rows are left to train on")
    kept = drawn_by_class(classes[train], num_rows / len(train), rng)
    return np.sort(train[kept])
