"""Making a release: draw the rows, keep them under DVC, register them with their card."""

import hashlib
import json
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.config import Purpose
from components.data.counted import counted
from components.data.files import count_rows
from components.data.images.schema import ImageSchema
from components.data.schema import Schema
from components.data.splits import hash_frames
from components.errors import UserError
from components.models.artifact import saved_schema
from components.registry.descriptions import WHOLE_CARD, description
from components.registry.releases.card import (
    Card,
    ColumnFact,
    card_markdown,
    read_ancestry,
    read_lineage,
    read_verdicts,
)
from components.registry.releases.exposure import SourceAccount, account
from components.registry.releases.rows import (
    RELEASE_MARK,
    draw_rows,
    file_sha256,
    release_frames,
    write_rows,
)
from components.registry.releases.versions import CHAMPION, release_model
from components.registry.tags import (
    GENERATOR_NAME,
    GENERATOR_VERSION,
    KIND,
    NUM_ROWS,
    PARENTS,
    RELEASE,
    RELEASE_KEY,
    SHA256,
    SYNTHETIC_DEPTH,
    VERDICT,
)
from components.registry.tracking import RELEASES, find_experiment
from components.registry.versions import check_standing, find_version
from components.storage.dvc_files import keep_file, release_folder
from components.storage.home import Home

ROWS_FILE, CARD_FILE = "rows.parquet", "card.json"
_FOLDER = "release"
_LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy", "torch", "mlflow")


@dataclass(frozen=True)
class ReleaseOrder:
    """What is asked for: rows from a version of `model`, by alias or number.

    `unproven` is the reason for releasing rows of a generator that did not pass for sharing.
    """

    model: str
    version: str = CHAMPION
    num_rows: int = 1_000
    seed: int = 0
    notes: str = ""
    unproven: str | None = None


def marks(model: str, version: str, key: str, depth: int) -> dict[str, str]:
    """What a release's Parquet file says of itself."""
    return {
        RELEASE_MARK: key,
        "mintmark.generator": f"{model}/{version}",
        SYNTHETIC_DEPTH: str(depth),
    }


def library_versions() -> dict[str, str]:
    """The versions that a release's rows and bytes may depend on."""
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in _LIBRARIES}


def make_release(
    client: MlflowClient, order: ReleaseOrder, generator: ModelVersion, key: str, home: Home
) -> str:
    """Draw, keep and register the rows; the number of the new release."""
    version = str(generator.version)
    path = release_folder(home, order.model, key) / ROWS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # DVC may have left a link into its cache
    said = marks(order.model, version, key, read_ancestry(generator).depth)
    with draw_rows(generator, order.num_rows, order.seed) as drawn:
        write_rows(release_frames(drawn.path), path, said, drawn.types)
    md5 = keep_file(path, home)
    experiment = find_experiment(client, RELEASES, home)
    run = client.create_run(experiment, run_name=f"{order.model} {key}")
    run_id = str(run.info.run_id)
    client.log_artifact(run_id, str(path), _FOLDER)
    number = _create_version(client, order.model, version, run_id)
    released = account(client, generator, number, order.num_rows)
    card = _card(order, generator, path, md5, number, released)
    text = card.model_dump_json(indent=1)
    client.log_text(run_id, text, f"{_FOLDER}/{CARD_FILE}")
    shown = card_markdown(card)
    client.log_text(run_id, shown, WHOLE_CARD)
    check_standing(find_version(client, order.model, version))  # drawing took a while
    client.update_model_version(release_model(order.model), number, description(shown, WHOLE_CARD))
    tags = _tags(card, key, text)
    for name, value in tags.items():
        client.set_tag(run_id, name, value)
        client.set_model_version_tag(release_model(order.model), number, name, value)
    client.set_model_version_tag(
        order.model,
        version,
        f"mintmark.release.{number}",
        f"{counted(card.rows, 'row')}, {card.sha256}",
    )
    client.set_terminated(run_id)
    return number


def _create_version(client: MlflowClient, name: str, generator: str, run_id: str) -> str:
    """A new version of `NAME-release`; its number is known only now, and goes on the card."""
    model = release_model(name)
    try:
        client.create_registered_model(model, tags={KIND: RELEASE, "mintmark.releases_of": name})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        if client.get_registered_model(model).tags.get(KIND) != RELEASE:
            raise UserError(
                f"{model!r} is a generator's name, so {name!r} cannot have releases"
            ) from error
    tags = {KIND: RELEASE, GENERATOR_NAME: name, GENERATOR_VERSION: generator}
    source = f"runs:/{run_id}/{_FOLDER}"
    return str(client.create_model_version(model, source, run_id, tags=tags).version)


def _card(
    order: ReleaseOrder,
    generator: ModelVersion,
    path: Path,
    md5: str,
    number: str,
    released: SourceAccount,
) -> Card:
    tags, schema = generator.tags, _schema(generator)
    first = next(release_frames(path))
    proven = tags.get(f"{VERDICT}{Purpose.SHARING}") == "passed"
    return Card(
        name=order.model,
        release=int(number),
        generator=tags.get("mintmark.generator", "unknown"),
        generator_version=str(generator.version),
        rows=count_rows(path),
        columns=tuple(
            ColumnFact(name=name, kind=schema.kind_of(name), dtype=str(first[name].dtype))
            for name in first.columns
        ),
        target=schema.target,
        seed=order.seed,
        sha256=file_sha256(path),
        md5=md5,
        rows_sha256=hash_frames(release_frames(path)),
        verdicts=read_verdicts(tags),
        unproven=None if proven else order.unproven,
        lineage=read_lineage(tags),
        ancestry=read_ancestry(generator),
        notes=order.notes,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        libraries=library_versions(),
        account=released,
    )


def _schema(generator: ModelVersion) -> Schema | ImageSchema:
    uri = f"models:/{generator.name}/{generator.version}"
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = mlflow.artifacts.download_artifacts(uri, dst_path=elsewhere)
        return saved_schema(Path(folder) / "data" / "generator")


def _tags(card: Card, key: str, text: str) -> Mapping[str, str]:
    """What a release is found and checked by; the key comes last and marks it as finished."""
    return {
        GENERATOR_VERSION: card.generator_version,
        NUM_ROWS: str(card.rows),
        "mintmark.seed": str(card.seed),
        SHA256: card.sha256,
        "mintmark.md5": card.md5,
        "mintmark.rows_sha256": card.rows_sha256,
        "mintmark.card_sha256": hashlib.sha256(text.encode()).hexdigest(),
        SYNTHETIC_DEPTH: str(card.ancestry.depth),
        PARENTS: json.dumps(card.ancestry.parents),
        "mintmark.unproven": card.unproven or "",
        RELEASE_KEY: key,
    }
