"""The stages where few images have labels, and what is judged is a classifier."""

import numpy as np
import pytest

from components.evaluation.evidence import Evidence
from components.evaluation.images.panels import load_panels
from components.recipes.catalog import recipe_params
from components.recipes.recipe import Preset
from components.stages import evaluate, prepare, synthesize, train
from components.stages.images import read_synthetic_images, read_test_images, read_train_images
from components.stages.paths import StagePaths
from components.storage.home import HOME_VARIABLE

PARAMS = recipe_params("semi_supervised_outliers", Preset.SMOKE)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> StagePaths:
    """A folder in which all stages ran."""
    paths = StagePaths(tmp_path_factory.mktemp("few"))
    (paths.root / "models").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(paths.root / "home"))
        for stage in (prepare, train, synthesize, evaluate):
            stage.run(PARAMS, paths)
    return paths


def test_ten_labels_a_class_are_kept_and_none_of_the_outlier(ended: StagePaths) -> None:
    training, test = read_train_images(ended), read_test_images(ended)
    assert training.classes == test.classes == tuple("0123456789")
    known = training.labels[training.is_known]
    assert np.bincount(known, minlength=10).tolist() == [10] * 9 + [0]
    assert not training.is_labelled and test.is_labelled
    assert 150 < len(training) < 200 and (test.labels == 9).sum() == 36
    assert read_synthetic_images(ended).labels is None


def test_the_verdict_is_on_the_classifier_beside_others_of_the_same_labels(
    ended: StagePaths,
) -> None:
    evidence = Evidence.load(ended.evidence)
    found = {each.name: each for each in evidence.measurements}
    assert set(found) == {"few_label_accuracy", "outlier_auroc"}
    beside = {each.baseline for each in found["few_label_accuracy"].comparisons}
    assert beside == {"svc", "label_spreading", "network", "labels_alone"}
    assert found["few_label_accuracy"].value > 0.3  # of 9 classes
    assert len(evidence.verdict.gates) == 5
    assert "90 labels of 179 training images" in evidence.notes[-1]
    assert {"mistakes", "outliers"} <= {panel.key for panel in load_panels(ended.panels)}
