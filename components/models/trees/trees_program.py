"""Sequential trees as a torch module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from components.data.schema import Schema
from components.models.contract import SamplingProgram
from components.models.levels import Levels
from components.models.program_parts import (
    Intervals,
    class_intervals,
    code_values,
    column_range,
    starts_of,
)
from components.models.trees.tree_arrays import LEAF, LOT, Tree
from components.networks.programs.tree_rows import Forest, TreeRows

_ALWAYS = -1
_NUMBER = -1
_NONE = 0


@dataclass(frozen=True)
class _Draw:
    """One tree in its turn: the draw that may rule it out, and the one that draws its lots."""

    tree: Tree
    gate: int = _ALWAYS
    lot: int = _NONE


def trees_program(
    schema: Schema,
    levels: Sequence[Levels],
    sequence: Sequence[int],
    values: Sequence[Tree],
    presence: Mapping[int, Tree],
) -> SamplingProgram:
    """The program of a fitted `Trees`, from its state: a draw a tree, then what blurs values."""
    draws, draw_of = _draws(sequence, values, presence)
    blurred = [i for i, known in enumerate(levels) if (known.low != known.high).any()]
    forest = _forest(draws, [draw_of[position] for position in sequence])
    blur = {position: len(draws) + k for k, position in enumerate(blurred)}
    module = TreeRows(forest, code_values(levels, draw_of, blur), column_range(schema.learned))
    classes = _classes(values[0]) if schema.is_classification else {}
    return SamplingProgram(module, len(draws) + len(blurred), classes)


def _draws(
    sequence: Sequence[int], values: Sequence[Tree], presence: Mapping[int, Tree]
) -> tuple[list[_Draw], dict[int, int]]:
    """All trees in their turn, and the draw that gives each learned column's codes."""
    draws: list[_Draw] = []
    draw_of = {}
    for position, tree in zip(sequence, values, strict=True):
        gate = _ALWAYS
        if position in presence:
            gate = _add(draws, presence[position])
        draw_of[position] = _add(draws, tree, gate)
    return draws, draw_of


def _add(draws: list[_Draw], tree: Tree, gate: int = _ALWAYS) -> int:
    """Add a tree, after its lots where it draws any; which draw it is."""
    lot = _NONE
    if tree.num_lots > 1:
        lot = len(draws)
        draws.append(_Draw(_lots(tree.num_lots)))
    draws.append(_Draw(tree, gate, lot))
    return len(draws) - 1


def _lots(count: int) -> Tree:
    """A tree without a split, at whose leaf every lot is once."""
    one, nothing = np.zeros(1, dtype=np.int32), np.empty(0, dtype=np.int32)
    return Tree(
        feature=one + LEAF,
        threshold=one,
        left=one,
        right=one,
        start=one,
        count=one + count,
        donors=np.arange(count, dtype=np.int32),
        order=nothing,
        order_start=one,
    )


def _classes(root: Tree) -> Intervals:
    """Where the first uniform gives each class: the target's tree is a root, its donors sorted."""
    codes, counts = np.unique(root.donors, return_counts=True)
    return class_intervals(codes.tolist(), counts / len(root.donors))


def _forest(draws: Sequence[_Draw], predictors: Sequence[int]) -> Forest:
    """The trees end to end; predictor i of every tree is the draw `predictors[i]`."""
    trees = [draw.tree for draw in draws]
    first_node = starts_of([len(tree.feature) for tree in trees])
    first_donor = starts_of([len(tree.donors) for tree in trees])
    first_place = starts_of([len(tree.order) for tree in trees])
    drawn = np.array(predictors)
    children = [_children(tree) + at for tree, at in zip(trees, first_node, strict=True)]
    starts = [tree.start + at for tree, at in zip(trees, first_donor, strict=True)]
    order_at = [_order_at(tree, int(at)) for tree, at in zip(trees, first_place, strict=True)]
    return Forest(
        feature=_joined([_looks_at(draw, drawn) for draw in draws]),
        threshold=_joined([tree.threshold for tree in trees]),
        child=_joined([pair.ravel() for pair in children]),
        order_at=_joined(order_at),
        order=_joined([*(tree.order for tree in trees), np.zeros(1)]),
        start=_joined(starts),
        count=_joined([tree.count for tree in trees]),
        donors=_joined([*(tree.donors for tree in trees), np.zeros(1)]),
        root=_joined([first_node]),
        depth=_joined([np.array([_depth(tree) for tree in trees])]),
        gate=_joined([np.array([draw.gate for draw in draws])]),
    )


def _looks_at(draw: _Draw, drawn: NDArray[np.int64]) -> NDArray[np.int64]:
    """The draw that each node looks at."""
    feature = draw.tree.feature
    return np.where(feature == LOT, draw.lot, drawn[np.maximum(feature, 0)])


def _joined(parts: Sequence[NDArray[np.generic]]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(parts).astype(np.int32))


def _children(tree: Tree) -> NDArray[np.int64]:
    """Right and left child of each node, shape (nodes, 2); a leaf is its own."""
    nodes = np.arange(len(tree.feature))
    is_leaf = tree.feature == LEAF
    right, left = (np.where(is_leaf, nodes, below) for below in (tree.right, tree.left))
    return np.column_stack([right, left])


def _order_at(tree: Tree, offset: int) -> NDArray[np.int64]:
    """Where the order of the codes that a node looks at begins; -1 where it looks at a number."""
    begin, end = tree.order_start[:-1], tree.order_start[1:]
    by_predictor = np.append(np.where(end > begin, begin + offset, _NUMBER), _NUMBER)
    return by_predictor[np.where(tree.feature >= 0, tree.feature, -1)]  # -1, the last: no column


def _depth(tree: Tree) -> int:
    depth, level = 0, np.zeros(1, dtype=np.int64)
    while len(inner := level[tree.feature[level] != LEAF]):
        depth, level = depth + 1, np.concatenate([tree.left[inner], tree.right[inner]])
    return depth
