"""Training curves in MLflow while training goes on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.entities import Metric

from components.registry.runs import last_step, open_run
from components.registry.tracking import connect
from components.storage.home import Home

PREFIX = "training_"
_BATCH = 1_000


_SECONDS = 2.0
"""How old the newest points in MLflow may be: one call for each step would slow training down."""


class LiveCurves:
    """Logs steps to the request's run, which is opened with the first of them; see `live_curves`.

    A step that the run has already is left out.
    """

    def __init__(self, name: str, request_key: str, home: Home) -> None:
        self._name = name
        self._request_key = request_key
        self._home = home
        self._client: MlflowClient | None = None
        self._run_id = ""
        self._last_step = -1
        self._waiting: list[Metric] = []
        self._sent = time.monotonic()

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Log one step, now or within the next steps of two seconds."""
        now = int(time.time() * 1000)
        self._waiting += [
            Metric(PREFIX + name, value, now, step) for name, value in metrics.items()
        ]
        if time.monotonic() - self._sent > _SECONDS:
            self.send()

    def send(self) -> None:
        """Log what waits."""
        waiting, self._waiting = self._waiting, []
        self._sent = time.monotonic()
        if not waiting:
            return
        if self._client is None:
            self._client = self._open({point.key for point in waiting})
        points = [point for point in waiting if point.step > self._last_step]
        for start in range(0, len(points), _BATCH):
            self._client.log_batch(self._run_id, metrics=points[start : start + _BATCH])

    def _open(self, metrics: set[str]) -> MlflowClient:
        """Find the run of the request and how far its curves go."""
        client = connect(self._home)
        self._run_id = open_run(client, self._name, self._request_key, self._home)
        steps = (last_step(client, self._run_id, metric) for metric in metrics)
        self._last_step = max(steps, default=-1)
        return client


@contextmanager
def live_curves(name: str, request_key: str, home: Home) -> Iterator[LiveCurves]:
    """Curves of a training that runs within the block; at its end all are logged."""
    curves = LiveCurves(name, request_key, home)
    try:
        yield curves
    finally:
        curves.send()
