"""Decision trees as plain arrays: what sampling walks down, without scikit-learn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]

LEAF = -1
"""The `feature` of a node that has no children."""

LOT = -2
"""The `feature` of a node that looks at the lot its row has drawn."""


@dataclass(frozen=True)
class Tree:
    """One tree: arrays of an element a node, the root first, and the training codes at its leaves.

    A row goes left where its code of `feature` is at most `threshold`. `start` and `count` say
    which stretch of `donors` a leaf holds. `order` says where each code of each discrete predictor
    stands among its fellows (codes that are split on are these positions): the positions of
    predictor `i` lie at `order[order_start[i]:order_start[i + 1]]`, code -1 (missing) first; an
    empty stretch leaves the predictor's codes as they are.

    Several trees are one whose first nodes look at a lot that every row draws, `LOT`.
    """

    feature: Codes
    threshold: Codes
    left: Codes
    right: Codes
    start: Codes
    count: Codes
    donors: Codes
    order: Codes
    order_start: Codes

    @property
    def num_leaves(self) -> int:
        """How many leaves there are."""
        return int((self.feature == LEAF).sum())

    @property
    def leads_down(self) -> bool:
        """True where every node's children come after it."""
        node = np.arange(len(self.feature))
        is_down = (self.left > node) & (self.right > node)
        return bool((is_down | (self.feature == LEAF)).all())

    @property
    def num_lots(self) -> int:
        """How many lots there are; 1 where none is drawn."""
        return int(self.threshold[self.feature == LOT].max(initial=-1)) + 2

    @property
    def has_its_lots(self) -> bool:
        """True where there are no more lots than nodes can tell apart."""
        return self.num_lots <= int((self.feature == LOT).sum()) + 1

    def draw(self, predictors: Codes, rng: np.random.Generator) -> Codes:
        """A code for each row of `predictors`, shape (rows, predictors): a donor of its leaf."""
        count, lots = self.num_lots, None
        if count > 1:
            lots = rng.integers(count, size=len(predictors), dtype=np.int32)
        leaves = self.leaves(self.arranged(predictors), lots)
        picks = (rng.random(len(leaves)) * self.count[leaves]).astype(np.int32)
        drawn: Codes = self.donors[self.start[leaves] + picks]
        return drawn

    def arranged(self, predictors: Codes) -> Codes:
        """The predictors with each discrete code replaced by its position in this tree's order."""
        arranged = predictors.copy()
        bounds = zip(self.order_start[:-1], self.order_start[1:], strict=True)
        for i, (begin, end) in enumerate(bounds):
            if end > begin:
                arranged[:, i] = self.order[begin:end][predictors[:, i] + 1]
        return arranged

    def leaves(self, arranged: Codes, lots: Codes | None = None) -> Codes:
        """The leaf that each row of arranged predictors ends in, with these lots or the first."""
        if lots is None and self.num_lots > 1:
            lots = np.zeros(len(arranged), dtype=np.int32)
        node = np.zeros(len(arranged), dtype=np.int32)
        rows = np.flatnonzero(self.feature[node] != LEAF)
        while len(rows):
            here = node[rows]
            asked = self.feature[here]
            seen = arranged[rows, np.maximum(asked, 0)]
            if lots is not None:
                seen = np.where(asked == LOT, lots[rows], seen)
            goes_left = seen <= self.threshold[here]
            below = np.where(goes_left, self.left[here], self.right[here])
            node[rows] = below
            rows = rows[self.feature[below] != LEAF]
        return node


@dataclass(frozen=True)
class TreePack:
    """Many trees, laid end to end for storage."""

    arrays: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, trees: Sequence[Tree]) -> Self:
        """The pack of these trees."""
        arrays: dict[str, NDArray[Any]] = {}
        for field in fields(Tree):
            parts = [getattr(tree, field.name) for tree in trees]
            arrays[field.name] = np.concatenate(parts).astype(np.int32)
            arrays[f"{field.name}_ends"] = np.cumsum([len(part) for part in parts])
        return cls(arrays)

    def trees(self) -> list[Tree]:
        """The trees that were packed, in their order.

        Raises ValueError where a node leads back: who walks down would never end.
        """
        columns = {
            field.name: np.split(self.arrays[field.name], self.arrays[f"{field.name}_ends"][:-1])
            for field in fields(Tree)
        }
        num_trees = len(self.arrays["feature_ends"])
        trees = [
            Tree(**{name: parts[i] for name, parts in columns.items()}) for i in range(num_trees)
        ]
        if not all(tree.leads_down for tree in trees):
            raise ValueError("a node of a tree leads back to one above it")
        if not all(tree.has_its_lots for tree in trees):
            raise ValueError("a tree has more lots than nodes")
        return trees
