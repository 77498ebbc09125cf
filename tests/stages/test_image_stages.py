"""The four stages where the source holds images."""

from pathlib import Path

import numpy as np
import pytest

from components.config import (
    EvaluateConfig,
    ImageGaussianConfig,
    ImagesConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.errors import UserError
from components.evaluation.evidence import Evidence
from components.evaluation.images.panels import load_panels
from components.models.catalog import load_image_model
from components.stages import evaluate, prepare, synthesize, train
from components.stages.images import read_synthetic_images, read_test_images, read_train_images
from components.stages.paths import StagePaths
from components.storage.home import HOME_VARIABLE
from tests.data.test_image_sources import picture

PARAMS = Params(
    name="digits",
    prepare=PrepareConfig(
        data="sklearn:digits",
        target="label",
        images=ImagesConfig(),
        test_share=0.1,
        train_rows=150,
    ),
    train=TrainConfig(model=ImageGaussianConfig()),
    evaluate=EvaluateConfig(purpose=Purpose.SHARING),
)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> StagePaths:
    """A folder in which all stages ran."""
    paths = StagePaths(tmp_path_factory.mktemp("images"))
    (paths.root / "models").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(paths.root / "home"))
        for stage in (prepare, train, synthesize, evaluate):
            stage.run(PARAMS, paths)
    return paths


@pytest.mark.parametrize("is_npz", [False, True])
def test_images_of_one_content_are_told(
    is_npz: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shades, source = (9, 99, 200, 30, 9), tmp_path / "pictures"
    for number, shade in enumerate(shades):
        picture(source / f"{number}.png", shade=shade)
    told = "1 image with the very pixels of another, such as '4.png' of '0.png': of such"
    if is_npz:
        source = tmp_path / "a.npz"
        np.savez(source, images=np.array(shades, np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2))
        told = told.replace("'4.png' of '0.png'", "4 of 0")
    config = PARAMS.prepare.model_copy(update={"data": str(source), "train_rows": None})
    with caplog.at_level("WARNING"):
        prepare.run(PARAMS.model_copy(update={"prepare": config}), StagePaths(tmp_path / "run"))
    assert told in caplog.text


def test_images_are_split_by_class_and_drawn_like_them(ended: StagePaths) -> None:
    training, test, made = (
        read(ended) for read in (read_train_images, read_test_images, read_synthetic_images)
    )
    assert (len(training), len(test)) == (150, 179) and len(made) == 150
    assert training.classes == test.classes == made.classes == tuple("0123456789")


def test_the_verdict_and_what_to_look_at_are_written(ended: StagePaths) -> None:
    verdict = Evidence.load(ended.evidence).verdict
    assert {gate.gate.metric for gate in verdict.gates} >= {"recall", "membership_auc"}
    panels = load_panels(ended.panels)
    assert panels and all(len(panel.strips) for panel in panels)
    walks = {panel.key: panel for panel in panels}["walks"]
    assert [strip.title for strip in walks.strips] == list("01234")
    steps = [np.abs(np.diff(strip.images.astype(float), axis=0)).mean() for strip in walks.strips]
    ends = [
        np.abs(strip.images[0].astype(float) - strip.images[-1]).mean() for strip in walks.strips
    ]
    assert max(steps) < min(ends) / 2  # no step is a jump
    assert load_image_model(ended.model).schema_.classes == tuple("0123456789")


def test_test_images_are_locked(ended: StagePaths, tmp_path: Path) -> None:
    moved = StagePaths(tmp_path)
    moved.test.parent.mkdir(parents=True)
    for path in (ended.schema, ended.split):
        (tmp_path / path.relative_to(ended.root)).write_bytes(path.read_bytes())
    moved.test.write_bytes(ended.train.read_bytes())
    with pytest.raises(AssertionError, match="not what prepare locked"):
        read_test_images(moved)


def test_a_class_of_one_image_is_refused(tmp_path: Path) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        picture(tmp_path / "pets" / name)
    asked = PARAMS.prepare.model_copy(update={"data": str(tmp_path / "pets"), "train_rows": None})
    with pytest.raises(UserError, match="the class 'dog' has 1 image"):
        prepare.run(PARAMS.model_copy(update={"prepare": asked}), StagePaths(tmp_path))


def test_images_ask_for_a_generator_of_images() -> None:
    raw = PARAMS.model_dump(mode="json")
    raw["train"]["model"] = {"name": "trees"}
    with pytest.raises(ValueError, match="trees makes rows, but the source holds images"):
        Params.model_validate(raw)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"name": "image_gan", "conditioning": {"name": "none"}}, "with conditioning = none"),
        ({"name": "image_vae", "conditioning": "none"}, "with conditioning = none"),
        ({"name": "semi_supervised_gan"}, "semi_supervised_gan cannot be asked for one"),
    ],
)
def test_augmentation_asks_for_a_generator_of_classes(model: dict[str, object], said: str) -> None:
    raw = PARAMS.model_dump(mode="json")
    raw["train"]["model"] = model
    Params.model_validate(raw)
    raw["evaluate"]["purpose"] = "augmentation"
    with pytest.raises(ValueError, match=said):
        Params.model_validate(raw)
    raw["train"]["model"] = {"name": "lapgan"}
    Params.model_validate(raw)
