"""Generators of images, and their settings."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeIs

from components.config.settings import Settings


class ImageGaussianConfig(Settings):
    """A Gaussian of pixels for each class, on its `components` main axes.

    It knows means and covariances alone: what any network has to beat.
    """

    name: Literal["image_gaussian"] = "image_gaussian"
    components: int = Field(50, ge=1)


ImageModelConfig = ImageGaussianConfig


def makes_images(model: Settings) -> TypeIs[ImageModelConfig]:
    """True for the settings of a generator of images."""
    return isinstance(model, ImageModelConfig)
