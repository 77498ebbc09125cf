"""This machine as one of several: its name, its slots, and its worker."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

from components.errors import UserError
from components.storage.leash import leashed
from components.storage.places import STORE_VARIABLE, shared_url
from flows.project import PROJECT
from flows.services.running import SLOTS_VARIABLE
from flows.services.slots import MACHINE_VARIABLE

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_SERVERS = ("PREFECT_API_URL", "MLFLOW_TRACKING_URI")


def host_name() -> str:
    """What this machine calls itself."""
    return socket.gethostname()


def check_server_is_set() -> None:
    """Raise UserError where the environment does not name the servers and the shared store."""
    missing = [name for name in _SERVERS if not os.environ.get(name, "").startswith("http")]
    missing += [] if shared_url() else [STORE_VARIABLE]
    if missing:
        raise UserError(
            f"{', '.join(missing)} must be set where several machines work together "
            "(docs/cluster.md); for one machine alone there is `mintmark up`"
        )


def take_runs(name: str) -> int:
    """Work as the machine `name` until told to stop; the worker's exit status.

    Raises UserError for a name that is none, and where the server refuses the login.
    """
    if not _NAME.fullmatch(name):
        raise UserError(f"name {name!r}: accepted are letters, digits, '.', '_' and '-', up to 63")
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    os.environ[MACHINE_VARIABLE] = name
    os.environ[SLOTS_VARIABLE] = "1"
    os.environ["PYTHONPATH"] = str(PROJECT)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "INFO"
    # a server answers so while its database starts again, or its proxy finds none behind it
    os.environ.setdefault("PREFECT_CLIENT_RETRY_EXTRA_CODES", "500,502,504")
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "9")  # the most that MLflow takes
    from httpx import HTTPError
    from prefect.client.orchestration import get_client

    from flows.deployments import apply_slots, remove_slots
    from flows.services.settings import read_service_settings
    from flows.worker import wait_for_pool

    wait_for_pool()
    settings = read_service_settings()
    with get_client(sync_client=True) as client:
        apply_slots(client, settings, name)
    command = [sys.executable, "-m", "flows.machine_worker", name, str(settings.num_runs)]
    status = _run_leashed(command)
    with get_client(sync_client=True) as client, suppress(HTTPError):  # a server may be gone too
        remove_slots(client, name)
    return status


def _run_leashed(command: list[str]) -> int:
    """The exit status of a command that ends with this process, however this one ends."""
    process = subprocess.Popen(leashed(command), stdin=subprocess.PIPE)

    def stop(number: int, frame: FrameType | None) -> None:
        process.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return process.wait()
