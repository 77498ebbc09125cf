"""A variational autoencoder of images: it makes them, reads them, and says how odd they are.

An image's score is a bound on its log density, up to a constant: how well the generator makes it
again from the point that the encoder gives it, each pixel in units of what is usual there, and how
far that point is from usual ones. Or it is the density of that point, and of how well the image is
made again, among those of the training images.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.config import ImageVaeConfig
from components.data.conditions import Condition
from components.data.images.labelled import wholly_labelled
from components.data.images.schema import ImageSchema, asked_class, schema_of
from components.data.images.sets import ImageSet
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.images.drawing import ImageMaker
from components.models.images.drawn_classes import class_shares
from components.models.images.networks import num_classes
from components.models.images.point_density import PointDensity, as_column
from components.models.images.samples import samples_of
from components.models.images.scoring import in_chunks, likeliest
from components.models.trained import image_checkpoint_store, put_weights, weights_of
from components.networks.images.canvas import Canvas
from components.networks.images.dcgan import DcganDiscriminatorBody, DcganGeneratorBody
from components.networks.images.encoder import ImageEncoder, ImageVaeNetwork
from components.networks.images.gan import ImageGenerator
from components.networks.layers import Unconditional, free
from components.training.adversarial import RealSamples
from components.training.classic import classic_augmentation
from components.training.devices import find_device
from components.training.learner import AveragedLearner
from components.training.lessons import Lessons
from components.training.loop import Schedule, train

NAME = "image_vae"
WARMING_SHARE = 0.1
"""Over this share of the training the weight of the divergence rises to its whole."""
FEWEST_HELD_OUT = 20
_NO_BUDGET = Budget()
_SPLIT, _HELD_OUT_NOISE = 0x5EED, 0x0D


class ImageVae:
    """`ImageModel`, `ImageScorer` and `ImageExplainer`.

    Fitted state: `shares_`, of the classes, `network_`, on the CPU in eval mode, and `density_`
    where images are scored by it.
    """

    schema_: ImageSchema
    shares_: NDArray[np.float64]
    network_: ImageVaeNetwork
    density_: PointDensity | None

    def __init__(self, config: ImageVaeConfig) -> None:
        self.config = config

    def fit(
        self,
        images: ImageSet,
        *,
        seed: int,
        budget: Budget = _NO_BUDGET,
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `images`; see `ImageModel.fit`. Raises NonFiniteLossError on divergence."""
        if self.config.conditioning == "none":
            images = replace(images, labels=None, classes=())
        else:
            images = wholly_labelled(images)
        config, schema = self.config, schema_of(images)
        device = find_device(config.device)
        learned, held_out = _parted(samples_of(images), config, seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build_network(config, schema).to(device)
        learner = AveragedLearner(
            network,
            [{"params": list(network.parameters()), "weight_decay": config.weight_decay}],
            rate=config.rate,
            ema_decay=config.ema_decay,
            random=torch.Generator(device).manual_seed(seed),
        )
        real = RealSamples(learned.samples.to(device), learned.conditions.to(device))
        weights = train(
            Lessons(learner, real, config.batch_size, _losses, classic_augmentation(config.vary)),
            _schedule(config, budget),
            judge=lambda: None if held_out is None else _bound(learner.averaged.module, held_out),
            score_name="held_out_bound",
            log=log,
            store=image_checkpoint_store(checkpoint_dir, config, images, seed),
        )
        self.schema_, self.shares_ = schema, class_shares(images)
        self.network_ = _empty(config, schema)
        self.network_.load_state_dict(weights)
        self.density_ = None
        if config.score == "density":
            self.density_ = PointDensity.of(in_chunks(images, self._points))

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
        wanted = asked_class(condition, self.schema_, self.shares_)
        return self._maker().draw(num_images, wanted, seed)

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        return self._maker().program()

    @torch.no_grad()
    def score_images(self, images: ImageSet) -> NDArray[np.float64]:
        """The bound at the middle of each image's points, or their density; see `ImageScorer`."""
        return -in_chunks(images, self._odd)

    @torch.no_grad()
    def explain_images(self, images: ImageSet) -> NDArray[np.float64]:
        """Half the squared distance of each pixel, in what is usual there; see `ImageExplainer`."""

        def away(some: Tensor) -> Tensor:
            labels = self._classes(some)
            points, _ = self.network_.encoded(some, labels)
            return self.network_.distance(some, points, labels)

        return in_chunks(images, away)

    @torch.no_grad()
    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, weights and shares as safetensors."""
        arrays = weights_of(self.network_, "network") | {"shares": self.shares_}
        if self.density_ is not None:
            arrays |= self.density_.arrays()
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, {}, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_image_artifact(directory)
        settings = {"score": "bound", **artifact.settings}  # all there was once
        model = cls(ImageVaeConfig.model_validate(settings))
        model.schema_, model.shares_ = artifact.schema, artifact.arrays["shares"]
        model.network_ = _empty(model.config, artifact.schema)
        put_weights(model.network_, artifact.arrays, "network")
        is_dense = model.config.score == "density"
        model.density_ = PointDensity.from_arrays(artifact.arrays) if is_dense else None
        return model

    def _maker(self) -> ImageMaker:
        generator, size = self.network_.generator, self.config.latent_size
        return ImageMaker(generator, size, self.shares_, self.schema_.classes)

    def _classes(self, images: Tensor) -> Tensor:
        return likeliest(images, self.shares_, self._minus_bound)

    def _odd(self, images: Tensor) -> Tensor:
        if self.density_ is None:
            return self._minus_bound(images, self._classes(images))
        return self.density_.distance(self._points(images))

    def _minus_bound(self, images: Tensor, labels: Tensor) -> Tensor:
        noise = torch.zeros(len(images), self.config.latent_size)
        surprise, divergence = self.network_.bound(images, labels, noise)
        return surprise + divergence

    @torch.no_grad()
    def _points(self, images: Tensor) -> Tensor:
        """Each image's point, and how well the image is made again from it, (rows, columns)."""
        labels = self._classes(images)
        points, _ = self.network_.encoded(images, labels)
        residuals = (images - self.network_.generator(points, labels)).square().flatten(1)
        return torch.cat([points, as_column(residuals.mean(dim=1))], dim=1)


def build_network(config: ImageVaeConfig, schema: ImageSchema) -> ImageVaeNetwork:
    """An untrained network for such images."""
    canvas, classes = Canvas(schema.height, schema.width), num_classes(schema)
    reads = DcganDiscriminatorBody(schema.channels, canvas, config.width, hold=free)
    makes = DcganGeneratorBody(
        config.latent_size + (classes if classes > 1 else 0),
        schema.channels,
        canvas,
        config.width,
        hold=free,
        norm=lambda channels: Unconditional(nn.Identity()),
    )
    return ImageVaeNetwork(
        ImageEncoder(reads, reads.num_features, 2 * config.latent_size, classes, canvas),
        ImageGenerator(makes, classes, canvas),
        (schema.channels, schema.height, schema.width),
    )


def _empty(config: ImageVaeConfig, schema: ImageSchema) -> ImageVaeNetwork:
    """A network that is yet to be given weights, in eval mode."""
    with torch.random.fork_rng(devices=[]):
        return build_network(config, schema).eval().requires_grad_(False)


def _losses(
    network: ImageVaeNetwork,
    images: Tensor,
    labels: Tensor,
    random: torch.Generator,
    progress: float,
) -> Mapping[str, Tensor]:
    """Both parts of the bound on a batch, the divergence with less weight at first."""
    size = (len(images), network.latent_size)
    noise = torch.randn(size, generator=random, device=images.device)
    surprise, divergence = network.bound(images, labels, noise)
    weight = min(1.0, progress / WARMING_SHARE)
    return {"surprise": surprise.mean(), "divergence": weight * divergence.mean()}


@torch.no_grad()
def _bound(network: ImageVaeNetwork, held_out: RealSamples) -> float:
    """The mean bound of images held out, each with the same noise whenever it is asked for."""
    device = network.log_scale.device
    random = torch.Generator().manual_seed(_HELD_OUT_NOISE)
    noise = torch.randn((len(held_out), network.latent_size), generator=random).to(device)
    samples, labels = (part.to(device) for part in held_out.take(torch.arange(len(held_out))))
    return float(sum(part.mean() for part in network.bound(samples, labels, noise)))


def _parted(
    real: RealSamples, config: ImageVaeConfig, seed: int
) -> tuple[RealSamples, RealSamples | None]:
    """What is learned from and what training is stopped by: nothing where that is too little."""
    count = round(config.holdout_share * len(real))
    if count < FEWEST_HELD_OUT:
        return real, None
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(seed ^ _SPLIT))
    return real.at(order[count:]), real.at(order[:count])


def _schedule(config: ImageVaeConfig, budget: Budget) -> Schedule:
    return Schedule(
        num_steps=config.steps,
        look_every=config.look_every,
        patience=config.patience if config.holdout_share else config.steps,
        seconds=budget.seconds,
        checkpoint_seconds=config.checkpoint_seconds,
    )
