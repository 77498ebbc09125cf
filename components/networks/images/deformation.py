"""Images deformed by smooth fields of displacements, and a generator that does only that."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Deformation(nn.Module):
    """Fields (rows, 2, knots, knots) pull images (rows, channels, height, width) out of shape.

    A field says at each knot of a grid over the image from how far to the right, and how far below,
    what is seen there comes, in halves of the width and of the height; between knots it is bicubic.
    Images are read bilinearly, or where they are `sharp` bicubically, which blurs them less; beyond
    an edge they go on as they are there.

    >>> image = torch.tensor([[[[0.0, 1.0, 2.0]]]]).expand(1, 1, 3, 3)
    >>> field = torch.zeros(1, 2, 2, 2)
    >>> field[:, 0] = 1.0
    >>> Deformation(3, 3, 2)(image, field)[0, 0, 0].tolist()
    [1.0, 2.0, 2.0]
    """

    down: Tensor
    across: Tensor
    places: Tensor

    def __init__(self, height: int, width: int, knots: int, *, sharp: bool = False) -> None:
        super().__init__()
        self.mode = "bicubic" if sharp else "bilinear"
        self.register_buffer("down", _between_knots(height, knots))
        self.register_buffer("across", _between_knots(width, knots).T.contiguous())
        lines = torch.linspace(-1, 1, height), torch.linspace(-1, 1, width)
        below, right = torch.meshgrid(*lines, indexing="ij")
        self.register_buffer("places", torch.stack([right, below], dim=-1))

    def forward(self, images: Tensor, fields: Tensor) -> Tensor:
        """The images, deformed."""
        moved = (self.down @ fields @ self.across).permute(0, 2, 3, 1)
        deformed: Tensor = functional.grid_sample(
            images,
            self.places + moved,
            mode=self.mode,
            padding_mode="border",
            align_corners=True,
        )
        return deformed


def _between_knots(length: int, knots: int) -> Tensor:
    """What each knot weighs at each pixel of a line, shape (length, knots)."""
    each = torch.eye(knots)[None, None]
    weights: Tensor = functional.interpolate(
        each, size=(length, knots), mode="bicubic", align_corners=True
    )[0, 0]
    return weights


class DeformedImages(nn.Module):
    """Noise (rows, 3) and classes (rows,) to images (rows, channels, height, width) of -1 to 1.

    Where the first number lies in a normal distribution chooses one of `images`, bytes (images,
    height, width, channels) that lie class by class, `counts` (classes,) of each; the second
    chooses one of `fields` (fields, 2, knots, knots); the third, which part of `strength` it has.
    """

    images: Tensor
    firsts: Tensor
    counts: Tensor
    fields: Tensor

    def __init__(self, images: Tensor, counts: Tensor, fields: Tensor, strength: float) -> None:
        super().__init__()
        self.register_buffer("images", images)
        self.register_buffer("firsts", counts.cumsum(0) - counts)
        self.register_buffer("counts", counts)
        self.register_buffer("fields", fields)
        self.strength = strength
        height, width = images.shape[1:3]
        self.deformation = Deformation(height, width, fields.shape[-1], sharp=True)

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        """The images."""
        image, field, part = torch.special.ndtr(noise.double()).unbind(dim=1)
        sources = self.firsts[classes] + _chosen(image, self.counts[classes])
        fields = self.fields[_chosen(field, torch.full_like(classes, len(self.fields)))]
        pixels = self.images[sources.clamp(0, len(self.images) - 1)].permute(0, 3, 1, 2)
        strengths = (self.strength * part).to(fields.dtype)[:, None, None, None]
        made: Tensor = self.deformation(pixels.to(fields.dtype) / 127.5 - 1, fields * strengths)
        return made.clamp(-1, 1)


def _chosen(shares: Tensor, counts: Tensor) -> Tensor:
    """The positions that uniform numbers choose among so many.

    >>> _chosen(torch.tensor([0.0, 0.5, 1.0]), torch.tensor([4, 4, 4])).tolist()
    [0, 2, 3]
    """
    return torch.minimum((shares * counts).long(), counts - 1)
