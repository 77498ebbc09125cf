"""Boosted trees that say how much likelier a row is to be real than made, as plain arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

JUDGES = 2
MADE_A_ROW, MOST_MADE = 3, 60_000
"""Made rows for each real one that the judges learn from, and how many of either at most."""

RATE = 0.1
DEPTH, LEAVES = 8, 31
SUREST = 4.0
"""Log odds beyond which a judge is not believed."""

_BLOCK = 4096


@dataclass(frozen=True)
class OddsTrees:
    """Trees laid end to end, arrays of an element a node; a leaf's children are itself.

    A row goes left where its value of `feature` is at most `threshold`, or is missing and
    `missing_left`. `roots` says where each tree begins; `value` is what a leaf adds.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    roots: NDArray[np.int32]

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """For storage, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], num_columns: int) -> Self:
        """What `arrays` gave; ValueError where rows of so many columns cannot walk down them."""
        found = cls(**arrays)
        num_nodes = len(found.value)
        sizes = {len(array) for name, array in arrays.items() if name != "roots"}
        places = (found.left, found.right, found.roots)
        if sizes != {num_nodes} or not all(_within(place, num_nodes) for place in places):
            raise ValueError("the trees of its judge do not fit together")
        if not _within(found.feature, num_columns):
            raise ValueError(f"its judge looks at other columns than {num_columns}")
        return found

    def log_odds(self, rows: Matrix) -> NDArray[np.float64]:
        """Of being real, shape (rows,), within `SUREST` of 0, for rows in `encode`'s form."""
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        found = np.concatenate([self._added(block) for block in blocks] or [np.zeros(0)])
        within: NDArray[np.float64] = np.clip(found, -SUREST, SUREST)
        return within

    def _added(self, rows: Matrix) -> NDArray[np.float64]:
        nodes = np.repeat(self.roots[None], len(rows), axis=0)
        for _ in range(DEPTH):
            values = np.take_along_axis(rows, self.feature[nodes], axis=1)
            goes_left = (values <= self.threshold[nodes]) | (
                np.isnan(values) & self.missing_left[nodes]
            )
            nodes = np.where(goes_left, self.left[nodes], self.right[nodes])
        added: NDArray[np.float64] = self.value[nodes].sum(axis=1)
        return added


def learn_odds(
    real: Matrix, made: Matrix, *, rounds: int, min_leaf: int, rng: np.random.Generator
) -> OddsTrees:
    """The mean of `JUDGES` judges, each stopped by the part of the rows that it has not seen.

    A judge of whole rows would go on until it knows them, and draw what is made towards them; the
    round at which rows that it has not seen are judged best is where it stops (Friedman 2001).
    Where that is before the first round, it has nothing to say. Real and made rows weigh the same.
    """
    rows = np.concatenate([rng.permutation(part) for part in (real, made)])
    rows[:, np.isnan(rows).all(axis=0)] = 0.0  # no value at all, which scikit-learn cannot bin
    is_real = np.arange(len(rows)) < len(real)
    weights = np.where(is_real, len(made) / len(real), 1.0)
    part = np.concatenate([np.arange(len(real)), np.arange(len(made))]) % JUDGES
    judges = [
        _judge(_Judged(rows, is_real, weights), part == i, rounds=rounds, min_leaf=min_leaf)
        for i in range(JUDGES)
    ]
    return _joined([nodes for judge in judges for nodes in judge], share=1 / JUDGES)


@dataclass(frozen=True)
class _Judged:
    """Rows in `encode`'s form, which of them are real, and what each weighs."""

    rows: Matrix
    is_real: NDArray[np.bool_]
    weights: NDArray[np.float64]


def _judge(
    judged: _Judged, unseen: NDArray[np.bool_], *, rounds: int, min_leaf: int
) -> list[NDArray[Any]]:
    """The nodes of each tree of one judge, up to the round that judges unseen rows best."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    if (~unseen).sum() < 2 * min_leaf:
        return []
    judge = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=RATE,
        max_depth=DEPTH,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=min_leaf,
        early_stopping=False,
        random_state=0,
    ).fit(judged.rows[~unseen], judged.is_real[~unseen], judged.weights[~unseen])
    sign = np.where(judged.is_real[unseen], -1.0, 1.0)
    weights = judged.weights[unseen] / judged.weights[unseen].sum()
    losses = [np.log(2.0)] + [
        float(np.logaddexp(0, sign * odds) @ weights)
        for odds in judge.staged_decision_function(judged.rows[unseen])
    ]
    return _nodes(judge)[: int(np.argmin(losses))]


def _nodes(judge: "HistGradientBoostingClassifier") -> list[NDArray[Any]]:
    """The nodes of each tree: scikit-learn has them nowhere else."""
    return [predictors[0].nodes for predictors in judge._predictors]


def _joined(trees: Sequence[NDArray[Any]], share: float) -> OddsTrees:
    sizes = np.array([len(nodes) for nodes in trees], dtype=np.int32)
    roots = np.cumsum(np.concatenate([[0], sizes[:-1]])) if len(trees) else np.zeros(0)
    base = np.repeat(roots, sizes).astype(np.int32)
    own = np.arange(len(base), dtype=np.int32)
    nodes = np.concatenate(trees) if len(trees) else _NO_NODES
    is_leaf = nodes["is_leaf"].astype(bool)
    return OddsTrees(
        feature=np.where(is_leaf, 0, nodes["feature_idx"]).astype(np.int32),
        threshold=np.where(is_leaf, 0.0, nodes["num_threshold"]),
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~is_leaf,
        left=np.where(is_leaf, own, base + nodes["left"].astype(np.int32)),
        right=np.where(is_leaf, own, base + nodes["right"].astype(np.int32)),
        value=np.where(is_leaf, nodes["value"] * share, 0.0),
        roots=roots.astype(np.int32),
    )


def _within(places: NDArray[np.int32], size: int) -> bool:
    return not len(places) or bool(0 <= places.min() <= places.max() < size)


_NO_NODES = np.zeros(
    0,
    dtype=[
        (name, np.float64)
        for name in (
            "is_leaf",
            "feature_idx",
            "num_threshold",
            "missing_go_to_left",
            "left",
            "right",
            "value",
        )
    ],
)
