"""How much made samples differ from real ones, and among themselves, told cheaply at each look."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

NUM_AXES, NUM_BINS, NUM_DIRECTIONS = 32, 20, 64
NEIGHBOUR, LLOYD_STEPS = 5, 10
ALIKE = 0.1
"""Samples nearer than this share of the usual distance to a neighbour are near duplicates."""
SIGNIFICANT = 1.96
ROUNDING = 1e-9
"""Distances below this share of the samples' length are those of samples that are the same."""


@dataclass(frozen=True)
class Reference:
    """Real samples that made ones are compared with, on their main axes.

    `points` (rows, axes), `bins` (bins, axes) the middles of kinds of samples, `shares` (bins,) of
    the points in each. `directions` (axes, directions) are of length 1, `levels` (100, directions)
    quantiles of the points on them, `deviation` their mean standard deviation on one. `gap` is the
    median distance of a point to the nearest of as many as samples are made, `near_duplicates` the
    share of these that have another within a tenth of it, `spread` the mean distance of points of
    one condition. What is but rounding is 0.
    """

    middle: Tensor
    axes: Tensor
    points: Tensor
    bins: Tensor
    shares: Tensor
    directions: Tensor
    levels: Tensor
    deviation: float
    gap: float
    near_duplicates: float
    spread: float

    def place(self, samples: Tensor) -> Tensor:
        """Samples (rows, ...) on the axes, shape (rows, axes)."""
        return (samples.flatten(1).double() - self.middle) @ self.axes


def learn_reference(samples: Tensor, conditions: Tensor, num_made: int, seed: int) -> Reference:
    """Real samples (rows, ...) as a reference; conditions are classes (rows,).

    The axes are the 32 main ones of the samples, the bins 20 groups that k-means finds.
    """
    random = torch.Generator().manual_seed(seed)
    flat = samples.flatten(1).double()
    middle = flat.mean(dim=0)
    axes = torch.linalg.svd(flat - middle, full_matrices=False).Vh[:NUM_AXES].T
    points = (flat - middle) @ axes
    bins = _bins(points, random)
    directions = torch.randn((axes.shape[1], NUM_DIRECTIONS), generator=random).double()
    directions = directions / directions.norm(dim=0)
    least = ROUNDING * float(flat.norm(dim=1).mean())
    gap = _unless_below(least, _nearest(points[:num_made], 1).median())
    return Reference(
        middle=middle,
        axes=axes,
        points=points,
        bins=bins,
        shares=_shares(points, bins),
        directions=directions,
        levels=_levels(points @ directions),
        deviation=_unless_below(least, (points @ directions).std(dim=0, correction=0).mean()),
        gap=gap,
        near_duplicates=_near_duplicates(points[:num_made], gap),
        spread=_unless_below(least, _spread(points, conditions)),
    )


def _unless_below(least: float, value: Tensor) -> float:
    return float(value) if value > least else 0.0


def measure(reference: Reference, samples: Tensor, conditions: Tensor) -> Mapping[str, float]:
    """The gauges of made samples (rows, ...) of these conditions (rows,).

    `different_bins`: the share of kinds of samples made too rarely or too often (NDB/K, Richardson
    and Weiss 2018). `gauged_recall`: the share of real samples that are nearer to a made one than
    its fifth neighbour is (Kynkäänniemi et al. 2019). `spread`: the mean distance of made samples
    of one condition over that of real ones. `near_duplicates`: the share of made samples with
    another a tenth as far as real ones have, less the share of real ones that do; of as many made
    as real ones. `distance`: the sliced Wasserstein distance to real samples over their own spread.
    A gauge whose unit is 0, where real samples are the same, is left out; so is then the recall:
    hardly any made one is just there.
    """
    made = reference.place(samples)
    found = {"different_bins": _different_bins(reference, made)}
    if reference.spread > 0:
        found["spread"] = float(_spread(made, conditions)) / reference.spread
    if reference.gap > 0:
        alike = _near_duplicates(made[: len(reference.points)], reference.gap)
        found["near_duplicates"] = max(0.0, alike - reference.near_duplicates)
    if reference.deviation > 0:
        found["gauged_recall"] = _recall(reference.points, made)
        found["distance"] = sliced_distance(reference, made)
    return found


def sliced_distance(reference: Reference, made: Tensor) -> float:
    """The mean over directions of the Wasserstein-1 distance, over the real deviation on them."""
    apart = (reference.levels - _levels(made @ reference.directions)).abs()
    return float(apart.mean() / reference.deviation)


def _levels(values: Tensor) -> Tensor:
    """A hundred evenly spaced quantiles of each column."""
    levels = (torch.arange(100, dtype=torch.float64) + 0.5) / 100
    return torch.quantile(values, levels, dim=0)


def _bins(points: Tensor, random: torch.Generator) -> Tensor:
    """The middles of groups of points by Lloyd's k-means; a group that loses all keeps its own."""
    count = min(NUM_BINS, len(points))
    middles = points[torch.randperm(len(points), generator=random)[:count]]
    for _ in range(LLOYD_STEPS):
        own = torch.nn.functional.one_hot(_own(points, middles), count).double()
        sizes = own.sum(dim=0)
        middles = torch.where(
            sizes[:, None] > 0, own.T @ points / sizes.clamp(min=1)[:, None], middles
        )
    return middles


def _own(points: Tensor, middles: Tensor) -> Tensor:
    return torch.cdist(points, middles).argmin(dim=1)


def _shares(points: Tensor, middles: Tensor) -> Tensor:
    return torch.bincount(_own(points, middles), minlength=len(middles)).double() / len(points)


def _different_bins(reference: Reference, made: Tensor) -> float:
    """The share of bins whose shares of real and of made samples differ, each at 5%."""
    shares = _shares(made, reference.bins)
    real, fake = len(reference.points), len(made)
    pooled = (reference.shares * real + shares * fake) / (real + fake)
    error = (pooled * (1 - pooled) * (1 / real + 1 / fake)).sqrt()
    return float(((reference.shares - shares).abs() > SIGNIFICANT * error).double().mean())


def _nearest(points: Tensor, which: int) -> Tensor:
    """The distance of each point to its neighbour of this number, or to the last; 0 if alone."""
    apart = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    return apart.sort(dim=1).values[:, min(which, len(points) - 1)]


def _near_duplicates(points: Tensor, gap: float) -> float:
    """The share of points with another a tenth of the gap away."""
    return float((_nearest(points, 1) <= ALIKE * gap).double().mean())


def _recall(real: Tensor, made: Tensor) -> float:
    reach = _nearest(made, NEIGHBOUR)
    return float((torch.cdist(real, made) <= reach).any(dim=1).double().mean())


def _spread(points: Tensor, conditions: Tensor) -> Tensor:
    """The mean distance of points of one condition; of all where no two have one, 0 if alone."""
    pairs = conditions[:, None] == conditions[None]
    pairs &= ~torch.eye(len(points), dtype=torch.bool)
    if not pairs.any():
        pairs = ~torch.eye(len(points), dtype=torch.bool)
    apart = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    return apart[pairs].mean() if len(points) > 1 else apart.sum()
