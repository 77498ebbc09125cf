"""The replay by events: windows are told of as any system may, the services do the rest."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.replay import MODEL, ROOT

_SETTLED = ("Completed", "Failed", "Cancelled", "Crashed")
_SECONDS = 900
_AUTOMATION_SECONDS = 90
"""How long an automation may take to start a run after its event."""


class ByEvents:
    """The loop on running services; `alarms` reads those of a look from its run in MLflow."""

    def __init__(self, url: str, alarms: Callable[[str], list[str]]) -> None:
        self._url = url
        self._alarms = alarms

    def begin(self, request: dict[str, Any]) -> None:
        """Start the deployment `retrain` as its form does, and wait for it."""
        deployment = self._call("/deployments/name/retrain/retrain")["id"]
        body = {"parameters": {"request": request}, "state": {"type": "SCHEDULED"}}
        self._call(f"/deployments/{deployment}/create_flow_run", body)
        self._await("retrain", 1)

    def arrive(self, window: Path, *, is_cool: bool) -> Sequence[str]:
        """Emit that a batch arrived; wait for the look, and for what an alarm starts."""
        looks, answers = len(self._runs("monitor")), len(self._runs("retrain-on-drift"))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        event = {
            "event": "mintmark.batch.arrived",
            "occurred": now,
            "id": str(uuid.uuid4()),
            "resource": {"prefect.resource.id": f"mintmark.model.{MODEL}"},
            "payload": {"model": MODEL, "data": str(window)},
        }
        self._call("/events", [event])
        self._await("monitor", looks + 1)
        raised = self._alarms(_newest_look())
        if raised:
            self._await("retrain-on-drift", answers + 1)
        return raised

    def _await(self, flow: str, count: int) -> None:
        """Return once the flow has so many runs and none goes on."""
        deadline = time.monotonic() + _SECONDS
        begun_by = time.monotonic() + _AUTOMATION_SECONDS
        while time.monotonic() < deadline:
            runs = self._runs(flow)
            if len(runs) >= count and all(run["state_name"] in _SETTLED for run in runs):
                assert runs[-1]["state_name"] == "Completed", runs[-1]["state"]
                return
            assert len(runs) >= count or time.monotonic() < begun_by, f"{flow} was not started"
            time.sleep(1)
        raise AssertionError(f"{flow} goes on after {_SECONDS} s")

    def _runs(self, flow: str) -> list[Any]:
        query = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_ASC"}
        found: list[Any] = self._call("/flow_runs/filter", query)
        return [run for run in found if run["deployment_id"]]

    def _call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + "/api" + path, data=data)
        request.add_header("Content-Type", "application/json")
        with urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def _newest_look() -> str:
    """The MLflow run of the newest look."""
    from components.registry.tracking import connect
    from components.storage.home import find_home

    client = connect(find_home())
    experiment = client.get_experiment_by_name(f"{MODEL}-monitor")
    newest = client.search_runs(
        [experiment.experiment_id], order_by=["attributes.start_time DESC"], max_results=1
    )
    return str(newest[0].info.run_id)


@contextmanager
def services() -> Iterator[str]:
    """`mintmark up` while the block runs; where Prefect answers."""
    from components.storage.home import find_home
    from flows.services.running import running_services

    command = [sys.executable, "-m", "flows"]
    subprocess.run([*command, "up"], cwd=ROOT, check=True)
    try:
        yield running_services(find_home())["prefect"].url
    finally:
        subprocess.run([*command, "down"], cwd=ROOT, check=True)
