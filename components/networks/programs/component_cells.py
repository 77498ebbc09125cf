"""Records by their scores on main components, the rest of each cell drawn by itself."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.networks.mlp import RowCritic, RowGenerator
from components.networks.opinion import Opinion

TINY = 1e-9


class Directions(NamedTuple):
    """How scores become cells: `middle` (cells,) plus scores times `along` (components, cells).

    `deviation` (classes, cells) is that of what the components do not say.
    """

    middle: Tensor
    along: Tensor
    deviation: Tensor


class ComponentCells(nn.Module):
    """Cells from scores, and a normal rest.

    `scores` takes normal noise (rows, noise) and classes (rows,) to (rows, components). The first
    uniforms become the noise, then one a cell its rest.
    """

    middle: Tensor
    along: Tensor
    deviation: Tensor

    def __init__(self, scores: nn.Module, noise_size: int, directions: Directions) -> None:
        super().__init__()
        self.scores, self.noise_size = scores.double().eval().requires_grad_(False), noise_size
        self.num_uniforms = noise_size + len(directions.middle)
        for name, tensor in directions._asdict().items():
            self.register_buffer(name, tensor)

    def forward(self, labels: Tensor, uniforms: Tensor) -> Tensor:
        """Shape (rows, cells)."""
        normal = torch.special.ndtri(uniforms.clamp(TINY, 1 - TINY))
        noise, rest = normal[:, : self.noise_size], normal[:, self.noise_size :]
        cells = self.middle + self.scores(noise, labels) @ self.along
        made: Tensor = (cells + rest * self.deviation[labels]).float().to(uniforms.dtype)
        return made


class GaussianScores(nn.Module):
    """Normal scores: a mean (components,) and a root (noise, components) of each class, 0 at first.

    Noise (rows, noise) and classes (rows,) to (rows, components).
    """

    means: Tensor
    roots: Tensor

    def __init__(self, classes: int, noise: int, width: int) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(classes, width))
        self.register_buffer("roots", torch.zeros(classes, noise, width))

    def put(self, means: Tensor, roots: Tensor) -> None:
        """Take these; of more directions than there is noise, the last; further noise is unused."""
        kept = min(roots.shape[1], self.roots.shape[1])
        self.means.copy_(means)
        self.roots[:, :kept].copy_(roots[:, roots.shape[1] - kept :])

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """The scores."""
        spread = torch.einsum("rn,rnk->rk", noise, self.roots[labels])
        made: Tensor = self.means[labels] + spread
        return made


class ScoreGenerator(nn.Module):
    """Noise (rows, noise) and classes, int64 (rows,), to scores (rows, components).

    The class is told one-hot and as long as the noise is: told more softly, it is learned late.
    With a `start`, what the network makes is added to that one's scores of the same noise, nothing
    at first.
    """

    def __init__(
        self,
        noise: int,
        classes: int,
        hidden: int,
        blocks: int,
        width: int,
        start: GaussianScores | None,
    ) -> None:
        super().__init__()
        self.rows, self.classes = RowGenerator(noise, classes, hidden, blocks, width), classes
        self.start = start
        if start is not None:
            nn.init.zeros_(self.rows.leave.weight)
            nn.init.zeros_(self.rows.leave.bias)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """The scores."""
        told = noise.shape[1] ** 0.5 * functional.one_hot(labels, self.classes).to(noise.dtype)
        made: Tensor = self.rows(noise, told)
        return made if self.start is None else made + self.start(noise, labels)


class ScoreCritic(nn.Module):
    """Scores (rows, components) and classes, int64 (rows,), to an `Opinion`."""

    def __init__(self, width: int, classes: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.rows, self.classes = RowCritic(width, classes, hidden, layers), classes

    def forward(self, scores: Tensor, labels: Tensor) -> Opinion:
        """What it makes of the scores."""
        return self.rows.opinion(scores, functional.one_hot(labels, self.classes).to(scores.dtype))
