"""What every test starts from: one thread, no registry that another test left behind."""

import os

import pytest

# Tests run side by side, one on a core: threads that wait for one another keep others waiting too.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _no_registry_of_another_test() -> None:
    """MLflow sets its variable itself once it is connected, and our flows take it up."""
    for name in ("MLFLOW_TRACKING_URI", "MINTMARK_REGISTRY_URI"):
        os.environ.pop(name, None)
