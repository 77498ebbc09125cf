"""Releases: synthetic rows as a product with a number, a hash, a verdict and a lineage."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.config import Purpose
from components.data.records import read_record
from components.errors import UserError
from components.registry.releases.card import Card
from components.registry.releases.making import CARD_FILE, ReleaseOrder, make_release
from components.registry.releases.rows import file_sha256
from components.registry.releases.versions import (
    CHAMPION,
    Release,
    find_release,
    follow_champion,
    list_releases,
    release_lock,
)
from components.registry.tags import VERDICT
from components.registry.versions import aliased, check_standing, find_version
from components.storage.home import Home

MAX_ROWS = 10_000_000


@dataclass(frozen=True)
class Made:
    """A release with its card; `existed` where the same rows had been released before."""

    release: Release
    card: Card
    existed: bool


def release(client: MlflowClient, order: ReleaseOrder, home: Home) -> Made:
    """The release that `order` asks for: made now, or found where the same was made before.

    Raises UserError where the generator was revoked, or did not pass for sharing and `unproven`
    gives no reason.
    """
    if not 1 <= order.num_rows <= MAX_ROWS or order.seed < 0:
        raise UserError(
            f"rows {order.num_rows}, seed {order.seed}: a release has 1 to {MAX_ROWS:,} rows "
            "and a seed of at least 0"
        )
    generator = find_version(client, order.model, order.version)
    check_standing(generator)
    _check_sharing(generator, order.unproven)
    key = _key(generator, order)
    with release_lock(order.model, home):
        number = next((r.number for r in list_releases(client, order.model) if r.key == key), None)
        existed = number is not None
        if number is None:
            number = make_release(client, order, generator, key, home)
        found = find_release(client, order.model, number)
        found.check_standing()
        follow_champion(client, order.model, aliased(client, order.model, CHAMPION), keep=True)
    return Made(found, read_card(found), existed)


def read_card(release: Release) -> Card:
    """The card of a standing release; raises UserError where it is not the one registered."""
    release.check_standing()
    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.artifacts.download_artifacts(f"{release.uri}/{CARD_FILE}", dst_path=folder)
        if file_sha256(Path(path)) != release.card_sha256:
            raise UserError(
                f"the card of release {release.reference} was changed after it was registered; "
                f"`mintmark verify-release {release.reference}` says more"
            )
        return read_record(Card, Path(path))


def _check_sharing(generator: ModelVersion, unproven: str | None) -> None:
    verdict = generator.tags.get(f"{VERDICT}{Purpose.SHARING}", "not judged")
    if verdict == "passed" or (unproven and unproven.strip()):
        return
    raise UserError(
        f"version {generator.version} of {generator.name!r} was {verdict} for sharing; only a "
        "version that passed is released, unless --unproven says why (it goes on the card)"
    )


def _key(generator: ModelVersion, order: ReleaseOrder) -> str:
    """A name for exactly these rows."""
    content = generator.tags.get("mintmark.content_key", "")
    parts = [generator.name, str(generator.version), content, order.num_rows, order.seed]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
