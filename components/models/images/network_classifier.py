"""A discriminator of K classes and outliers, used as a classifier of images."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.data.images.sets import ImageSet, Pixels
from components.data.table import Matrix
from components.models.images.scoring import in_chunks
from components.networks.images.outlier import OutlierDiscriminator


@dataclass(frozen=True)
class NetworkClassifier:
    """`ImageClassifier` by a network on the CPU in eval mode."""

    network: OutlierDiscriminator
    classes_: tuple[str, ...]

    def classify(self, images: Pixels) -> Matrix:
        """The softmax of the logits; see `ImageClassifier.classify`."""
        return self._of_logits(images, lambda logits: torch.softmax(logits, dim=1))

    def outlyingness(self, images: Pixels) -> NDArray[np.float64]:
        """The log odds that an image is of no class, -log Z: monotone in the chance 1 / (Z + 1)."""
        return self._of_logits(images, lambda logits: -torch.logsumexp(logits, dim=1))

    @torch.inference_mode()
    def _of_logits(self, images: Pixels, take: Callable[[Tensor], Tensor]) -> Matrix:
        unlabelled = ImageSet(images, None, (), "")
        return in_chunks(unlabelled, lambda some: take(self.network.logits(some).double()))
