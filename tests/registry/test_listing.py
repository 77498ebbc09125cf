"""The registry's listing: all of it, however many pages MLflow gives it in."""

from pathlib import Path

import pytest

from components.errors import UserError
from components.registry.listing import _names, pull
from components.registry.tracking import connect
from components.storage.home import Home


def test_models_beyond_the_first_page_are_known(tmp_path: Path) -> None:
    client = connect(Home(tmp_path))
    wanted = [f"m{number:03}" for number in range(120)]
    for name in wanted:
        client.create_registered_model(name)
    assert sorted(_names(client)) == wanted
    with pytest.raises(UserError, match="model 'm119' has no version with the alias 'champion'"):
        pull(client, "m119", "champion")
    with pytest.raises(UserError, match="no model 'other' is registered; there are: m000"):
        pull(client, "other", "champion")
