"""Teaching a variational autoencoder rows of codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from components.config import TvaeConfig
from components.models.codes.autoregressive_learning import begin_with_shares, decaying
from components.models.codes.row_codes import ColumnCodes
from components.networks.any_order import Coded
from components.networks.table_vae import TableVae, log_normal
from components.training.devices import find_device
from components.training.learner import AveragedLearner

WARMING_SHARE = 0.1
"""Over this share of the training the weight of the divergence rises to its whole: else points
would be given up before they tell anything (Bowman et al. 2016)."""

MOST_CELLS = 65_536
"""A batch has no more rows than give so many cells."""

HELD_OUT_NOISE = 0x0D


def build_network(config: TvaeConfig, columns: Sequence[ColumnCodes], target: int) -> TableVae:
    """An untrained network for these columns."""
    return TableVae(
        [Coded(c.num_codes, c.num_levels if c.is_ordered else 0) for c in columns],
        target,
        width=config.hidden_size,
        blocks=config.blocks,
        latent=config.latent_size,
        components=config.components,
    )


class RowLessons:
    """Rows of codes, and the autoencoder that learns to tell them from a point for each.

    `codes`, int64 of shape (rows, columns), lies on the device of the settings, and so does every
    random draw.
    """

    def __init__(
        self,
        config: TvaeConfig,
        columns: Sequence[ColumnCodes],
        codes: Tensor,
        target: int,
        seed: int,
    ) -> None:
        self.config = config
        self.device = find_device(config.device)
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.codes = codes.to(self.device)
        self.batch_size = min(config.batch_size, len(codes), max(MOST_CELLS // codes.shape[1], 16))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build_network(config, columns, target)
        begin_with_shares(network.decoder, codes)
        self.network = network.to(self.device)
        self.learner = AveragedLearner(
            self.network,
            decaying(self.network, config.weight_decay),
            rate=config.rate,
            ema_decay=config.ema_decay,
            random=self.random,
        )
        self.averaged = self.learner.averaged

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """A lesson on one batch."""
        rows = torch.randint(
            len(self.codes), (self.batch_size,), generator=self.random, device=self.device
        )
        size = (len(rows), self.config.latent_size)
        noise = torch.randn(size, generator=self.random, device=self.device)
        surprise, divergence = bound(self.network, self.codes[rows], noise)
        surprise, divergence = surprise.mean(), divergence.mean()
        loss = surprise + min(1.0, progress / WARMING_SHARE) * divergence
        self.learner.descend(loss, progress)
        return {"surprise": surprise.detach(), "divergence": divergence.detach()}

    @torch.no_grad()
    def held_out_bound(self, codes: Tensor) -> float:
        """The mean bound on the negative log likelihood of rows, by the averaged network.

        Each row's noise is the same whenever it is asked for.
        """
        random = torch.Generator(self.device).manual_seed(HELD_OUT_NOISE)
        size = (len(codes), self.config.latent_size)
        noise = torch.randn(size, generator=random, device=self.device)
        codes, total = codes.to(self.device), 0.0
        for start in range(0, len(codes), self.batch_size):
            rows = slice(start, start + self.batch_size)
            parts = bound(self.averaged.module, codes[rows], noise[rows])
            total += sum(float(part.sum()) for part in parts)
        return total / max(len(codes), 1)

    def weights(self) -> dict[str, Tensor]:
        """See `AveragedLearner`."""
        return self.learner.weights()

    def state(self) -> dict[str, Any]:
        """See `AveragedLearner`."""
        return self.learner.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `AveragedLearner`."""
        self.learner.restore(state)


def bound(network: TableVae, codes: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The two parts of the evidence bound of each row (Kingma and Welling 2014, equation 3).

    How surprising its codes are given a point of it, and how far the encoder's distribution is from
    the prior, at that point; shape (rows,). Codes are given the target's, which is not told.
    """
    target = codes[:, network.target]
    mean, log_scale = network.encoded(codes)
    points = mean + log_scale.exp() * noise
    told = [
        functional.cross_entropy(logits, codes[:, i], reduction="none")
        for i, logits in enumerate(network.told(points, target))
        if i != network.target
    ]
    surprise = torch.stack([torch.zeros_like(points[:, 0]), *told]).sum(dim=0)
    divergence = log_normal(points, mean, log_scale) - network.prior(points, target)
    return surprise, divergence
