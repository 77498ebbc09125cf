"""What an attempt at a run may say of it: once it was begun elsewhere, or where it was refused."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest

from flows.services import SLOTS_VARIABLE
from tests.home import PROJECT

RUN = str(uuid4())
_BEHIND = 3 * 3600
_ATTEMPT = """
import sys
import httpx
from mlflow import MlflowClient
from components.errors import Unavailable, UserError
from components.config import read_params
from flows.attempts import attempt
from flows.project import PROJECT
from flows.slots import slot_for

@attempt()
def work():
    match sys.argv[1]:
        case "lost":
            raise httpx.ConnectError("All connection attempts failed")
        case "refused":
            raise Unavailable("cannot list s3://lab/x: SlowDown")
        case "busy":
            answer = httpx.Response(503, request=httpx.Request("POST", "http://server/api/slots"))
            answer.raise_for_status()
        case "slots":
            with slot_for("train", read_params(PROJECT / "params.yaml")):
                pass
        case "registry":
            MlflowClient("http://127.0.0.1:9", "http://127.0.0.1:9").get_run("x")
        case "wrong":
            raise UserError("rows is -1")
    raise ValueError("of the work")

work()
"""


class _Answers(BaseHTTPRequestHandler):
    """A server that has begun the run twice, and takes other states of it."""

    deployment: str | None = RUN
    told: list[Any] = []  # noqa: RUF012 - cleared by each test

    def do_GET(self) -> None:
        found = {"id": RUN, "flow_id": RUN, "name": "x", "run_count": 2}
        self._answer(found | {"deployment_id": self.deployment} if RUN in self.path else "3.8.8")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/set_state"):
            self.told.append(json.loads(body))
        status = 500 if "concurrency" in self.path else 200
        self._answer({"status": "ACCEPT", "details": {}, "state": None}, status)

    def _answer(self, found: Any, status: int = 200) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """By a clock three hours behind this machine's."""
        return super().date_time_string(time.time() - _BEHIND)

    def log_message(self, *arguments: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[str]:
    _Answers.told.clear()
    _Answers.deployment = RUN
    served = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_address[1]}/api"
    served.shutdown()


@pytest.mark.parametrize(
    ("begun", "fails_of", "status", "said"),
    [
        (1, "work", 0, "another worker took this run over"),
        (2, "work", 1, "ValueError: of the work"),
        (2, "lost", 1, "the Prefect server does not answer"),
    ],
)
def test_a_former_attempt_ends_in_silence(
    server: str, begun: int, fails_of: str, status: int, said: str
) -> None:
    done = _attempt(server, begun, fails_of)
    assert done.returncode == status, done.stderr
    assert said in done.stderr, done.stderr
    assert not _Answers.told


@pytest.mark.parametrize(
    ("fails_of", "said"),
    [
        ("refused", "cannot list s3://lab/x: SlowDown"),
        ("registry", "127.0.0.1"),
        ("busy", "503 Service Unavailable"),
        ("slots", "500 Internal Server Error"),
    ],
)
def test_what_a_server_refuses_for_now_begins_again_later(
    server: str, fails_of: str, said: str
) -> None:
    done = _attempt(server, 2, fails_of)
    assert done.returncode == 0, done.stderr
    assert said in done.stderr and "begins again in 60 s" in done.stderr
    (state,) = (told["state"] for told in _Answers.told)
    assert (state["type"], state["name"]) == ("SCHEDULED", "AwaitingRetry")
    assert said in state["message"]
    later = datetime.fromisoformat(state["state_details"]["scheduled_time"]).timestamp()
    assert 0 < later - (time.time() - _BEHIND) <= 60  # by the server's clock


@pytest.mark.parametrize(("begun", "fails_of"), [(5, "refused"), (2, "wrong")])
def test_the_last_refusal_and_what_is_wrong_for_good_fail_the_run(
    server: str, begun: int, fails_of: str
) -> None:
    done = _attempt(server, begun, fails_of)
    assert done.returncode == 1 and not _Answers.told
    assert "UserError: rows is -1" in done.stderr or "Unavailable: cannot list" in done.stderr


def test_a_run_of_no_deployment_fails_at_once(server: str) -> None:
    _Answers.deployment = None
    done = _attempt(server, 2, "refused")
    assert done.returncode == 1 and not _Answers.told
    assert "Unavailable: cannot list s3://lab/x: SlowDown" in done.stderr


def _attempt(server: str, begun: int, fails_of: str) -> "subprocess.CompletedProcess[str]":
    runtime = {"PREFECT__RUNTIME__FLOW_RUN__ID": RUN}
    runtime |= {"PREFECT__RUNTIME__FLOW_RUN__RUN_COUNT": str(begun), SLOTS_VARIABLE: "1"}
    quick = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false"}
    return subprocess.run(
        [sys.executable, "-c", _ATTEMPT, fails_of],
        env=os.environ | runtime | quick | {"PREFECT_API_URL": server, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
