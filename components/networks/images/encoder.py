"""Networks that take an image to the point it would be made of."""

import torch
from torch import Tensor, nn

from components.networks.images.canvas import Canvas
from components.networks.images.gan import ImageGenerator, condition_of

NARROWEST, WIDEST = -5.0, 2.0
"""Log deviations of points stay between these."""
SHARPEST, DULLEST = -3.0, 1.0
"""And those of pixels, which lie in -1 to 1: an eightieth of the range at least."""


class ImageEncoder(nn.Module):
    """Images (rows, channels, height, width) and classes (rows,) to numbers (rows, outputs).

    `body` takes the canvas to `features`; the class stands beside them, where there are several.
    """

    def __init__(
        self, body: nn.Module, features: int, outputs: int, classes: int, canvas: Canvas
    ) -> None:
        super().__init__()
        self.body, self.classes, self.canvas = body, classes, canvas
        self.leave = nn.Linear(features + (classes if classes > 1 else 0), outputs)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """The numbers."""
        features = self.body(self.canvas.frame(images))
        if self.classes > 1:
            told = condition_of(labels, self.classes, None, images.dtype)
            features = torch.cat([features, told], dim=1)
        found: Tensor = self.leave(features)
        return found


class ImageVaeNetwork(nn.Module):
    """An encoder to a normal distribution of points, and a generator of images from them.

    After Kingma and Welling 2014. A pixel is normal about what the generator makes, with a
    deviation of its own, `log_scale` (channels, height, width), that is learned with the rest (the
    calibrated decoder of Rybkin et al. 2021, place by place): no weight between the two parts of
    the bound is left to be chosen.
    """

    def __init__(
        self, encoder: ImageEncoder, generator: ImageGenerator, shape: tuple[int, int, int]
    ) -> None:
        super().__init__()
        self.encoder, self.generator = encoder, generator
        self.log_scale = nn.Parameter(torch.full(shape, -1.0))

    def encoded(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log deviation of each image's point, (rows, latent)."""
        mean, log_scale = self.encoder(images, labels).chunk(2, dim=1)
        return mean, log_scale.clamp(NARROWEST, WIDEST)

    @property
    def latent_size(self) -> int:
        """How many numbers a point has."""
        return self.encoder.leave.out_features // 2

    def distance(self, images: Tensor, points: Tensor, labels: Tensor) -> Tensor:
        """Half the squared distance of each pixel from what the generator makes of a point.

        In units of the pixel's deviation; shape (rows, height, width).
        """
        away = images - self.generator(points, labels)
        found: Tensor = 0.5 * (away * torch.exp(-self._log_scale())).square().sum(dim=1)
        return found

    def _log_scale(self) -> Tensor:
        return self.log_scale.clamp(SHARPEST, DULLEST)

    def bound(self, images: Tensor, labels: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The two parts of the evidence bound of each image, (rows,), at a point by the noise.

        The surprise of its pixels, and how far its points are from standard normal ones.
        """
        mean, log_scale = self.encoded(images, labels)
        distance = self.distance(images, mean + log_scale.exp() * noise, labels)
        surprise = distance.sum(dim=(1, 2)) + self._log_scale().sum()
        divergence = 0.5 * (mean.square() + (2 * log_scale).exp() - 1) - log_scale
        return surprise, divergence.sum(dim=1)
