"""Series drawn from an autoencoder: windows of codes such as training windows have."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from components.config import ColumnKind
from components.config.series import SeriesLayout
from components.data.cast import cast
from components.data.schema import Schema
from components.data.series import Values
from components.data.series_windows import Scaling
from components.data.table import encode
from components.networks.series_autoencoder import SeriesAutoencoder

MICROSECONDS = 1e6


@dataclass(frozen=True)
class CodeDistribution:
    """The normal distribution of training windows' codes: its mean, and a root of its covariance.

    A density for the codes of an autoencoder that has none of its own is fitted when it is trained
    (Ghosh et al. 2020, "From variational to deterministic autoencoders").
    """

    mean: NDArray[np.float64]
    root: NDArray[np.float64]

    @classmethod
    def of(cls, codes: NDArray[np.float64]) -> "CodeDistribution":
        """That of these codes, shape (windows, code)."""
        variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(codes.T)))
        return cls(codes.mean(axis=0), axes * np.sqrt(np.maximum(variances, 0.0)))

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """So many codes."""
        drawn: NDArray[np.float64] = self.mean + rng.normal(size=(count, len(self.mean))) @ (
            self.root.T
        )
        return drawn


@torch.no_grad()
def draw_values(
    network: SeriesAutoencoder,
    codes: CodeDistribution,
    scaling: Scaling,
    noise: Values,
    num_rows: int,
    *,
    window: int,
    seed: int,
) -> Values:
    """So many rows of channels: windows one after another, each drawn for itself.

    `noise` is by how much training windows are off what is made of their codes, in squashed units,
    a deviation a channel. Where two windows meet the series jumps: nothing links them.
    """
    rng = np.random.default_rng(seed)
    count = -(-num_rows // window)
    drawn = torch.from_numpy(codes.draw(count, rng)).float()
    made = network.decoded(drawn).double().numpy().transpose(0, 2, 1).reshape(-1, len(noise))
    return scaling.unsquashed(made + noise * rng.normal(size=made.shape))[:num_rows]


def in_columns(
    frame: pd.DataFrame, schema: Schema, layout: SeriesLayout, interval: float | None
) -> pd.DataFrame:
    """Decoded rows with the times of one series that begins when the training rows do.

    `interval` is the time between rows, see `Series`.
    """
    if layout.time is None or interval is None:
        return frame
    column = schema[layout.time]
    steps = np.arange(len(frame)) * interval
    begins = 0.0 if column.minimum is None else column.minimum
    if column.kind is ColumnKind.DATETIME:
        micros = np.round(begins + steps * MICROSECONDS).astype(np.int64)
        times = pd.Series(pd.to_datetime(micros, unit="us"))
    else:
        times = pd.Series(begins + steps)
        times = times.round(column.decimals) if column.decimals is not None else times
    return frame.assign(**{layout.time: cast(times, column.dtype)})


def usual_codes(frame: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """What stands in `encode`'s form where nothing is drawn, shape (learned columns,).

    The most frequent code of a discrete column, the least value of another.
    """
    matrix = encode(frame, schema)
    found = np.array([column.minimum or 0.0 for column in schema.learned])
    for i, column in enumerate(schema.learned):
        if column.is_discrete:
            codes, counts = np.unique(matrix[:, i], return_counts=True)
            found[i] = codes[np.argmax(counts)]
    return found
