"""The last correction of a trained generator: its marginals are made those of the training rows.

A generator's marginals are off by a little everywhere, which no critic needs to see in order to be
corrected: a bias for each slot makes the mean probabilities those of the training rows, and each
score's own distribution function takes the place of the normal one. Both are monotone in what the
generator says, so how columns depend on one another stays.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from components.models.codes.marginal_bias import marginal_bias
from components.models.ctgan.layout import Layout, activate

KNOTS = 401
FEWEST_SCORES = 1_000


@dataclass(frozen=True)
class Calibration:
    """What is changed about a generator's output.

    `bias`, shape (slots,), is added to logits; `score_knots`, shape (scores, KNOTS), are the
    quantiles of each score at `probabilities`.
    """

    bias: Tensor
    score_knots: Tensor

    def shift(self, raw: Tensor) -> Tensor:
        """Raw outputs with the bias added."""
        return raw + torch.nn.functional.pad(self.bias, (0, raw.shape[1] - len(self.bias)))


def probabilities(num_knots: int = KNOTS) -> Tensor:
    """Where `score_knots` lie: evenly spaced from (almost) 0 to (almost) 1."""
    return torch.linspace(0, 1, num_knots, dtype=torch.float64).clamp(1e-5, 1 - 1e-5)


def uncalibrated(layout: Layout) -> Calibration:
    """No bias, and normal scores."""
    knots = torch.special.ndtri(probabilities()).repeat(len(layout.gates), 1)
    return Calibration(torch.zeros(layout.num_slots), knots)


def calibrate(raw: Tensor, shares: Tensor, layout: Layout, random: torch.Generator) -> Calibration:
    """The calibration for a generator that gave `raw`, shape (rows, width).

    `shares`, shape (slots,), are the slots' shares of the training rows.
    """
    logits = raw[:, : layout.num_slots].split(layout.groups, dim=1)
    goals = shares.split(layout.groups)
    biases = [marginal_bias(part, goal) for part, goal in zip(logits, goals, strict=True)]
    plain = uncalibrated(layout)
    calibration = Calibration(torch.cat([plain.bias[:0], *biases]), plain.score_knots)
    shifted = calibration.shift(raw)
    rows = activate(shifted, layout, temperature=1.0, random=random)
    knots = [
        _score_knots(shifted[:, layout.num_slots + i], rows, gate, layout, plain.score_knots[i])
        for i, gate in enumerate(layout.gates)
    ]
    return Calibration(calibration.bias, torch.stack(knots) if knots else plain.score_knots)


def _score_knots(
    scores: Tensor, rows: Tensor, gate: int, layout: Layout, otherwise: Tensor
) -> Tensor:
    """Quantiles of one score where its gate is open; `otherwise` where it rarely is."""
    used = scores if gate == layout.num_slots else scores[rows[:, gate] > 0.5]
    if len(used) < FEWEST_SCORES:
        return otherwise
    return torch.quantile(used.double(), probabilities())
