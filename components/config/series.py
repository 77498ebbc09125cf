"""How a table is read as series, and the settings of the autoencoder that scores their steps."""

from typing import Literal, Self

from pydantic import Field, model_validator
from typing_extensions import TypeIs

from components.config.device import Device
from components.config.settings import Settings
from components.config.yaml_text import shown


class SeriesLayout(Settings):
    """How the rows of a table are series: every number is a channel, save those named here.

    Rows are in the order of the column `time`, dates or numbers, or as they stand where there is
    none. Rows with the same value of `group` are one series. Two rows further apart than
    `largest_gap` times the usual interval of their series do not follow on one another.
    """

    time: str | None = None
    group: str | None = None
    largest_gap: float = Field(10.0, ge=1)

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Without a clock nothing is late."""
        if self.time is None and self.largest_gap != type(self).model_fields["largest_gap"].default:
            raise ValueError("largest_gap has no effect without a time column")
        if self.time is not None and self.time == self.group:
            raise ValueError(
                f"time and group are both {shown(self.time)}; they must be two columns"
            )
        return self


class SeriesAutoencoderConfig(Settings):
    """A convolutional autoencoder of windows; see `components/models/series/autoencoder.py`.

    A window of `window` steps becomes `code_size` numbers by `halvings` strided convolutions,
    `width` channels at first, and is made again of these. Training takes `steps` updates on
    `batch_size` windows, or `max_epochs` passes over them where that is fewer; the rate falls to 0.
    `holdout_share` of the rows, the latest of each stretch, are held out where they come to a
    window: every `look_every` steps their error is measured, the best network is kept, and
    `patience` looks without a better one end training. `ema_decay` averages the network. On
    `device` it is trained; equal seeds give equal weights on the CPU alone.

    Scores are means over windows `stride` steps apart.
    """

    name: Literal["series_autoencoder"] = "series_autoencoder"
    layout: SeriesLayout = SeriesLayout()
    window: int = Field(64, ge=4)
    width: int = Field(16, ge=1)
    halvings: int = Field(3, ge=1)
    code_size: int = Field(8, ge=1)
    steps: int = Field(1500, ge=1)
    max_epochs: int = Field(300, ge=1)
    batch_size: int = Field(64, ge=2)
    rate: float = Field(3e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    ema_decay: float = Field(0.99, ge=0, lt=1)
    holdout_share: float = Field(0.15, ge=0, lt=0.5)
    look_every: int = Field(50, ge=1)
    patience: int = Field(10, ge=1)
    stride: int = Field(1, ge=1)
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """A window is halved evenly, and no step falls between two windows."""
        if self.window % 2**self.halvings:
            raise ValueError(
                f"window = {self.window} cannot be halved {self.halvings} times (halvings); "
                f"a multiple of {2**self.halvings} is accepted"
            )
        if self.stride > self.window:
            raise ValueError(f"stride = {self.stride} is longer than window = {self.window}")
        return self


def reads_series(model: Settings) -> TypeIs[SeriesAutoencoderConfig]:
    """True for the settings of a model that learns from the order of rows."""
    return isinstance(model, SeriesAutoencoderConfig)
