"""The rounds of an adversarial forest: leaves are split, made rows are drawn, a judge is asked."""

import logging
import time
import warnings
from dataclasses import dataclass

import numpy as np

from components.config import ForestConfig
from components.models.contract import Budget, LogMetrics
from components.models.trees.forest_growth import Cells, Places, Rows, split_leaves

logger = logging.getLogger(__name__)

LEVELS_A_ROUND = 3
"""How often a leaf is split between two judgements."""

MOST_JUDGED = 8_000
"""Of more rows of a kind, so many at random are judged."""

JUDGES = 25
JUDGE_LEAF = 5
FEWEST_JUDGED = 20
"""Trees of the judge, rows of a kind without which there is nothing to judge."""


@dataclass(frozen=True)
class Round:
    """The leaves of all trees, shape (trees, rows), and how well their made rows are told apart."""

    leaves: Places
    accuracy: float


def adversarial_rounds(
    rows: Rows,
    begin: Places,
    config: ForestConfig,
    *,
    min_leaf: int,
    budget: Budget,
    log: LogMetrics,
    rng: np.random.Generator,
) -> Round:
    """The leaves whose made rows a judge tells from real ones worst, after Watson et al. 2023.

    At first each tree has the leaves that rows `begin` in. In each round every tree's leaves are
    split further and a new judge is asked; rounds end at an accuracy of 0.5 + `delta` or less,
    where it is no lower than before, where nothing is split any more, at `rounds`, or with the
    budget.
    """
    started, began = time.monotonic(), time.process_time()
    best = _judged(rows, np.tile(begin, (config.trees, 1)), rng)
    log(0, _told(best))
    for number in range(1, config.rounds + 1):
        is_late = budget.seconds is not None and time.process_time() - began > budget.seconds
        if is_late or best.accuracy <= 0.5 + config.delta:
            break
        leaves = np.stack(
            [
                split_leaves(
                    rows,
                    leaf,
                    levels=LEVELS_A_ROUND,
                    min_leaf=min_leaf,
                    num_cuts=config.cuts,
                    rng=rng,
                )
                for leaf in best.leaves
            ]
        )
        if (leaves == best.leaves).all():
            break
        found = _judged(rows, leaves, rng)
        log(number, _told(found))
        if found.accuracy >= best.accuracy:
            break
        best = found
    logger.info(
        "%d leaves in %d trees, told from real rows with accuracy %.3f, in %.1f s",
        _num_leaves(best),
        config.trees,
        best.accuracy,
        time.monotonic() - started,
    )
    return best


def _num_leaves(found: Round) -> int:
    return int(found.leaves.max(axis=1).sum()) + len(found.leaves)


def _told(found: Round) -> dict[str, float]:
    return {"accuracy": found.accuracy, "leaves": float(_num_leaves(found))}


def _judged(rows: Rows, leaves: Places, rng: np.random.Generator) -> Round:
    num_made = min(len(rows.codes), MOST_JUDGED)
    made = made_rows(rows.codes, leaves, num_made, rng)
    return Round(leaves, accuracy(rows.codes, made, rng))


def made_rows(codes: Cells, leaves: Places, num_made: int, rng: np.random.Generator) -> Cells:
    """So many rows from leaves that are drawn by their rows, with columns apart within them.

    Each cell is that of a real row of the same leaf, drawn for it alone; trees take turns.
    """
    made = np.empty((num_made, codes.shape[1]), dtype=np.int32)
    tree_of = rng.permutation(np.arange(num_made) % len(leaves))
    for tree, leaf in enumerate(leaves):
        mine = np.flatnonzero(tree_of == tree)
        size = np.bincount(leaf)
        first, by_leaf = np.cumsum(size) - size, np.argsort(leaf, kind="stable")
        drawn = leaf[rng.integers(0, len(codes), len(mine))]
        for j in range(codes.shape[1]):
            donor = first[drawn] + (rng.random(len(mine)) * size[drawn]).astype(np.int64)
            made[mine, j] = codes[by_leaf[donor], j]
    return made


def accuracy(real: Cells, made: Cells, rng: np.random.Generator) -> float:
    """How often a random forest tells which of the rows that its trees have not seen are real.

    0.5 is chance; it is 1 where there are too few rows to ask. As many rows of codes of each kind
    are judged, at random.
    """
    from sklearn.ensemble import RandomForestClassifier

    kept = min(len(real), len(made), MOST_JUDGED)
    if kept < FEWEST_JUDGED:
        return 1.0
    some = (rng.choice(len(part), kept, replace=False) for part in (real, made))
    rows = np.concatenate([part[i] for part, i in zip((real, made), some, strict=True)])
    is_real = np.repeat([True, False], kept)
    judge = RandomForestClassifier(
        JUDGES,
        min_samples_leaf=JUDGE_LEAF,
        oob_score=True,
        random_state=int(rng.integers(2**31)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a row that all trees have seen has no vote
        judge.fit(rows.astype(np.float32), is_real)
    votes = judge.oob_decision_function_[:, 1]
    known = ~np.isnan(votes)
    return float(((votes > 0.5) == is_real)[known].mean())
