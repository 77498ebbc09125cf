"""The MLflow run of a request: one however often the request is made, or a flow is killed."""

from mlflow import MlflowClient

from components.registry.tracking import find_experiment
from components.storage.home import Home


def open_run(client: MlflowClient, name: str, request_key: str, home: Home) -> str:
    """The run of this request: the one a killed flow left behind, else a new one."""
    experiment = find_experiment(client, name, home)
    found = client.search_runs(
        [experiment], f"tags.`mintmark.request_key` = '{request_key}'", max_results=1
    )
    if found:
        return str(found[0].info.run_id)
    tags = {"mintmark.request_key": request_key}
    run = client.create_run(experiment, tags=tags, run_name=f"{name} {request_key[:8]}")
    return str(run.info.run_id)


def last_step(client: MlflowClient, run_id: str, metric: str) -> int:
    """The last step at which the run has the metric, -1 where it has none."""
    return max((point.step for point in client.get_metric_history(run_id, metric)), default=-1)
