"""A GAN told the words of captions: any known words can be asked for, seen together or not."""

import doctest
from functools import cache

import numpy as np
import pytest
import torch

from components.config import ImageGanConfig
from components.data.images.captions import vocabulary
from components.data.images.sets import ImageSet
from components.data.images.sprites import CAPTIONS, draw_sprites
from components.errors import UserError
from components.models.catalog import load_image_model
from components.models.images import captions as image_captions
from components.models.images.gan import ImageGan
from components.models.images.networks import build_players
from tests.models.test_export import traced
from tests.models.test_image_contract import assert_same, draw

TINY = {
    "steps": 4,
    "look_every": 4,
    "batch_size": 16,
    "noise_size": 8,
    "networks": {"name": "dcgan", "width": 4},
    "conditioning": {"name": "words"},
}
UNSEEN = "small white cross left"


@cache
def sprites(*, without: str = UNSEEN) -> ImageSet:
    """Two sprites of each caption but one, which stays among the classes."""
    images = draw_sprites(160, seed=1)
    return images.take(np.flatnonzero(images.labels != CAPTIONS.index(without)))


def fit_tiny(images: ImageSet | None = None, **changes) -> ImageGan:
    model = ImageGan(ImageGanConfig.model_validate({**TINY, **changes}))
    model.fit(sprites() if images is None else images, seed=0)
    return model


@cache
def fitted() -> ImageGan:
    return fit_tiny()


def test_examples():
    assert doctest.testmod(image_captions).failed == 0


def test_any_known_words_can_be_asked_for_in_any_order():
    model = fitted()
    for caption in ("large red square left", UNSEEN, "left square red large", "red square"):
        drawn = draw(model, 5, condition={"label": caption})
        assert {drawn.classes[code] for code in drawn.labels} == {caption} and len(drawn) == 5
    known, turned, other = (
        draw(model, 5, condition={"label": caption}).images
        for caption in ("large red square left", "left square red large", "red square")
    )
    assert np.array_equal(known, turned) and not np.array_equal(known, other)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"label": "large purple square left"}, "'purple' is no word of training captions; there"),
        ({"label": " "}, "no word; there are: blue, cross"),
        ({"colour": "red"}, "only label can be asked for"),
    ],
)
def test_what_it_was_never_told_is_refused_at_once_in_one_line(asked, said):
    with pytest.raises(UserError, match=said) as refused:
        fitted().draw_images(1, condition=asked, seed=0)
    assert "\n" not in str(refused.value)


def test_a_word_that_no_training_image_has_cannot_be_asked_for():
    images = draw_sprites(160, seed=1)
    whites = np.array(["white" in caption for caption in CAPTIONS])
    model = fit_tiny(images.take(np.flatnonzero(~whites[images.labels])))
    with pytest.raises(UserError, match="'white' is no word of training captions"):
        model.draw_images(1, condition={"label": "large white square left"}, seed=0)


def test_unseen_captions_are_drawn_unasked_as_often_as_said():
    assert CAPTIONS.index(UNSEEN) not in draw(fitted(), 300).labels
    model = fit_tiny(conditioning={"name": "words", "unseen": 0.5})
    share = (draw(model, 500).labels == CAPTIONS.index(UNSEEN)).mean()
    assert share == pytest.approx(0.5, abs=0.07)
    low, high = model.export_program().classes[CAPTIONS.index(UNSEEN)]
    assert high - low == pytest.approx(0.5)


def test_discriminators_project_onto_the_sum_of_words():
    """What one word adds to the value does not depend on the others."""
    config = ImageGanConfig.model_validate(TINY)
    players = build_players(config, fitted().schema_, 0)
    images = torch.rand(1, 3, 32, 32).expand(4, -1, -1, -1) * 2 - 1
    captions = ("large red disc left", "small red disc left", "large blue ring", "small blue ring")
    captions = tuple(
        f"{c.replace('ring', 'cross')} right".replace("left right", "left") for c in captions
    )
    codes = torch.tensor([CAPTIONS.index(caption) for caption in captions])
    values = players.discriminator(images, codes).values
    assert (values[0] - values[1]).item() == pytest.approx((values[2] - values[3]).item(), abs=1e-5)
    assert values[0] != values[1]


def test_a_second_head_finds_each_word_in_real_images_alone():
    told: list[dict[str, float]] = []
    conditioning = {"name": "words", "weight": 0.5}
    model = ImageGan(ImageGanConfig.model_validate({**TINY, "conditioning": conditioning}))
    model.fit(sprites(), seed=0, log=lambda step, metrics: told.append(dict(metrics)))
    assert {"real_class_loss", "generator_class_loss"} < set(told[0])
    assert "fake_class_loss" not in told[0]
    assert model.discriminator_.head.out_features == len(vocabulary(CAPTIONS))


def test_the_loss_of_words_is_that_of_each():
    config = ImageGanConfig.model_validate({**TINY, "conditioning": {"name": "words", "weight": 1}})
    players = build_players(config, fitted().schema_, 0)
    labels = torch.tensor([CAPTIONS.index("large red disc left"), CAPTIONS.index(UNSEEN)])
    right = 2 * players.discriminator.words[labels] - 1
    assert players.class_loss(20 * right, labels).item() == pytest.approx(0, abs=1e-6)
    one_wrong = 20 * right
    one_wrong[0, 0] *= -1
    assert players.class_loss(one_wrong, labels).item() == pytest.approx(20 / 2, rel=1e-6)


def test_what_is_saved_knows_the_same_words(tmp_path):
    fitted().save(tmp_path)
    loaded = load_image_model(tmp_path)
    for condition in (None, {"label": UNSEEN}, {"label": "red disc"}):
        assert_same(draw(loaded, 5, condition=condition), draw(fitted(), 5, condition=condition))


def test_its_program_draws_captions():
    program, module = traced(fitted())
    draws = torch.rand(6, program.num_uniforms, dtype=torch.float64)
    assert torch.equal(module(draws), program.module(draws))


def test_without_captions_nothing_is_told():
    images = ImageSet(sprites().images[:40], None, (), "")
    assert draw(fit_tiny(images), 3).labels is None
