"""The last correction of networks that tell codes: a column's shares are made the training rows'.

Averaged weights that decay and stop early have every share a little wrong; a bias for each code
corrects that (`marginal_bias`), also by the rows that training was stopped by.
"""

import numpy as np
import torch
from torch import Tensor

from components.models.codes.marginal_bias import marginal_bias
from components.models.codes.point_drawing import PointDrawing
from components.models.codes.row_drawing import CHUNK, RowDrawing, pick
from components.networks.any_order import AnyOrder

MOST_ROWS = 4 * CHUNK
"""As many are drawn to find the shares that a network gives, where it has few codes."""
FEW_CODES = 2_048
_ROUNDS = 6
_STREAM = 0xCA


@torch.no_grad()
def calibrate_columns(drawing: RowDrawing, codes: Tensor, seed: int) -> None:
    """Change the network's biases, column after column as they are drawn, each given those before.

    `codes` are the training rows', int64 of shape (rows, columns).
    """
    network, num_rows = drawing.network, _num_drawn(drawing.network)
    rng = np.random.default_rng([seed, _STREAM])
    inputs, outputs = network.inputs(), network.outputs()
    sums = inputs.new_zeros(num_rows, inputs.shape[1])
    for column in drawing.sequence:
        logits = network.told(sums, outputs, column)
        logits = logits + _corrected(network, column, logits, codes[:, column])
        drawn = pick(logits, _evenly_spread(num_rows, rng))
        sums = sums + inputs[drawn + network.starts[column]]


@torch.no_grad()
def calibrate_points(drawing: PointDrawing, codes: Tensor, seed: int) -> None:
    """The same for columns that are told at once, given points; the target is never told."""
    network, num_rows = drawing.network, _num_drawn(drawing.network.decoder)
    rng = np.random.default_rng([seed, _STREAM])
    points, target = drawing.points(num_rows, rng)
    for column, logits in enumerate(network.told(points, target)):
        if column != network.target:
            _corrected(network.decoder, column, logits, codes[:, column])


def _corrected(network: AnyOrder, column: int, logits: Tensor, codes: Tensor) -> Tensor:
    """The bias that is added to those of the column's codes."""
    start, size = network.starts[column], network.sizes[column]
    shares = torch.bincount(codes, minlength=size) / len(codes)
    bias = marginal_bias(logits, shares, rounds=_ROUNDS)
    network.bias[start : start + size] += bias
    return bias


def _num_drawn(network: AnyOrder) -> int:
    return MOST_ROWS if sum(network.sizes) <= FEW_CODES else CHUNK


def _evenly_spread(num_rows: int, rng: np.random.Generator) -> Tensor:
    """A uniform for each row, one in each of as many equal stretches, in a random order."""
    return torch.from_numpy((rng.permutation(num_rows) + rng.random(num_rows)) / num_rows)
