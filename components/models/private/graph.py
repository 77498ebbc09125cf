"""Which columns go together, and how, by noisy counts of two columns at a time.

After McKenna, Miklau and Sheldon 2021 ("Winning the NIST contest": a spanning tree of measured
marginals, MST) and McKenna et al. 2022 (AIM: a pair is worth what its measurement tells beyond its
noise). Ours puts the target beneath every column: each is measured with it, and a pair of other
columns is worth what the two tell beyond what the target tells of both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.codes.row_codes import RowCodes
from components.models.private.noise import Noise

MOST_CELLS = 2_000_000
"""Cells of the largest table of two columns and the target that is made."""
MOST_PAIRS = 20_000
"""Pairs that are looked at where there are more: at random."""
_ROUNDS = 30
_LITTLE = 1e-6

Pair = tuple[int, int]
Groups = NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """A column to draw: its position, those that are given, and its codes' shares by these.

    `shares` has an axis of groups for each given column, in their order, and one of the codes of
    the column itself.
    """

    position: int
    given: tuple[int, ...]
    shares: Matrix


@dataclass(frozen=True)
class Costs:
    """What may be spent on each part."""

    with_target: float
    choosing: float
    pairs: float

    def deviation(self, num_columns: int) -> float:
        """That of the noise in a cell, if as many pairs are measured as can be."""
        return math.sqrt(max(num_columns - 1, 1) / min(self.with_target, self.pairs))


def learn_steps(
    codes: RowCodes,
    singles: Sequence[Matrix],
    groups: Sequence[Groups],
    target: int,
    noise: Noise,
    costs: Costs,
) -> list[Step]:
    """The columns in the order of drawing, the target first.

    `singles` are the noisy shares of each column's codes, `groups` the group of each code: pairs
    are counted by groups, and within one a code has the same share whatever is given. What is
    spent is at most what `costs` say; where few pairs are worth measuring, these are measured the
    better.
    """
    others = [i for i in range(codes.shape[1]) if i != target]
    grouped = np.column_stack([of[column] for of, column in zip(groups, codes.T, strict=True)])
    counts = [
        np.asarray(np.bincount(of, weights=single * len(codes)), dtype=np.float64)
        for of, single in zip(groups, singles, strict=True)
    ]
    each = costs.with_target / max(len(others), 1)
    joint = {i: _measured(grouped, (i, target), counts, noise, each) for i in others}
    edges = _chosen(grouped, joint, others, noise, costs)
    each = costs.pairs / max(len(edges), 1)
    measured = {edge: _measured(grouped, edge, counts, noise, each) for edge in edges}
    steps = [Step(target, (), singles[target])]
    for position, parent in _walk(others, edges):
        step = _step(position, parent, target, joint, measured)
        steps.append(_spread(step, singles[position], groups[position]))
    return steps


def _spread(step: Step, single: Matrix, groups: Groups) -> Step:
    """The step with the shares of groups parted among their codes."""
    whole = np.bincount(groups, weights=single)[groups]
    even = 1 / np.bincount(groups)[groups]
    within = np.divide(single, whole, out=even, where=whole > 0)
    return Step(step.position, step.given, step.shares[..., groups] * within)


def _measured(
    codes: RowCodes, pair: Pair, counts: Sequence[Matrix], noise: Noise, rho: float
) -> Matrix:
    """The table of two columns, by noisy counts made to agree with those of each column."""
    cells = _table(codes, pair, (len(counts[pair[0]]), len(counts[pair[1]])))
    noisy, _ = noise.histogram(cells, rho)
    return raked(nearest_counts(noisy, len(codes)), counts[pair[0]], counts[pair[1]])


def _table(codes: RowCodes, pair: Pair, shape: tuple[int, int]) -> NDArray[np.int64]:
    flat = codes[:, pair[0]] * shape[1] + codes[:, pair[1]]
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)


def nearest_counts(noisy: Matrix, total: float) -> Matrix:
    """The counts nearest to `noisy` that are not below 0 and sum to `total`.

    >>> nearest_counts(np.array([6.0, 3.0, -1.0]), 7.0).tolist()
    [5.0, 2.0, 0.0]
    """
    falling = np.sort(noisy, axis=None)[::-1]
    excess = (np.cumsum(falling) - total) / np.arange(1, falling.size + 1)
    kept = int(np.flatnonzero(falling > excess)[-1])
    nearest: Matrix = np.maximum(noisy - excess[kept], 0.0)
    return nearest


def raked(table: Matrix, rows: Matrix, columns: Matrix) -> Matrix:
    """The table scaled until its sums are these (iterative proportional fitting)."""
    table = table + _LITTLE * np.outer(rows, columns) / max(rows.sum(), 1.0)
    for _ in range(_ROUNDS):
        table = table * _ratio(rows, table.sum(axis=1))[:, None]
        table = table * _ratio(columns, table.sum(axis=0))
    return table


def _ratio(wanted: Matrix, found: Matrix) -> Matrix:
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)


def _chosen(
    codes: RowCodes, joint: dict[int, Matrix], others: list[int], noise: Noise, costs: Costs
) -> list[Pair]:
    """Pairs that form no circle, each likely among the best at its turn, until none is worth it."""
    most = len(others) - 1
    if most < 1:
        return []
    sizes = {i: table.shape[0] for i, table in joint.items()}
    num_classes = next(iter(joint.values())).shape[1]
    pairs = [
        pair
        for pair in combinations(others, 2)
        if sizes[pair[0]] * sizes[pair[1]] * num_classes <= MOST_CELLS
    ]
    if len(pairs) > MOST_PAIRS:
        kept = np.random.default_rng(0).choice(len(pairs), MOST_PAIRS, replace=False)
        pairs = [pairs[k] for k in sorted(kept)]
    deviation = costs.deviation(len(others))
    scores = np.array([_worth(codes, pair, joint, deviation) for pair in pairs])
    group = {i: i for i in others}
    edges: list[Pair] = []
    for _ in range(most):
        is_open = np.array([group[a] != group[b] for a, b in pairs], dtype=bool)
        candidates = np.flatnonzero(is_open)
        picked = noise.choose(np.append(scores[candidates], 0.0), costs.choosing / most)
        if picked == len(candidates):
            break
        a, b = pairs[candidates[picked]]
        edges.append((a, b))
        old = group[b]
        group = {i: group[a] if root == old else root for i, root in group.items()}
    return edges


def _worth(codes: RowCodes, pair: Pair, joint: dict[int, Matrix], deviation: float) -> float:
    """How many rows' worth a measured pair is nearer the truth than what the target tells of it."""
    first, second = joint[pair[0]], joint[pair[1]]
    given = first / np.maximum(first.sum(axis=0), _LITTLE)
    told = given @ second.T
    found = _table(codes, pair, (len(first), len(second)))
    noise: float = math.sqrt(2 / math.pi) * deviation * found.size
    return float(np.abs(found - told).sum()) - noise


def _walk(others: list[int], edges: list[Pair]) -> list[tuple[int, int | None]]:
    """Every column after the one it hangs on; None where it hangs on the target alone."""
    near: dict[int, list[int]] = {i: [] for i in others}
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    walked: list[tuple[int, int | None]] = []
    seen: set[int] = set()
    for root in others:
        waiting: list[tuple[int, int | None]] = [] if root in seen else [(root, None)]
        while waiting:
            position, parent = waiting.pop()
            seen.add(position)
            walked.append((position, parent))
            waiting += [(i, position) for i in near[position] if i not in seen]
    return walked


def _step(
    position: int,
    parent: int | None,
    target: int,
    joint: dict[int, Matrix],
    measured: dict[Pair, Matrix],
) -> Step:
    by_target = joint[position].T
    if parent is None:
        return Step(position, (target,), _shares(by_target, by_target.sum(axis=0)))
    pair = measured.get((parent, position))
    if pair is None:
        pair = measured[position, parent].T
    table = _of_three(pair, joint[parent], joint[position])
    return Step(position, (target, parent), _shares(table.transpose(2, 0, 1), by_target[:, None]))


def _of_three(pair: Matrix, first: Matrix, second: Matrix) -> Matrix:
    """The table of two columns and the target that agrees with all three pairs of them.

    It is that of greatest entropy: the target changes how the two go together no more than the
    pairs say. Shape (first, second, target).
    """
    table = np.repeat(pair[:, :, None], first.shape[1], axis=2)
    for _ in range(_ROUNDS):
        table = table * _ratio(first, table.sum(axis=1))[:, None, :]
        table = table * _ratio(second, table.sum(axis=0))[None, :, :]
        table = table * _ratio(pair, table.sum(axis=2))[:, :, None]
    return table


def _shares(table: Matrix, otherwise: Matrix) -> Matrix:
    """Shares along the last axis; those of `otherwise`, then even ones, where there is nothing."""
    for spare in (otherwise, np.ones(table.shape[-1])):
        is_empty = table.sum(axis=-1, keepdims=True) <= _LITTLE**2
        table = np.where(is_empty, spare, table)
    shares: Matrix = table / table.sum(axis=-1, keepdims=True)
    return shares
