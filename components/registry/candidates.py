"""Candidates: every version that was trained, with its evidence and lineage, also the refused."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from components.errors import UserError
from components.evaluation.evidence import Curve, Evidence
from components.registry.descent import data_file_tags, weights_hash
from components.registry.descriptions import EVIDENCE, description
from components.registry.packaging.door import door_tags
from components.registry.packaging.packages import Package
from components.registry.packaging.sealed import FILES
from components.registry.releases.exposure import DECLARED_EPSILON
from components.registry.runs import last_step
from components.registry.settings import settings_tags
from components.registry.tags import GATE, KIND, VERDICT
from components.registry.tracking import NOTE
from components.registry.versions import check_standing, list_versions
from components.reporting.lineage import Lineage
from components.storage.home import Home

_BATCH = 1_000


@dataclass(frozen=True)
class DatasetUsed:
    """A table that a run read or made: its role, where it lies by content, its DVC hash."""

    context: str
    path: Path
    md5: str


@dataclass(frozen=True)
class Candidate:
    """What is registered: the stage outputs of one run and the facts that trace it."""

    name: str
    content_key: str
    settings: dict[str, Any]
    lineage: Lineage
    evidence: Evidence
    training_curves: Sequence[Curve]
    datasets: Sequence[DatasetUsed]
    files: Sequence[Path]
    data_files: Sequence[str] = ()
    """The SHA-256 of each file the rows were read from, for revoking one of them."""


@dataclass(frozen=True)
class Found:
    """A version that is registered already, and the run that made it."""

    version: str
    run_id: str


def find_candidate(client: MlflowClient, name: str, content_key: str) -> Found | None:
    """The version registered for exactly this content, None where there is none."""
    found = client.search_model_versions(
        f"name = '{name}' and tag.`mintmark.content_key` = '{content_key}'"
    )
    return Found(str(found[0].version), str(found[0].run_id)) if found else None


def check_not_revoked(client: MlflowClient, weights: str) -> None:
    """Raise UserError with the reason where a version with these very weights was revoked."""
    for version in list_versions(client):
        if weights_hash(version) == weights:
            check_standing(version)


def registration_lock(name: str, home: Home) -> FileLock:
    """Held while a candidate is looked up and registered, so that equal runs make one version."""
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"register-{name}.lock")


def register(client: MlflowClient, candidate: Candidate, run_id: str, package: Package) -> str:
    """Log everything about `candidate` to its run and register it; the new version's number.

    Raises UserError where the name is that of another model's releases.
    """
    _log_values(client, candidate, run_id)
    _log_datasets(candidate, run_id)
    for path in candidate.files:
        client.log_artifact(run_id, str(path))
    try:
        client.create_registered_model(candidate.name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        kind = client.get_registered_model(candidate.name).tags.get(KIND)
        if kind is not None:
            raise UserError(
                f"{candidate.name!r} holds {kind}s of another model; register under another name"
            ) from error
    version = client.create_model_version(
        candidate.name,
        package.uri,
        run_id,
        tags=_tags(candidate)
        | door_tags(package.door)
        | {FILES: package.files_sha256}
        | settings_tags(candidate.files),
        description=_describe(candidate),
        model_id=package.model_id,  # a server accepts the source only with its id
    )
    client.set_terminated(run_id)
    return str(version.version)


def _tags(candidate: Candidate) -> dict[str, str]:
    verdict = candidate.evidence.verdict
    tags = _lineage_tags(candidate.lineage)
    tags["mintmark.content_key"] = candidate.content_key
    tags |= data_file_tags(candidate.data_files)
    for item in candidate.evidence.measurements:
        if item.name == "empirical_epsilon" and item.reference is not None:
            tags[DECLARED_EPSILON] = str(item.reference)
    tags[f"{VERDICT}{verdict.purpose}"] = str(verdict.outcome)
    for result in verdict.gates:
        tags[f"{GATE}{result.gate.metric}"] = result.model_dump_json()
    return tags


def _lineage_tags(lineage: Lineage) -> dict[str, str]:
    """What traces a version, one tag a fact; hashes and settings as JSON."""
    values = asdict(lineage)
    for known_later in ("links", "version", "alias", "held_back", "name"):
        del values[known_later]
    return {
        f"mintmark.{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }


def _describe(candidate: Candidate) -> str:
    reasons = "\n".join(f"- {gate.reason}" for gate in candidate.evidence.verdict.gates)
    return description(f"{candidate.evidence.verdict.summary}\n\n{reasons}", EVIDENCE)


def _log_values(client: MlflowClient, candidate: Candidate, run_id: str) -> None:
    for start in range(0, len(settings := _flatten(candidate.settings)), 100):
        client.log_batch(run_id, params=settings[start : start + 100])
    metrics = [
        Metric(f"{item.name}{suffix}", value, 0, 0)
        for item in candidate.evidence.measurements
        for suffix, value in (("", item.value), (".low", item.low), (".high", item.high))
    ]
    metrics += [
        point
        for curve in candidate.training_curves
        for point in _points_after(curve, last_step(client, run_id, curve.name))
    ]
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
    tags = [RunTag(key, value) for key, value in _lineage_tags(candidate.lineage).items()]
    tags.append(RunTag(NOTE, candidate.evidence.verdict.summary))
    client.log_batch(run_id, tags=tags)


def _points_after(curve: Curve, step: int) -> list[Metric]:
    """The curve's points that were not logged while training went on."""
    points = zip(curve.x, curve.y, strict=True)
    return [Metric(curve.name, value, 0, int(at)) for at, value in points if at > step]


def _flatten(settings: dict[str, Any], prefix: str = "") -> list[Param]:
    flat = []
    for key, value in settings.items():
        if isinstance(value, dict):
            flat += _flatten(value, f"{prefix}{key}.")
        else:
            flat.append(Param(f"{prefix}{key}", json.dumps(value)[:6000]))
    return flat


def _log_datasets(candidate: Candidate, run_id: str) -> None:
    with mlflow.start_run(run_id=run_id), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")
        for used in candidate.datasets:
            dataset = mlflow.data.from_pandas(  # type: ignore[attr-defined]
                pd.read_parquet(used.path),
                source=str(used.path),
                name=f"{candidate.name}-{used.context}",
                digest=used.md5[:32],
            )
            mlflow.log_input(dataset, context=used.context)
