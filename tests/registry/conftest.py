"""A registry of its own for each module."""

from collections.abc import Callable
from pathlib import Path

import pytest

from components.storage.home import Home


@pytest.fixture(scope="session")
def make_home(
    home_in: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Home]:
    """Makes a home folder of this name with an empty registry."""
    return lambda name: home_in(tmp_path_factory.mktemp(name))
