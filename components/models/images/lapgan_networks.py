"""The networks that settings of a Laplacian pyramid of GANs ask for."""

import torch

from components.config import LapganConfig
from components.data.images.schema import ImageSchema
from components.models.images.networks import (
    build_discriminator,
    build_players,
    empty_generator,
    finding_classes,
    generator_hold,
    num_classes,
)
from components.networks.images.canvas import Canvas
from components.networks.images.lapgan import DetailDiscriminator, DetailGenerator, PyramidGenerator
from components.networks.images.laplacian import Sides, packed_classes, pyramid_sides
from components.training.adversarial import Players


def build_level(config: LapganConfig, schema: ImageSchema, number: int, seed: int) -> Players:
    """Untrained networks of a level, 0 the coarsest; the first weights are drawn by the seed."""
    if number == 0:
        return build_players(config.coarse_gan, _coarse_schema(config, schema), seed)
    sides = _sides(config, schema)[number]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = _detail(config, schema, sides)
        inner = build_discriminator(
            config.judges_of_detail, Canvas(*sides), 2 * schema.channels, num_classes(schema)
        )
    discriminator = DetailDiscriminator(inner)
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    players = Players(generator, discriminator, generator.noise_size, class_of=packed_classes)
    return finding_classes(players, config.conditioning)


def empty_pyramid(config: LapganConfig, schema: ImageSchema) -> PyramidGenerator:
    """A generator of all levels that is yet to be given weights, in eval mode."""
    coarse = empty_generator(config.coarse_gan, _coarse_schema(config, schema))
    with torch.random.fork_rng(devices=[]):
        details = [_detail(config, schema, sides) for sides in _sides(config, schema)[1:]]
    return PyramidGenerator(coarse, config.noise_size, details).eval()


def _detail(config: LapganConfig, schema: ImageSchema, sides: Sides) -> DetailGenerator:
    asked = config.details
    hold = generator_hold(config.networks.scale)
    classes = num_classes(schema)
    return DetailGenerator(
        schema.channels,
        sides,
        classes,
        asked.width,
        asked.layers,
        keeps_halves=asked.keeps_halves,
        hold=hold,
    )


def _sides(config: LapganConfig, schema: ImageSchema) -> list[Sides]:
    return pyramid_sides(schema.height, schema.width, config.coarsest)


def _coarse_schema(config: LapganConfig, schema: ImageSchema) -> ImageSchema:
    height, width = _sides(config, schema)[0]
    return schema.model_copy(update={"height": height, "width": width})
