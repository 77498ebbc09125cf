"""The work that faults happen to: always the same request, its results forgotten before."""

import shutil
import time
from typing import Any

from tests.cluster.cluster import BUCKET, Cluster, ask
from tests.cluster.member import Member

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


def versions(running: Cluster, model: str = MODEL) -> list[Any]:
    """The registered versions of a model."""
    wanted = f"name%3D%27{model}%27&max_results=1000"
    url = f"{running.mlflow_url}/api/2.0/mlflow/model-versions/search?filter={wanted}"
    return list(ask(url, f"admin:{running.secrets['admin']}").get("model_versions", ()))


def in_training(running: Cluster, run: str) -> Member:
    """The worker that trains for this run, once it has a checkpoint and the store has it too."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        found = running.boto().list_objects_v2(Bucket=BUCKET, Prefix="store/checkpoints/")
        worker = worker_of(running, run)
        if found.get("KeyCount") and worker is not None:
            return worker
        time.sleep(0.5)
    raise AssertionError(running.logs(run))


def worker_of(running: Cluster, run: str) -> Member | None:
    """The worker that has a workspace of this run, None where nobody has one yet."""
    for name, worker in running.workers.items():
        if (running.folder / name / "home" / "workspaces" / run).is_dir():
            return worker
    return None


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
