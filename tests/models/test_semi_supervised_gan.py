"""A GAN whose discriminator classifies: what the paper says it does, and what labels do."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from components.config import SemiSupervisedGanConfig
from components.data.images.sets import UNKNOWN, ImageSet
from components.errors import UserError
from components.models.images.semi_supervised_gan import SemiSupervisedGan
from components.networks.images.canvas import Canvas
from components.networks.images.outlier import OutlierDiscriminator
from tests.models.test_image_gan import CHANGES as OF_A_GAN
from tests.models.test_image_gan import TINY, WITHOUT_EFFECT_ON_IMAGES
from tests.pictured import digits

CHANGES = {
    **{name: value for name, value in OF_A_GAN.items() if name != "conditioning"},
    "feature_matching": 2.0,
    "image_noise": 0.0,
    "hidden_noise": 0.0,
    "class_weight": 1.0,
    "r1": {"every": 1},
    "generator_rate": 1e-3,
    "discriminator_rate": 1e-3,
}


def some_labelled(count: int = 100, known: int = 40) -> ImageSet:
    """Digits of which the first few alone have labels."""
    seen = digits(count)
    return replace(seen, labels=np.where(np.arange(count) < known, seen.labels, UNKNOWN))


def fit_tiny(images: ImageSet | None = None, **changes) -> SemiSupervisedGan:
    config = SemiSupervisedGanConfig.model_validate({**TINY, "watch": None, **changes})
    model = SemiSupervisedGan(config)
    model.fit(some_labelled() if images is None else images, seed=0)
    return model


def weights(model: SemiSupervisedGan) -> torch.Tensor:
    """All weights of both networks in one line."""
    parts = (model.generator_, model.classifier_.network)
    values = [value.float().flatten() for part in parts for value in part.state_dict().values()]
    return torch.cat(values)


def test_an_image_is_real_by_the_share_of_the_classes_beside_an_outlier_of_logit_0():
    head = torch.nn.Linear(4, 3)
    net = OutlierDiscriminator(torch.nn.Flatten(), head, Canvas(2, 2))
    images = torch.randn(5, 1, 2, 2)
    opinion = net(images, torch.zeros(5, dtype=torch.int64))
    with_outlier = torch.cat([net.logits(images), torch.zeros(5, 1)], dim=1)
    real = torch.softmax(with_outlier, dim=1)[:, :3].sum(dim=1)
    assert torch.allclose(torch.sigmoid(opinion.values), real, atol=1e-6)
    assert opinion.logits is None and opinion.features.shape == (5, 4)


def test_no_setting_was_forgotten():
    assert set(CHANGES) | WITHOUT_EFFECT_ON_IMAGES == set(SemiSupervisedGanConfig.model_fields)


@pytest.mark.parametrize("name", CHANGES)
def test_every_setting_takes_effect(name: str):
    base, changed = weights(fit_tiny()), weights(fit_tiny(**{name: CHANGES[name]}))
    assert base.shape != changed.shape or not torch.equal(base, changed)


def test_unlabelled_images_and_labels_both_teach():
    seen = some_labelled()
    base = fit_tiny(seen)
    known = seen.take(np.arange(40))
    assert not torch.equal(weights(base), weights(fit_tiny(known)))
    turned = replace(seen, labels=np.where(seen.is_known, 9 - seen.labels, UNKNOWN))
    assert not torch.equal(weights(base), weights(fit_tiny(turned)))


def test_the_classes_are_those_of_labelled_images_and_learned_of_them_alone():
    seen = some_labelled(300, 300)
    odd = replace(seen, labels=np.where(seen.labels % 2 == 1, seen.labels, UNKNOWN))
    model = fit_tiny(odd, steps=60, batch_size=50, hidden_noise=0.2)
    assert model.classes_ == tuple("13579")
    alone = model.without_unlabelled(odd, seed=0)
    assert alone.classes_ == model.classes_
    rows = odd.is_known
    names = np.array(odd.classes)[odd.labels[rows]]
    for classifier in (model, alone):
        called = np.array(classifier.classes_)[classifier.classify(odd.images[rows]).argmax(axis=1)]
        assert (called == names).mean() > 0.8


def test_what_cannot_take_effect_or_be_learned_is_refused():
    with pytest.raises(ValidationError, match="nothing taught the generator"):
        SemiSupervisedGanConfig(feature_matching=0)
    with pytest.raises(ValidationError, match="devices = 2: labelled images"):
        SemiSupervisedGanConfig(devices=2)
    with pytest.raises(ValidationError, match="minibatch_deviation has no place"):
        SemiSupervisedGanConfig.model_validate(
            {"networks": {"name": "dcgan", "minibatch_deviation": True}}
        )
    one = replace(digits(60), labels=np.where(digits(60).labels == 1, 1, UNKNOWN))
    with pytest.raises(
        UserError, match=r"of 2 classes at least; \d of 60 images have labels, of 1"
    ):
        fit_tiny(one)
