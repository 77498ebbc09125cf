"""From data on S3 to promoted versions over two workers that share nothing but servers and S3."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.data.bundled import load_bundled
from tests.cluster.cluster import BUCKET, IDENTITY, Cluster, ask, cluster, status_of
from tests.cluster.member import bare

pytestmark = pytest.mark.cluster

EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
RECIPES = ("survey_sharing", "breast_cancer_sharing")
_CONSUMER = """
import json, os, sys
import mlflow, pandas as pd
assert not any(name.startswith("AWS_") for name in os.environ)
model = mlflow.pyfunc.load_model(f"models:/{sys.argv[1]}@champion")
rows = model.predict(pd.DataFrame({"num_rows": [500], "seed": [7]}))
client, refused = mlflow.MlflowClient(), {}
version = client.get_model_version_by_alias(sys.argv[1], "champion")
forbidden = {
    "move the champion": lambda: client.set_registered_model_alias(sys.argv[1], "champion", "1"),
    "delete the version": lambda: client.delete_model_version(sys.argv[1], version.version),
    "tag the version": lambda: client.set_model_version_tag(sys.argv[1], version.version, "a", "b"),
    "change the run": lambda: client.log_param(version.run_id, "a", "b"),
    "put a file": lambda: client.log_text(version.run_id, "x", "planted.txt"),
}
for name, act in forbidden.items():
    try:
        act()
        refused[name] = "allowed"
    except Exception as error:
        refused[name] = str(getattr(error, "error_code", error))
print(json.dumps({"rows": len(rows), "refused": refused, "project": "components" in sys.modules}))
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), "first", "second") as started:
        yield started


@pytest.fixture(scope="module")
def runs(running: Cluster) -> dict[str, Any]:
    """Both recipes from data on S3, run side by side to their ends."""
    begun = {name: running.start("retrain", **_request(running, name)) for name in RECIPES}
    return {name: running.wait(run) for name, run in begun.items()}


def _request(running: Cluster, name: str) -> dict[str, Any]:
    uri = {"survey_sharing": "statsmodels:fair", "breast_cancer_sharing": "sklearn:breast_cancer"}
    key = f"data/{name}.csv"
    path = running.folder / f"{name}.csv"
    if not path.exists():
        load_bundled(uri[name]).to_csv(path, index=False)
        running.boto().upload_file(str(path), BUCKET, key)
    data = f"prepare.data=s3://{BUCKET}/{key}"
    return {"recipe": name, "preset": "smoke", "overrides": [EASY, "evaluate.repeats=1", data]}


def test_two_workers_bring_two_recipes_to_promotion(running: Cluster, runs: dict[str, Any]) -> None:
    for name, run in runs.items():
        assert run["state_name"] == "Completed", running.logs(run["id"])
        found = ask(
            f"{running.mlflow_url}/api/2.0/mlflow/registered-models/alias?name={name}&alias=champion",
            f"admin:{running.secrets['admin']}",
        )["model_version"]
        assert found["version"] == "1"
    homes = [running.folder / name / "home" / "workspaces" for name in running.workers]
    assert [len([p for p in home.iterdir() if p.is_dir()]) for home in homes] == [1, 1]


def test_content_lies_in_s3_and_nowhere_else_between_them(
    running: Cluster, runs: dict[str, Any]
) -> None:
    listed = running.boto().get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [item["Key"] for page in listed for item in page["Contents"]]
    for prefix in ("store/dvc/files/md5/", "store/dvc/runs/", "store/runs/", "mlflow/"):
        assert any(key.startswith(prefix) for key in keys), prefix
    for name in running.workers:
        home = running.folder / name / "home"
        assert not (home / "dvc" / "remote").exists() and not (home / "mlflow/mlflow.db").exists()


def test_work_of_one_worker_is_not_done_again_by_another(
    running: Cluster, runs: dict[str, Any]
) -> None:
    name = RECIPES[0]
    before = runs[name]["id"]
    did = next(w for w in running.workers if (_workspaces(running, w) / before).is_dir())
    running.workers[did].stop()
    again = running.wait(running.start("retrain", **_request(running, name)))
    logs = running.logs(again["id"])
    assert again["state_name"] == "Completed", logs
    assert not (_workspaces(running, did) / again["id"]).exists()
    for stage in ("prepare", "train", "synthesize", "evaluate"):
        assert f"{stage}: unchanged" in logs, logs
    running.worker(did)


def test_what_arrived_at_one_worker_is_trained_on_by_another(
    running: Cluster, runs: dict[str, Any]
) -> None:
    name = RECIPES[1]
    did = next(w for w in running.workers if (_workspaces(running, w) / runs[name]["id"]).is_dir())
    other = next(w for w in running.workers if w != did)
    frame = load_bundled("sklearn:breast_cancer").sample(300, replace=True, random_state=0)
    numbers = frame.select_dtypes("number").columns
    frame[numbers] *= 1.3
    path = running.folder / "arrived.csv"
    frame.to_csv(path, index=False)
    running.boto().upload_file(str(path), BUCKET, "data/arrived.csv")
    running.workers[other].stop()
    arrived = f"s3://{BUCKET}/data/arrived.csv"
    looked = running.wait(running.start("monitor", model=name, data=arrived))
    assert looked["state_name"] == "Completed", running.logs(looked["id"])
    running.workers[did].stop()
    running.worker(other)
    again = running.wait(_answer_to_the_alarm(running))
    logs = running.logs(again["id"])
    assert again["state_name"] == "Completed", logs
    assert f"s3://{BUCKET}/store/unions/{name}/" in json.dumps(_registered(running)), logs
    assert (_workspaces(running, other) / again["id"]).is_dir()
    running.worker(did)


def test_a_consumer_with_read_only_rights_pulls_both_and_can_change_nothing(
    running: Cluster, runs: dict[str, Any]
) -> None:
    for name in RECIPES:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _CONSUMER, name],
            cwd=running.folder,
            env=bare() | running.login("reader"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout.splitlines()[-1])
        assert seen["rows"] == 500 and not seen["project"]
        assert "allowed" not in seen["refused"].values(), seen["refused"]
        assert set(map(_is_refusal, seen["refused"].values())) == {True}, seen["refused"]


def test_nobody_comes_in_without_a_login(running: Cluster) -> None:
    for login in ("", "worker:wrong", "nobody:x"):
        url = f"{running.mlflow_url}/api/2.0/mlflow/experiments/get?experiment_id=0"
        assert status_of(url, login) == 401
        assert status_of(f"{running.prefect_url}/api/flows/filter", login, {}) == 401
    url = f"{running.prefect_url}/api/flows/filter"
    assert status_of(url, running.secrets["prefect"], {}) == 200
    assert status_of(f"{running.s3.url}/{BUCKET}/mlflow") == 403


def test_no_secret_is_in_what_was_written(running: Cluster, runs: dict[str, Any]) -> None:
    planted = [*running.secrets.values(), running.s3.secret, running.database.password]
    planted += [secret.split(":")[-1] for secret in planted]
    ours = running.folder / IDENTITY  # by which a test's own cluster is found again
    files = [path for path in running.folder.rglob("*") if path.is_file() and path != ours]
    written = [
        path
        for path in files
        if path.suffix in (".log", ".yaml", ".json", ".html", ".lock", ".dvc", "")
        and path.stat().st_size < 5_000_000
        and not path.is_relative_to(running.folder / "s3")
    ]
    for path in written:
        text = path.read_bytes()
        assert not [secret for secret in planted if secret.encode() in text], path
    for run in runs.values():
        logs = running.logs(run["id"])
        assert not [secret for secret in planted if secret in logs]
    told = json.dumps(_registered(running))
    assert "mintmark.verdict" in told and not [secret for secret in planted if secret in told]
    for key, data in _small_objects(running):
        assert not [secret for secret in planted if secret.encode() in data], key


def _answer_to_the_alarm(running: Cluster) -> str:
    """The id of the run that the server started by itself, as the monitor told of drift."""
    wanted = {"deployments": {"name": {"any_": ["retrain-on-drift"]}}}
    deadline = time.monotonic() + 120
    while not (found := running.call("/flow_runs/filter", wanted)):
        assert time.monotonic() < deadline, "no run was started"
        time.sleep(1)
    return str(found[0]["id"])


def _registered(running: Cluster) -> list[Any]:
    """All that the registry says of runs and versions: parameters, tags, descriptions."""
    api, admin = f"{running.mlflow_url}/api/2.0/mlflow", f"admin:{running.secrets['admin']}"
    experiments = ask(f"{api}/experiments/search?max_results=1000", admin)["experiments"]
    wanted = {"experiment_ids": [each["experiment_id"] for each in experiments]}
    return [
        experiments,
        ask(f"{api}/runs/search", admin, wanted | {"max_results": 10_000}),
        ask(f"{api}/model-versions/search?max_results=1000", admin),
    ]


def _small_objects(running: Cluster) -> Iterator[tuple[str, bytes]]:
    """What lies in S3: reports, settings, checkpoints, packages, prepared rows."""
    s3 = running.boto()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page["Contents"]:
            if item["Size"] < 5_000_000:
                yield item["Key"], s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()


def _workspaces(running: Cluster, worker: str) -> Path:
    return running.folder / worker / "home" / "workspaces"


def _is_refusal(code: str) -> bool:
    return "PERMISSION_DENIED" in code or "403" in code
