"""Progressive growing of GANs (Karras et al. 2018) on a canvas of any size.

Both networks begin at the base of the canvas; layers for twice the sides are faded in one after
another. Images have their full size all along: the generator's are small ones with each place many
times over, and the discriminator averages them down again. Unlike in the paper, real images are not
faded between two sizes while layers are.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.networks.images.blocks import SLOPE, Hold, MakeNorm, doubled
from components.networks.images.canvas import Canvas, channels_at
from components.networks.images.growth import stage_at


class _Grown(nn.Module):
    """Knows how far it is grown; that is saved with the weights."""

    def __init__(self, num_stages: int, grown_by: float) -> None:
        super().__init__()
        self.num_stages, self.grown_by = num_stages, grown_by
        self.stage = float(num_stages)

    def grow(self, progress: float) -> None:
        """See `Growing`."""
        self.stage = stage_at(progress, self.grown_by, self.num_stages)

    def split(self) -> tuple[int, float]:
        """The last stage in use, and the share of it that is faded in."""
        last = math.ceil(self.stage)
        return last, 1.0 if last == 0 else self.stage - (last - 1)

    def get_extra_state(self) -> Tensor:
        """How far it is grown."""
        return torch.tensor([self.stage], dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """Be grown as far as `get_extra_state` said."""
        self.stage = float(state)


class _TwoConvolutions(nn.Module):
    """Two convolutions of 3 x 3, each normalised behind its unit: (rows, before, ...) to after."""

    def __init__(self, before: int, after: int, hold: Hold, norm: MakeNorm) -> None:
        super().__init__()
        self.first = hold(nn.Conv2d(before, after, 3, padding=1))
        self.second = hold(nn.Conv2d(after, after, 3, padding=1))
        self.norms = nn.ModuleList([norm(after), norm(after)])

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Of the same sides."""
        for conv, norm in zip((self.first, self.second), self.norms, strict=True):
            x = norm(functional.leaky_relu(conv(x), SLOPE), condition)
        return x


class ProgressiveGeneratorBody(_Grown):
    """(rows, inputs) to (rows, channels, *canvas.sides), by as many stages as it is grown."""

    def __init__(
        self,
        inputs: int,
        channels: int,
        canvas: Canvas,
        width: int,
        grown_by: float,
        *,
        hold: Hold,
        norm: MakeNorm,
    ) -> None:
        super().__init__(canvas.doublings, grown_by)
        widths = [*channels_at(canvas, width)[::-1], width]
        self.shape = (widths[0], *canvas.base)
        self.enter = hold(nn.Linear(inputs, math.prod(self.shape)))
        self.norm = norm(widths[0])
        self.blocks = nn.ModuleList(
            _TwoConvolutions(*pair, hold, norm) for pair in pairwise(widths)
        )
        self.leave = nn.ModuleList(hold(nn.Conv2d(each, channels, 1)) for each in widths)

    def forward(self, told: Tensor, condition: Tensor) -> Tensor:
        """The canvas, before the last activation."""
        last, share = self.split()
        x = functional.leaky_relu(self.enter(told).unflatten(1, self.shape), SLOPE)
        x = before = self.norm(x, condition)
        for block in self.blocks[:last]:
            before, x = x, block(doubled(x), condition)
        images: Tensor = self.leave[last](x)
        if share < 1:
            images = torch.lerp(doubled(self.leave[last - 1](before)), images, share)
        for _ in range(self.num_stages - last):
            images = doubled(images)
        return images


class ProgressiveDiscriminatorBody(_Grown):
    """(rows, planes, *canvas.sides) to (rows, num_features): all that is left at the base."""

    def __init__(
        self, planes: int, canvas: Canvas, width: int, grown_by: float, *, hold: Hold
    ) -> None:
        super().__init__(canvas.doublings, grown_by)
        widths = [width, *channels_at(canvas, width)]
        self.enter = nn.ModuleList(hold(nn.Conv2d(planes, each, 1)) for each in widths[::-1])
        self.blocks = nn.ModuleList(_TwoHalving(*pair, hold) for pair in pairwise(widths))
        self.last = hold(nn.Conv2d(widths[-1], widths[-1], 3, padding=1))
        self.num_features = widths[-1] * math.prod(canvas.base)

    def forward(self, framed: Tensor) -> Tensor:
        """The features."""
        last, share = self.split()
        for _ in range(self.num_stages - last):
            framed = functional.avg_pool2d(framed, 2)
        x = self._entered(framed, last)
        for number, block in enumerate(self.blocks[self.num_stages - last :]):
            x = block(x)
            if number == 0 and share < 1:
                x = torch.lerp(self._entered(functional.avg_pool2d(framed, 2), last - 1), x, share)
        return functional.leaky_relu(self.last(x), SLOPE).flatten(1)

    def _entered(self, images: Tensor, stage: int) -> Tensor:
        return functional.leaky_relu(self.enter[stage](images), SLOPE)


class _TwoHalving(nn.Module):
    """Two convolutions of 3 x 3, then means over 2 x 2: sides halved."""

    def __init__(self, before: int, after: int, hold: Hold) -> None:
        super().__init__()
        self.first = hold(nn.Conv2d(before, before, 3, padding=1))
        self.second = hold(nn.Conv2d(before, after, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Half the sides."""
        for conv in (self.first, self.second):
            x = functional.leaky_relu(conv(x), SLOPE)
        return functional.avg_pool2d(x, 2)
