"""A discriminator that is a classifier: made images are one class more than there are."""

import torch
from torch import Tensor, nn

from components.networks.images.canvas import Canvas
from components.networks.opinion import Opinion


class OutlierDiscriminator(nn.Module):
    """Images (rows, channels, height, width) to an `Opinion`, by the logits of K classes.

    The logit of one class more, that of what is no real image, is held at 0, which takes nothing
    away: only differences count. With Z the sum of the others' exponentials an image is real with
    the chance Z / (Z + 1) (Salimans et al. 2016, section 5), whose value before the sigmoid is
    log Z. `body` takes the canvas to features (rows, features), `head` these to logits.
    """

    def __init__(self, body: nn.Module, head: nn.Module, canvas: Canvas) -> None:
        super().__init__()
        self.body, self.head, self.canvas = body, head, canvas

    def features(self, images: Tensor) -> Tensor:
        """Shape (rows, features)."""
        found: Tensor = self.body(self.canvas.frame(images))
        return found

    def logits(self, images: Tensor) -> Tensor:
        """Those of the real classes, shape (rows, classes)."""
        found: Tensor = self.head(self.features(images))
        return found

    def forward(self, images: Tensor, condition: Tensor) -> Opinion:
        """What it makes of the images; it is told no class."""
        features = self.features(images)
        return Opinion(torch.logsumexp(self.head(features), dim=1), features, None)
