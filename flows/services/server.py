"""A Prefect server for the length of one run, where none is set or running."""

import asyncio
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from components.errors import UserError
from components.storage.full_disk import disk_full
from components.storage.home import Home, find_home
from components.storage.leash import leashed
from flows.services.ports import free_port
from flows.services.running import SLOTS_VARIABLE, running_services
from flows.services.starting import START_SECONDS, history_lock, wait_until

_VARIABLE = "PREFECT_API_URL"
_STOP_SECONDS = 5
_ENVIRONMENT = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",  # its log says why it ended
}
_LEAST_FREE = 1_000_000
"""Bytes without which a server that has not started is not asked for another reason."""


@contextmanager
def prefect_server(home: Home) -> Iterator[None]:
    """A server on a free loopback port while the block runs.

    None is started where `PREFECT_API_URL` names one or `mintmark up` started one.
    It starts in the background: the caller's imports go on meanwhile, and the block is entered
    once it answers. Its history is kept in the home folder.
    """
    standing = running_services(home).get("prefect")
    if os.environ.get(_VARIABLE):
        yield
    elif standing:
        os.environ[SLOTS_VARIABLE] = "1"
        with connected(f"{standing.url}/api"):
            yield
    else:
        with _temporary(home) as url, connected(url):
            yield


@contextmanager
def _temporary(home: Home) -> Iterator[str]:
    """The address of a server that ends with the block."""
    port = free_port()
    process = _start(port, home)
    try:
        importlib.import_module("flows.retrain")  # takes seconds, while the server starts
        _await(process, port, home)
        yield f"http://127.0.0.1:{port}/api"
    finally:
        _stop(process)


@contextmanager
def connected(url: str) -> Iterator[None]:
    """Prefect's client, which may have read its settings already, and every child use `url`."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    os.environ[_VARIABLE] = url
    try:
        with temporary_settings({PREFECT_API_URL: url}):
            try:
                yield
            finally:
                _send_what_is_queued()
    finally:
        del os.environ[_VARIABLE]


def temporary_app() -> Any:
    """The server's application without the services that only a standing server needs.

    Its history is brought up to date before: one server at a time, which Prefect does not see to.
    """
    from prefect.server.api.server import create_app
    from prefect.server.database import provide_database_interface

    with history_lock(find_home()), ThreadPoolExecutor(1) as beside:  # here runs a loop already
        beside.submit(asyncio.run, provide_database_interface().create_db()).result()
    return create_app(ephemeral=True)


def _send_what_is_queued() -> None:
    """Wait for logs and events on their way to the server, which is about to stop."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler

    APILogHandler().flush()
    EventsWorker.drain_all()


def _start(port: int, home: Home) -> "subprocess.Popen[bytes]":
    """A server that ends with this process, however that ends, and hears no Ctrl-C of its own."""
    home.prefect.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "uvicorn", "--factory", "flows.services.server:temporary_app"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    with (home.prefect / "server.log").open("ab") as log:
        return subprocess.Popen(
            leashed(command),
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _await(process: "subprocess.Popen[bytes]", port: int, home: Home) -> None:
    log = home.prefect / "server.log"

    def is_up() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5):
                return True
        except (URLError, OSError):
            return False

    def is_over() -> bool:
        return process.poll() is not None or is_up()

    in_time = wait_until(is_over, "the Prefect server", log)
    status = process.poll()
    if in_time and status is None:
        return
    if shutil.disk_usage(home.root).free < _LEAST_FREE:  # no log would say so
        raise disk_full(OSError(), home)
    how = (
        f"did not answer on port {port} within {START_SECONDS} s"
        if status is None
        else f"ended with status {status} before it answered"
    )
    raise UserError(f"the Prefect server {how}; its log is {log}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    process.stdin.close()  # kills what has not stopped
    process.wait()
