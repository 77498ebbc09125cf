"""What every test starts from: one thread, no registry that another test left behind."""

import os
from collections.abc import Iterator

import pytest

# Tests run side by side, one on a core: threads that wait for one another keep others waiting too.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _no_registry_of_another_test() -> Iterator[None]:
    """MLflow sets its variables itself once it is connected, and our flows take them up.

    They go before a test, and after it: the next module's fixtures come before its first test.
    """
    _forget_registries()
    yield
    _forget_registries()


def _forget_registries() -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MINTMARK_REGISTRY_URI"):
        os.environ.pop(name, None)
