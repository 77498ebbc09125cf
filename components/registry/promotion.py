"""Moving the champion: one at a time, never over a champion that changed, always with a reason."""

from filelock import FileLock
from mlflow import MlflowClient

from components.errors import UserError
from components.registry.audit import Act, record
from components.registry.releases.versions import follow_champion
from components.registry.versions import aliased, check_name, check_standing, find_version
from components.storage.home import Home

CHAMPION = "champion"
PREVIOUS = "previous_champion"


class ChampionChanged(Exception):
    """Raised where the champion is no longer the one that the candidate was compared with."""


def champion(client: MlflowClient, model: str, alias: str = CHAMPION) -> str | None:
    """The version that bears `alias`, None where none does."""
    return aliased(client, model, alias)


def promote(
    client: MlflowClient, model: str, version: str, *, expected: str | None, reason: str, home: Home
) -> None:
    """Make `version` the champion and the champion `previous_champion`; both are recorded.

    `expected` is the champion at the time of the decision. Raises ChampionChanged where it is
    another by now, UserError where the version was revoked or no reason is given.
    `NAME-release@champion` goes to the new champion's newest release; while it has none, it stays.
    """
    _check_reason("promotion", reason)
    with promotion_lock(model, home):
        check_standing(find_version(client, model, version))
        current = champion(client, model)
        if current != expected:
            raise ChampionChanged(
                f"{model}: the champion was version {expected} when version {version} was judged "
                f"and is version {current} now; judge it again"
            )
        if current == version:
            raise UserError(f"version {version} is the champion of {model!r} already")
        record(client, Act(model, "promote", version, current, reason), home)
        if current is not None:
            client.set_registered_model_alias(model, PREVIOUS, current)
        client.set_registered_model_alias(model, CHAMPION, version)
        follow_champion(client, model, version, keep=True)


def rollback(
    client: MlflowClient, model: str, *, reason: str, home: Home, expected: str | None = None
) -> tuple[str, str]:
    """Swap champion and previous champion; the versions (from, to).

    Raises ChampionChanged where the champion is not the `expected` one, if one is named, UserError
    where there is no such model, no previous champion, or no reason is given. Where the champion
    was revoked there is none: the previous one takes its place, from "none".
    `NAME-release@champion` goes along, or is taken away: a rolled-back version's rows are suspect.
    """
    _check_reason("rollback", reason)
    with promotion_lock(model, home):
        current, previous = champion(client, model), champion(client, model, PREVIOUS)
        if previous is None:
            check_name(client, model)
            missing = PREVIOUS if current is not None else f"{CHAMPION} and no {PREVIOUS}"
            raise UserError(f"model {model!r} has no {missing}; there is nothing to roll back to")
        if expected is not None and current != expected:
            raise ChampionChanged(
                f"{model}: version {expected} was to be rolled back, and the champion is version "
                f"{current} now"
            )
        if current == previous:
            raise UserError(f"version {current} of {model!r} is the previous champion too")
        check_standing(find_version(client, model, previous))
        record(client, Act(model, "rollback", previous, current, reason), home)
        client.set_registered_model_alias(model, CHAMPION, previous)  # first: it is what counts
        if current is not None:
            client.set_registered_model_alias(model, PREVIOUS, current)
        else:
            client.delete_registered_model_alias(model, PREVIOUS)
        follow_champion(client, model, previous)
    return current or "none", previous


def promotion_lock(model: str, home: Home) -> FileLock:
    """Held while the aliases of a model are read and moved."""
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"promote-{model}.lock")


def decision_lock(model: str, home: Home) -> FileLock:
    """Held from the look at the champion to the promotion over it, by one run of a model at a time.

    A person, or a rollback, may still move the champion meanwhile: `promote` looks again.
    """
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"decide-{model}.lock")


def _check_reason(act: str, reason: str) -> None:
    """Raise UserError where there is nothing in the reason."""
    if not reason.strip():
        raise UserError(f"a {act} without a reason: say why, for the audit record")
