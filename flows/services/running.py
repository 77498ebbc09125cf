"""The services of this machine: the Prefect and MLflow servers and a worker, kept running."""

import json
import os
import sys
from collections.abc import Set
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from filelock import FileLock

from components.errors import UserError
from components.storage.home import Home
from components.storage.places import REGISTRY_VARIABLE
from flows.services.ports import free_port
from flows.services.starting import START_SECONDS, history_lock, wait_until
from flows.services.supervision import (
    Program,
    is_supervising,
    listens,
    log_file,
    stop_supervising,
    supervise,
)

WORK_POOL = "mintmark"
SLOTS_VARIABLE = "MINTMARK_SLOTS"
"""Set where a standing server keeps the slots."""
METRICS = "metrics"
_EMPTY_PAGE = "/favicon.ico"
"""Any other page of the metrics has numbers, which take time to read."""
_ANSWER_SECONDS = 5
_STARTS = 5
"""Ports are chosen anew so often where servers of another home folder were faster."""


@dataclass(frozen=True)
class Service:
    """A server that is kept running here: what it is and where it answers."""

    name: str
    url: str
    health: str

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    @property
    def is_up(self) -> bool:
        """True where it answers."""
        try:
            with urlopen(self.url + self.health, timeout=_ANSWER_SECONDS):
                return True
        except (URLError, OSError):
            return False


def running_services(home: Home) -> dict[str, Service]:
    """The servers that are kept running here and answer now, by name."""
    return {name: service for name, service in _kept(home).items() if service.is_up}


def version_page(home: Home, model: str, version: str) -> str:
    """The address of a version's page, empty where no MLflow server is set or kept running."""
    url = _registry_pages(home)
    return f"{url}/#/models/{model}/versions/{version}" if url else ""


def run_page(home: Home, experiment: str, run_id: str) -> str:
    """The address of an MLflow run's page, empty where no MLflow server is set or kept running."""
    url = _registry_pages(home)
    return f"{url}/#/experiments/{experiment}/runs/{run_id}" if url else ""


def artifacts_page(home: Home, experiment: str, run_id: str) -> str:
    """The address of what an MLflow run keeps, empty where no server is set or kept running."""
    page = run_page(home, experiment, run_id)
    return f"{page}/artifacts" if page else ""


def flow_run_page(home: Home, flow_run_id: str) -> str:
    """The address of a flow run's page, empty where no Prefect server is set or kept running."""
    server = _kept(home).get("prefect")
    url = server.url if server else ""
    if not url and SLOTS_VARIABLE in os.environ:  # else the server ends with the run
        url = _set_server("PREFECT_UI_URL", "PREFECT_API_URL")
    return f"{url}/runs/flow-run/{flow_run_id}" if url else ""


def _registry_pages(home: Home) -> str:
    """Where MLflow's pages are, empty where no MLflow server is set or kept running."""
    server = _kept(home).get("mlflow")
    return server.url if server else _set_server("MINTMARK_REGISTRY_PAGES", REGISTRY_VARIABLE)


def _set_server(pages: str, interface: str) -> str:
    """Where the pages of a server are that the environment names; empty where it names none."""
    url = os.environ.get(pages) or os.environ.get(interface, "").removesuffix("/api")
    return url.rstrip("/") if url.startswith("http") else ""


def start_services(home: Home, tracking_uri: str, metrics_port: int = 0) -> dict[str, Service]:
    """Both servers and the worker, started unless they are; returns once the servers answer.

    Their ports stay the same from one start to the next where these are free. At `metrics_port`,
    unless it is 0, what is watched is served beside them. Raises UserError where one of them does
    not answer.
    """
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / "services.lock"):
        if not is_supervising(home):
            _start(home, tracking_uri, metrics_port)
    services = _kept(home)
    for service in services.values():
        _wait_for(service, home)
    return services


def _start(home: Home, tracking_uri: str, metrics_port: int) -> None:
    """Start all on ports that no other home folder took between the choice and the start."""
    for _ in range(_STARTS):
        servers = _choose_ports(home)
        services = dict(servers)
        if metrics_port:
            services[METRICS] = _metrics_at(metrics_port, {each.port for each in servers.values()})
        _write(home, services)
        with history_lock(home):
            supervise(_programs(services, tracking_uri, home), _environment(services), home)
            _wait_for(services["prefect"], home)
        _wait_for(services["mlflow"], home)
        if all(listens(server.port, home) for server in servers.values()):
            return
        stop_supervising(home)
    taken = ", ".join(server.url for server in servers.values())
    raise UserError(f"servers of others take the ports of ours ({taken}): start once more")


def _metrics_at(port: int, taken: Set[int]) -> Service:
    """What serves the numbers; raises UserError where the port is not theirs to have."""
    if port in taken or free_port(port) != port:
        raise UserError(
            f"metrics_port {port} is taken by another program; name a free one in "
            "infra/deployments.yaml, or 0 for none"
        )
    return Service(METRICS, f"http://127.0.0.1:{port}", _EMPTY_PAGE)


def _wait_for(service: Service, home: Home) -> None:
    log = log_file(service.name, home)
    if not wait_until(lambda: service.is_up, service.name, log):
        raise UserError(
            f"{service.name} did not answer at {service.url} within {START_SECONDS} s; "
            f"its log is {log}"
        )


def stop_services(home: Home) -> list[str]:
    """End the services of this machine and wait until they are gone; their names."""
    if not is_supervising(home):
        return []
    names = ["worker", *_kept(home)]
    stop_supervising(home)
    return names


def _kept(home: Home) -> dict[str, Service]:
    if not _record(home).is_file() or not is_supervising(home):
        return {}
    return _recorded(home)


def _recorded(home: Home) -> dict[str, Service]:
    if not _record(home).is_file():
        return {}
    known = [Service(**entry) for entry in json.loads(_record(home).read_text())]
    return {service.name: service for service in known}


def _choose_ports(home: Home) -> dict[str, Service]:
    """The servers where they were before, else on their usual ports, else on any free ones."""
    services = {}
    for name, usual, health in (("prefect", 4200, "/api/health"), ("mlflow", 5000, "/health")):
        before = _recorded(home).get(name)
        port = free_port(before.port if before else usual)
        services[name] = Service(name, f"http://127.0.0.1:{port}", health)
    return services


def _programs(services: dict[str, Service], tracking_uri: str, home: Home) -> list[Program]:
    ports = {name: str(service.port) for name, service in services.items()}
    python = (sys.executable, "-m")
    prefect = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", ports["prefect"]]
    mlflow = ["mlflow", "server", "--host", "127.0.0.1", "--port", ports["mlflow"]]
    mlflow += ["--backend-store-uri", tracking_uri, "--workers", "1"]
    mlflow += ["--artifacts-destination", (home.mlflow / "artifacts").as_uri()]
    programs = [
        Program("prefect", (*python, *prefect), order=1),
        Program("mlflow", (*python, *mlflow), order=1),
        Program("worker", (*python, "flows.worker"), order=2),
    ]
    if METRICS in services:
        command = (*python, "flows", METRICS, "--port", ports[METRICS])
        programs.append(Program(METRICS, command, order=2))
    return programs


def _environment(services: dict[str, Service]) -> dict[str, str]:
    api = f"{services['prefect'].url}/api"
    leases = "prefect.server.concurrency.lease_storage.filesystem"  # they outlive the server
    return {
        "PREFECT_API_URL": api,
        "PREFECT_UI_API_URL": api,
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": leases,
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # three processes for what we do not use
        SLOTS_VARIABLE: "1",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO",
    }


def _record(home: Home) -> Path:
    return home.services / "services.json"


def _write(home: Home, services: dict[str, Service]) -> None:
    _record(home).parent.mkdir(parents=True, exist_ok=True)
    partial = _record(home).with_suffix(".part")
    partial.write_text(json.dumps([asdict(service) for service in services.values()], indent=1))
    partial.replace(_record(home))
