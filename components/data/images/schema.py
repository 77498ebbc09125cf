"""What the images of a set are: their size, their channels and what they may show."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.config import IMAGE_TARGET
from components.data.conditions import Condition
from components.data.images.sets import ImageSet
from components.data.records import read_record
from components.errors import UserError

IMAGE, LABEL = "image", IMAGE_TARGET
"""The columns of images as rows: PNG bytes, and what the image shows."""


class ImageSchema(BaseModel):
    """The size of all images, their channels (1 grey, 3 colour), and the classes of labelled ones.

    Classes are sorted; a label is a position in them. There are none where images have no labels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["images"] = "images"
    height: int = Field(ge=1)
    width: int = Field(ge=1)
    channels: Literal[1, 3]
    classes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of images as rows."""
        return (IMAGE, LABEL) if self.classes else (IMAGE,)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return (self.height, self.width, self.channels)

    @property
    def target(self) -> str:
        """What images are told apart by, where they have labels."""
        return LABEL if self.classes else "none"

    def kind_of(self, name: str) -> str:
        """What a column of images as rows holds, as a word."""
        return "image" if name == IMAGE else "categorical"

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.model_dump_json(indent=1))

    @classmethod
    def load(cls, path: Path) -> "ImageSchema":
        """Read what `save` wrote."""
        return read_record(cls, path)


def schema_of(images: ImageSet) -> ImageSchema:
    """What these images are."""
    _, height, width, channels = images.images.shape
    return ImageSchema.model_validate(
        {"height": height, "width": width, "channels": channels, "classes": images.classes}
    )


def asked_class(
    condition: Condition | None, schema: ImageSchema, shares: NDArray[np.float64] | None = None
) -> int | None:
    """The class that `condition` asks for, as a position; None where it asks for nothing.

    Raises UserError for anything but the label of a known class, and where `shares` of training
    images are given, for one without any.
    """
    if not condition:
        return None
    others = sorted(set(condition) - {LABEL})
    if others or not schema.classes:
        raise UserError(
            f"cannot condition on {', '.join(others) or LABEL}: "
            + (f"only {LABEL} can be asked for" if schema.classes else "the images have no labels")
        )
    wanted = str(condition[LABEL])
    known = schema.classes
    if shares is not None:
        known = tuple(schema.classes[code] for code in np.flatnonzero(shares))
    if wanted not in known:
        there = ", ".join(known[:30])
        said = "has no training images" if wanted in schema.classes else "is no class"
        raise UserError(f"{LABEL} = {wanted!r} {said}; there are: {there}")
    return schema.classes.index(wanted)
