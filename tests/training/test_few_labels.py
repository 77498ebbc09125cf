"""The game of few labels, and the same network taught them alone."""

import pytest
import torch

from components.config import SemiSupervisedGanConfig
from components.data.images.schema import schema_of
from components.models.images.semi_supervised_networks import build_classifier, build_players
from components.training.adversarial import RealSamples
from components.training.few_labels import FewLabelGame, Lessons, teach_alone
from tests.models.test_image_gan import TINY
from tests.pictured import digits

NUM_CLASSES = 10


def config_of(**changes) -> SemiSupervisedGanConfig:
    return SemiSupervisedGanConfig.model_validate({**TINY, "watch": None, **changes})


def samples_of(count: int) -> RealSamples:
    images = digits(count)
    pixels = torch.from_numpy(images.images.copy()).permute(0, 3, 1, 2)
    return RealSamples(pixels, torch.from_numpy(images.labels))


def test_fewer_images_than_a_batch_are_shown_with_noise():
    config = config_of(batch_size=32, instance_noise={})
    real = samples_of(20)
    players = build_players(config, schema_of(digits(20)), NUM_CLASSES, 0)
    game = FewLabelGame(config, players, real, real, 0)
    losses = game.step(0.0)
    assert game.noise_level > 0
    assert torch.isfinite(losses["class_loss"])


def test_labels_alone_are_shown_with_the_noise_of_the_game():
    config = config_of(steps=4, batch_size=256, instance_noise={"start": 0.5, "until": 0.5})
    grey = RealSamples(torch.zeros(2, 1, 8, 8), torch.arange(2))
    network = build_classifier(config, schema_of(digits(40)), NUM_CLASSES, 0)
    logits, seen = network.logits, []
    network.logits = lambda samples: seen.append(float(samples.std())) or logits(samples)
    teach_alone(network, grey, config, 0)
    assert seen == pytest.approx([0.5, 0.25, 0, 0], abs=0.01)


def test_labels_alone_teach_as_often_as_in_the_game(monkeypatch):
    drawn = []
    draw = Lessons.draw
    monkeypatch.setattr(Lessons, "draw", lambda self: drawn.append(1) or draw(self))
    config = config_of(steps=3, discriminator_steps=2)
    schema, labelled = schema_of(digits(40)), samples_of(40)
    game = FewLabelGame(
        config, build_players(config, schema, NUM_CLASSES, 0), labelled, labelled, 0
    )
    for step in range(config.steps):
        game.step(step / config.steps)
    in_the_game = len(drawn)
    teach_alone(build_classifier(config, schema, NUM_CLASSES, 0), labelled, config, 0)
    assert in_the_game == len(drawn) - in_the_game == 6
