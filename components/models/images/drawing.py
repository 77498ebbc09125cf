"""How networks that make images are asked for them: always as many at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from components.config import AnyConditioning
from components.data.images.captions import vocabulary, word_codes
from components.data.images.labelled import wholly_labelled
from components.data.images.sets import ImageSet, Labels, Pixels
from components.models.contract import SamplingProgram
from components.models.images.drawn_classes import class_stretches, draw_classes
from components.models.streaming import chunk_rng, chunk_sizes
from components.networks.images.gan import CaptionGenerator, ImageGenerator
from components.networks.images.program import ImageProgram, as_bytes

CHUNK = 256
"""Images drawn at once. They have random numbers of their own, whatever comes after them."""


@dataclass(frozen=True)
class ImageMaker:
    """A generator in eval mode on the CPU: noise (rows, noise_size) and classes (rows,) to images.

    `classes` are empty where images have no labels; `shares` are those of the classes.
    """

    generator: nn.Module
    noise_size: int
    shares: NDArray[np.float64]
    classes: tuple[str, ...]

    def of_caption(self, caption: str) -> tuple["ImageMaker", int]:
        """The same for one more class, of this caption, and its position; it has a share of 0.

        The generator is one that knows the words of the captions of its classes, and all of these.
        """
        assert isinstance(self.generator, ImageGenerator)
        words = torch.from_numpy(word_codes([caption], vocabulary(self.classes))[0])
        generator = CaptionGenerator(self.generator, words)
        shares, classes = np.append(self.shares, 0.0), (*self.classes, caption)
        return replace(self, generator=generator, shares=shares, classes=classes), len(self.classes)

    def draw(self, num_images: int, wanted: int | None, seed: int) -> Iterator[ImageSet]:
        """So many images in parts, of the class `wanted` or of all."""
        sizes = enumerate(chunk_sizes(num_images, CHUNK))
        return (self._draw(size, wanted, chunk_rng(seed, number)) for number, size in sizes)

    @torch.inference_mode()
    def _draw(self, size: int, wanted: int | None, rng: np.random.Generator) -> ImageSet:
        """The first `size` images of a chunk.

        The network always sees CHUNK of them: sums in another order, as for another number of
        images, would now and then give another pixel.
        """
        codes: Labels = draw_classes(self.shares, CHUNK, wanted, rng)
        noise = rng.standard_normal((CHUNK, self.noise_size), dtype=np.float32)
        made = self.generator(torch.from_numpy(noise), torch.from_numpy(codes))[:size]
        pixels: Pixels = np.ascontiguousarray(as_bytes(made).numpy())
        labels = codes[:size] if self.classes else None
        return ImageSet(pixels, labels, self.classes, "")

    def program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        module = ImageProgram(self.generator, torch.from_numpy(np.cumsum(self.shares)))
        stretches = class_stretches(self.shares)
        return SamplingProgram(module.eval(), 1 + self.noise_size, stretches)


def told_images(images: ImageSet, conditioning: AnyConditioning) -> ImageSet:
    """The images, without labels where nobody is to be told any.

    Raises UserError where some are to be told, and are missing.
    """
    if conditioning.name != "none":
        return wholly_labelled(images)
    return replace(images, labels=None, classes=())
