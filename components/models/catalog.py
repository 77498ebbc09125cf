"""Every tabular model by name, imported only when it is asked for."""

import importlib
import json
from pathlib import Path
from typing import Any, cast

from components.config import CopulaConfig, CtganConfig, TreesConfig
from components.errors import UserError
from components.models.contract import TabularModel

MODELS = {
    "trees": "components.models.trees:Trees",
    "copula": "components.models.copula:Copula",
    "ctgan": "components.models.ctgan:Ctgan",
}
"""Name to `module:class`; the class takes the settings of that name."""


def make_model(config: CopulaConfig | TreesConfig | CtganConfig) -> TabularModel:
    """The model of these settings, yet to be fitted; raises UserError where it is not known."""
    return cast(TabularModel, model_class(config.name)(config))


def default_config(name: str) -> CopulaConfig | TreesConfig | CtganConfig:
    """The settings a model has unless told otherwise; raises UserError where it is not known."""
    configs = {config().name: config for config in (CopulaConfig, TreesConfig, CtganConfig)}
    if name not in configs:
        raise UserError(f"no model is called {name!r}; known models: {', '.join(sorted(configs))}")
    return configs[name]()


def load_model(directory: Path) -> TabularModel:
    """The fitted model saved in `directory`; raises UserError where there is none."""
    path = directory / "model.json"
    if not path.is_file():
        raise UserError(f"no model at {directory}: model.json is missing")
    name = json.loads(path.read_text()).get("model")
    return cast(TabularModel, model_class(name).load(directory))


def model_class(name: str) -> type[Any]:
    """The class of the model called `name`; raises UserError where it is not known."""
    if name not in MODELS:
        raise UserError(f"no model is called {name!r}; known models: {', '.join(sorted(MODELS))}")
    module, _, attribute = MODELS[name].partition(":")
    found: type[Any] = getattr(importlib.import_module(module), attribute)
    return found
