"""Moving the champion: what a kill in the middle of it leaves."""

from collections.abc import Callable

import pytest
from mlflow import MlflowClient

from components.errors import UserError
from components.registry.promotion import (
    PREVIOUS,
    ChampionChanged,
    champion,
    promote,
    rollback,
)
from components.registry.tracking import connect
from components.storage.home import Home


@pytest.fixture
def home(make_home: Callable[[str], Home]) -> Home:
    """A registry in which version 2 of `m` was promoted over version 1."""
    made = make_home("promotion")
    client = connect(made)
    client.create_registered_model("m")
    for _ in range(2):
        client.create_model_version("m", "x:y")
    promote(client, "m", "1", expected=None, reason="first", home=made)
    promote(client, "m", "2", expected="1", reason="better", home=made)
    return made


def test_a_rollback_that_is_killed_midway_has_restored_the_champion(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(home)
    move, moved = MlflowClient.set_registered_model_alias, []

    def killed(self: MlflowClient, name: str, alias: str, version: str) -> None:
        if moved:
            raise KeyboardInterrupt
        moved.append(alias)
        move(self, name, alias, version)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(MlflowClient, "set_registered_model_alias", killed)
        rollback(client, "m", reason="worse", home=home, expected="2")
    assert champion(client, "m") == "1"
    with pytest.raises(ChampionChanged, match="version 2 was to be rolled back"):
        rollback(client, "m", reason="worse", home=home, expected="2")
    with pytest.raises(UserError, match="version 1 of 'm' is the previous champion too"):
        rollback(client, "m", reason="worse", home=home)


def test_a_rollback_swaps_the_two_and_can_be_rolled_back(home: Home) -> None:
    client = connect(home)
    assert rollback(client, "m", reason="worse", home=home) == ("2", "1")
    assert (champion(client, "m"), champion(client, "m", PREVIOUS)) == ("1", "2")
    assert rollback(client, "m", reason="after all", home=home) == ("1", "2")


def test_what_is_not_registered_cannot_be_rolled_back(home: Home) -> None:
    with pytest.raises(UserError, match="no model 'n' is registered; there are: m"):
        rollback(connect(home), "n", reason="worse", home=home)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_without_a_reason_nothing_is_moved(home: Home, reason: str) -> None:
    client = connect(home)
    with pytest.raises(UserError, match="a rollback without a reason: say why"):
        rollback(client, "m", reason=reason, home=home)
    with pytest.raises(UserError, match="a promotion without a reason: say why"):
        promote(client, "m", "1", expected="2", reason=reason, home=home)
    assert champion(client, "m") == "2"
