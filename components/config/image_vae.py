"""The settings of a variational autoencoder of images."""

from typing import Literal

from pydantic import Field

from components.config.classic import ClassicConfig
from components.config.device import Device
from components.config.settings import Settings


class ImageVaeConfig(Settings):
    """A variational autoencoder of images; see `components/models/images/vae.py`.

    An image is a point of `latent_size` numbers, read and made by strided convolutions with `width`
    channels next to the image. With `conditioning` = none labels are forgotten and no class can be
    asked for. Training takes `steps` updates on `batch_size` images; the rate rises at first and
    falls to 0. Every `look_every` steps the bound is measured on `holdout_share` of the images, the
    best network is kept, and `patience` looks without a better one end training; with a share of 0
    all are learned from and the last network is kept. `ema_decay` averages the network. Where
    `vary` says how, the images learned from are varied anew at each step. On `device` it is
    trained; equal seeds give equal weights on the CPU alone.

    An image's `score` is its `bound`, or the `density` of its point and of how well it is made
    again, among those of the training images. The bound knows no anomaly that is simpler than what
    is normal, such as part of it: that is made again well. On digits the density finds more.
    """

    name: Literal["image_vae"] = "image_vae"
    conditioning: Literal["none", "class"] = "class"
    width: int = Field(16, ge=1)
    latent_size: int = Field(16, ge=1)
    steps: int = Field(1500, ge=1)
    batch_size: int = Field(64, ge=2)
    rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    ema_decay: float = Field(0.99, ge=0, lt=1)
    holdout_share: float = Field(0.1, ge=0, lt=0.5)
    look_every: int = Field(50, ge=1)
    patience: int = Field(10, ge=1)
    vary: ClassicConfig | None = None
    score: Literal["bound", "density"] = "density"
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU
