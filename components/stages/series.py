"""Fitting a model of series, and judging how it finds odd steps on locked rows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components.config import NORMAL, Params, SeriesAutoencoderConfig, TrainConfig
from components.data.files import count_rows
from components.data.ranges import merged_ranges
from components.data.series import Positions, Series, channels_of, read_series
from components.data.series_windows import latest_rows
from components.data.table import Table
from components.errors import UserError
from components.evaluation.anomaly.evaluate import Origin
from components.evaluation.anomaly.series_case import SeriesCase
from components.evaluation.anomaly.series_challenge import challenge_in_series
from components.evaluation.anomaly.series_detection import (
    detect_in_series,
    judged_stretches,
    scale_of_blocks,
)
from components.evaluation.anomaly.series_evaluate import judge_series_detector
from components.evaluation.evidence import Evidence
from components.evaluation.live.challenge import Challenge, incomparable
from components.models.catalog import load_series_model, make_series_model
from components.models.contract import ImageModel, LogMetrics, TabularModel
from components.stages.paths import StagePaths
from components.stages.tables import read_test, read_train

if TYPE_CHECKING:
    from components.models.series.autoencoder import SeriesAutoencoder


def fit_series(
    model_config: SeriesAutoencoderConfig,
    config: TrainConfig,
    paths: StagePaths,
    log: LogMetrics,
    checkpoint_dir: Path,
) -> None:
    """Fit the model on all but the latest rows of each stretch; save it, and its scale by these."""
    fitted, held_out = parted_series(read_train(paths), model_config, config)
    _check_held_out(held_out, model_config, config)
    model = make_series_model(model_config)
    model.fit(fitted, seed=config.seed, log=log, checkpoint_dir=checkpoint_dir)
    model.save(paths.model)
    scale_of_blocks(model, held_out).save(paths.calibration)


def judge_series(
    params: Params, model_config: SeriesAutoencoderConfig, paths: StagePaths
) -> Evidence:
    """The evidence on the fitted model's scores of the locked test rows."""
    model, train, test = load_series_model(paths.model), read_train(paths), read_test(paths)
    fitted, held_out = parted_series(train, model_config, params.train)
    case = detect_in_series(
        model, fitted=fitted, held_out=held_out, test=test, config=params.evaluate
    )
    origin = Origin(
        num_train=len(train),
        num_synthetic=count_rows(paths.synthetic),
        target=test.schema.target,
        test_sha256=json.loads(paths.split.read_text())["test_sha256"],
    )
    return judge_series_detector(case, origin, _said(case, model, train, test))


def compare_series(champion: TabularModel | ImageModel, paths: StagePaths) -> Challenge:
    """The model of this run against the champion, on the test steps of this run."""
    from components.models.series.autoencoder import SeriesAutoencoder  # takes seconds, with torch

    challenger = load_series_model(paths.model)
    if not isinstance(champion, SeriesAutoencoder) or champion.channels_ != challenger.channels_:
        return incomparable("the champion knows no series of these channels")
    return challenge_in_series(read_test(paths), champion=champion, challenger=challenger)


def parted_series(
    rows: Table, model_config: SeriesAutoencoderConfig, config: TrainConfig
) -> tuple[Table, Table]:
    """The rows to fit on, and the latest of each stretch, for the scale.

    Both tables have all rows, and values in the channels of their own alone: where the others stood
    windows end, however short the hole is that these leave.
    """
    assert config.calibration_share is not None, "series are of the purpose anomaly alone"
    layout = model_config.layout
    series = read_series(rows.frame, channels_of(rows.schema, layout), layout)
    fitted, held_out = latest_rows(series, config.calibration_share)
    return _valued(rows, fitted, series.channels), _valued(rows, held_out, series.channels)


def _valued(rows: Table, kept: Positions, channels: Sequence[str]) -> Table:
    """The table in which only the rows at these positions have values in the channels."""
    is_kept = np.zeros(len(rows), dtype=np.bool_)
    is_kept[kept] = True
    values = {name: rows.frame[name].where(is_kept) for name in channels}
    return Table(rows.frame.assign(**values), rows.schema)


def num_blocks_held_out(
    paths: StagePaths, model_config: SeriesAutoencoderConfig, config: TrainConfig
) -> int:
    """How many blocks, of a window's length, are held out for the scale; UserError for none."""
    _, held_out = parted_series(read_train(paths), model_config, config)
    _check_held_out(held_out, model_config, config)
    steps = np.diff(_read(held_out, model_config).stretches, axis=1)
    return int((steps // model_config.window).sum())


def num_missing(paths: StagePaths, model_config: SeriesAutoencoderConfig) -> int:
    """How many training steps lack a value in some channel, so that no window has them."""
    return _read(read_train(paths), model_config).irregular.missing


def num_events(paths: StagePaths, model_config: SeriesAutoencoderConfig) -> int:
    """How many anomalies the locked test steps hold, in stretches of a window at least."""
    test = read_test(paths)
    series = _read(test, model_config)
    kinds = test.frame[test.schema.target].to_numpy(dtype=object)[series.places]
    judged = judged_stretches(series.stretches, model_config.window)
    return len(merged_ranges(np.asarray(kinds != NORMAL, dtype=np.bool_), judged, closing=1))


def _read(rows: Table, model_config: SeriesAutoencoderConfig) -> Series:
    layout = model_config.layout
    return read_series(rows.frame, channels_of(rows.schema, layout), layout)


def _check_held_out(
    held_out: Table, model_config: SeriesAutoencoderConfig, config: TrainConfig
) -> None:
    """Raise UserError where no window fits into what is held out, so that there is no scale."""
    window = model_config.window
    series = _read(held_out, model_config)
    longest = int(np.diff(series.stretches, axis=1).max(initial=0))
    if longest < window:
        raise UserError(
            f"train.calibration_share = {config.calibration_share:g} holds out {longest} steps in "
            f"a row at most, fewer than train.model.window = {window}, so that there is no scale: "
            "a larger share, a smaller window, or more rows without gaps"
        )


def _said(
    case: SeriesCase, model: "SeriesAutoencoder", train: Table, test: Table
) -> tuple[str, ...]:
    """What the test steps are, what was not judged, and what scores are worth."""
    notes = [
        f"{len(case.events)} anomalies in {int(case.judged.sum()):,} test steps; a step's score is "
        f"final {model.config.window - 1} steps later"
    ]
    left = len(case.kinds) - int(case.judged.sum())
    if left:
        notes.append(
            f"{left:,} test steps are not judged: their stretch is shorter than a window of "
            f"{model.config.window} steps, or they lack a value"
        )
    for rows, side in ((train, "training"), (test, "test")):
        if irregular := str(model.series(rows.frame).irregular):
            notes.append(f"irregular {side} rows: {irregular}")
    return tuple(notes)
