"""A convolutional autoencoder of series: which steps are odd, in which channels; new windows."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from components.config.series import SeriesAutoencoderConfig
from components.data.conditions import Condition, check_condition
from components.data.schema import Schema
from components.data.series import Positions, Series, Values, channels_of, read_series
from components.data.series_windows import (
    Scaling,
    StepMeans,
    cut_last,
    window_batches,
    window_starts,
    windows_at,
)
from components.data.table import Table, decode
from components.errors import UserError
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, log_nothing
from components.models.series.drawing import (
    CodeDistribution,
    draw_values,
    in_columns,
    usual_codes,
)
from components.models.series.learning import WindowLessons, build_network
from components.models.trained import checkpoint_store, put_weights, weights_of
from components.networks.series_autoencoder import SeriesAutoencoder as Network
from components.threads import limited_threads
from components.training.loop import Schedule, train

NAME = "series_autoencoder"
FEWEST_WINDOWS = 32
MOST_CODES = 4_096
"""At most twice as many windows tell how codes are distributed."""

_NO_BUDGET = Budget()


class SeriesAutoencoder:
    """Windows of series squeezed through a few numbers; what does not come back is odd.

    It is a `TabularModel`, too: it makes windows of codes drawn at random. Its columns are the
    time, the group, the target and numbers; the first three are of one series in which nothing is
    wrong.

    Fitted state: `scaling_` and `network_`; in `usual_` what a channel's mean squared error is in
    training windows, shape (channels,), by which its error is divided; `codes_`, `interval_` and
    `levels_` (what other columns have, see `usual_codes`) are for drawing.
    """

    schema_: Schema
    channels_: tuple[str, ...]
    scaling_: Scaling
    usual_: Values
    network_: Network
    codes_: CodeDistribution
    interval_: float | None
    levels_: Values

    def __init__(self, config: SeriesAutoencoderConfig) -> None:
        """An autoencoder yet to be fitted."""
        self.config = config

    def fit(
        self,
        table: Table,
        *,
        seed: int,
        budget: Budget = _NO_BUDGET,
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from the series of `table`; raises NonFiniteLossError on divergence."""
        config = self.config
        channels = channels_of(table.schema, config.layout)
        _check_roles(table.schema, channels, config)
        series = read_series(table.frame, channels, config.layout)
        learned, held_out = cut_last(series.stretches, config.holdout_share)
        starts = window_starts(learned, config.window)
        _check_windows(len(starts), series, config.window)
        scaling = Scaling.of(series.values[np.isfinite(series.values).all(axis=1)])
        values = np.nan_to_num(
            scaling.squashed(series.values)
        )  # no window has a row that lacks one
        lessons = WindowLessons(config, values, starts, seed)
        stops_by = window_starts(held_out, config.window)
        with limited_threads(1):  # two gain little here, and much is lost where others work too
            weights = train(
                lessons,
                self._schedule(len(starts), budget),
                judge=lambda: lessons.held_out_error(stops_by),
                score_name="held_out_error",
                log=log,
                store=checkpoint_store(checkpoint_dir, config, table.schema, values, seed),
            )
        network = lessons.learner.averaged.module.cpu()
        network.load_state_dict(weights)
        self.schema_, self.channels_ = table.schema, channels
        self.scaling_, self.network_ = scaling, network.eval()
        self.usual_ = np.ones(len(channels))
        errors = self.errors(series)
        self.usual_ = np.maximum(np.nanmean(errors, axis=0), np.finfo(np.float32).tiny)
        self.codes_ = CodeDistribution.of(self._codes(values, starts))
        self.interval_, self.levels_ = series.interval, usual_codes(table.frame, table.schema)

    def sample(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> pd.DataFrame:
        """Rows of one series in which nothing is wrong; see `draw_values` for what it is not."""
        wanted, schema = check_condition(condition, self.schema_), self.schema_
        matrix = np.tile(self.levels_, (num_rows, 1))
        names = [column.name for column in schema.learned]
        if wanted is not None:
            matrix[:, names.index(schema.target)] = wanted
        matrix[:, [names.index(name) for name in self.channels_]] = draw_values(
            self.network_,
            self.codes_,
            self.scaling_,
            np.sqrt(self.usual_),
            num_rows,
            window=self.config.window,
            seed=seed,
        )
        rows = decode(matrix, schema, seed=seed)
        return in_columns(rows, schema, self.config.layout, self.interval_)

    def series(self, frame: pd.DataFrame) -> Series:
        """The rows as series, as it learned them; UserError where a column is missing."""
        return read_series(frame, self.channels_, self.config.layout)

    def errors(self, series: Series) -> Values:
        """How odd each step of each channel is, shape (rows, channels), in the order of the series.

        It is the squared error of the step, the mean over all windows that have it, in units of
        what is usual; NaN for steps that no window has.
        """
        values, window = self.scaling_.squashed(series.values), self.config.window
        means = StepMeans(len(values), len(series.channels), window)
        all_starts = window_starts(series.stretches, window, self.config.stride)
        for starts, windows in window_batches(values, all_starts, window):
            means.add(starts, np.square(self._made_again(windows) - windows))
        return means.means() / self.usual_

    def score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """How typical each step is, shape (rows,): minus the sum over channels of its errors.

        A row depends on those about it. NaN where a row is in no window: its stretch is shorter
        than one, or it lacks a value.
        """
        series = self.series(frame)
        return series.in_table_order(-self.errors(series).sum(axis=1))

    def explain(self, frame: pd.DataFrame) -> pd.DataFrame:
        """How odd each channel of each row is, a column a channel, in the units of `errors`."""
        series = self.series(frame)
        found = series.in_table_order(self.errors(series))
        return pd.DataFrame(found, columns=list(self.channels_), index=frame.index)

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, weights and scales as safetensors."""
        arrays = weights_of(self.network_, "network")
        arrays |= {
            "centre": self.scaling_.centre,
            "spread": self.scaling_.spread,
            "usual": self.usual_,
            "code_mean": self.codes_.mean,
            "code_root": self.codes_.root,
            "levels": self.levels_,
        }
        settings = self.config.model_dump(mode="json")
        state = {"channels": list(self.channels_), "interval": self.interval_}
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(SeriesAutoencoderConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        model.channels_ = tuple(artifact.state["channels"])
        model.scaling_ = Scaling(artifact.arrays["centre"], artifact.arrays["spread"])
        model.usual_, model.levels_ = artifact.arrays["usual"], artifact.arrays["levels"]
        model.codes_ = CodeDistribution(artifact.arrays["code_mean"], artifact.arrays["code_root"])
        model.interval_ = artifact.state["interval"]
        network = build_network(model.config, len(model.channels_)).eval().requires_grad_(False)
        put_weights(network, artifact.arrays, "network")
        model.network_ = network
        return model

    @torch.no_grad()
    def _made_again(self, windows: Values) -> Values:
        made: Values = self.network_(torch.from_numpy(windows).float()).double().numpy()
        return made

    @torch.no_grad()
    def _codes(self, values: Values, starts: Positions) -> Values:
        """The codes of training windows, or of some of many, shape (windows, code)."""
        chosen = starts[:: max(1, len(starts) // MOST_CODES)]
        windows = torch.from_numpy(windows_at(values, chosen, self.config.window)).float()
        codes: Values = self.network_.encoder(windows).double().numpy()
        return codes

    def _schedule(self, num_windows: int, budget: Budget) -> Schedule:
        most = self.config.max_epochs * math.ceil(num_windows / self.config.batch_size)
        return Schedule(
            num_steps=min(self.config.steps, most),
            look_every=self.config.look_every,
            patience=self.config.patience,
            seconds=budget.seconds,
            checkpoint_seconds=self.config.checkpoint_seconds,
        )


def _check_windows(num_windows: int, series: Series, window: int) -> None:
    if num_windows < FEWEST_WINDOWS:
        num_whole = int(np.diff(series.stretches, axis=1).sum())
        others, irregular = len(series.values) - num_whole, replace(series.irregular, missing=0)
        found = f" ({irregular})" if str(irregular) else ""
        beside = f", beside {others} held out or without a value," if others else ""
        raise UserError(
            f"{num_whole} rows in {len(series.stretches)} stretches{found}{beside} have "
            f"{num_windows} windows of {window} steps to learn from; at least {FEWEST_WINDOWS} are "
            "needed: a smaller window, or more rows without gaps"
        )


def _check_roles(
    schema: Schema, channels: tuple[str, ...], config: SeriesAutoencoderConfig
) -> None:
    """Raise UserError for a column that is learned and has no part in series."""
    known = {*channels, config.layout.time, config.layout.group, schema.target}
    others = [column.name for column in schema.learned if column.name not in known]
    if others:
        raise UserError(
            f"column {others[0]!r} ({schema.kind_of(others[0])}) is no number, and neither the "
            f"time, the group nor the target of the series: drop it (prepare.drop: [{others[0]}])"
        )
