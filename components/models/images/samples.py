"""Images as the samples that networks are trained on."""

import numpy as np
import torch

from components.data.images.sets import ImageSet
from components.training.adversarial import RealSamples


def samples_of(images: ImageSet) -> RealSamples:
    """Images as (number, channels, height, width), and their classes; 0 where none are known."""
    samples = torch.from_numpy(np.ascontiguousarray(images.images.transpose(0, 3, 1, 2)))
    labels = np.zeros(len(images), np.int64) if images.labels is None else images.labels
    return RealSamples(samples, torch.from_numpy(labels))
