"""Who may do what: each forbidden action is tried as a program and as the pages would, and refused.

The pages of MLflow ask under `/ajax-api`, programs under `/api`; both are the same server's, and
each has to refuse by itself. The pages of Prefect ask what programs ask. Nothing is run here.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cluster.cluster import BUCKET, Cluster, ask, cluster

pytestmark = pytest.mark.cluster

MODEL = "payroll"
WAYS = {"program": "/api/2.0/mlflow", "page": "/ajax-api/2.0/mlflow"}
ALLOWED, WHO, MAY_NOT, NO_RIGHT = 200, 401, 403, 403

READS = {
    "search runs": ("POST", "/runs/search", {"experiment_ids": ["$experiment"]}),
    "see a run": ("GET", "/runs/get?run_id=$run", None),
    "list a run's files": ("GET", "/artifacts/list?run_id=$run", None),
    "search models": ("GET", "/registered-models/search", None),
    "see a version": ("GET", f"/model-versions/get?name={MODEL}&version=1", None),
    "see the champion": ("GET", f"/registered-models/alias?name={MODEL}&alias=champion", None),
}
"""What a reader may do, and nobody without a login."""

WRITES = {
    "move the champion": (
        "POST",
        "/registered-models/alias",
        {"name": MODEL, "alias": "champion", "version": "1"},
    ),
    "take the champion away": (
        "DELETE",
        "/registered-models/alias",
        {"name": MODEL, "alias": "champion"},
    ),
    "register a version": (
        "POST",
        "/model-versions/create",
        {"name": MODEL, "source": "mlflow-artifacts:/1/models/m-0/artifacts"},
    ),
    "change a verdict": (
        "POST",
        "/model-versions/set-tag",
        {"name": MODEL, "version": "1", "key": "mintmark.verdict.sharing", "value": "passed"},
    ),
    "delete a verdict": (
        "DELETE",
        "/model-versions/delete-tag",
        {"name": MODEL, "version": "1", "key": "mintmark.verdict.sharing"},
    ),
    "describe a version anew": (
        "PATCH",
        "/model-versions/update",
        {"name": MODEL, "version": "1", "description": "x"},
    ),
    "move a version to a stage": (
        "POST",
        "/model-versions/transition-stage",
        {"name": MODEL, "version": "1", "stage": "Production"},
    ),
    "delete a version": ("DELETE", "/model-versions/delete", {"name": MODEL, "version": "1"}),
    "rename a model": ("POST", "/registered-models/rename", {"name": MODEL, "new_name": "mine"}),
    "delete a model": ("DELETE", "/registered-models/delete", {"name": MODEL}),
    "add a figure": (
        "POST",
        "/runs/log-metric",
        {"run_id": "$run", "key": "gain", "value": 1.0, "timestamp": 0},
    ),
    "add a parameter": (
        "POST",
        "/runs/log-parameter",
        {"run_id": "$run", "key": "a", "value": "b"},
    ),
    "tag a run": ("POST", "/runs/set-tag", {"run_id": "$run", "key": "a", "value": "b"}),
    "end a run": ("POST", "/runs/update", {"run_id": "$run", "status": "FAILED"}),
    "delete a run": ("POST", "/runs/delete", {"run_id": "$run"}),
    "begin a run in the audit record": ("POST", "/runs/create", {"experiment_id": "$experiment"}),
    "delete an experiment": ("POST", "/experiments/delete", {"experiment_id": "$experiment"}),
    "rename an experiment": (
        "POST",
        "/experiments/update",
        {"experiment_id": "$experiment", "new_name": "x"},
    ),
}
"""What only who made it, or an administrator, may do."""

ADMINISTRATION = {
    "make a user": (
        "POST",
        "/users/create",
        {"username": "mallory", "password": "mallory-mallory"},
    ),
    "become an administrator": (
        "PATCH",
        "/users/update-admin",
        {"username": "reader", "is_admin": True},
    ),
    "change another's password": (
        "PATCH",
        "/users/update-password",
        {"username": "admin", "password": "mallory-mallory"},
    ),
    "delete a user": ("DELETE", "/users/delete", {"username": "worker"}),
}
"""What only an administrator may do."""


@dataclass(frozen=True)
class Stage:
    """A cluster with a model, a run and an experiment that the administrator made."""

    running: Cluster
    experiment: str
    run: str

    def login(self, who: str) -> str:
        return f"{who}:{self.running.secrets[who]}" if who else ""

    def status(self, who: str, method: str, path: str, body: Any = None) -> int:
        """What MLflow answers to `who`."""
        filled = path.replace("$run", self.run).replace("$experiment", self.experiment)
        text = None
        if body is not None:
            said = json.dumps(body).replace("$run", self.run)
            text = said.replace("$experiment", self.experiment).encode()
        return answer(self.running.mlflow_url + filled, self.login(who), method, text)


def answer(url: str, login: str, method: str, body: bytes | None = None) -> int:
    request = Request(url, data=body, method=method)
    request.add_header("Content-Type", "application/json")
    if login:
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with urlopen(request, timeout=60) as answered:
            return int(answered.status)
    except HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with cluster(tmp_path_factory.mktemp("roles")) as running:
        admin = f"admin:{running.secrets['admin']}"
        api = f"{running.mlflow_url}/api/2.0/mlflow"
        experiment = ask(f"{api}/experiments/create", admin, {"name": "mintmark-audit"})
        made = {"experiment_id": experiment["experiment_id"]}
        run = ask(f"{api}/runs/create", admin, made)["run"]["info"]
        ask(f"{api}/registered-models/create", admin, {"name": MODEL})
        version = {"name": MODEL, "source": run["artifact_uri"], "run_id": run["run_id"]}
        ask(f"{api}/model-versions/create", admin, version)
        alias = {"name": MODEL, "alias": "champion", "version": "1"}
        ask(f"{api}/registered-models/alias", admin, alias)
        yield Stage(running, made["experiment_id"], run["run_id"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("act", READS)
def test_reading(act: str, way: str, stage: Stage) -> None:
    method, path, body = READS[act]
    asked = {who: stage.status(who, method, WAYS[way] + path, body) for who in ("", "reader")}
    assert asked == {"": WHO, "reader": ALLOWED}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("act", [*WRITES, *ADMINISTRATION])
def test_changing_what_others_made(act: str, way: str, stage: Stage) -> None:
    """Neither a reader nor a worker may; nobody may without a login."""
    method, path, body = (WRITES | ADMINISTRATION)[act]
    users = ("", "reader", "worker")
    asked = {who: stage.status(who, method, WAYS[way] + path, body) for who in users}
    assert asked == {"": WHO, "reader": MAY_NOT, "worker": MAY_NOT}


@pytest.mark.parametrize("who", ["", "reader", "worker"])
def test_files_of_others_stay_as_they_are(who: str, stage: Stage) -> None:
    path = f"/api/2.0/mlflow-artifacts/artifacts/{stage.experiment}/{stage.run}/artifacts/x.txt"
    refused = WHO if not who else MAY_NOT
    assert stage.status(who, "PUT", path, {}) == refused
    assert stage.status(who, "DELETE", path) == refused
    upload = f"/api/2.0/mlflow-artifacts/mpu/create/{stage.experiment}/{stage.run}/artifacts/x"
    assert stage.status(who, "POST", upload, {"path": "x", "num_parts": 1}) == refused


@pytest.mark.parametrize("page", ["/", "/signup", "/graphql", "/get-artifact?path=x&run_uuid=$run"])
def test_no_page_of_the_registry_opens_without_a_login(page: str, stage: Stage) -> None:
    method = "POST" if page == "/graphql" else "GET"
    assert stage.status("", method, page, {} if method == "POST" else None) == WHO


PREFECT = {
    "see runs": ("POST", "/flow_runs/filter", {}),
    "see deployments": ("POST", "/deployments/filter", {}),
    "see logs": ("POST", "/logs/filter", {}),
    "see variables": ("POST", "/variables/filter", {}),
    "see blocks": ("POST", "/block_documents/filter", {}),
    "start a run": ("POST", "/deployments/$deployment/create_flow_run", {}),
    "pause a schedule": ("POST", "/deployments/$deployment/pause_deployment", {}),
    "delete a deployment": ("DELETE", "/deployments/$deployment", None),
    "send an event": ("POST", "/events", []),
    "make an automation": ("POST", "/automations/", {}),
    "wipe the database": ("POST", "/admin/database/clear", {}),
}


@pytest.mark.parametrize("act", PREFECT)
def test_prefect_asks_for_its_own_login(act: str, stage: Stage) -> None:
    """Nobody comes in, and no reader or worker of the registry; who knows the password does."""
    method, path, body = PREFECT[act]
    running = stage.running
    found = ask(f"{running.prefect_url}/api/deployments/filter", running.secrets["prefect"], {})
    url = f"{running.prefect_url}/api{path.replace('$deployment', found[0]['id'])}"
    text = None if body is None else json.dumps(body).encode()
    for who in ("", "reader", "worker"):
        assert answer(url, stage.login(who), method, text) == WHO


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_nobody_comes_to_s3_without_a_key(method: str, stage: Stage) -> None:
    for key in ("store/x", "mlflow/x", ""):
        assert answer(f"{stage.running.s3.url}/{BUCKET}/{key}", "", method) == NO_RIGHT


def test_nothing_that_was_refused_was_done(stage: Stage) -> None:
    admin, api = stage.login("admin"), f"{stage.running.mlflow_url}/api/2.0/mlflow"
    version = ask(f"{api}/registered-models/alias?name={MODEL}&alias=champion", admin)
    assert version["model_version"]["version"] == "1" and "tags" not in version["model_version"]
    run = ask(f"{api}/runs/get?run_id={stage.run}", admin)["run"]
    assert run["info"]["lifecycle_stage"] == "active" and run["info"]["status"] == "RUNNING"
    assert "metrics" not in run["data"] and "params" not in run["data"]
