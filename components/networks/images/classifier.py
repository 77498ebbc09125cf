"""A small convolutional classifier of images, whose last features others can use."""

import torch
from torch import Tensor, nn

NUM_FEATURES = 64
MAX_SIDE, NUM_PLACES = 32, 4


class ImageClassifier(nn.Module):
    """Images (rows, channels, height, width) of -1 to 1 to logits (rows, classes).

    Three convolutions, the last two halving the sides, means over 4 x 4 places, and a layer of 64
    features.
    Images of more than 32 pixels a side are averaged down to 32 first. There is no normalisation
    over the batch: no image's features depend on the others'.
    """

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        width = NUM_FEATURES // 4
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, NUM_FEATURES, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(NUM_PLACES),
            nn.Flatten(),
            nn.Linear(NUM_FEATURES * NUM_PLACES**2, NUM_FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(NUM_FEATURES, num_classes)

    def features(self, images: Tensor) -> Tensor:
        """Shape (rows, 64)."""
        height, width = images.shape[-2:]
        sides = (min(height, MAX_SIDE), min(width, MAX_SIDE))
        if sides != (height, width):
            images = nn.functional.adaptive_avg_pool2d(images, sides)
        found: Tensor = self.body(images)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """The logits."""
        logits: Tensor = self.head(self.features(images))
        return logits


def as_input(pixels: Tensor) -> Tensor:
    """Bytes of shape (rows, height, width, channels) as the network takes them."""
    return pixels.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0
