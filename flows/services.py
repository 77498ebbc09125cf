"""The Prefect and MLflow servers of this machine: start them, find them, stop them."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from components.errors import UserError
from components.storage.home import Home
from flows.ports import free_port

_START_SECONDS = 180
_STOP_SECONDS = 20


@dataclass(frozen=True)
class Service:
    """A server that was started here: what it is, where it answers, its process group."""

    name: str
    url: str
    health: str
    group: int

    @property
    def is_up(self) -> bool:
        """True where it answers."""
        try:
            with urlopen(self.url + self.health, timeout=5):
                return True
        except (URLError, OSError):
            return False


def running_services(home: Home) -> dict[str, Service]:
    """The servers that were started here and still answer, by name."""
    path = _record(home)
    if not path.is_file():
        return {}
    known = [Service(**entry) for entry in json.loads(path.read_text())]
    return {service.name: service for service in known if service.is_up}


def version_page(home: Home, model: str, version: str) -> str:
    """The address of a version's page, empty where no MLflow server was started here."""
    server = running_services(home).get("mlflow")
    return f"{server.url}/#/models/{model}/versions/{version}" if server else ""


def start_services(home: Home, tracking_uri: str) -> dict[str, Service]:
    """Both servers, each started unless it answers already; returns once both answer."""
    services = running_services(home)
    for name, start in (("prefect", _start_prefect), ("mlflow", _start_mlflow)):
        if name not in services:
            services[name] = start(home, tracking_uri)
    _write(home, services)
    deadline = time.monotonic() + _START_SECONDS
    for service in services.values():
        while not service.is_up:
            if time.monotonic() > deadline:
                raise UserError(
                    f"{service.name} did not answer at {service.url} within {_START_SECONDS} s; "
                    f"its log is {_log(home, service.name)}"
                )
            time.sleep(0.2)
    return services


def stop_services(home: Home) -> list[str]:
    """End the servers that were started here and wait until they are gone; their names."""
    services = running_services(home)
    for service in services.values():
        os.killpg(service.group, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while any(service.is_up for service in services.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for service in services.values():
        try:
            os.killpg(service.group, signal.SIGKILL)
        except ProcessLookupError:
            continue
    _record(home).unlink(missing_ok=True)
    return list(services)


def _start_prefect(home: Home, tracking_uri: str) -> Service:
    port = free_port(4200)
    command = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    environment = {"PREFECT_UI_API_URL": f"http://127.0.0.1:{port}/api"}
    group = _launch(home, "prefect", command, environment)
    return Service("prefect", f"http://127.0.0.1:{port}", "/api/health", group)


def _start_mlflow(home: Home, tracking_uri: str) -> Service:
    port = free_port(5000)
    command = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", tracking_uri, "--workers", "1"]
    command += ["--artifacts-destination", (home.mlflow / "artifacts").as_uri()]
    group = _launch(home, "mlflow", command, {})
    return Service("mlflow", f"http://127.0.0.1:{port}", "/health", group)


def _launch(home: Home, name: str, command: list[str], environment: dict[str, str]) -> int:
    """Start a server in a session of its own, its output in a log; its process group."""
    log = _log(home, name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return process.pid


def _log(home: Home, name: str) -> Path:
    return home.root / "logs" / f"{name}.log"


def _record(home: Home) -> Path:
    return home.root / "services.json"


def _write(home: Home, services: dict[str, Service]) -> None:
    partial = _record(home).with_suffix(".part")
    partial.write_text(json.dumps([asdict(service) for service in services.values()], indent=1))
    partial.replace(_record(home))
