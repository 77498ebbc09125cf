"""The same job is started twice at the same moment: one version, one promotion."""

import threading
import time

import pytest

from tests.cluster.cluster import Cluster, ask
from tests.faults.breakable import Breakable
from tests.faults.work import forget, versions, worker_of

pytestmark = pytest.mark.faults

MODEL = "survey_sharing"
EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
REQUEST = {"recipe": MODEL, "preset": "smoke", "overrides": [EASY, "evaluate.repeats=1"]}


def test_two_workers_make_one_version_and_one_promotion(running: Breakable) -> None:
    cluster = running.cluster
    forget(cluster)
    runs: list[str] = []
    starters = [
        threading.Thread(target=lambda: runs.append(cluster.start("retrain", **REQUEST)))
        for _ in range(2)
    ]
    began = time.monotonic()
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    ended = [cluster.wait(run) for run in runs]
    seconds = time.monotonic() - began
    for run in ended:
        assert run["state_name"] == "Completed", cluster.logs(run["id"])
    did = {worker.name for run in runs if (worker := worker_of(cluster, run)) is not None}
    assert len(did) == 2, "one worker had both: they were not made at the same time"
    assert [version["version"] for version in versions(cluster, MODEL)] == ["1"]
    acts = promotions(cluster, MODEL)
    assert len(acts) == 1, acts
    print(f"\nthe same twice: one version, one promotion, both done after {seconds:.0f} s")


def promotions(cluster: Cluster, model: str) -> list[dict[str, object]]:
    """The promotions of a model in the audit record."""
    api, login = f"{cluster.mlflow_url}/api/2.0/mlflow", f"admin:{cluster.secrets['admin']}"
    found = ask(f"{api}/experiments/get-by-name?experiment_name=mintmark-audit", login)
    wanted = f"tags.`mintmark.model` = '{model}' and tags.`mintmark.action` = 'promote'"
    body = {"experiment_ids": [found["experiment"]["experiment_id"]], "filter": wanted}
    return list(ask(f"{api}/runs/search", login, body).get("runs", ()))
