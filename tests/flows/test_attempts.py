"""What an attempt at a run may say of it, once the server has begun the run again elsewhere."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

from tests.home import PROJECT

RUN = str(uuid4())
_ATTEMPT = """
import sys
import httpx
from flows.attempts import attempt

@attempt()
def work():
    if sys.argv[1] == "lost":
        raise httpx.ConnectError("All connection attempts failed")
    raise ValueError("of the work")

work()
"""


class _Answers(BaseHTTPRequestHandler):
    """A server that has begun the run twice."""

    def do_GET(self) -> None:
        found = {"id": RUN, "flow_id": RUN, "name": "x", "run_count": 2}
        body = json.dumps(found if RUN in self.path else "3.8.8").encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        return


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
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
    runtime = {"PREFECT__RUNTIME__FLOW_RUN__ID": RUN}
    runtime |= {"PREFECT__RUNTIME__FLOW_RUN__RUN_COUNT": str(begun)}
    done = subprocess.run(
        [sys.executable, "-c", _ATTEMPT, fails_of],
        env=os.environ | runtime | {"PREFECT_API_URL": server, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert said in done.stderr, done.stderr
