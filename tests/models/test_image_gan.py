"""What the GAN of images promises beyond the contract: settings that take effect, one game."""

from functools import cache
from typing import Literal

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from components.config import ImageGanConfig
from components.config.image_gan import Networks
from components.data.images.sets import ImageSet
from components.models.contract import Budget
from components.models.images.drawing import CHUNK
from components.models.images.gan import ImageGan
from components.training.loop import NonFiniteLossError
from tests.pictured import colour_digits, digits

TINY = {
    "steps": 6,
    "look_every": 3,
    "batch_size": 16,
    "noise_size": 8,
    "networks": {"name": "dcgan", "width": 4},
    "checkpoint_seconds": 0,
}
CHANGES = {
    "loss": {"name": "hinge"},
    "r1": None,
    "feature_matching": 1.0,
    "deceiving": 0.5,
    "instance_noise": {"start": 0.1},
    "replay": {"slots": 10},
    "augmentation": ["translation"],
    "steps": 5,
    "batch_size": 17,
    "discriminator_steps": 2,
    "generator_rate": 3e-3,
    "discriminator_rate": 3e-3,
    "momentum": 0.0,
    "scaling": 0.9,
    "decay_from": 0.0,
    "ema_decay": 0.05,
    "networks": {"name": "dcgan", "width": 5},
    "conditioning": {"name": "auxiliary"},
    "noise_size": 9,
    "holdout": {"share": 0.2},
}
WITHOUT_EFFECT_ON_IMAGES = {"name", "look_every", "watch", "checkpoint_seconds", "device"}
WITHOUT_EFFECT_ON_IMAGES |= {"devices", "precision", "compile"}

NETWORKS = (
    {"name": "mlp", "width": 16},
    {"name": "mlp", "width": 16, "layers": 1, "scale": "spectral"},
    {"name": "dcgan", "width": 4, "scale": "spectral", "norm": "conditional_batch"},
    {"name": "dcgan", "width": 4, "scale": "equalised", "norm": "pixel"},
    {"name": "residual", "width": 4, "scale": "spectral"},
    {"name": "residual", "width": 4, "norm": "none", "minibatch_deviation": True},
    {"name": "progressive", "width": 4},
)
LOSSES = ("non_saturating", "hinge", "least_squares", "relativistic", "wasserstein")
CONDITIONINGS = ("none", "concatenated", "projection", "auxiliary")


def fit_tiny(images: ImageSet | None = None, seed: int = 0, **changes) -> ImageGan:
    model = ImageGan(ImageGanConfig.model_validate({**TINY, **changes}))
    model.fit(digits(60) if images is None else images, seed=seed)
    return model


def weights(model: ImageGan) -> torch.Tensor:
    """All weights of the generator in one line."""
    return torch.cat([value.float().flatten() for value in model.generator_.state_dict().values()])


@cache
def weights_of_tiny() -> torch.Tensor:
    return weights(fit_tiny())


def losses_of(**changes) -> dict[str, float]:
    """The mean losses of the first look."""
    told: list[dict[str, float]] = []
    model = ImageGan(ImageGanConfig.model_validate({**TINY, **changes}))
    model.fit(digits(60), seed=0, log=lambda step, metrics: told.append(dict(metrics)))
    return told[0]


def test_no_setting_was_forgotten():
    assert set(CHANGES) | WITHOUT_EFFECT_ON_IMAGES == set(ImageGanConfig.model_fields)


@pytest.mark.parametrize("name", CHANGES)
def test_every_setting_takes_effect(name: str):
    base, changed = weights_of_tiny(), weights(fit_tiny(**{name: CHANGES[name]}))
    assert base.shape != changed.shape or not torch.equal(base, changed)


def test_new_networks_need_no_norm():
    """One block file and its settings: nothing asks what convolutional networks alone have."""

    class Others(Networks):
        name: Literal["others"] = "others"

    config = ImageGanConfig().model_copy(update={"networks": Others()})
    assert ImageGanConfig._takes_effect(config) is config


@pytest.mark.parametrize("networks", NETWORKS, ids=str)
@pytest.mark.parametrize("images", [digits(60), colour_digits()], ids=["grey", "colour"])
def test_every_network_is_trained_from_a_seed(networks, images):
    first, second = (fit_tiny(images, networks=networks) for _ in range(2))
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(fit_tiny(images, networks=networks, steps=5)))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_every_loss_goes_with_every_conditioning(loss, conditioning):
    found = losses_of(
        loss={"name": loss}, conditioning={"name": conditioning}, r1={"every": 1}, watch=None
    )
    expected = {"discriminator_loss", "discriminator_accuracy", "generator_loss", "r1_penalty"}
    expected |= {"generator_gradient", "discriminator_gradient"}
    if loss == "wasserstein":
        expected |= {"slope_penalty", "drift"}
    if conditioning == "auxiliary":
        expected |= {"real_class_loss", "generator_class_loss"}
    assert set(found) == expected


def test_made_images_say_what_classes_look_like_where_that_is_asked_for():
    conditioning = {"name": "auxiliary", "learns_from_made": True}
    assert "fake_class_loss" in losses_of(conditioning=conditioning)


def test_a_penalty_paid_every_so_often_weighs_as_much_as_one_paid_always():
    always, seldom = (losses_of(r1={"every": every}, steps=3)["r1_penalty"] for every in (1, 3))
    assert seldom == pytest.approx(always, rel=0.5)


def test_where_nobody_is_told_labels_none_are_made():
    model = fit_tiny(conditioning={"name": "none"})
    assert model.schema_.classes == () and next(model.draw_images(3, seed=0)).labels is None


def test_an_image_does_not_depend_on_those_drawn_with_it():
    model = fit_tiny()
    few = next(model.draw_images(3, seed=5))
    many = list(model.draw_images(CHUNK + 3, seed=5))
    assert [len(part) for part in many] == [CHUNK, 3]
    assert np.array_equal(few.images, many[0].images[:3])
    assert np.array_equal(few.labels, many[0].labels[:3])
    assert not np.array_equal(few.images, many[1].images)


def test_what_is_saved_while_it_grows_draws_the_same(tmp_path):
    """A budget may end training before a network is fully grown."""
    settings = {"networks": {"name": "progressive", "width": 4}, "steps": 100_000}
    model = ImageGan(ImageGanConfig.model_validate({**TINY, **settings}))
    model.fit(digits(60), seed=0, budget=Budget(seconds=0.1))
    assert model.generator_.body.stage < 1
    model.save(tmp_path)
    first, second = (next(each.draw_images(5, seed=0)) for each in (model, ImageGan.load(tmp_path)))
    assert np.array_equal(first.images, second.images)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"augmentation": ["cutout", "cutout"]}, "names one twice"),
        (
            {"conditioning": {"name": "none"}, "networks": {"norm": "conditional_batch"}},
            "needs conditioning",
        ),
        ({"networks": {"name": "mlp", "norm": "pixel"}}, "Extra inputs"),
        ({"loss": {"name": "hinge", "penalty": 1.0}}, "Extra inputs"),
        ({"conditioning": {"name": "projection", "weight": 1.0}}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_take_effect_are_refused(settings, said):
    settings = {**settings}
    if "networks" in settings:
        settings["networks"] = {"name": "dcgan", **settings["networks"]}
    with pytest.raises(ValidationError, match=said):
        ImageGanConfig.model_validate(settings)


@pytest.mark.filterwarnings("ignore:overflow")
def test_divergence_is_an_error():
    with pytest.raises(NonFiniteLossError, match="diverged"):
        fit_tiny(generator_rate=1e30, discriminator_rate=1e30)


def test_it_learns_what_digits_of_a_class_look_like():
    """The mean image of each class is nearer to the real one of its class than to any other."""
    real = digits(600)
    model = fit_tiny(
        real, steps=250, batch_size=32, noise_size=16, networks={"name": "dcgan", "width": 16}
    )
    means, made = [], []
    for code, label in enumerate(real.classes):
        means.append(real.images[real.labels == code].mean(axis=0).ravel())
        drawn = next(model.draw_images(100, condition={"label": label}, seed=0))
        made.append(drawn.images.mean(axis=0).ravel())
    apart = np.linalg.norm(np.array(made)[:, None] - np.array(means)[None], axis=2)
    assert (apart.argmin(axis=1) == np.arange(10)).sum() >= 9
