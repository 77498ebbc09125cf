"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

from components import evaluation

MODULES = [module.name for module in pkgutil.iter_modules(evaluation.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"components.evaluation.{name}")
    assert doctest.testmod(module).failed == 0
