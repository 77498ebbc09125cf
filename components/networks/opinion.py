"""What a discriminator says of samples."""

from typing import NamedTuple

from torch import Tensor


class Opinion(NamedTuple):
    """How real each sample looks, `values` of shape (rows,), without an activation.

    `features` (rows, features) are behind it; `logits` (rows, classes) say what the sample shows,
    where there is a head for that.
    """

    values: Tensor
    features: Tensor
    logits: Tensor | None
