"""Growing one tree of the sequence: scikit-learn splits, our own outcomes and category orders."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.trees.class_parts import PART_LEAVES, classes_apart
from components.models.trees.tree_arrays import LEAF, LOT, Codes, Tree

MAX_PREDICTORS = 64
"""Of more predictors, those are split on that go along with the outcome most."""

MAX_LEVELS = 24
"""A discrete outcome with more levels is split on its commonest ones."""

MAX_GROWING_ROWS = 100_000
"""Splits are looked for on at most so many rows, so that time stays in proportion to columns."""

MOST_DONORS = 1_000_000
"""Outcomes that several trees of a column may hold together."""

FEWEST_LEAVES = 6
"""Leaves that a half must have room for: with fewer, what columns have in common was lost (at 400
rows of three tables and a crowd of 15 the loss in usefulness was 2 to 9 times that of one tree)."""
_HALVES_STREAM = 0xBA6

NUM_WAVES = 3
"""How many cosines of a numeric outcome's rank a split may tell apart."""


def grow_tree(
    predictors: Codes,
    outcome: Codes,
    *,
    num_levels: Sequence[int],
    outcome_discrete: bool,
    min_leaf: int,
    seed: int,
    orders: tuple[Codes, Codes] | None = None,
) -> Tree:
    """A CART tree of `outcome` given `predictors`, shape (rows, predictors), -1 where missing.

    `num_levels` counts each predictor's categories, 0 where it is a number. Leaves have at least
    `min_leaf` rows and keep the outcomes of all rows that end in them as donors. Discrete
    predictors are ordered by the outcome (Breiman et al. 1984, section 4.2.2; with more than two
    classes by their first principal component, Coppersmith et al. 1999), so that a threshold
    splits them sensibly, unless `orders` are given. Of more than `MAX_GROWING_ROWS` rows a random
    part decides on the splits.
    """
    num_rows, num_predictors = predictors.shape
    tree = _root(num_predictors)
    if num_predictors > 0 and num_rows >= 2 * min_leaf:
        rows = _growing_rows(num_rows, seed)
        traits = _traits(outcome[rows], outcome_discrete)
        order, order_start = orders or _category_orders(
            predictors[rows], num_levels, traits, prior=min_leaf
        )
        tree = replace(tree, order=order, order_start=order_start)
        tree = _split(tree, tree.arranged(predictors[rows]), traits, min_leaf=min_leaf, seed=seed)
    return _with_donors(tree, _leaves(tree, predictors), outcome)


def grow_trees(
    predictors: Codes,
    outcome: Codes,
    *,
    num_trees: int,
    num_levels: Sequence[int],
    outcome_discrete: bool,
    min_leaf: int,
    seed: int,
) -> Tree:
    """Several trees as one whose rows draw lots, each grown on a random half of the rows.

    Halves drawn without replacement smooth as bootstraps do (Buehlmann and Yu 2002, Analyzing
    bagging), and no row has a say in more than about half of the trees. There are fewer, where so
    many would hold more than `MOST_DONORS` outcomes, and one of all rows where two would, where
    there is nothing to split on, or where halves have no room for `FEWEST_LEAVES`. Classes of the
    first predictor, the table's target, have trees of their own where they have room for
    `PART_LEAVES` (`_parts_of_target`). See `grow_tree`.
    """
    num_trees = max(min(num_trees, 2 * MOST_DONORS // max(len(outcome), 1)), 1)
    grow = partial(
        grow_tree,
        num_levels=num_levels,
        outcome_discrete=outcome_discrete,
        min_leaf=min_leaf,
        seed=seed,
    )
    if not predictors.shape[1]:
        return grow(predictors, outcome)
    growing = _growing_rows(len(outcome), seed)
    traits = _traits(outcome[growing], outcome_discrete)
    order, start = _category_orders(predictors[growing], num_levels, traits, prior=min_leaf)
    stretch = slice(start[0], start[1])
    target, part_room = predictors[:, 0], PART_LEAVES * min_leaf
    order[stretch], ends = _parts_of_target(target, order[stretch], part_room)
    place = order[stretch][target + 1] if num_levels[0] else target
    part = np.searchsorted(ends, place)  # a part's last place is in it
    room = 2 * min_leaf * (PART_LEAVES if ends else FEWEST_LEAVES)
    rng = np.random.default_rng([seed, _HALVES_STREAM])
    grown = []
    for number in range(len(ends) + 1):
        rows = np.flatnonzero(part == number)
        takes: list[NDArray[np.int64] | slice] = [rows if ends else slice(None)]  # not copied
        if num_trees > 1 and len(rows) >= room:
            takes = [np.sort(rng.permutation(rows)[: len(rows) // 2]) for _ in range(num_trees)]
        grown.append(_grown_by_lots(grow, predictors, outcome, takes, (order, start)))
    return _parted(grown, 0, ends)


def _grown_by_lots(
    grow: Callable[..., Tree],
    predictors: Codes,
    outcome: Codes,
    takes: Sequence[NDArray[np.int64] | slice],
    orders: tuple[Codes, Codes],
) -> Tree:
    """The trees that grow from each of these rows, as one whose rows draw lots."""

    def grow_one(rows: NDArray[np.int64] | slice) -> Tree:
        return grow(predictors[rows], outcome[rows], orders=orders)

    with ThreadPoolExecutor(_num_threads()) as pool:  # growing holds no lock for most of its time
        return _parted(list(pool.map(grow_one, takes)), LOT, range(len(takes) - 1))


def _parts_of_target(codes: Codes, order: Codes, room: int) -> tuple[Codes, list[int]]:
    """The order of the target's codes, and the last place in it of every part but the last.

    A tree splits on what tells most of its column, and often comes to the target too late: but rows
    are used for what its classes have different (`classes_apart`). A target that is a number, whose
    `order` is empty, is one part: stretches of it as parts made rows less alike and no more useful.
    """
    counts = np.bincount(codes + 1, minlength=len(order))
    apart = classes_apart(counts, room) if len(order) else []
    if not apart:
        return order, []
    place = np.full(len(order), -1)
    place[apart] = order[apart]
    ordered = np.empty_like(order)
    ordered[np.lexsort((order, place))] = np.arange(len(order))  # the others come first
    ends = list(range(len(order) - len(apart) - 1, len(order) - 1))
    return ordered, ends if len(codes) > counts[apart].sum() else ends[1:]


def _num_threads() -> int:
    """As many as numerical libraries may use at present: one beside other fits."""
    from threadpoolctl import threadpool_info

    return max((pool["num_threads"] for pool in threadpool_info()), default=1)


def _parted(trees: Sequence[Tree], feature: int, ends: Sequence[int]) -> Tree:
    """One tree that leads rows to the root of one of these, by what they have of a `feature`.

    Tree `i` is for those of at most `ends[i]`, and more than the end before; the last for the rest.
    """
    features, thresholds, left, right = ([0] * (len(trees) - 1) for _ in range(4))
    starts = len(features) + np.cumsum([0, *(len(tree.feature) for tree in trees)])
    free = iter(range(len(features)))

    def place(first: int, last: int) -> int:
        """The node at which the trees from `first` to before `last` part; children come later."""
        if last - first == 1:
            return int(starts[first])
        node, middle = next(free), (first + last) // 2
        features[node], thresholds[node] = feature, ends[middle - 1]
        left[node], right[node] = place(first, middle), place(middle, last)
        return node

    place(0, len(trees))
    donors = np.cumsum([0, *(len(tree.donors) for tree in trees)])
    nothing = np.zeros(len(features), dtype=np.int32)

    def joined(first: Sequence[int] | Codes, parts: Iterable[NDArray[np.integer]]) -> Codes:
        return np.concatenate([np.asarray(first), *parts]).astype(np.int32)

    below = list(zip(trees, starts[:-1], strict=True))
    return Tree(
        feature=joined(features, (tree.feature for tree in trees)),
        threshold=joined(thresholds, (tree.threshold for tree in trees)),
        left=joined(left, (tree.left + at for tree, at in below)),
        right=joined(right, (tree.right + at for tree, at in below)),
        start=joined(nothing, (t.start + at for t, at in zip(trees, donors[:-1], strict=True))),
        count=joined(nothing, (tree.count for tree in trees)),
        donors=joined([], (tree.donors for tree in trees)),
        order=trees[0].order,
        order_start=trees[0].order_start,
    )


def _root(num_predictors: int) -> Tree:
    nothing = np.zeros(1, dtype=np.int32)
    return Tree(
        feature=np.array([LEAF], dtype=np.int32),
        threshold=nothing,
        left=nothing,
        right=nothing,
        start=nothing,
        count=nothing,
        donors=nothing,
        order=np.empty(0, dtype=np.int32),
        order_start=np.zeros(num_predictors + 1, dtype=np.int32),
    )


def _growing_rows(num_rows: int, seed: int) -> NDArray[np.int64]:
    if num_rows <= MAX_GROWING_ROWS:
        return np.arange(num_rows)
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(num_rows, size=MAX_GROWING_ROWS, replace=False))


def _traits(outcome: Codes, is_discrete: bool) -> Matrix:
    return level_traits(outcome) if is_discrete else rank_traits(outcome)


def rank_traits(outcome: Codes) -> Matrix:
    """Cosines of each value's mid-rank, shape (rows, NUM_WAVES).

    Splits on them see more of a distribution than its mean; ranks keep heavy tails from ruling
    them. Cosine k is damped by 1 / k, as in the kernel of an energy distance; the idea of splitting
    on a kernel's features is that of distributional random forests (Cevid et al. 2022).
    """
    _, inverse, counts = np.unique(outcome, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(outcome)
    waves = np.arange(1, NUM_WAVES + 1)
    traits: Matrix = (np.cos(np.pi * np.outer(middle, waves)) / waves)[inverse]
    return traits


def level_traits(outcome: Codes) -> Matrix:
    """One-hot levels, shape (rows, levels): the mean squared error of these is the Gini index."""
    levels, inverse, counts = np.unique(outcome, return_inverse=True, return_counts=True)
    kept = np.array([1]) if len(levels) == 2 else np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    traits: Matrix = np.equal(inverse[:, None], kept).astype(np.float64)
    return traits


def _category_orders(
    predictors: Codes, num_levels: Sequence[int], traits: Matrix, *, prior: float
) -> tuple[Codes, Codes]:
    orders = [
        category_order(predictors[:, i], count, traits, prior) if count else np.empty(0, np.int32)
        for i, count in enumerate(num_levels)
    ]
    start = np.cumsum([0, *(len(order) for order in orders)], dtype=np.int32)
    return np.concatenate([np.empty(0, np.int32), *orders]), start


def category_order(codes: Codes, num_levels: int, traits: Matrix, prior: float) -> Codes:
    """The position of each code, from -1 up, when codes are sorted by the outcome's mean traits.

    Means are shrunk towards the overall mean as if by `prior` average rows, so that a rare code
    stands at an end only for a reason.
    """
    slots = codes + 1
    num_slots = num_levels + 1
    counts = np.bincount(slots, minlength=num_slots)
    centred = traits - traits.sum(axis=0) / max(len(traits), 1)
    sums = [np.bincount(slots, weights=trait, minlength=num_slots) for trait in centred.T]
    means = np.column_stack(sums) / (counts + prior)[:, None]
    position = np.empty(num_slots, dtype=np.int32)
    position[np.argsort(means @ _main_direction(means, counts), kind="stable")] = np.arange(
        num_slots
    )
    return position


def _main_direction(means: Matrix, counts: NDArray[np.int64]) -> Matrix:
    if means.shape[1] == 1:
        return np.ones(1)
    _, vectors = np.linalg.eigh(means.T @ (means * counts[:, None]))
    direction: Matrix = vectors[:, -1]
    return direction


def _split(root: Tree, arranged: Codes, traits: Matrix, *, min_leaf: int, seed: int) -> Tree:
    from sklearn.tree import DecisionTreeRegressor

    kept = _strongest(arranged, traits)
    fitted = DecisionTreeRegressor(min_samples_leaf=min_leaf, random_state=seed)
    structure = fitted.fit(arranged[:, kept].astype(np.float32), traits).tree_
    is_leaf = structure.children_left < 0
    return replace(
        root,
        feature=np.where(is_leaf, LEAF, kept[np.maximum(structure.feature, 0)]).astype(np.int32),
        threshold=np.where(is_leaf, 0, np.floor(structure.threshold)).astype(np.int32),
        left=np.where(is_leaf, 0, structure.children_left).astype(np.int32),
        right=np.where(is_leaf, 0, structure.children_right).astype(np.int32),
    )


def _leaves(tree: Tree, predictors: Codes) -> Codes:
    """The leaf that each row ends in; a part of the rows is rearranged at a time."""
    parts = range(0, len(predictors), MAX_GROWING_ROWS)
    found = [tree.leaves(tree.arranged(predictors[i : i + MAX_GROWING_ROWS])) for i in parts]
    return np.concatenate([np.empty(0, np.int32), *found])


def _with_donors(tree: Tree, leaves: Codes, outcome: Codes) -> Tree:
    """The tree whose leaves hold the outcomes of the rows that end in them, sorted."""
    count = np.bincount(leaves, minlength=len(tree.feature)).astype(np.int32)
    start = (np.cumsum(count) - count).astype(np.int32)
    return replace(tree, start=start, count=count, donors=outcome[np.lexsort((outcome, leaves))])


def _strongest(arranged: Codes, traits: Matrix) -> NDArray[np.int64]:
    """The predictors to split on: those of the largest correlation with any trait."""
    num_predictors = arranged.shape[1]
    if num_predictors <= MAX_PREDICTORS:
        return np.arange(num_predictors)
    centred = arranged - arranged.mean(axis=0)
    scale = np.maximum(centred.std(axis=0), 1e-12)
    covariances = np.abs(centred.T @ (traits - traits.mean(axis=0))).max(axis=1)
    return np.sort(np.argsort(-covariances / scale, kind="stable")[:MAX_PREDICTORS])
