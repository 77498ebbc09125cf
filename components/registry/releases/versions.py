"""The releases of a generator: versions of `NAME-release` in the registry."""

from dataclasses import dataclass

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.errors import UserError
from components.registry.tags import (
    GENERATOR_VERSION,
    KIND,
    NUM_ROWS,
    RELEASE,
    RELEASE_KEY,
    SHA256,
    SYNTHETIC_DEPTH,
)
from components.registry.versions import aliased, check_name, list_versions, revocation
from components.storage.home import Home

CHAMPION = "champion"
_SUFFIX = "-release"


@dataclass(frozen=True)
class Release:
    """A finished release, as its tags have it; `revoked` is the reason, None while it stands."""

    name: str
    number: str
    key: str
    generator_version: str
    num_rows: int
    seed: int
    sha256: str
    rows_sha256: str
    card_sha256: str
    depth: int
    revoked: str | None

    @property
    def uri(self) -> str:
        """Where MLflow alone finds it."""
        return f"models:/{release_model(self.name)}/{self.number}"

    @property
    def reference(self) -> str:
        """The release as one word, such as `adult@3`."""
        return f"{self.name}@{self.number}"

    def check_standing(self) -> None:
        """Raise UserError with the reason where it was revoked."""
        if self.revoked is not None:
            raise UserError(f"release {self.reference} was revoked: {self.revoked}")


def release_model(name: str) -> str:
    """The registered model whose versions are the releases of the generator `name`."""
    return f"{name}{_SUFFIX}"


def released_generator(model: str) -> str:
    """The generator whose releases the registered model has: the way back from `release_model`."""
    return model.removesuffix(_SUFFIX)


def release_lock(name: str, home: Home) -> FileLock:
    """Held while a release is looked up and made, so that equal requests make one."""
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"release-{name}.lock")


def list_releases(client: MlflowClient, name: str | None = None) -> list[Release]:
    """The finished releases of one generator, or of all, the newest last; also the revoked."""
    found = [_read(version) for version in list_versions(client, f"tag.`{KIND}` = '{RELEASE}'")]
    return sorted(
        (release for release in found if release is not None and name in (None, release.name)),
        key=lambda release: (release.name, int(release.number)),
    )


def find_release(client: MlflowClient, name: str, which: str = CHAMPION) -> Release:
    """The release with this number, or the one that `which`, an alias, stands on.

    It may be revoked. Raises UserError where there is none.
    """
    releases = list_releases(client, name)
    if not releases:
        check_name(client, name)
        raise UserError(f"model {name!r} has no release; `mintmark release {name}` makes one")
    model = release_model(name)
    number = which if which.isdigit() else aliased(client, model, which)
    for release in releases:
        if release.number == number:
            return release
    known = ", ".join(release.number for release in releases if release.revoked is None)
    if which.isdigit():
        raise UserError(f"{name!r} has no release {which}; there are: {known or 'none that stand'}")
    raise UserError(f"no release of {name!r} is the {which}; there are: {known or 'none'}")


def follow_champion(
    client: MlflowClient, name: str, champion: str | None, *, keep: bool = False
) -> Release | None:
    """Point `NAME-release@champion` to the newest standing release from version `champion`.

    Where there is none the alias is taken away, unless `keep` is asked for and what it stands on
    is not revoked. The release it then stands on.
    """
    releases = list_releases(client, name)
    if not releases:
        return None
    model = release_model(name)
    current = aliased(client, model, CHAMPION)
    standing = [release for release in releases if release.revoked is None]
    candidates = [release for release in standing if release.generator_version == champion]
    if keep and not candidates:
        candidates = [release for release in standing if release.number == current]
    if not candidates:
        if current is not None:
            client.delete_registered_model_alias(model, CHAMPION)
        return None
    if candidates[-1].number != current:
        client.set_registered_model_alias(model, CHAMPION, candidates[-1].number)
    return candidates[-1]


def _read(version: ModelVersion) -> Release | None:
    """The release behind a registry version; None for one whose making was broken off."""
    tags = version.tags
    if RELEASE_KEY not in tags:
        return None
    return Release(
        name=released_generator(version.name),
        number=str(version.version),
        key=tags[RELEASE_KEY],
        generator_version=tags[GENERATOR_VERSION],
        num_rows=int(tags[NUM_ROWS]),
        seed=int(tags["mintmark.seed"]),
        sha256=tags[SHA256],
        rows_sha256=tags["mintmark.rows_sha256"],
        card_sha256=tags["mintmark.card_sha256"],
        depth=int(tags[SYNTHETIC_DEPTH]),
        revoked=revocation(version),
    )
