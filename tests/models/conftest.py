"""Every registered model with small settings, fitted once a session."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from pydantic import TypeAdapter

from components.config import Combination, Constraint, Inequality, Model
from components.data.table import Table
from components.models.catalog import MODELS, make_model
from components.models.contract import TabularModel
from components.models.wrapped.constrained import Constrained
from tests.procedural import mixed_table

SMALL: dict[str, dict[str, Any]] = {
    "trees": {"num_trees": 3},
    "copula": {},
    "forest": {"crowd": 2, "trees": 4, "cuts": 8},
    "autoregressive": {"steps": 80, "batch_size": 64, "hidden_size": 32, "rate": 0.01},
    "tvae": {
        "steps": 40,
        "batch_size": 64,
        "hidden_size": 16,
        "blocks": 1,
        "latent_size": 2,
        "components": 8,
        "rate": 0.02,
    },
    "private": {"epsilon": 1000.0},
    "table_gan": {"steps": 6, "batch_size": 32, "width": 4, "noise_size": 8},
    "class_gaussian": {},
    "expression_gan": {"steps": 30, "batch_size": 32, "hidden_size": 16, "noise_size": 8},
    "resampled": {"generator": {"name": "trees", "crowd": 2}, "candidates": 3, "min_leaf": 10},
    "ctgan": {"steps": 6, "batch_size": 32, "hidden_size": 16, "noise_size": 8},
}


HASTY = 3
"""Steps that a network is trained for where it does not matter what it has learned."""

HELD = "_held"
"""Ends the name of a model that is held to `CONSTRAINTS`."""

CONSTRAINTS: tuple[Constraint, ...] = (
    Inequality(low="visits", high="age"),
    Combination(columns=("city", "consents")),
)
"""Constraints that all rows of `mixed_table()` hold."""

NAMES = sorted([*MODELS, f"trees{HELD}", "resampled"])


def small_model(name: str, *, hasty: bool = False) -> TabularModel:
    """An unfitted model with settings that make it quick, whether or not it learns much.

    A network of a `hasty` one learns next to nothing.
    """
    if name.endswith(HELD):
        return _held(small_model(name.removesuffix(HELD)))
    settings = {"name": name, **SMALL.get(name, {})}
    if hasty and "steps" in settings:
        settings["steps"] = HASTY
    return make_model(TypeAdapter(Model).validate_python(settings))


def _held(generator: TabularModel) -> TabularModel:
    """The generator held to those of `CONSTRAINTS` whose columns a table has."""
    model = Constrained(generator)
    fit = model.fit

    def fit_held(table: Table, **options: Any) -> None:
        names = {column.name for column in table.schema.learned}
        wanted = tuple(c for c in CONSTRAINTS if names.issuperset(c.columns))
        schema = table.schema.model_copy(update={"constraints": wanted})
        fit(Table(table.frame, schema), **options)

    model.fit = fit_held  # type: ignore[method-assign]
    return model


@cache
def fitted_once(name: str) -> TabularModel:
    """The model fitted on `mixed_table()` with seed 0."""
    model = small_model(name)
    model.fit(mixed_table(), seed=0)
    return model


@pytest.fixture(params=NAMES)
def model_name(request: pytest.FixtureRequest) -> str:
    """The name of each registered model in turn."""
    return str(request.param)


@pytest.fixture
def table() -> Table:
    """The table that `fitted` learned from."""
    return mixed_table()


@pytest.fixture
def fitted(model_name: str) -> Iterator[TabularModel]:
    """A fitted model, shared by the session: do not fit it again."""
    yield fitted_once(model_name)
