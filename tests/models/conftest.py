"""Every registered model with small settings, fitted once a session."""

import importlib.util
from collections.abc import Iterator
from functools import cache

import pytest
from pydantic import TypeAdapter

from components.config import Model
from components.data.table import Table
from components.models.catalog import MODELS, make_model
from components.models.contract import TabularModel
from tests.procedural import mixed_table

SMALL = {
    "trees": {},
    "copula": {},
    "autoregressive": {"steps": 80, "batch_size": 64, "hidden_size": 32, "rate": 0.01},
    "private": {"epsilon": 1000.0},
    "table_gan": {"steps": 6, "batch_size": 32, "width": 4, "noise_size": 8},
    "ctgan": {"steps": 6, "batch_size": 32, "hidden_size": 16, "noise_size": 8},
}


def small_model(name: str) -> TabularModel:
    """An unfitted model with settings that make it quick; skips where its module is yet to come."""
    if importlib.util.find_spec(MODELS[name].path.partition(":")[0]) is None:
        pytest.skip(f"{name} is not written yet")
    return make_model(TypeAdapter(Model).validate_python({"name": name, **SMALL.get(name, {})}))


@cache
def fitted_once(name: str) -> TabularModel:
    """The model fitted on `mixed_table()` with seed 0."""
    model = small_model(name)
    model.fit(mixed_table(), seed=0)
    return model


@pytest.fixture(params=sorted(MODELS))
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
