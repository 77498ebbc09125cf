"""The networks that settings of a semi-supervised GAN ask for."""

from typing import Any

import torch
from torch import nn

from components.config import ImageGanConfig, PlainConditioning, SemiSupervisedGanConfig
from components.data.images.schema import ImageSchema
from components.models.images.networks import (
    HOLDS,
    build_generator,
    canvas_of,
    discriminator_body,
)
from components.networks.images.gan import ImageGenerator
from components.networks.images.outlier import OutlierDiscriminator
from components.networks.layers import Noisy
from components.training.adversarial import Players


def build_players(
    config: SemiSupervisedGanConfig, schema: ImageSchema, num_classes: int, seed: int
) -> Players:
    """Untrained networks for such images; the first weights are drawn on the CPU, by the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = build_generator(_untold(config), schema)
    discriminator = build_classifier(config, schema, num_classes, seed)
    for network in (generator, discriminator):  # a sixth to a third faster on a CPU
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Players(generator, discriminator, config.noise_size, config.class_weight)


def build_classifier(
    config: SemiSupervisedGanConfig, schema: ImageSchema, num_classes: int, seed: int
) -> OutlierDiscriminator:
    """An untrained discriminator of so many classes; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        canvas, hold = canvas_of(schema), HOLDS[config.networks.scale]

        def noisy(layer: Any) -> nn.Module:
            return Noisy(hold(layer), config.hidden_noise)

        body = discriminator_body(_untold(config), schema.channels, canvas, noisy)
        first = next(part for part in body.modules() if isinstance(part, Noisy))
        first.deviation = config.image_noise
        head = noisy(nn.Linear(body.num_features, num_classes))
    return OutlierDiscriminator(body, head, canvas)


def empty_generator(config: SemiSupervisedGanConfig, schema: ImageSchema) -> ImageGenerator:
    """A generator that is yet to be given weights, in eval mode."""
    with torch.random.fork_rng(devices=[]):
        return build_generator(_untold(config), schema).eval()


def _untold(config: SemiSupervisedGanConfig) -> ImageGanConfig:
    """The settings of a GAN of images whose networks are built alike and told no class."""
    return ImageGanConfig(
        networks=config.networks,
        noise_size=config.noise_size,
        conditioning=PlainConditioning(name="none"),
    )
