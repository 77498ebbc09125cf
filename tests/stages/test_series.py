"""Series through the four stages, and settings that would tear them apart."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import CopulaConfig, Params, Purpose
from components.config.params import parse_params
from components.data.ecg import draw_ecg
from components.errors import UserError
from components.evaluation.evidence import Evidence
from components.models.calibration import Calibration
from components.models.catalog import load_series_model, make_model
from components.recipes.anomaly_ecg import RECIPE
from components.recipes.recipe import Preset
from components.stages import evaluate, prepare, synthesize, train
from components.stages.anomaly import compare_detectors
from components.stages.paths import StagePaths


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
        ("evaluate", {"anomaly_gates": None}, "series are judged by step_auroc"),
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
