"""How odd images are to models that can say so, whatever they are made of."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from components.config import ClassicConfig, CriticScore, EncoderScore, SearchScore
from components.data.images.sets import ImageSet
from components.models.artifact import load_image_artifact, save_artifact
from components.models.catalog import load_image_model
from components.models.contract import ImageExplainer, ImageModel, ImageScorer
from tests.models.test_image_contract import small_model
from tests.pictured import digits

SCORES = {
    "critic": CriticScore(),
    "search": SearchScore(steps=2),
    "encoder": EncoderScore(steps=4),
    "encoder, by residuals": EncoderScore(steps=4, by="residuals"),
}
VAES = {"image_vae": "density", "image_vae, by its bound": "bound"}
KINDS = [*VAES, *SCORES]


@cache
def fitted(kind: str) -> ImageModel:
    """A small model of labelled digits."""
    if kind in VAES:
        model = small_model("image_vae", score=VAES[kind])
    else:  # one search for each class takes long
        told = {"name": "none" if kind == "search" else "projection"}
        model = small_model("anomaly_gan", score=SCORES[kind], conditioning=told)
    model.fit(digits(), seed=0)
    return model


def some(count: int, first: int = 0) -> ImageSet:
    """Digits without their labels: what they are is not known to who scores them."""
    return digits().take(np.arange(first, first + count))


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_has_one_score_whatever_lies_beside_it(kind):
    model = fitted(kind)
    assert isinstance(model, ImageScorer)
    scores = model.score_images(some(40))
    assert scores.shape == (40,) and scores.dtype == np.float64 and np.isfinite(scores).all()
    assert np.array_equal(scores[7:11], model.score_images(some(4, first=7)))
    assert len(np.unique(scores)) > 30
    assert model.score_images(some(0)).shape == (0,)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_say_nothing_and_saved_models_score_alike(kind, tmp_path):
    model, images = fitted(kind), some(20)
    shuffled = ImageSet(images.images, images.labels[::-1].copy(), images.classes, "")
    assert np.array_equal(model.score_images(images), model.score_images(shuffled))
    model.save(tmp_path)
    assert np.array_equal(
        load_image_model(tmp_path).score_images(images), model.score_images(images)
    )


@pytest.mark.parametrize("kind", ["image_vae", "search", "encoder"])
def test_what_makes_images_again_says_which_pixels_are_odd(kind):
    model, images = fitted(kind), some(12)
    assert isinstance(model, ImageExplainer)
    told = model.explain_images(images)
    assert told.shape == (12, 8, 8) and (told >= 0).all()
    spoiled = images.images.copy()
    spoiled[:, 1, 2] = 255 - spoiled[:, 1, 2]
    after = model.explain_images(ImageSet(spoiled, images.labels, images.classes, ""))
    moved = np.abs(after - told).mean(axis=0)
    assert moved.argmax() == 1 * 8 + 2


def test_a_critic_alone_cannot():
    model = fitted("critic")
    assert not isinstance(model, ImageExplainer)


def test_noise_is_odder_than_digits_to_an_autoencoder_that_learned():
    model = small_model("image_vae", steps=250, width=8, look_every=250, conditioning="none")
    model.fit(digits(), seed=0)
    noise = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)
    assert (
        model.score_images(ImageSet(noise, None, (), "")).max() < model.score_images(some(30)).min()
    )


def test_by_density_other_digits_are_odder_than_most_eights():
    shown = digits(2000)
    eights = shown.take(np.flatnonzero(shown.labels == 8))
    others = shown.take(np.flatnonzero(shown.labels != 8)[::5])
    model = small_model(
        "image_vae",
        steps=400,
        width=8,
        latent_size=16,
        look_every=400,
        conditioning="none",
        vary={"shift": 0.05},
        score="density",
    )
    model.fit(eights.take(np.arange(100)), seed=0)
    normal = model.score_images(eights.take(np.arange(100, len(eights))))
    odd = model.score_images(others)
    assert (odd[:, None] < normal[None, :]).mean() > 0.9


@pytest.mark.parametrize("kind", ["image_vae", "encoder"])
def test_images_are_varied_where_it_says_how_and_that_changes_something(kind):
    def scores(vary: ClassicConfig | None) -> NDArray[np.float64]:
        if kind == "image_vae":
            model = small_model("image_vae", vary=vary)
        else:
            model = small_model("anomaly_gan", score=EncoderScore(steps=4, vary=vary))
        model.fit(digits(), seed=0)
        return model.score_images(some(20))

    still = scores(None)
    assert np.array_equal(scores(ClassicConfig(shift=0, degrees=0, scale=0)), still)
    assert not np.array_equal(scores(ClassicConfig()), still)


@pytest.mark.parametrize(
    ("kind", "once"),
    [("image_vae", "image_vae, by its bound"), ("encoder", "encoder, by residuals")],
)
def test_what_was_saved_before_there_was_a_density_scores_as_it_did(kind, once, tmp_path):
    model = fitted(once)
    model.save(tmp_path)
    saved = load_image_artifact(tmp_path)
    settings = dict(saved.settings)
    if kind == "image_vae":
        del settings["score"]
    else:
        settings["score"] = {name: each for name, each in settings["score"].items() if name != "by"}
    save_artifact(replace(saved, settings=settings), tmp_path)
    again = load_image_model(tmp_path)
    assert np.array_equal(again.score_images(some(20)), model.score_images(some(20)))


def test_a_longer_search_finds_points_that_are_no_worse():
    model = fitted("search")
    before = model.score_images(some(20))
    model.config = model.config.model_copy(update={"score": SearchScore(steps=15)})
    after = model.score_images(some(20))
    model.config = model.config.model_copy(update={"score": SCORES["search"]})
    assert after.mean() > before.mean() and not torch.is_inference_mode_enabled()
