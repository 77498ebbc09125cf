"""What every generator of images promises, checked over all that are registered."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from components.config import classifies_images
from components.data.images.schema import schema_of
from components.data.images.sets import UNKNOWN, ImageSet
from components.errors import UserError
from components.models.catalog import IMAGE_MODELS, load_image_model, make_image_model
from components.models.contract import ImageClassifier, ImageModel
from tests.models.processes import kill_after_checkpoint
from tests.pictured import colour_digits, digits, tall_digits

SMALL: dict[str, dict[str, Any]] = {
    "image_gaussian": {"components": 10},
    "deformations": {"pairs": 50},
    "image_gan": {
        "steps": 12,
        "look_every": 6,
        "batch_size": 16,
        "noise_size": 8,
        "networks": {"name": "dcgan", "width": 4},
    },
    "semi_supervised_gan": {
        "steps": 12,
        "look_every": 6,
        "batch_size": 16,
        "noise_size": 8,
        "networks": {"name": "dcgan", "width": 4},
    },
    "lapgan": {
        "steps": 8,
        "look_every": 6,
        "batch_size": 16,
        "noise_size": 8,
        "networks": {"name": "dcgan", "width": 4},
        "details": {"width": 4, "layers": 1},
    },
    "anomaly_gan": {
        "steps": 6,
        "look_every": 6,
        "batch_size": 16,
        "noise_size": 8,
        "networks": {"name": "dcgan", "width": 4},
        "score": {"name": "encoder", "steps": 6},
    },
    "image_vae": {"steps": 12, "look_every": 6, "batch_size": 16, "width": 4, "latent_size": 4},
}
"""Settings that make each model quick; of one that is not here, the defaults."""

UNTOLD = {name for name, entry in IMAGE_MODELS.items() if classifies_images(entry.settings())}
"""Models that learn labels to classify, and draw images without any."""


def small_model(name: str, **changes: Any) -> ImageModel:
    """An unfitted model with settings that make it quick."""
    settings = IMAGE_MODELS[name].settings.model_validate({**SMALL.get(name, {}), **changes})
    return make_image_model(settings)  # type: ignore[arg-type]


def fit_small(name: str, images: ImageSet, seed: int = 0, **options: Any) -> ImageModel:
    model = small_model(name)
    model.fit(images, seed=seed, **options)
    return model


@cache
def fitted_once(name: str) -> ImageModel:
    return fit_small(name, digits())


@pytest.fixture(params=sorted(IMAGE_MODELS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fitted(name: str) -> Iterator[ImageModel]:
    """A model of labelled digits, shared by the session: do not fit it again."""
    yield fitted_once(name)


def draw(model: ImageModel, count: int, seed: int = 0, **options: Any) -> ImageSet:
    """All images of a draw as one set."""
    parts = list(model.draw_images(count, seed=seed, **options))
    labels = None if parts[0].labels is None else np.concatenate([p.labels for p in parts])
    images = np.concatenate([part.images for part in parts])
    return ImageSet(images, labels, parts[0].classes, "")


def assert_same(first: ImageSet, second: ImageSet) -> None:
    assert np.array_equal(first.images, second.images)
    assert first.classes == second.classes
    if first.labels is not None or second.labels is not None:
        assert np.array_equal(first.labels, second.labels)


def test_images_are_as_many_and_as_large_as_asked_with_the_classes_of_real_ones(fitted):
    drawn = draw(fitted, 300)
    assert drawn.images.shape == (300, 8, 8, 1) and drawn.images.dtype == np.uint8
    assert len(np.unique(drawn.images.reshape(300, -1), axis=0)) > 250
    told = digits(labelled=not isinstance(fitted, ImageClassifier))
    assert isinstance(fitted, ImageModel) and fitted.schema_ == schema_of(told)
    assert drawn.classes == told.classes
    if told.labels is None:
        assert drawn.labels is None
        return
    assert drawn.labels.dtype == np.int64
    shares = np.bincount(drawn.labels, minlength=10) / 300
    assert np.abs(shares - np.bincount(digits().labels) / 300).max() < 0.1


def test_a_class_without_training_images_cannot_be_asked_for(name):
    if name in UNTOLD:
        pytest.skip("cannot be asked for any class")
    seen = digits(120)
    model = fit_small(name, seen.take(np.flatnonzero(seen.labels != 3)))
    with pytest.raises(UserError, match="'3' has no training images; there are: 0, 1, 2, 4"):
        model.draw_images(1, condition={"label": "3"}, seed=0)
    assert draw(model, 2, condition={"label": "4"}).labels.tolist() == [4, 4]


def test_no_images_can_be_drawn_too(fitted):
    assert draw(fitted, 0).images.shape == (0, 8, 8, 1)


def test_the_same_seeds_give_the_same_images_and_leave_global_numbers_alone(name, fitted):
    before = torch.get_rng_state()
    again = fit_small(name, digits())
    assert_same(draw(fitted, 40), draw(again, 40))
    assert torch.equal(before, torch.get_rng_state())
    assert not np.array_equal(draw(fitted, 40).images, draw(fitted, 40, seed=1).images)


def test_what_is_saved_draws_the_same_images(name, fitted, tmp_path):
    fitted.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}
    loaded = load_image_model(tmp_path)
    assert loaded.schema_ == fitted.schema_
    assert_same(draw(loaded, 40), draw(fitted, 40))
    loaded.save(tmp_path / "again")
    for path in tmp_path.glob("*.*"):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_condition_is_met_and_an_impossible_one_refused_at_once(name, fitted):
    if name in UNTOLD:
        with pytest.raises(UserError, match="the images have no labels"):
            fitted.draw_images(1, condition={"label": "7"}, seed=0)
        return
    drawn = draw(fitted, 30, condition={"label": "7"})
    assert drawn.images.shape == (30, 8, 8, 1)
    assert {drawn.classes[code] for code in drawn.labels} == {"7"}
    with pytest.raises(UserError, match="'eleven' is no class"):
        fitted.draw_images(1, condition={"label": "eleven"}, seed=0)
    with pytest.raises(UserError, match="only label can be asked for"):
        fitted.draw_images(1, condition={"colour": "red"}, seed=0)


def test_images_without_labels_are_drawn_without(name):
    if name in UNTOLD:
        with pytest.raises(UserError, match="0 of 60 images have labels"):
            fit_small(name, digits(60, labelled=False))
        return
    model = fit_small(name, digits(60, labelled=False))
    drawn = draw(model, 20)
    assert drawn.labels is None and drawn.classes == () and len(drawn) == 20
    with pytest.raises(UserError, match="the images have no labels"):
        model.draw_images(1, condition={"label": "7"}, seed=0)


@pytest.mark.parametrize("images", [colour_digits(), tall_digits()], ids=["colour", "tall"])
def test_images_may_have_colours_and_any_sides(name, images, tmp_path):
    model = fit_small(name, images)
    drawn = draw(model, 20)
    assert drawn.images.shape == (20, *images.images.shape[1:])
    model.save(tmp_path)
    assert_same(draw(load_image_model(tmp_path), 20), drawn)


def test_one_image_a_class_is_enough(name):
    seen = digits()
    firsts = np.array([np.flatnonzero(seen.labels == code)[0] for code in range(10)])
    condition = None if name in UNTOLD else {"label": "3"}
    assert len(draw(fit_small(name, seen.take(firsts)), 20, condition=condition)) == 20


def test_labels_of_some_images_alone_are_used_or_refused(name):
    some = replace(digits(60), labels=np.where(np.arange(60) < 20, digits(60).labels, UNKNOWN))
    if name in UNTOLD:
        assert fit_small(name, some).classes_ == tuple("0123456789")
        return
    with pytest.raises(UserError, match="40 of 60 images have no label"):
        fit_small(name, some)


@pytest.mark.parametrize("name", sorted(UNTOLD))
def test_a_classifier_calls_each_image_by_itself_and_as_it_was_saved(name, tmp_path):
    model, seen = fitted_once(name), digits().images
    chances, outlying = model.classify(seen), model.outlyingness(seen)
    assert isinstance(model, ImageClassifier) and model.classes_ == digits().classes
    assert chances.shape == (300, 10) and np.allclose(chances.sum(axis=1), 1)
    assert outlying.shape == (300,) and np.isfinite(outlying).all()
    assert np.array_equal(model.classify(seen[7:9]), chances[7:9])
    model.save(tmp_path)
    loaded = load_image_model(tmp_path)
    assert np.array_equal(loaded.classify(seen), chances)
    assert np.array_equal(loaded.outlyingness(seen), outlying)


def test_logged_steps_rise_and_what_is_logged_is_finite(name):
    told: list[tuple[int, dict[str, float]]] = []
    fit_small(name, digits(60), log=lambda step, metrics: told.append((step, dict(metrics))))
    steps = [step for step, _ in told]
    assert steps == sorted(set(steps))
    assert all(np.isfinite(list(metrics.values())).all() for _, metrics in told)


RESUMABLE = sorted(
    name
    for name, entry in IMAGE_MODELS.items()
    if "checkpoint_seconds" in entry.settings.model_fields
)
QUICKLY_RESUMED = ("image_gan",)
"""The quick tests kill a fit of this, and of LAPGAN in `test_lapgan.py`; slow ones of all others.

They share the checkpoints.
"""

KILLED = """
import sys, time
from pathlib import Path
from tests.models.test_image_contract import small_model
from tests.pictured import digits

options = {"checkpoint_seconds": 0}
model = small_model(sys.argv[2], **options)
wait = lambda step, metrics: time.sleep(60)
model.fit(digits(60), seed=0, checkpoint_dir=Path(sys.argv[1]), log=wait)
"""


@pytest.mark.parametrize(
    "resumable",
    [
        pytest.param(name, marks=() if name in QUICKLY_RESUMED else pytest.mark.slow)
        for name in RESUMABLE
    ],
)
def test_a_killed_fit_goes_on_and_ends_with_the_same_weights(resumable, tmp_path, monkeypatch):
    monkeypatch.setitem(SMALL, resumable, {**SMALL.get(resumable, {}), "checkpoint_seconds": 0})
    kill_after_checkpoint(KILLED, tmp_path, 5, resumable)
    resumed = fit_small(resumable, digits(60), checkpoint_dir=tmp_path)
    _assert_equal_weights(resumed, fit_small(resumable, digits(60)), tmp_path)


def _assert_equal_weights(first: ImageModel, second: ImageModel, directory: Path) -> None:
    saved = []
    for number, model in enumerate((first, second)):
        model.save(directory / str(number))
        saved.append((directory / str(number) / "weights.safetensors").read_bytes())
    assert saved[0] == saved[1]
