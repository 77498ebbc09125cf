"""The settings of a generator that deforms the images it learned from."""

from typing import Literal

from pydantic import Field

from components.config.settings import Settings


class DeformationsConfig(Settings):
    """Training images deformed as images of one class differ.

    See `models/images/deformations.py`. How these differ is learned from `pairs` pairs of them:
    each is pulled onto the other by a field of `knots` x `knots` displacements, which costs more
    the less smooth it is (`smoothness`). An image that is made is a training image that one of the
    fields deforms, by a part of it at random that is at most `strength`.

    Where `cautious`, that part is less the less fields tell classes apart, which is how far they
    make images of one class more alike than images of two. Where they do not, what they do to an
    image may be what its class is known by.
    """

    name: Literal["deformations"] = "deformations"
    pairs: int = Field(1_000, ge=1)
    knots: int = Field(6, ge=2, le=32)
    smoothness: float = Field(0.02, gt=0)
    strength: float = Field(1.0, gt=0, le=1)
    cautious: bool = True
