"""What is normal: told by the target, and how normal rows and others are split."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.config import NORMAL, NormalConfig, PrepareConfig, RandomSplit
from components.data.splits import Rows, SplitRows, drawn_by_class, keep_some, split_rows
from components.errors import UserError

_STREAM = 0xA0


def told_normal(target: pd.Series, values: Sequence[str]) -> pd.Series:
    """`NORMAL` where the target, as text, is one of `values`, else that text.

    Raises UserError where another value is called so, too.

    >>> told_normal(pd.Series([0, 1, 2]), ("0", "2")).tolist()
    ['normal', '1', 'normal']
    """
    words = target.astype(str).astype("str")
    is_normal = words.isin(list(values))
    if (words[~is_normal] == NORMAL).any():
        raise UserError(
            f"{target.name!r} has the value {NORMAL!r}, which prepare.normal.values = "
            f"{', '.join(values)} does not name: call it something else"
        )
    return words.mask(is_normal, NORMAL)


def split_normal(frame: pd.DataFrame, config: PrepareConfig, normal: NormalConfig) -> SplitRows:
    """Normal rows to train on; those held out, and others, to test on.

    The target says by `told_normal` which rows are normal. A random split holds normal rows out and
    leaves all others to the test; another splits all rows, and others of the training side are
    used by nobody. Raises UserError where a side of normal rows, or the others, are missing.
    """
    kinds = frame[config.target].astype(str).to_numpy()
    is_normal = kinds == NORMAL
    for found, what in ((is_normal, "normal"), (~is_normal, "anything else")):
        if not found.any():
            known = ", ".join(sorted(set(kinds))[:30])
            raise UserError(
                f"no value of {config.target!r} is {what} by prepare.normal.values = "
                f"{', '.join(normal.values)}; beside these there are: {known}"
            )
    whole = config.model_copy(update={"train_rows": None, "max_train_rows": len(frame) + 20})
    split = split_rows(frame, whole, stratify=True)
    is_random = isinstance(config.split, RandomSplit)
    others = np.flatnonzero(~is_normal) if is_random else split.test[~is_normal[split.test]]
    train, test = split.train[is_normal[split.train]], split.test[is_normal[split.test]]
    if not len(train) or not len(test) or not len(others):
        raise UserError(
            f"the split leaves {len(train)} normal rows to train on, {len(test)} to test on and "
            f"{len(others)} others: none of these may be missing"
        )
    rng = np.random.default_rng([config.seed, _STREAM])
    if config.train_rows is not None or len(train) > config.max_train_rows:
        kept = config.train_rows or config.max_train_rows
        train = keep_some(train, np.zeros(len(frame), dtype=np.int8), kept, rng)
    slipped, others = _slipped_in(others, len(train), normal.contamination, rng)
    others = _some_of(others, kinds, len(test), normal.anomaly_share, rng)
    return SplitRows(
        train=np.sort(np.concatenate([train, slipped])),
        test=np.sort(np.concatenate([test, others])),
    )


def _slipped_in(
    others: Rows, num_train: int, share: float, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """Others that are to be the share of the training rows, and the rest of them."""
    count = round(share / (1 - share) * num_train)
    if count >= len(others):
        raise UserError(
            f"prepare.normal.contamination = {share:g} takes {count} rows that are not normal; "
            f"there are {len(others)}, and some must be left to test on"
        )
    shuffled = rng.permutation(others) if count else others
    return shuffled[:count], np.sort(shuffled[count:])


def _some_of(
    others: Rows, kinds: np.ndarray, num_normal: int, share: float | None, rng: np.random.Generator
) -> Rows:
    """Others that are to be the share of the test rows, of each kind alike; all without a share."""
    if share is None:
        return others
    count = share / (1 - share) * num_normal
    if count > len(others):
        raise UserError(
            f"prepare.normal.anomaly_share = {share:g} takes {count:.0f} rows that are not normal "
            f"beside {num_normal} normal ones; there are {len(others)}"
        )
    classes = np.unique(kinds[others], return_inverse=True)[1]
    return others[drawn_by_class(classes, count / len(others), rng)]
