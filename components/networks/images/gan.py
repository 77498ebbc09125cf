"""A generator and a discriminator of images of any size, which may be told what images show."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.networks.images.blocks import Hold
from components.networks.images.canvas import Canvas
from components.networks.images.growth import Growing
from components.networks.layers import ClassVectors, MinibatchDeviation
from components.networks.opinion import Opinion


class ImageGenerator(nn.Module):
    """Noise (rows, noise) and classes, int64 (rows,), to images (rows, channels, height, width).

    The values lie in -1 to 1. The class stands beside the noise, one-hot and as long as the noise
    is: told more softly, it is learned late. Where there is one class only, nothing does. `body`
    takes that and the class to the whole canvas. With `words` (classes, words), 1 where a class has
    a word in its caption, these take the place of the one-hot class.
    """

    words: Tensor | None

    def __init__(
        self, body: nn.Module, classes: int, canvas: Canvas, words: Tensor | None = None
    ) -> None:
        super().__init__()
        self.body, self.classes, self.canvas = body, classes, canvas
        self.register_buffer("words", words, persistent=False)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """The images."""
        return self.make(noise, condition_of(labels, self.classes, self.words, noise.dtype))

    def make(self, noise: Tensor, condition: Tensor) -> Tensor:
        """The images of such conditions (rows, classes or words)."""
        length = noise.shape[1] ** 0.5
        told = noise if self.classes == 1 else torch.cat([noise, length * condition], dim=1)
        return self.canvas.cut(torch.tanh(self.body(told, condition)))

    def grow(self, progress: float) -> None:
        """See `Growing`; without effect on a body that does not grow."""
        if isinstance(self.body, Growing):
            self.body.grow(progress)


class CaptionGenerator(nn.Module):
    """Noise to images of one caption, whose words are `words` (words,), whatever the class."""

    words: Tensor

    def __init__(self, inner: ImageGenerator, words: Tensor) -> None:
        super().__init__()
        self.inner = inner
        self.register_buffer("words", words)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """The images."""
        return self.inner.make(noise, self.words.expand(len(noise), -1))


def condition_of(labels: Tensor, classes: int, words: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Classes, int64 (rows,), as networks are told them: one-hot, or the words of captions."""
    one_hot = functional.one_hot(labels, classes) if words is None else words[labels]
    return one_hot.to(dtype)


class ImageDiscriminator(nn.Module):
    """Images (rows, channels, height, width) and classes (rows,) to an `Opinion`.

    `body` takes the canvas to `features` (rows, features). `told` says how it is told the class:
    see `AnyConditioning` in `components/config/image_gan.py`; not at all where there is one class.
    `words` as in `ImageGenerator`. With `finds` a second head finds the class, or each word.
    """

    words: Tensor | None

    def __init__(
        self,
        body: nn.Module,
        features: int,
        classes: int,
        canvas: Canvas,
        *,
        told: str,
        hold: Hold,
        minibatch_deviation: bool,
        words: Tensor | None = None,
        finds: bool = False,
    ) -> None:
        super().__init__()
        self.body, self.classes, self.canvas = body, classes, canvas
        self.told = told if classes > 1 else "none"
        self.deviation = MinibatchDeviation() if minibatch_deviation else None
        self.register_buffer("words", words, persistent=False)
        told_width = classes if words is None else words.shape[1]
        seen = features + minibatch_deviation
        self.value = hold(nn.Linear(seen, 1))
        projects = self.told in ("projection", "words")
        self.projection = hold(ClassVectors(told_width, seen)) if projects else None
        self.head = hold(nn.Linear(seen, told_width)) if finds and classes > 1 else None

    def grow(self, progress: float) -> None:
        """See `Growing`; without effect on a body that does not grow."""
        if isinstance(self.body, Growing):
            self.body.grow(progress)

    def forward(self, images: Tensor, labels: Tensor) -> Opinion:
        """What it makes of the images."""
        framed = self.canvas.frame(images)
        condition = condition_of(labels, self.classes, self.words, images.dtype)
        if self.told == "concatenated":
            planes = condition[:, :, None, None].expand(-1, -1, *self.canvas.sides)
            framed = torch.cat([framed, planes], dim=1)
        features = self.body(framed)
        if self.deviation is not None:
            features = self.deviation(features)
        values = self.value(features).squeeze(1)
        if self.projection is not None:
            projected = (self.projection(condition) * features).sum(dim=1)
            values = values + projected
        return Opinion(values, features, None if self.head is None else self.head(features))


def words_loss(network: ImageDiscriminator, logits: Tensor, labels: Tensor) -> Tensor:
    """How badly logits (rows, words) say which words the captions of such classes have: a scalar.

    The cross-entropies of all words, added up.
    """
    assert network.words is not None
    has = network.words[labels]
    losses = functional.binary_cross_entropy_with_logits(logits, has, reduction="none")
    return losses.sum(dim=1).mean()


def planes_of(channels: int, classes: int, told: str) -> int:
    """How many planes the discriminator's body sees."""
    return channels + (classes if told == "concatenated" and classes > 1 else 0)
