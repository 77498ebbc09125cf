"""Moving the champion: one at a time, never over a champion that changed, always with a reason."""

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.errors import UserError
from components.registry.audit import Act, record
from components.storage.home import Home

CHAMPION = "champion"
PREVIOUS = "previous_champion"


class ChampionChanged(Exception):
    """Raised where the champion is no longer the one that the candidate was compared with."""


def champion(client: MlflowClient, model: str, alias: str = CHAMPION) -> str | None:
    """The version that bears `alias`, None where none does."""
    try:
        return str(client.get_model_version_by_alias(model, alias).version)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def promote(
    client: MlflowClient, model: str, version: str, *, expected: str | None, reason: str, home: Home
) -> None:
    """Make `version` the champion and the champion `previous_champion`; both are recorded.

    `expected` is the champion at the time of the decision. Raises ChampionChanged where it is
    another by now.
    """
    with _lock(model, home):
        current = champion(client, model)
        if current != expected:
            raise ChampionChanged(
                f"{model}: the champion was version {expected} when version {version} was judged "
                f"and is version {current} now; judge it again"
            )
        record(client, Act(model, "promote", version, current, reason), home)
        if current is not None:
            client.set_registered_model_alias(model, PREVIOUS, current)
        client.set_registered_model_alias(model, CHAMPION, version)


def rollback(client: MlflowClient, model: str, *, reason: str, home: Home) -> tuple[str, str]:
    """Swap champion and previous champion; the versions (from, to)."""
    with _lock(model, home):
        current, previous = champion(client, model), champion(client, model, PREVIOUS)
        if current is None or previous is None:
            raise UserError(
                f"model {model!r} has no {CHAMPION if current is None else PREVIOUS}; "
                "there is nothing to roll back to"
            )
        record(client, Act(model, "rollback", previous, current, reason), home)
        client.set_registered_model_alias(model, PREVIOUS, current)
        client.set_registered_model_alias(model, CHAMPION, previous)
    return current, previous


def _lock(model: str, home: Home) -> FileLock:
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"promote-{model}.lock")
