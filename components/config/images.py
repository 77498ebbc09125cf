"""Images: how they are read, and the settings of their generators."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeIs

from components.config.anomaly_gan import AnomalyGanConfig
from components.config.deformations import DeformationsConfig
from components.config.image_gan import ImageGanConfig
from components.config.image_vae import ImageVaeConfig
from components.config.lapgan import LapganConfig
from components.config.semi_supervised_gan import SemiSupervisedGanConfig
from components.config.settings import Settings


class Colour(StrEnum):
    """Whether images are grey or in colour; `auto`: grey where all of them are."""

    AUTO = "auto"
    GREY = "grey"
    COLOUR = "colour"


class Fit(StrEnum):
    """How an image becomes a square: its middle, black bars around it, or pulled out of shape."""

    CROP = "crop"
    PAD = "pad"
    STRETCH = "stretch"


class Damaged(StrEnum):
    """What is done about files that cannot be read: the first is an error, or all are left out."""

    REFUSE = "refuse"
    SKIP = "skip"


class Unlabelled(StrEnum):
    """What is done where labels are known of some images alone: an error, or the others train."""

    REFUSE = "refuse"
    USE = "use"


class ImagesConfig(Settings):
    """How files become images of one size.

    Without a `side` images stay as they are, if all are of one size of at most 64 pixels a side;
    others become squares of 32. With one, all become squares of so many pixels. `labels` is a CSV
    file that says what each image shows, in the columns `file` (the name, or the path within the
    folder) and `label`; further columns may be split by (`prepare.split`). Without it the names of
    folders say so. Of the classes in `fewer` only so many training images are kept, to study
    imbalance; the others are put aside, unused.

    Where labels are dear: with `unlabelled` = `use` images whose label is missing (in the CSV or
    the Parquet file) are all trained on. `labelled` forgets the labels of all training images but
    so many of each class, to study that. Of the class `outlier` no image is trained on; those that
    are tested on stand for what nobody thought of.
    """

    side: int | None = Field(None, ge=8, le=256)
    fit: Fit = Fit.CROP
    colour: Colour = Colour.AUTO
    damaged: Damaged = Damaged.REFUSE
    labels: str | None = None
    fewer: dict[str, Annotated[int, Field(ge=2)]] = Field({})
    unlabelled: Unlabelled = Unlabelled.REFUSE
    labelled: int | None = Field(None, ge=1)
    outlier: str | None = None


class ImageGaussianConfig(Settings):
    """A Gaussian of pixels for each class, on its `components` main axes.

    It knows means and covariances alone: what any network has to beat.
    """

    name: Literal["image_gaussian"] = "image_gaussian"
    components: int = Field(50, ge=1)


ImageModelConfig = (
    ImageGaussianConfig
    | DeformationsConfig
    | ImageGanConfig
    | LapganConfig
    | SemiSupervisedGanConfig
    | AnomalyGanConfig
    | ImageVaeConfig
)
ImageClassifierConfig = SemiSupervisedGanConfig
"""Models that classify images, and learn from those without labels too."""


def makes_images(model: Settings) -> TypeIs[ImageModelConfig]:
    """True for the settings of a generator of images."""
    return isinstance(model, ImageModelConfig)


def draws_classes(model: ImageModelConfig) -> bool:
    """True for the settings of a generator that can be asked for images of a class."""
    match model:
        case ImageGaussianConfig() | DeformationsConfig():
            return True
        case SemiSupervisedGanConfig():
            return False
        case ImageVaeConfig():
            return model.conditioning != "none"
        case _:
            return model.conditioning.name != "none"


def classifies_images(model: Settings) -> TypeIs[ImageClassifierConfig]:
    """True for the settings of a model that classifies images."""
    return isinstance(model, ImageClassifierConfig)
