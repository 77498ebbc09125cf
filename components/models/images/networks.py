"""The networks that settings of an image GAN ask for."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from components.config import (
    AuxiliaryConditioning,
    Conditioning,
    DcganNetworks,
    ImageGanConfig,
    MlpNetworks,
    Norm,
    PlainConditioning,
    ProgressiveNetworks,
    ResidualNetworks,
    Scale,
    WordConditioning,
)
from components.data.images.captions import vocabulary, word_codes
from components.data.images.schema import ImageSchema
from components.networks.images.blocks import Hold, MakeNorm
from components.networks.images.canvas import Canvas
from components.networks.images.dcgan import DcganDiscriminatorBody, DcganGeneratorBody
from components.networks.images.encoder import ImageEncoder
from components.networks.images.gan import ImageDiscriminator, ImageGenerator, planes_of, words_loss
from components.networks.images.growth import Growing
from components.networks.images.mlp import MlpDiscriminatorBody, MlpGeneratorBody
from components.networks.images.progressive import (
    ProgressiveDiscriminatorBody,
    ProgressiveGeneratorBody,
)
from components.networks.images.residual import ResidualDiscriminatorBody, ResidualGeneratorBody
from components.networks.layers import (
    ConditionalBatchNorm,
    PixelNorm,
    Unconditional,
    equalised,
    free,
    spectral,
)
from components.training.adversarial import Players

DiscriminatorBody = (
    MlpDiscriminatorBody
    | DcganDiscriminatorBody
    | ResidualDiscriminatorBody
    | ProgressiveDiscriminatorBody
)

HOLDS: dict[Scale, Callable[[Any], Any]] = {
    Scale.FREE: free,
    Scale.SPECTRAL: spectral,
    Scale.EQUALISED: equalised,
}


def build_players(config: ImageGanConfig, schema: ImageSchema, seed: int) -> Players:
    """Untrained networks for such images; the first weights are drawn on the CPU, by the seed."""
    classes = num_classes(schema)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = build_generator(config, schema)
        discriminator = build_discriminator(
            config, canvas_of(schema), schema.channels, classes, told_words(config, schema)
        )
    for network in (generator, discriminator):  # a sixth to a third faster on a CPU
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    players = Players(generator, discriminator, config.noise_size)
    if isinstance(config.conditioning, WordConditioning):
        weight = config.conditioning.weight
        finds = partial(words_loss, discriminator)
        return replace(players, auxiliary_weight=weight, learns_from_made=False, class_loss=finds)
    return finding_classes(players, config.conditioning)


def finding_classes(players: Players, asked: Conditioning) -> Players:
    """The networks, whose second head learns to find the class where it is asked for."""
    if not isinstance(asked, AuxiliaryConditioning):
        return players
    return replace(players, auxiliary_weight=asked.weight, learns_from_made=asked.learns_from_made)


def empty_generator(config: ImageGanConfig, schema: ImageSchema) -> ImageGenerator:
    """A generator that is yet to be given weights, in eval mode."""
    with torch.random.fork_rng(devices=[]):
        return build_generator(config, schema).eval()


def build_generator(config: ImageGanConfig, schema: ImageSchema) -> ImageGenerator:
    """An untrained generator."""
    canvas, classes = canvas_of(schema), num_classes(schema)
    hold = generator_hold(config.networks.scale)
    words = told_words(config, schema)
    told = classes if words is None else words.shape[1]
    inputs = config.noise_size + (told if classes > 1 else 0)
    body = _generator_body(config, inputs, schema.channels, canvas, hold, told)
    return ImageGenerator(body, classes, canvas, words)


def told_words(config: ImageGanConfig, schema: ImageSchema) -> Tensor | None:
    """1 where a class has a word in its caption (classes, words); None where none are told."""
    if not isinstance(config.conditioning, WordConditioning) or num_classes(schema) == 1:
        return None
    return torch.from_numpy(word_codes(schema.classes, vocabulary(schema.classes)))


def generator_hold(scale: Scale) -> Hold:
    """How a generator's weights are held: spectral norm is for the discriminator alone."""
    return free if scale is Scale.SPECTRAL else HOLDS[scale]


def canvas_of(schema: ImageSchema) -> Canvas:
    """The canvas of such images."""
    return Canvas(schema.height, schema.width)


def num_classes(schema: ImageSchema) -> int:
    """How many classes networks are told of; one where images have no labels."""
    return max(1, len(schema.classes))


def build_discriminator(
    config: ImageGanConfig,
    canvas: Canvas,
    channels: int,
    classes: int,
    words: Tensor | None = None,
) -> ImageDiscriminator:
    """An untrained discriminator of images with so many channels."""
    hold, asked = HOLDS[config.networks.scale], config.conditioning
    told = asked.name
    planes = planes_of(channels, classes, told)
    body = discriminator_body(config, planes, canvas, hold)
    return ImageDiscriminator(
        body,
        body.num_features,
        classes,
        canvas,
        told=told,
        hold=hold,
        minibatch_deviation=config.networks.minibatch_deviation,
        words=words,
        finds=not isinstance(asked, PlainConditioning) and asked.weight > 0,
    )


def empty_discriminator(config: ImageGanConfig, schema: ImageSchema) -> ImageDiscriminator:
    """A discriminator that is yet to be given weights, in eval mode."""
    with torch.random.fork_rng(devices=[]):
        found = build_discriminator(config, canvas_of(schema), schema.channels, num_classes(schema))
        found.grow(1.0)
        return found.eval().requires_grad_(False)


def build_encoder(config: ImageGanConfig, schema: ImageSchema) -> ImageEncoder:
    """An untrained network that takes images to noise, as large as the discriminator."""
    canvas, classes = canvas_of(schema), num_classes(schema)
    with torch.random.fork_rng(devices=[]):
        body = discriminator_body(config, schema.channels, canvas, free)
        if isinstance(body, Growing):
            body.grow(1.0)
        return ImageEncoder(body, body.num_features, config.noise_size, classes, canvas)


def _generator_body(
    config: ImageGanConfig, inputs: int, channels: int, canvas: Canvas, hold: Hold, classes: int
) -> nn.Module:
    match config.networks:
        case MlpNetworks(width=width, layers=layers):
            return MlpGeneratorBody(inputs, channels, canvas, width, layers, hold=hold)
        case DcganNetworks(width=width, norm=kind):
            norm = _norm(kind, classes)
            return DcganGeneratorBody(inputs, channels, canvas, width, hold=hold, norm=norm)
        case ResidualNetworks(width=width, norm=kind):
            norm = _norm(kind, classes)
            return ResidualGeneratorBody(inputs, channels, canvas, width, hold=hold, norm=norm)
        case ProgressiveNetworks(width=width, grown_by=grown_by, norm=kind):
            norm = _norm(kind, classes)
            return ProgressiveGeneratorBody(
                inputs, channels, canvas, width, grown_by, hold=hold, norm=norm
            )


def discriminator_body(
    config: ImageGanConfig, planes: int, canvas: Canvas, hold: Hold
) -> DiscriminatorBody:
    """What takes the canvas to features."""
    match config.networks:
        case MlpNetworks(width=width, layers=layers):
            return MlpDiscriminatorBody(planes, canvas, width, layers, hold=hold)
        case DcganNetworks(width=width):
            return DcganDiscriminatorBody(planes, canvas, width, hold=hold)
        case ResidualNetworks(width=width):
            return ResidualDiscriminatorBody(planes, canvas, width, hold=hold)
        case ProgressiveNetworks(width=width, grown_by=grown_by):
            return ProgressiveDiscriminatorBody(planes, canvas, width, grown_by, hold=hold)


def _norm(kind: Norm, classes: int) -> MakeNorm:
    """What makes a generator's norm of so many channels."""
    if kind is Norm.CONDITIONAL_BATCH and classes > 1:
        return partial(ConditionalBatchNorm, classes=classes)
    if kind in (Norm.BATCH, Norm.CONDITIONAL_BATCH):
        return lambda channels: Unconditional(nn.BatchNorm2d(channels))
    if kind is Norm.PIXEL:
        return lambda channels: Unconditional(PixelNorm())
    return lambda channels: Unconditional(nn.Identity())
