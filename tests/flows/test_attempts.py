"""What an attempt at a run may say of it: once it was begun elsewhere, or where it was refused."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import uuid4

import pytest

from flows.services.running import SLOTS_VARIABLE
from tests.home import PROJECT

RUN = str(uuid4())
_BEHIND = 3 * 3600
_ATTEMPTS = """
import json
import os
import sys
import httpx
from mlflow import MlflowClient
from components.errors import Unavailable, UserError
from components.config import read_params
from flows.attempts import attempt
from flows.project import PROJECT
from flows.services.slots import slot_for

@attempt()
def work(fails_of):
    match fails_of:
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

for line in sys.stdin:
    begun, fails_of, told = json.loads(line)
    if not (child := os.fork()):
        for stream in (1, 2):
            os.dup2(os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        os.environ["PREFECT__RUNTIME__FLOW_RUN__RUN_COUNT"] = str(begun)
        work(fails_of)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Makes an attempt for each line, in a process of its own: what it imports takes seconds."""


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


@dataclass(frozen=True)
class Attempts:
    """A running `_ATTEMPTS`, and a folder for what attempts say."""

    process: "subprocess.Popen[str]"
    folder: Path

    def make(self, begun: int, fails_of: str) -> tuple[int, str]:
        """The exit status of an attempt that fails, and what it said."""
        assert self.process.stdin is not None and self.process.stdout is not None
        said = self.folder / token_hex(4)
        self.process.stdin.write(json.dumps([begun, fails_of, str(said)]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline()), said.read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attempts]:
    served = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    variables = {
        "PREFECT_API_URL": f"http://127.0.0.1:{served.server_address[1]}/api",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
        "PREFECT__RUNTIME__FLOW_RUN__ID": RUN,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "PYTHONPATH": str(PROJECT),
        SLOTS_VARIABLE: "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _ATTEMPTS],
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Attempts(process, tmp_path_factory.mktemp("said"))
    served.shutdown()


@pytest.fixture
def attempts(made: Attempts) -> Attempts:
    """They meet a server that was told nothing yet."""
    _Answers.told.clear()
    _Answers.deployment = RUN
    return made


@pytest.mark.parametrize(
    ("begun", "fails_of", "status", "said"),
    [
        (1, "work", 0, "another worker took this run over"),
        (2, "work", 1, "ValueError: of the work"),
        (2, "lost", 1, "the Prefect server does not answer"),
    ],
)
def test_a_former_attempt_ends_in_silence(
    attempts: Attempts, begun: int, fails_of: str, status: int, said: str
) -> None:
    found, told = attempts.make(begun, fails_of)
    assert found == status, told
    assert said in told, told
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
    attempts: Attempts, fails_of: str, said: str
) -> None:
    status, told = attempts.make(2, fails_of)
    assert status == 0, told
    assert said in told and "begins again in 60 s" in told
    (state,) = (heard["state"] for heard in _Answers.told)
    assert (state["type"], state["name"]) == ("SCHEDULED", "AwaitingRetry")
    assert said in state["message"]
    later = datetime.fromisoformat(state["state_details"]["scheduled_time"]).timestamp()
    assert 0 < later - (time.time() - _BEHIND) <= 60  # by the server's clock


@pytest.mark.parametrize(("begun", "fails_of"), [(5, "refused"), (2, "wrong")])
def test_the_last_refusal_and_what_is_wrong_for_good_fail_the_run(
    attempts: Attempts, begun: int, fails_of: str
) -> None:
    status, told = attempts.make(begun, fails_of)
    assert status == 1 and not _Answers.told
    assert "UserError: rows is -1" in told or "Unavailable: cannot list" in told


def test_a_run_of_no_deployment_fails_at_once(attempts: Attempts) -> None:
    _Answers.deployment = None
    status, told = attempts.make(2, "refused")
    assert status == 1 and not _Answers.told
    assert "Unavailable: cannot list s3://lab/x: SlowDown" in told
