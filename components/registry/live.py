"""Training curves in MLflow while training goes on."""

import time

from mlflow import MlflowClient
from mlflow.entities import Metric

from components.registry.runs import last_step, open_run
from components.registry.tracking import connect
from components.storage.home import Home

PREFIX = "training_"


class LiveCurves:
    """Logs steps to the request's run, which is opened with the first of them."""

    def __init__(self, name: str, request_key: str, home: Home) -> None:
        self._name = name
        self._request_key = request_key
        self._home = home
        self._client: MlflowClient | None = None
        self._run_id = ""
        self._last_step = -1

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Log one step; a step that the run has already is left out."""
        if self._client is None:
            self._client = connect(self._home)
            self._run_id = open_run(self._client, self._name, self._request_key, self._home)
            self._last_step = max(
                (last_step(self._client, self._run_id, PREFIX + metric) for metric in metrics),
                default=-1,
            )
        if step <= self._last_step:
            return
        now = int(time.time() * 1000)
        points = [Metric(PREFIX + metric, value, now, step) for metric, value in metrics.items()]
        self._client.log_batch(self._run_id, metrics=points)
