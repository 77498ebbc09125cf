"""How odd an image is to a GAN: three scores, each of the networks that it needs.

All are small callables of images (rows, channels, height, width) and classes (rows,).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from components.config import EncoderScore, SearchScore
from components.models.images.point_density import as_column
from components.networks.images.encoder import ImageEncoder
from components.networks.images.gan import ImageDiscriminator, ImageGenerator


@dataclass(frozen=True)
class CriticOddness:
    """Minus what the discriminator, or the critic, says of an image."""

    discriminator: ImageDiscriminator

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        """How odd each image is, (rows,)."""
        said: Tensor = self.discriminator(images, labels).values
        return -said


@dataclass(frozen=True)
class Remaking:
    """The generator, and how far what it makes is from an image."""

    generator: ImageGenerator
    discriminator: ImageDiscriminator

    def remade(self, points: Tensor, labels: Tensor) -> Tensor:
        """What the generator makes of points (rows, noise_size)."""
        made: Tensor = self.generator(points, labels)
        return made

    def pixels(self, images: Tensor, made: Tensor) -> Tensor:
        """The differences pixel by pixel, (rows, height, width): absolute, channels added."""
        return (images - made).abs().sum(dim=1)

    def away(
        self, images: Tensor, made: Tensor, labels: Tensor, *, power: int
    ) -> tuple[Tensor, ...]:
        """How far pixels are apart, and features: differences to this power, (rows, ...)."""
        seen = self.discriminator(images, labels).features
        found = self.discriminator(made, labels).features
        return (images - made).abs().pow(power).flatten(1), (seen - found).abs().pow(power)


@dataclass(frozen=True)
class SearchOddness:
    """AnoGAN's score at the best point found (Schlegl et al. 2017, equations 1 to 4)."""

    remaking: Remaking
    noise_size: int
    settings: SearchScore

    def points(self, images: Tensor, labels: Tensor) -> Tensor:
        """The best point for each image, (rows, noise_size), found from the middle by Adam."""
        with torch.enable_grad():
            points = torch.zeros(len(images), self.noise_size, requires_grad=True)
            optimiser = torch.optim.Adam([points], lr=self.settings.rate)
            for _ in range(self.settings.steps):
                optimiser.zero_grad()
                torch.autograd.backward(self._loss(images, points, labels).sum())
                optimiser.step()
        return points.detach()

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        """How odd each image is, (rows,)."""
        return self._loss(images, self.points(images, labels), labels)

    def _loss(self, images: Tensor, points: Tensor, labels: Tensor) -> Tensor:
        made = self.remaking.remade(points, labels)
        pixels, features = self.remaking.away(images, made, labels, power=1)
        weight = self.settings.features
        return (1 - weight) * pixels.sum(dim=1) + weight * features.sum(dim=1)


@dataclass(frozen=True)
class EncoderOddness:
    """f-AnoGAN's score by an encoder (Schlegl et al. 2019, equation 8, and 4 to teach it)."""

    remaking: Remaking
    encoder: ImageEncoder
    settings: EncoderScore

    def points(self, images: Tensor, labels: Tensor) -> Tensor:
        """The point that the encoder gives each image, (rows, noise_size)."""
        found: Tensor = self.encoder(images, labels)
        return found

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        """How odd each image is, (rows,)."""
        pixels, features = self.parts(images, labels)
        return pixels + self.settings.features * features

    def described(self, images: Tensor, labels: Tensor) -> Tensor:
        """Points with both residuals beside them, (rows, noise_size + 2); see `PointDensity`."""
        residuals = (as_column(part) for part in self.parts(images, labels))
        return torch.cat([self.points(images, labels), *residuals], dim=1)

    def parts(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squared differences of pixels and of features, each (rows,)."""
        made = self.remaking.remade(self.points(images, labels), labels)
        pixels, features = self.remaking.away(images, made, labels, power=2)
        return pixels.mean(dim=1), features.mean(dim=1)


ByRemaking = SearchOddness | EncoderOddness
AnyOddness = Callable[[Tensor, Tensor], Tensor]
