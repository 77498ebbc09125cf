"""Networks for rows: a residual generator and a critic conditioned by projection."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from components.networks.opinion import Opinion


class ResidualBlock(nn.Module):
    """x + W2 act(W1 norm(x)): shape (rows, width) to the same (He et al. 2016, pre-activation)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The block's sum."""
        hidden = nn.functional.silu(self.inner(self.norm(x)))
        added: Tensor = x + self.outer(hidden)
        return added


class RowGenerator(nn.Module):
    """Noise (rows, noise) and a one-hot condition (rows, classes) to raw rows (rows, width).

    Layer normalisation alone: no row depends on the others in its batch, in training or sampling.
    """

    def __init__(self, noise: int, classes: int, hidden: int, blocks: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Linear(noise + classes, hidden)
        self.blocks = nn.Sequential(*(ResidualBlock(hidden) for _ in range(blocks)))
        self.norm = nn.LayerNorm(hidden)
        self.leave = nn.Linear(hidden, width)

    def forward(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Raw outputs: logits for slots, scores for continuous columns."""
        hidden = self.blocks(self.enter(torch.cat([noise, condition], dim=1)))
        raw: Tensor = self.leave(nn.functional.silu(self.norm(hidden)))
        return raw


class RowCritic(nn.Module):
    """One value a row: how real it is under its condition.

    The one-hot condition (rows, classes) enters beside the row (rows, width), and again as an
    inner product with the features (projection, Miyato & Koyama 2018). There is no normalisation:
    a penalty on the slope needs each row's own (Gulrajani et al. 2017, section 4).
    """

    def __init__(self, width: int, classes: int, hidden: int, layers: int) -> None:
        super().__init__()
        sizes = [width + classes] + [hidden] * layers
        steps: list[nn.Module] = []
        for before, after in pairwise(sizes):
            steps += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
        self.features = nn.Sequential(*steps)
        self.value = nn.Linear(hidden, 1)
        self.embedding = nn.Linear(classes, hidden, bias=False)

    def forward(self, rows: Tensor, condition: Tensor) -> Tensor:
        """Shape (rows,)."""
        return self.opinion(rows, condition).values

    def opinion(self, rows: Tensor, condition: Tensor) -> Opinion:
        """The value, with the features behind it."""
        features = self.features(torch.cat([rows, condition], dim=1))
        projected = (self.embedding(condition) * features).sum(dim=1) / features.shape[1] ** 0.5
        return Opinion(self.value(features).squeeze(1) + projected, features, None)
