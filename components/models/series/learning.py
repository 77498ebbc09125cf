"""Teaching a convolutional autoencoder windows of series."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from components.config.series import SeriesAutoencoderConfig
from components.data.series import Positions, Values
from components.data.series_windows import BATCH
from components.networks.series_autoencoder import SeriesAutoencoder
from components.training.devices import find_device
from components.training.learner import AveragedLearner


def build_network(config: SeriesAutoencoderConfig, num_channels: int) -> SeriesAutoencoder:
    """An untrained network for windows of so many channels."""
    return SeriesAutoencoder(
        num_channels,
        config.window,
        width=config.width,
        halvings=config.halvings,
        code=config.code_size,
    )


class WindowLessons:
    """Series, where their windows begin, and the autoencoder that learns to make these again.

    `values` has shape (rows, channels), as they are learned. A batch of windows is cut out of it
    when it is asked for.
    """

    def __init__(
        self, config: SeriesAutoencoderConfig, values: Values, starts: Positions, seed: int
    ) -> None:
        self.device = find_device(config.device)
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.values = torch.from_numpy(values).float().to(self.device)
        self.starts = torch.from_numpy(starts).to(self.device)
        self.reach = torch.arange(config.window, device=self.device)
        self.batch_size = min(config.batch_size, len(starts))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build_network(config, values.shape[1])
        self.learner = AveragedLearner(
            network.to(self.device),
            [{"params": list(network.parameters()), "weight_decay": config.weight_decay}],
            rate=config.rate,
            ema_decay=config.ema_decay,
            random=self.random,
        )

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """A lesson on one batch of windows."""
        drawn = torch.randint(
            len(self.starts), (self.batch_size,), generator=self.random, device=self.device
        )
        windows = self._windows(self.starts[drawn])
        loss = functional.mse_loss(self.learner.network(windows), windows)
        self.learner.descend(loss, progress)
        return {"error": loss.detach()}

    @torch.no_grad()
    def held_out_error(self, starts: Positions) -> float | None:
        """The mean squared error of windows by the averaged network; None where there is none."""
        if not len(starts):
            return None
        total = 0.0
        for part in torch.from_numpy(starts).to(self.device).split(BATCH):
            windows = self._windows(part)
            total += float((self.learner.averaged.module(windows) - windows).square().sum())
        return total / (len(starts) * self.values.shape[1] * len(self.reach))

    def _windows(self, starts: Tensor) -> Tensor:
        """Shape (windows, channels, window)."""
        return self.values[starts[:, None] + self.reach].transpose(1, 2)

    def weights(self) -> dict[str, Tensor]:
        """See `AveragedLearner`."""
        return self.learner.weights()

    def state(self) -> dict[str, Any]:
        """See `AveragedLearner`."""
        return self.learner.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `AveragedLearner`."""
        self.learner.restore(state)
