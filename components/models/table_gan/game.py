"""The game of table-GAN: one update of the discriminator, the classifier and the generator."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from components.config import TableGanConfig
from components.models.table_gan.cells import draw_cells
from components.models.table_gan.label import Label
from components.networks.dcgan import DcganDiscriminator, DcganGenerator
from components.networks.record_matrix import side_of, to_cells, to_matrix, told
from components.training.devices import find_device
from components.training.ema import Ema
from components.training.losses import deceiving_loss, discriminator_loss, information_loss
from components.training.running_moments import RunningMoments


def build_generator(config: TableGanConfig, num_cells: int, num_classes: int) -> DcganGenerator:
    """An untrained generator of records; one more cell than it makes may be the label's."""
    side = side_of(num_cells + 1)
    return DcganGenerator(config.noise_size + num_classes, 1, side, config.width)


class TableGanGame:
    """Generator against discriminator on records, and a classifier that says if they make sense.

    `bounds` are those between which each cell of each row is drawn anew, `labels` the rows'
    classes, int64 of shape (rows,), `label` where the target stands in a record. Everything lies on
    the device of the settings. Every random draw comes from one generator there, so that its state
    is all that a checkpoint needs; the global ones are left alone. The first weights are drawn on
    the CPU.
    """

    def __init__(
        self,
        config: TableGanConfig,
        bounds: tuple[Tensor, Tensor],
        labels: Tensor,
        label: Label,
        num_classes: int,
        seed: int,
    ) -> None:
        self.config, self.label, self.num_classes = config, label, num_classes
        self.device = find_device(config.device)
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.low, self.high = (part.to(self.device) for part in bounds)
        self.labels = labels.to(self.device)
        self.batch_size = min(config.batch_size, len(labels))
        num_cells = self.low.shape[1]
        self.side = side_of(num_cells + 1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = build_generator(config, num_cells, num_classes).to(self.device)
            self.discriminator = DcganDiscriminator(1, self.side, config.width).to(self.device)
            self.classifier = DcganDiscriminator(1, self.side, config.width, label.num_outputs).to(
                self.device
            )
        self.averaged = Ema(self.generator, config.ema_decay)
        num_features = self.discriminator.head.in_features
        self.real_moments, self.fake_moments = (
            RunningMoments(num_features, self.device) for _ in range(2)
        )
        self.rates = {
            "generator": config.generator_rate,
            "discriminator": config.discriminator_rate,
            "classifier": config.classifier_rate,
        }
        self.optimisers = {
            name: torch.optim.Adam(
                getattr(self, name).parameters(), lr=rate, betas=(0.5, 0.999), fused=True
            )
            for name, rate in self.rates.items()
        }

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """Update each network once. Rates fall to 0 over the second half."""
        for name, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = self.rates[name] * min(1.0, 2 * (1 - progress))
        size = (self.batch_size,)
        picked = torch.randint(len(self.low), size, generator=self.random, device=self.device)
        labels = self.labels[picked]
        cells = draw_cells(self.low[picked], self.high[picked], self.random)
        real, fake = self.label.put(cells, labels), self._fake(labels)
        losses = {"discriminator_loss": self._update_discriminator(real, fake.detach())}
        if self.config.classification_weight:
            losses["classifier_loss"] = self._update_classifier(real, labels)
        losses |= self._update_generator(real, fake, labels)
        self.averaged.update(self.generator)
        return losses

    def _fake(self, labels: Tensor) -> Tensor:
        """Records that the generator makes, of these classes."""
        size = (len(labels), self.config.noise_size)
        noise = 2 * torch.rand(size, generator=self.random, device=self.device) - 1
        matrix = self.generator(told(noise, labels, self.num_classes))
        return self.label.put(to_cells(matrix, self.low.shape[1]), labels)

    def _update_discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        values = self.discriminator(to_matrix(torch.cat([real, fake]), self.side))
        return self._descend("discriminator", discriminator_loss(*values.chunk(2)))

    def _update_classifier(self, real: Tensor, labels: Tensor) -> Tensor:
        return self._descend("classifier", self._contradiction(real, labels))

    def _update_generator(self, real: Tensor, fake: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The sum of the three losses, each of which is told by itself."""
        config = self.config
        self.discriminator.requires_grad_(False)
        self.classifier.requires_grad_(False)
        of_real = self.discriminator.features(to_matrix(real, self.side))
        of_fake = self.discriminator.features(to_matrix(fake, self.side))
        losses = {"generator_loss": deceiving_loss(self.discriminator.head(of_fake))}
        total = losses["generator_loss"]
        if config.information_weight:
            moments = self.real_moments.update(of_real), self.fake_moments.update(of_fake)
            losses["information_loss"] = information_loss(*moments, config.delta)
            total = total + config.information_weight * losses["information_loss"]
        if config.classification_weight:
            losses["classification_loss"] = self._contradiction(fake, labels)
            total = total + config.classification_weight * losses["classification_loss"]
        self._descend("generator", total)
        self.discriminator.requires_grad_(True)
        self.classifier.requires_grad_(True)
        return {name: loss.detach() for name, loss in losses.items()}

    def _contradiction(self, records: Tensor, labels: Tensor) -> Tensor:
        """How far the classifier, told all but the target, contradicts the records."""
        outputs = self.classifier(to_matrix(self.label.removed(records), self.side))
        return self.label.contradiction(outputs, records, labels)

    def _descend(self, name: str, loss: Tensor) -> Tensor:
        """One step down the loss, which comes back detached."""
        self.optimisers[name].zero_grad()
        torch.autograd.backward(loss)
        self.optimisers[name].step()
        return loss.detach()

    def weights(self) -> dict[str, Tensor]:
        """A copy of the averaged generator's weights."""
        return {name: value.clone() for name, value in self.averaged.module.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Networks, averages, optimisers and random state."""
        return {name: part.state_dict() for name, part in self._stateful().items()} | {
            "averaged": self.averaged.state(),
            "real_moments": self.real_moments.state(),
            "fake_moments": self.fake_moments.state(),
            "random": self.random.get_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        for name, part in self._stateful().items():
            part.load_state_dict(state[name])
        self.averaged.restore(state["averaged"])
        self.real_moments.restore(state["real_moments"])
        self.fake_moments.restore(state["fake_moments"])
        self.random.set_state(state["random"])

    def _stateful(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """Networks and optimisers, by the names of their states."""
        networks: dict[str, nn.Module | torch.optim.Optimizer] = {
            name: getattr(self, name) for name in self.rates
        }
        return networks | {f"{name}_optimiser": opt for name, opt in self.optimisers.items()}
