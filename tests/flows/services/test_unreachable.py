"""A server that does not answer, or refuses a login, is one line; other errors are not its own."""

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from mlflow.exceptions import MlflowException
from prefect.exceptions import TerminationSignal
from typer.testing import CliRunner

from components.errors import UserError
from components.registry.tracking import connect
from components.storage.home import HOME_VARIABLE, find_home
from flows import cli
from flows.services import unreachable
from flows.services.unreachable import told_of_server
from tests.home import mintmark

NOBODY = "http://user:secret@127.0.0.1:9"
QUICK = {"PREFECT_CLIENT_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
MACHINE = {"MINTMARK_STORE": "s3://bucket/prefix", "MLFLOW_TRACKING_URI": NOBODY}


@contextmanager
def server(status: int, body: str) -> Iterator[str]:
    """One that answers everything with this."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_port}"
    finally:
        made.shutdown()
        made.server_close()


def ask_registry(url: str) -> None:
    connect(find_home())


def ask_prefect(url: str) -> None:
    httpx.get(f"{url}/health").raise_for_status()


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.mark.parametrize(
    ("ask", "status", "body", "told"),
    [
        (ask_registry, 401, "no", "refuses the login (401): check MLFLOW_TRACKING_USERNAME"),
        (
            ask_registry,
            403,
            json.dumps({"error_code": "PERMISSION_DENIED", "message": "no"}),
            "refuses the login (403): check MLFLOW_TRACKING_USERNAME",
        ),
        (ask_registry, 502, "no", "(MLFLOW_TRACKING_URI) does not answer: too many 502"),
        (ask_registry, 404, "no", None),
        (ask_prefect, 401, "no", "refuses the login (401): check PREFECT_API_AUTH_STRING"),
        (ask_prefect, 503, "no", "(PREFECT_API_URL) failed (503): its log says why"),
        (ask_prefect, 404, "no", None),
    ],
)
def test_what_a_server_answers_is_told(
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[str], None],
    status: int,
    body: str,
    told: str | None,
) -> None:
    with server(status, body) as url:
        monkeypatch.setenv("MINTMARK_REGISTRY_URI", url)
        monkeypatch.setenv("PREFECT_API_URL", url)
        with pytest.raises((MlflowException, httpx.HTTPError)) as raised:
            ask(url)
        found = told_of_server(raised.value)
    assert found is None if told is None else found and url in found and told in found


def test_other_errors_are_not_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINTMARK_REGISTRY_URI", NOBODY)
    monkeypatch.setenv("PREFECT_API_URL", NOBODY)
    assert told_of_server(ValueError("a fault of our own")) is None


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), TerminationSignal(signal.SIGTERM)])
def test_a_server_that_was_stopped_with_its_run_is_none_that_does_not_answer(
    stop: BaseException,
) -> None:
    error = httpx.ConnectError("refused")
    error.__context__ = stop
    assert told_of_server(error) is None


@contextmanager
def silence() -> Iterator[str]:
    """A server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "command",
    [
        ("models",),
        ("sample", "people", "-o", "rows.csv"),
        ("run", "survey_sharing"),
        ("rollback", "people", "--why", "worse"),
        ("status",),
    ],
)
def test_a_command_does_not_wait_for_minutes(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unreachable, "_PATIENCE", 0.2)
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    runner = CliRunner()
    with silence() as url, server(404, "no") as other:
        for address, why in ((NOBODY, "Connection refused"), (url, "timed out")):
            asked = time.monotonic()
            done = runner.invoke(cli.app, command, env={"MLFLOW_TRACKING_URI": address})
            assert time.monotonic() - asked < 10
            assert isinstance(done.exception, UserError)
            assert "(MLFLOW_TRACKING_URI) does not answer: " in str(done.exception)
            assert why in str(done.exception) and "secret" not in str(done.exception)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", other)
        unreachable.check_registry_answers()


@pytest.mark.parametrize(
    ("command", "variables", "told"),
    [
        ("models", {"MLFLOW_TRACKING_URI": NOBODY}, "the registry at http://127.0.0.1:9 (MLFLOW_"),
        (
            "deploy",
            MACHINE | {"PREFECT_API_URL": f"{NOBODY}/api"},
            "the Prefect server at http://127.0.0.1:9/api (PREFECT_API_URL)",
        ),
    ],
)
def test_a_server_that_is_not_there_is_one_line(
    tmp_path: Path, command: str, variables: dict[str, str], told: str
) -> None:
    done = mintmark(command, home=tmp_path / "home", variables=QUICK | variables)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith(f"error: {told}") and len(done.stderr.splitlines()) == 1
    assert "refused; check the address" in done.stderr and "secret" not in done.stderr
