"""Every tabular model by name, imported only when it is asked for."""

import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from components.config import (
    AutoregressiveConfig,
    Constraint,
    CopulaConfig,
    CtganConfig,
    ModelConfig,
    PrivateConfig,
    TableGanConfig,
    TreesConfig,
)
from components.errors import UserError
from components.models.artifact import read_held
from components.models.constrained import Constrained
from components.models.contract import TabularModel


@dataclass(frozen=True)
class Entry:
    """A model as `module:class`, its settings, and what only it needs to sample."""

    path: str
    settings: type[ModelConfig]
    needs: tuple[str, ...] = ()


AUTO = "auto"
"""Asks for whichever model wins a race."""

MODELS = {
    "trees": Entry("components.models.trees:Trees", TreesConfig),
    "copula": Entry("components.models.copula:Copula", CopulaConfig),
    "ctgan": Entry("components.models.ctgan:Ctgan", CtganConfig, needs=("torch",)),
    "table_gan": Entry("components.models.table_gan:TableGan", TableGanConfig, needs=("torch",)),
    "autoregressive": Entry(
        "components.models.autoregressive:Autoregressive", AutoregressiveConfig, needs=("torch",)
    ),
    "private": Entry("components.models.private:Private", PrivateConfig),
}
"""Every model by name. A new one is one file, its settings, and one line here."""

NOT_PRIVATE = (
    "private cannot hold constraints: ranges and combinations would be read off the rows without "
    "noise; leave the constraints out (prepare.constraints), or name another generator"
)


def make_model(config: ModelConfig, constraints: Sequence[Constraint] = ()) -> TabularModel:
    """The model of these settings, yet to be fitted; raises UserError where it is not known.

    It holds `constraints`, those of the schema it is to be fitted on, in every row it makes.
    """
    model = cast(TabularModel, model_class(config.name)(config))
    if not constraints:
        return model
    if isinstance(config, PrivateConfig):
        raise UserError(NOT_PRIVATE)
    return Constrained(model)


def default_config(name: str) -> ModelConfig:
    """The settings a model has unless told otherwise; raises UserError where it is not known."""
    return _entry(name).settings()


def load_model(directory: Path) -> TabularModel:
    """The fitted model saved in `directory`; raises UserError where there is none."""
    path = directory / "model.json"
    if not path.is_file():
        raise UserError(f"no model at {directory}: model.json is missing")
    name = json.loads(path.read_text()).get("model")
    found = model_class(name)
    return cast(TabularModel, (Constrained if read_held(directory) else found).load(directory))


def model_class(name: str) -> type[Any]:
    """The class of the model called `name`; raises UserError where it is not known."""
    module, _, attribute = _entry(name).path.partition(":")
    found: type[Any] = getattr(importlib.import_module(module), attribute)
    return found


def _entry(name: str) -> Entry:
    if name not in MODELS:
        raise UserError(f"no model is called {name!r}; known models: {', '.join(sorted(MODELS))}")
    return MODELS[name]
