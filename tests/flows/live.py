"""The services of a home folder of their own, as `mintmark up` starts them."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil

from tests.home import mintmark

SETTLED = ("Completed", "Failed", "Cancelled", "Suspended")
_TRIES = 6
"""As many as Prefect's own clients make where the server says that it cannot answer just now."""


@dataclass(frozen=True)
class Live:
    """Running services: where they answer, and what can be asked of them as the pages do."""

    home: Path
    prefect: str
    mlflow: str

    def call(self, path: str, body: Any = None) -> Any:
        """The answer of Prefect's API; one that cannot be had just now is asked for again."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.prefect + "/api" + path, data=data)
        request.add_header("Content-Type", "application/json")
        for left in reversed(range(_TRIES)):
            try:
                with urlopen(request, timeout=60) as answer:
                    text = answer.read()
            except HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or not left:
                    raise
                time.sleep(1)
                continue
            break
        return json.loads(text) if text else None

    def deployment(self, name: str) -> Any:
        """The deployment of the flow of the same name."""
        return self.call(f"/deployments/name/{name}/{name}")

    def start(self, deployment: str, **request: Any) -> str:
        """The id of a new run of a deployment, asked for as a form does."""
        body = {"parameters": {"request": request}, "state": {"type": "SCHEDULED"}}
        run = self.call(f"/deployments/{self.deployment(deployment)['id']}/create_flow_run", body)
        return str(run["id"])

    def run(self, run_id: str) -> Any:
        """A flow run as the server has it."""
        return self.call(f"/flow_runs/{run_id}")

    def wait(self, run_id: str, seconds: float = 300) -> Any:
        """The run once it ended or suspended itself."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.run(run_id)
            if run["state_name"] in SETTLED:
                return run
            time.sleep(0.5)
        raise AssertionError(f"the run is {run['state_name']} after {seconds} s")

    def runs(self, flow: str) -> list[Any]:
        """All runs of a flow that were not left for later, the oldest first."""
        query = {"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_ASC"}
        return [run for run in self.call("/flow_runs/filter", query) if run["start_time"]]

    def emit(self, event: str, model: str, **payload: Any) -> None:
        """Send an event as any system may."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        resource = {"prefect.resource.id": f"mintmark.model.{model}"}
        body = {"event": event, "occurred": now, "resource": resource, "id": str(uuid.uuid4())}
        self.call("/events", [body | {"payload": {"model": model, **payload}}])

    def processes(self, *signs: str) -> list[psutil.Process]:
        """The processes of this home folder whose command has one of `signs`, their leashes not."""
        return [
            process
            for process in psutil.process_iter()
            if any(sign in (line := _command(process)) for sign in signs)
            and "leash.py" not in line
            and _home_of(process) == str(self.home)
        ]


@contextmanager
def services(home: Path, **variables: str) -> Iterator[Live]:
    """`mintmark up` in `home`, and `mintmark down` at the end, which leaves no process behind."""
    try:
        yield up(home, **variables)
    finally:
        done = mintmark("down", home=home)
        left = [process for process in psutil.process_iter() if _home_of(process) == str(home)]
        assert done.returncode == 0 and not left, (done.stderr, left)


def up(home: Path, **variables: str) -> Live:
    """What `mintmark up` started."""
    done = mintmark("up", home=home, variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    recorded = json.loads((home / "services" / "services.json").read_text())
    urls = {service["name"]: service["url"] for service in recorded}
    return Live(home, urls["prefect"], urls["mlflow"])


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _home_of(process: psutil.Process) -> str:
    try:
        return str(process.environ().get("MINTMARK_HOME", "")) if process.pid != os.getpid() else ""
    except psutil.Error:
        return ""
