"""Anomalies, from a source to the evidence, as the stages are run."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.config import Params, override, parse_params
from components.errors import UserError
from components.evaluation.evidence import Evidence
from components.evaluation.images.panels import load_panels
from components.models.calibration import Calibration
from components.models.catalog import load_any_model
from components.recipes.catalog import recipe_params, recipes_of
from components.recipes.recipe import Family, Preset
from components.stages import evaluate, prepare, synthesize, train
from components.stages.anomaly import compare_detectors
from components.stages.paths import StagePaths


def settings(name: str, *changes: str) -> Params:
    base: dict[str, Any] = recipe_params(name, Preset.SMOKE).model_dump(mode="json")
    for text in changes:
        override(base, text)
    return parse_params(base, "the test")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StagePaths:
    monkeypatch.setenv("MINTMARK_HOME", str(tmp_path / "home"))
    return StagePaths(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "anomaly_table",
        "anomaly_mnist_vae",
        pytest.param("anomaly_mnist_fanogan", marks=pytest.mark.slow),
        pytest.param("anomaly_mnist_critic", marks=pytest.mark.slow),
    ],
)
def test_a_detector_is_prepared_fitted_scaled_and_judged(name, home):
    params = settings(name, "prepare.normal.anomaly_share=0.5")
    for stage in (prepare, train, synthesize, evaluate):
        stage.run(params, home)
    told = json.loads(home.split.read_text())
    scale = Calibration.load(home.calibration)
    assert scale.num_rows == round(0.2 * told["num_train"])
    evidence = Evidence.load(home.evidence)
    found = {measured.name: measured for measured in evidence.measurements}
    assert {each.baseline for each in found["anomaly_auroc"].comparisons} == {
        "pca",
        "isolation_forest",
    }
    assert found["false_alarm_share"].reference == 0.05
    asked = [gate.better_than for gate in params.evaluate.gates]
    assert [gate.gate.baseline for gate in evidence.verdict.gates] == asked and "pca" in asked
    assert evidence.num_test == told["num_test"]
    panels, of_images = load_panels(home.panels), name != "anomaly_table"
    assert [panel.key for panel in panels] == (["odd-images"] if of_images else [])
    unit, other = ("images", "row") if of_images else ("rows", "image")
    assert f"test {unit} are anomalies" in evidence.notes[0]
    said = [*evidence.notes, *(measured.meaning for measured in evidence.measurements)]
    said += [gate.reason for gate in evidence.verdict.gates]
    assert not [text for text in said if other in text]
    same = compare_detectors(load_any_model(home.model), params, home)
    assert same.passed and same.loss == 0


def test_training_rows_are_normal_and_test_rows_say_what_is_wrong(home):
    prepare.run(settings("anomaly_table", "prepare.normal.contamination=0.1"), home)
    train_rows, test_rows = pd.read_parquet(home.train), pd.read_parquet(home.test)
    assert set(train_rows["diagnosis"]) == {"normal"}
    assert set(test_rows["diagnosis"]) == {"normal", "malignant"}


def test_a_model_that_cannot_score_is_refused_before_it_is_fitted(home):
    params = settings("anomaly_mnist_vae", "train.model={name: image_gaussian}")
    prepare.run(params, home)
    with pytest.raises(UserError, match="image_gaussian cannot say how odd"):
        train.run(params, home)
    assert not home.model.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("prepare.normal=null", "prepare.normal says nothing"),
        ("train.calibration_share=null", "holds a share of the training rows out"),
        ("evaluate.purpose=sharing", "prepare.normal is set"),
        ("train.model={name: auto, purpose: anomaly}", "no race finds anomalies"),
        ("evaluate.protocol=thorough", "purposes that train learners"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(change, said):
    with pytest.raises(UserError, match=said):
        settings("anomaly_table", change)


def test_every_recipe_of_the_family_asks_for_more_than_components_find():
    for name, recipe in recipes_of(Family.ANOMALY).items():
        for preset in Preset:
            gates = recipe.presets[preset].evaluate.gates
            asked = {(gate.metric, gate.baseline) for gate in gates}
            assert asked & {("anomaly_auroc", "pca"), ("event_auroc", "pca")}, name
