"""Each part of a cluster is killed in the middle of a run; what was lost, and how long it took.

Every run asks for the same work, its results forgotten before. Since content that is the same is
one version, a registry that still has one version at the end has lost nothing and made nothing
else. `make fault-test` prints a table.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from tests.cluster.cluster import BUCKET, Cluster, Member, ask, cluster

pytestmark = pytest.mark.faults

MODEL = "breast_cancer_scarce"
REQUEST = {
    "recipe": MODEL,
    "overrides": [
        "train.model.checkpoint_seconds=0",
        "train.model.max_epochs=120",
        "evaluate.purpose=sharing",
        "evaluate.repeats=1",
    ],
}
_SECONDS = 3600
_DOWN = 5.0
"""How long a server stays away, as an orchestrator needs to start it anew."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("faults"), "first", "second") as started:
        yield started


@pytest.fixture(scope="module")
def whole(running: Cluster) -> float:
    """How long a run takes that nothing happens to; its version is the measure of the others."""
    started = time.monotonic()
    ended = running.wait(running.start("retrain", **REQUEST))
    assert ended["state_name"] == "Completed", running.logs(ended["id"])
    assert len(versions(running)) == 1
    return time.monotonic() - started


def kill_worker(running: Cluster, worker: Member) -> None:
    """The worker with all that it runs; nobody starts it again."""
    worker.kill()


def kill_child(running: Cluster, worker: Member) -> None:
    """The training alone."""
    _kill(worker, "components.stages.train")


def kill_flow(running: Cluster, worker: Member) -> None:
    """The process of the flow run; what it started ends with it."""
    _kill(worker, "prefect.engine")


def kill_prefect(running: Cluster, worker: Member) -> None:
    """The Prefect server, which is started again."""
    _restart(running.members["prefect"])


def kill_mlflow(running: Cluster, worker: Member) -> None:
    """The MLflow server, which is started again."""
    _restart(running.members["mlflow"])


def kill_database(running: Cluster, worker: Member) -> None:
    """PostgreSQL, behind both servers, which is started again."""
    running.database.kill()
    time.sleep(_DOWN)
    running.database.start()


def kill_s3(running: Cluster, worker: Member) -> None:
    """The S3 server, which is started again."""
    running.s3.kill()
    time.sleep(_DOWN)
    running.s3.start()


FAULTS: tuple[Callable[[Cluster, Member], None], ...] = (
    kill_child,
    kill_flow,
    kill_worker,
    kill_mlflow,
    kill_s3,
    kill_prefect,
    kill_database,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_nothing_is_lost(
    fault: Callable[[Cluster, Member], None], running: Cluster, whole: float
) -> None:
    forget(running)
    run = running.start("retrain", **REQUEST)
    worker = in_training(running, run)
    fault(running, worker)
    killed = time.monotonic()
    ended = running.wait(run)
    seconds = time.monotonic() - killed
    if worker.process is not None and worker.process.poll() is not None:
        worker.start()
    assert ended["state_name"] == "Completed", running.logs(run)
    assert len(versions(running)) == 1, "the same request gave other content"
    say = f"{fault.__name__}: nothing lost, done {seconds:.0f} s after it"
    print(f"\n{say} (a run without it takes {whole:.0f} s), begun {ended['run_count']} times")


def test_registry_and_storage_agree_afterwards(running: Cluster, whole: float) -> None:
    assert "0 left" in running.mintmark("fsck", "--read", "--mend")


def versions(running: Cluster) -> list[Any]:
    login = f"admin:{running.secrets['admin']}"
    url = f"{running.mlflow_url}/api/2.0/mlflow/model-versions/search?filter=name%3D%27{MODEL}%27"
    return list(ask(url, login).get("model_versions", ()))


def in_training(running: Cluster, run: str) -> Member:
    """The worker that trains for this run, once it has a checkpoint and the store has it too."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        found = running.boto().list_objects_v2(Bucket=BUCKET, Prefix="store/checkpoints/")
        for name, worker in running.workers.items():
            workspace = running.folder / name / "home" / "workspaces" / run
            if found.get("KeyCount") and workspace.is_dir():
                return worker
        time.sleep(0.5)
    raise AssertionError(running.logs(run))


def forget(running: Cluster) -> None:
    """Make the next run do all of the work: no run-cache, no checkpoints."""
    client = running.boto()
    for prefix in ("store/dvc/runs/", "store/checkpoints/"):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", ()):
                client.delete_object(Bucket=BUCKET, Key=item["Key"])
    for name in running.workers:
        home = running.folder / name / "home"
        shutil.rmtree(home / "dvc" / "cache" / "runs", ignore_errors=True)
        shutil.rmtree(home / "checkpoints", ignore_errors=True)


def _restart(server: Member) -> None:
    server.kill()
    time.sleep(_DOWN)
    server.start()


def _kill(worker: Member, sign: str) -> None:
    assert worker.process is not None
    tree = psutil.Process(worker.process.pid).children(recursive=True)
    doomed = [process for process in tree if sign in " ".join(process.cmdline())]
    doomed = [process for process in doomed if "leash.py" not in " ".join(process.cmdline())]
    assert doomed, json.dumps([process.cmdline() for process in tree])
    for process in doomed:
        os.kill(process.pid, signal.SIGKILL)
