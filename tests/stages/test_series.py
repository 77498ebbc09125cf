"""Series through the four stages, and settings that would tear them apart."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import (
    ANOMALY_GATES,
    CopulaConfig,
    Params,
    Purpose,
    SeriesAutoencoderConfig,
    SeriesLayout,
    TrainConfig,
)
from components.config.params import parse_params
from components.data.ecg import draw_ecg
from components.data.inference import describe, infer_kinds
from components.data.series import read_series
from components.data.table import Table
from components.errors import UserError
from components.evaluation.evidence import Evidence
from components.models.calibration import Calibration
from components.models.catalog import load_series_model, make_model
from components.recipes.anomaly_ecg import RECIPE
from components.recipes.recipe import Preset
from components.stages import evaluate, prepare, synthesize, train
from components.stages.anomaly import compare_detectors
from components.stages.paths import StagePaths
from components.stages.series import fit_series, parted_series


def small(data: Path) -> Params:
    params = RECIPE.presets[Preset.SMOKE].model_dump(mode="json")
    params["prepare"]["data"] = str(data)
    params["train"]["model"] |= {"steps": 40, "stride": 8, "batch_size": 32}
    return Params.model_validate(params)


def test_series_pass_all_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINTMARK_HOME", str(tmp_path / "home"))
    draw_ecg(150, clean_seconds=75, seed=0).frame().to_csv(tmp_path / "ecg.csv", index=False)
    params, paths = small(tmp_path / "ecg.csv"), StagePaths(tmp_path)
    for stage in (prepare, train, synthesize, evaluate):
        stage.run(params, paths)
    assert set(pd.read_parquet(paths.train)["fault"]) == {"normal"}
    rows = pd.read_parquet(paths.synthetic)
    assert len(rows) == len(pd.read_parquet(paths.train))
    assert Calibration.load(paths.calibration).num_rows == int(0.3 * 7_500 / 64)
    evidence = Evidence.load(paths.evidence)
    assert evidence.verdict.purpose is Purpose.ANOMALY
    assert len(evidence.verdict.gates) == 3
    assert set(json.loads(paths.metrics.read_text())) >= {"event_auroc", "event_recall"}
    assert np.isfinite(evidence.measurement("event_auroc").value)
    assert any("missing_beat" in note for note in evidence.notes)
    same = compare_detectors(load_series_model(paths.model), params, paths)
    assert same.passed and same.loss == same.most == 0.0
    rows = compare_detectors(make_model(CopulaConfig()), params, paths)
    assert "knows no series" in rows.reason


def steady(num_rows: int, lacking: slice) -> Table:
    """Rows of one wave a second, some of which lack a value."""
    steps = np.arange(float(num_rows))
    kinds = np.where(steps < 20, "odd", "normal")  # one class alone is refused
    frame = pd.DataFrame({"time": steps, "load": np.sin(steps / 3), "fault": kinds})
    schema = describe(frame, infer_kinds(frame, "fault", {}), "fault")
    frame.loc[frame.index[lacking], "load"] = np.nan
    return Table(frame.assign(fault="normal"), schema)


def fit_steady(rows: Table, folder: Path, share: float) -> None:
    """Fit a model of windows of 16 steps on these rows, and its scale on so large a share."""
    paths = StagePaths(folder)
    paths.train.parent.mkdir(parents=True, exist_ok=True)
    rows.frame.to_parquet(paths.train)
    rows.schema.save(paths.schema)
    model = SeriesAutoencoderConfig(layout=SeriesLayout(time="time"), window=16, steps=2)
    config = TrainConfig(model=model, calibration_share=share)
    fit_series(model, config, paths, lambda step, told: None, folder / "checkpoints")


def test_no_window_goes_on_behind_a_missing_or_held_out_row() -> None:
    model = SeriesAutoencoderConfig(layout=SeriesLayout(time="time"), window=16)
    rows = steady(1_400, slice(13, None, 14))
    sides = parted_series(rows, model, TrainConfig(model=model, calibration_share=0.3))
    for side, longest in zip(sides, (9, 4), strict=True):
        series = read_series(side.frame, ["load"], model.layout)
        assert (np.diff(series.stretches, axis=1) == longest).all()
        assert len(series.stretches) == 100 and series.interval == 1.0
    known = [side.frame["load"].notna() for side in sides]
    assert not (known[0] & known[1]).any()
    assert ((known[0] | known[1]) == rows.frame["load"].notna()).all()


@pytest.mark.parametrize(
    ("num_rows", "lacking", "share", "longest"),
    [(1_400, slice(13, None, 14), 0.3, 4), (300, slice(0), 0.05, 15), (300, slice(None), 0.3, 0)],
)
def test_held_out_rows_shorter_than_a_window_are_refused_before_the_fit(
    tmp_path: Path, num_rows: int, lacking: slice, share: float, longest: int
) -> None:
    said = rf"^train.calibration_share = {share} holds out {longest} steps .*window = 16[^\n]*$"
    with pytest.raises(UserError, match=said):
        fit_steady(steady(num_rows, lacking), tmp_path, share)
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize(
    ("section", "change", "said"),
    [
        ("prepare", {"split": {"method": "random"}}, "rows drawn at random leave no series"),
        ("prepare", {"train_rows": 100}, "train_rows draws rows at random"),
        (
            "prepare",
            {"normal": {"values": ["none"], "contamination": 0.1}},
            "contamination draws rows at random",
        ),
        (
            "evaluate",
            {"anomaly_gates": [gate.model_dump() for gate in ANOMALY_GATES]},
            "series are judged by step_auroc",
        ),
    ],
)
def test_settings_that_tear_series_apart_are_refused(section, change, said) -> None:
    raw = RECIPE.presets[Preset.SMOKE].model_dump(mode="json")
    raw[section] |= change
    raw[section] = {key: value for key, value in raw[section].items() if value is not None}
    with pytest.raises(UserError, match=said):
        parse_params(raw, "params.yaml")


def test_a_series_needs_its_time() -> None:
    raw = RECIPE.presets[Preset.SMOKE].model_dump(mode="json")
    raw["train"]["model"]["layout"] = {}
    with pytest.raises(UserError, match=r"needs the column of the time"):
        parse_params(raw, "params.yaml")
