"""What every test starts from: no registry that a test before it left in the environment."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_registry_of_another_test() -> None:
    """MLflow sets its variable itself once it is connected, and our flows take it up."""
    for name in ("MLFLOW_TRACKING_URI", "MINTMARK_REGISTRY_URI"):
        os.environ.pop(name, None)
