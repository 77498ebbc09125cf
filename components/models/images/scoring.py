"""How networks are asked about images: always as many at once, of the class that suits best."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from components.data.images.sets import ImageSet
from components.models.images.drawing import CHUNK
from components.models.images.samples import samples_of
from components.networks.aligned import AlignedRows

Oddness = Callable[[Tensor, Tensor], Tensor]
"""Takes images (rows, channels, height, width) and classes (rows,) to how odd they are, (rows,)."""


def in_chunks(images: ImageSet, asked: Callable[[Tensor], Tensor]) -> NDArray[np.float64]:
    """What `asked` says of all images, which are floats in -1 to 1, shape (images, ...).

    It always sees CHUNK images, the last ones with grey ones after them, and each at the same
    alignment: sums in another order, as for another number of images or at another place, would
    give other last digits.
    """
    real, parts = samples_of(images), []
    for start in range(0, len(real), CHUNK):
        samples, _ = real.take(torch.arange(start, min(start + CHUNK, len(real))))
        missing = CHUNK - len(samples)
        whole = functional.pad(samples, (0, 0) * (samples.ndim - 1) + (0, missing))
        with AlignedRows():
            told = asked(whole)
        parts.append(told[: len(samples)].detach().double().numpy())
    return np.concatenate(parts) if parts else np.empty(0)


def likeliest(images: Tensor, shares: NDArray[np.float64], odd: Oddness) -> Tensor:
    """The class by which each image is least odd, (rows,): what it shows is not known.

    Classes without a share of the training images are none that was learned.
    """
    codes = np.flatnonzero(shares)
    labels = [torch.full((len(images),), int(code)) for code in codes]
    if len(labels) == 1:
        return labels[0]
    least = torch.stack([odd(images, each) for each in labels]).argmin(dim=0)
    return torch.from_numpy(codes)[least]
