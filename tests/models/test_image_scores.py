"""How odd images are to models that can say so, whatever they are made of."""

from functools import cache

import numpy as np
import pytest
import torch

from components.config import CriticScore, EncoderScore, SearchScore
from components.data.images import ImageSet
from components.models.catalog import load_image_model
from components.models.contract import ImageEncoder, ImageExplainer, ImageModel, ImageScorer
from tests.models.test_image_contract import small_model
from tests.pictured import digits

SCORES = {
    "critic": CriticScore(),
    "search": SearchScore(steps=2),
    "encoder": EncoderScore(steps=4),
}
KINDS = ["image_vae", *SCORES]


@cache
def fitted(kind: str) -> ImageModel:
    """A small model of labelled digits."""
    if kind == "image_vae":
        model = small_model("image_vae")
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
def test_what_makes_images_again_says_which_pixels_are_odd_and_where_they_come_from(kind):
    model, images = fitted(kind), some(12)
    assert isinstance(model, ImageExplainer) and isinstance(model, ImageEncoder)
    told, points = model.explain_images(images), model.encode_images(images)
    assert told.shape == (12, 8, 8) and (told >= 0).all()
    assert points.shape == (12, 4 if kind == "image_vae" else 8)
    spoiled = images.images.copy()
    spoiled[:, 1, 2] = 255 - spoiled[:, 1, 2]
    after = model.explain_images(ImageSet(spoiled, images.labels, images.classes, ""))
    moved = np.abs(after - told).mean(axis=0)
    assert moved.argmax() == 1 * 8 + 2


def test_a_critic_alone_can_do_neither():
    model = fitted("critic")
    assert not isinstance(model, ImageExplainer) and not isinstance(model, ImageEncoder)


def test_noise_is_odder_than_digits_to_an_autoencoder_that_learned():
    model = small_model("image_vae", steps=250, width=8, look_every=250, conditioning="none")
    model.fit(digits(), seed=0)
    noise = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)
    assert (
        model.score_images(ImageSet(noise, None, (), "")).max() < model.score_images(some(30)).min()
    )


def test_a_longer_search_finds_points_that_are_no_worse():
    model = fitted("search")
    before = model.score_images(some(20))
    model.config = model.config.model_copy(update={"score": SearchScore(steps=15)})
    after = model.score_images(some(20))
    model.config = model.config.model_copy(update={"score": SCORES["search"]})
    assert after.mean() > before.mean() and not torch.is_inference_mode_enabled()
