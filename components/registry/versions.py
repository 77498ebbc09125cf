"""Finding a version by number or alias, and whether it still stands."""

from collections.abc import Iterator

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.errors import UserError
from components.registry.paging import every
from components.registry.tags import CAUSE, KIND, RELEASE, REVOKED

_LARGEST = 2**31 - 1
"""Of the numbers that databases take; they fail at larger ones."""
_NONE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def list_names(client: MlflowClient, *, kind: str | None = None) -> Iterator[str]:
    """The names of all registered models of a kind; None is a generator."""
    found = every(client.search_registered_models)
    return (str(model.name) for model in found if model.tags.get(KIND) == kind)


def list_versions(client: MlflowClient, wanted: str = "") -> list[ModelVersion]:
    """All versions that meet MLflow's filter `wanted`, of all models, in no set order."""
    return every(client.search_model_versions, wanted)


def aliased(client: MlflowClient, model: str, alias: str) -> str | None:
    """The version that bears `alias`, None where none does."""
    try:
        return str(client.get_model_version_by_alias(model, alias).version)
    except MlflowException as error:
        if error.error_code in _NONE:
            return None
        raise


def check_name(client: MlflowClient, name: str) -> None:
    """Raise UserError where no generator is registered under this name."""
    known = sorted(list_names(client))
    if name not in known:
        raise UserError(f"no model {name!r} is registered; there are: {', '.join(known) or 'none'}")


def find_version(client: MlflowClient, name: str, which: str) -> ModelVersion:
    """The generator version that bears the number or alias `which`; it may be revoked.

    Raises UserError where there is no such model, number or alias.
    """
    check_name(client, name)
    version = which if which.isdecimal() else aliased(client, name, which)
    if version is None:
        raise UserError(
            f"model {name!r} has no version with the alias {which!r}{_revoked(client, name)}; "
            f"by number there are {_numbered(client, name)}"
        )
    found = _of_number(client, name, version)
    if found is None:
        raise UserError(
            f"model {name!r} has no version {version}; there are {_numbered(client, name)}"
        )
    return found


def _of_number(client: MlflowClient, name: str, version: str) -> ModelVersion | None:
    """The version of this number, None where there is none."""
    if int(version) > _LARGEST:
        return None
    try:
        return client.get_model_version(name, version)
    except MlflowException as error:
        if error.error_code in _NONE:
            return None
        raise


def _numbered(client: MlflowClient, name: str) -> str:
    """Every version of a model that stands, as it can be asked for."""
    versions = list_versions(client, f"name = '{name}'")
    numbers = sorted(int(v.version) for v in versions if revocation(v) is None)
    return ", ".join(f"{name}@{number}" for number in numbers) or "none"


def _revoked(client: MlflowClient, name: str) -> str:
    """The newest revoked version of a model with its reason, as the end of a sentence."""
    revoked = [v for v in list_versions(client, f"name = '{name}'") if revocation(v) is not None]
    if not revoked:
        return ""
    newest = max(revoked, key=lambda version: int(version.version))
    return f"; version {newest.version} was revoked: {revocation(newest)}"


def revocation(version: ModelVersion) -> str | None:
    """Why the version was revoked, in words, None where it was not."""
    if REVOKED not in version.tags:
        return None
    return f"{version.tags[REVOKED]} ({version.tags.get(CAUSE, 'cause unknown')})"


def check_standing(version: ModelVersion) -> None:
    """Raise UserError with the reason where the version was revoked."""
    reason = revocation(version)
    if reason is not None:
        kind = "release" if version.tags.get(KIND) == RELEASE else "version"
        raise UserError(f"{kind} {version.version} of {version.name!r} was revoked: {reason}")
