"""Registering a run's generator as a candidate, with everything that traces it."""

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components.config import Params
from components.evaluation.evidence import Evidence
from components.models.artifact import read_header
from components.registry.candidates import (
    Candidate,
    DatasetUsed,
    check_not_revoked,
    find_candidate,
    register,
    registration_lock,
)
from components.registry.costs import tag_cost
from components.registry.packaging.packages import Package, make_package
from components.registry.releases.ledger import Ancestry, check_ancestry, find_ancestry
from components.registry.runs import open_run
from components.registry.tracking import connect
from components.reporting.lineage import Lineage
from components.stages.paths import StagePaths
from components.stages.training_curves import read_training_curves
from components.storage.code import git_revision
from components.storage.dvc import cached_file, output_hashes
from components.storage.home import Home, find_home
from flows.project import PROJECT
from flows.request import request_key
from flows.services.turns import turn
from flows.steps.outcome import Registered

_LIBRARIES = ("torch", "numpy", "pandas", "scikit-learn", "mlflow", "prefect", "dvc", "evidently")


@task(cache_policy=NO_CACHE, task_run_name="package")
def package_generator(params: Params, workspace: Path) -> Package:
    """The run's generator as teams downstream will load it, tried as they would."""
    home = find_home()
    client = connect(home)
    run_id = open_run(client, params.name, request_key(params), home)
    with turn("register", params.name), registration_lock(params.name, home):
        return make_package(client, StagePaths(workspace).model, run_id, home)


@task(cache_policy=NO_CACHE, task_run_name="register")
def register_candidate(
    params: Params,
    workspace: Path,
    ancestry: Ancestry | None = None,
    package: Package | None = None,
) -> Registered:
    """The version of this run's content: registered now, or found where it was before.

    `ancestry` is what `trace_ancestry` found before training, `package` what `package_generator`
    made meanwhile; without them, both are seen to now. Raises UserError where the source, or a
    version with the same weights, was revoked meanwhile.
    """
    home, paths = find_home(), StagePaths(workspace)
    client = connect(home)
    hashes = output_hashes(workspace)
    content_key = hashlib.sha256(
        json.dumps([params.content, hashes], sort_keys=True).encode()
    ).hexdigest()
    evidence = Evidence.load(paths.evidence)
    ancestry = ancestry or find_ancestry(client, params.prepare)
    lineage = _lineage(params, paths, evidence, hashes, ancestry)
    candidate = Candidate(
        name=params.name,
        content_key=content_key,
        settings=params.model_dump(mode="json"),
        lineage=lineage,
        evidence=evidence,
        training_curves=read_training_curves(paths.training_curves),
        datasets=_datasets(paths, hashes, home),
        files=(paths.params, paths.evidence, workspace / "dvc.lock"),
        data_files=ancestry.files,
    )
    with turn("register", params.name), registration_lock(params.name, home):
        check_ancestry(client, ancestry, params.ancestry, home)
        check_not_revoked(client, hashes[str(paths.model.relative_to(paths.root))])
        found = find_candidate(client, params.name, content_key)
        if found is not None:
            version, run_id = found.version, found.run_id
        else:
            run_id = open_run(client, params.name, request_key(params), home)
            package = package or make_package(client, paths.model, run_id, home)
            version = register(client, candidate, run_id, package)
            tag_cost(client, params.name, version, run_id)
    return Registered(params.name, version, run_id, evidence, lineage, reused=found is not None)


@task(cache_policy=NO_CACHE, task_run_name="trace the ancestry of the data")
def trace_ancestry(params: Params) -> Ancestry:
    """Which of the run's rows are released synthetic ones; called before anything is trained.

    Raises UserError past the limits in `params.ancestry`, and for what was revoked.
    """
    home = find_home()
    client = connect(home)
    ancestry = find_ancestry(client, params.prepare)
    check_ancestry(client, ancestry, params.ancestry, home)
    return ancestry


def _lineage(
    params: Params,
    paths: StagePaths,
    evidence: Evidence,
    hashes: dict[str, str],
    ancestry: Ancestry,
) -> Lineage:
    revision = git_revision(PROJECT)
    settings = params.model_dump_json()
    generator = read_header(paths.model)
    return Lineage(
        name=params.name,
        version=None,
        generator=generator.model,
        settings=generator.settings,
        data_uri=params.prepare.data,
        data_sha256=params.prepare.data_sha256 or "",
        num_train=evidence.num_train,
        num_test=evidence.num_test,
        num_synthetic=evidence.num_synthetic,
        seed=params.train.seed,
        git_commit=revision.removesuffix("+changes"),
        git_dirty=revision.endswith("+changes"),
        content_keys=hashes,
        params_sha256=hashlib.sha256(settings.encode()).hexdigest(),
        libraries=_versions(),
        flow_run_id=str(flow_run.id),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        synthetic_depth=ancestry.depth,
        synthetic_share=ancestry.share,
        parents=ancestry.parents,
    )


def _versions() -> dict[str, str]:
    """The versions of Python and of the libraries that results may depend on."""
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in _LIBRARIES}


def _datasets(paths: StagePaths, hashes: dict[str, str], home: Home) -> tuple[DatasetUsed, ...]:
    used = {"train": paths.train, "test": paths.test, "synthetic": paths.synthetic}
    md5s = {role: hashes[str(path.relative_to(paths.root))] for role, path in used.items()}
    return tuple(DatasetUsed(role, cached_file(home, md5), md5) for role, md5 in md5s.items())
