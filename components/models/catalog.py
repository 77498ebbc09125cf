"""Every model by name, imported only when it is asked for."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from components.config import (
    AnomalyGanConfig,
    AutoregressiveConfig,
    ClassGaussianConfig,
    Constraint,
    CopulaConfig,
    CtganConfig,
    DeformationsConfig,
    ExpressionGanConfig,
    ForestConfig,
    ImageGanConfig,
    ImageGaussianConfig,
    ImageModelConfig,
    ImageVaeConfig,
    LapganConfig,
    ModelConfig,
    PrivateConfig,
    ResampledConfig,
    SemiSupervisedGanConfig,
    SeriesAutoencoderConfig,
    TableGanConfig,
    TreesConfig,
    TvaeConfig,
)
from components.config.yaml_text import shown
from components.data.table import Table
from components.errors import UserError
from components.models.artifact import read_header, read_held, read_judge, reading_model
from components.models.contract import ImageModel, TabularModel
from components.models.wrapped.constrained import Constrained
from components.models.wrapped.resampled import Resampled

if TYPE_CHECKING:
    from components.models.series.autoencoder import SeriesAutoencoder


@dataclass(frozen=True)
class Entry:
    """A model as `module:class`, its settings, and what only it needs to sample."""

    path: str
    settings: type[ModelConfig | ImageModelConfig | SeriesAutoencoderConfig]
    needs: tuple[str, ...] = ()


AUTO = "auto"
"""Asks for whichever model wins a race."""

MODELS = {
    "trees": Entry("components.models.trees.trees:Trees", TreesConfig),
    "copula": Entry("components.models.copula.model:Copula", CopulaConfig),
    "ctgan": Entry("components.models.ctgan.model:Ctgan", CtganConfig, needs=("torch",)),
    "table_gan": Entry(
        "components.models.table_gan.model:TableGan", TableGanConfig, needs=("torch",)
    ),
    "autoregressive": Entry(
        "components.models.codes.autoregressive:Autoregressive",
        AutoregressiveConfig,
        needs=("torch",),
    ),
    "tvae": Entry("components.models.codes.tvae:Tvae", TvaeConfig, needs=("torch",)),
    "forest": Entry("components.models.trees.forest:Forest", ForestConfig),
    "private": Entry("components.models.private.model:Private", PrivateConfig),
    "expression_gan": Entry(
        "components.models.records.expression_gan:ExpressionGan",
        ExpressionGanConfig,
        needs=("torch",),
    ),
    "class_gaussian": Entry(
        "components.models.records.class_gaussian:ClassGaussian",
        ClassGaussianConfig,
        needs=("torch",),
    ),
}
"""Every generator of rows by name. A new one is one file, its settings, and one line here."""

IMAGE_MODELS = {
    "image_gaussian": Entry(
        "components.models.images.gaussian:ImageGaussian", ImageGaussianConfig, needs=("pillow",)
    ),
    "deformations": Entry(
        "components.models.images.deformations:Deformations",
        DeformationsConfig,
        needs=("pillow", "torch"),
    ),
    "image_gan": Entry(
        "components.models.images.gan:ImageGan", ImageGanConfig, needs=("pillow", "torch")
    ),
    "lapgan": Entry(
        "components.models.images.lapgan:Lapgan", LapganConfig, needs=("pillow", "torch")
    ),
    "semi_supervised_gan": Entry(
        "components.models.images.semi_supervised_gan:SemiSupervisedGan",
        SemiSupervisedGanConfig,
        needs=("pillow", "torch"),
    ),
    "anomaly_gan": Entry(
        "components.models.images.anomaly_gan:AnomalyGan",
        AnomalyGanConfig,
        needs=("pillow", "torch"),
    ),
    "image_vae": Entry(
        "components.models.images.vae:ImageVae", ImageVaeConfig, needs=("pillow", "torch")
    ),
}
"""The same for generators of images."""

SERIES_MODELS = {
    "series_autoencoder": Entry(
        "components.models.series.autoencoder:SeriesAutoencoder",
        SeriesAutoencoderConfig,
        needs=("torch",),
    ),
}
"""The same for models of series, which make rows too, but learn from their order."""

IMAGE_DEFAULT, CLASSIFIER_DEFAULT = "image_gan", "semi_supervised_gan"

NOT_PRIVATE = (
    "private cannot hold constraints: ranges and combinations would be read off the rows without "
    "noise; leave the constraints out (prepare.constraints), or name another generator"
)


def make_model(config: ModelConfig, constraints: Sequence[Constraint] = ()) -> TabularModel:
    """The model of these settings, yet to be fitted; raises UserError where it is not known.

    It holds `constraints`, those of the schema it is to be fitted on, in every row it makes.
    """
    plain = config.generator if isinstance(config, ResampledConfig) else config
    model = cast(TabularModel, model_class(plain.name)(plain))
    if isinstance(config, ResampledConfig):
        model = Resampled(config, model)
    if not constraints:
        return model
    if isinstance(config, PrivateConfig):
        raise UserError(NOT_PRIVATE)
    return Constrained(model, getattr(plain, "crowd", 1))


def with_judges(
    config: ResampledConfig, fitted: TabularModel, table: Table, *, seed: int
) -> TabularModel:
    """What `make_model(config)` becomes by a fit on `table`, from its generator as `fitted` there.

    `fitted` stays as it is; its generator is shared.
    """
    if isinstance(fitted, Constrained):
        return fitted.judged(config, table, seed=seed)
    judged = Resampled(config, fitted)
    judged.learn_judges(table, seed=seed)
    return judged


def make_image_model(config: ImageModelConfig) -> ImageModel:
    """The generator of images of these settings, yet to be fitted."""
    return cast(ImageModel, model_class(config.name)(config))


def make_series_model(config: SeriesAutoencoderConfig) -> "SeriesAutoencoder":
    """The model of series of these settings, yet to be fitted."""
    return cast("SeriesAutoencoder", model_class(config.name)(config))


def default_config(name: str) -> ModelConfig:
    """The settings a model of rows has unless told otherwise; UserError where it is not known."""
    return cast(ModelConfig, _entry(name, MODELS).settings())


def load_model(directory: Path) -> TabularModel:
    """The fitted model saved in `directory`; raises UserError where there is none, or of images."""
    header = read_header(directory)
    if header.makes_images:
        raise UserError(f"the model at {directory} ({header.model}) makes images, not rows")
    with reading_model(directory):
        return Constrained.load(directory) if read_held(directory) else load_unheld(directory)


def load_unheld(directory: Path) -> TabularModel:
    """The model saved in `directory` without what holds its rows to constraints."""
    return Resampled.load(directory) if read_judge(directory) else load_unjudged(directory)


def load_unjudged(directory: Path) -> TabularModel:
    """The generator saved in `directory`, without constraints and without a judge of its draws."""
    name = read_header(directory).model
    with _building(name, directory):
        return cast(TabularModel, model_class(name).load(directory))


def load_image_model(directory: Path) -> ImageModel:
    """The generator of images saved in `directory`; raises UserError where there is none."""
    header = read_header(directory)
    if not header.makes_images:
        raise UserError(f"the model at {directory} ({header.model}) makes rows, not images")
    found = model_class(header.model)
    with _building(header.model, directory):
        return cast(ImageModel, found.load(directory))


def load_series_model(directory: Path) -> "SeriesAutoencoder":
    """The model of series saved in `directory`; raises UserError where there is none."""
    header = read_header(directory)
    if header.model not in SERIES_MODELS:
        raise UserError(f"the model at {directory} ({header.model}) is none of series")
    found = model_class(header.model)
    with _building(header.model, directory):
        return cast("SeriesAutoencoder", found.load(directory))


def load_any_model(directory: Path) -> TabularModel | ImageModel:
    """The fitted model saved in `directory`, whatever it makes."""
    makes_images = read_header(directory).makes_images
    return load_image_model(directory) if makes_images else load_model(directory)


@contextmanager
def _building(name: str, directory: Path) -> Iterator[None]:
    """What is wrong with the saved model that is built inside is a UserError, also its size."""
    with ExitStack() as stack:
        stack.enter_context(reading_model(directory))
        if "torch" in needs_of(name):
            from components.models.network_size import no_larger_than

            stack.enter_context(no_larger_than(directory))
        yield


def needs_of(name: str) -> tuple[str, ...]:
    """What only this model needs to sample, beyond what all do."""
    return _entry(name, MODELS | IMAGE_MODELS | SERIES_MODELS).needs


def model_class(name: str) -> type[Any]:
    """The class of the model called `name`; raises UserError where it is not known."""
    module, _, attribute = _entry(name, MODELS | IMAGE_MODELS | SERIES_MODELS).path.partition(":")
    found: type[Any] = getattr(importlib.import_module(module), attribute)
    return found


def _entry(name: str, known: Mapping[str, Entry]) -> Entry:
    if name not in known:
        models = ", ".join(sorted(known))
        raise UserError(f"no model is called {shown(name)}; known models: {models}")
    return known[name]
