"""A whole cluster on loopback ports: S3, PostgreSQL, Prefect and MLflow with login, workers.

Started by the same scripts and commands that `infra/` uses. Workers are copies of the checkout in
folders of their own, each with a home of its own: nothing but servers and S3 is between them.
"""

import base64
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import boto3
import psutil
import yaml

from flows.services.ports import free_port
from tests.cluster.member import MARK, Member, bare, processes_of
from tests.cluster.postgres import Postgres, postgres
from tests.home import PROJECT
from tests.storage.proxy import Proxy, proxy_to
from tests.storage.seaweed import S3Server, s3_server

BUCKET = "mintmark"
IDENTITY = "identity.json"
"""Where a cluster that may be gone on with keeps its secrets and ports."""

SETTLED = ("Completed", "Failed", "Cancelled", "Crashed", "Suspended")
_COMES_BACK = 60.0
_SECONDS = 3600
_CHECKOUT = ("components", "flows", "infra", "dvc.yaml", ".dvcignore", "params.yaml")
_WORKER_LOGIN, _READER_LOGIN = "worker", "reader"


@dataclass(frozen=True)
class Ground:
    """What a cluster stands on.

    `address` is where its servers answer, `database` a folder for PostgreSQL's data that is kept,
    None for one that goes with the server. With `has_proxy` members reach S3 through a proxy that
    can be told to behave badly. `services` are settings other than those of
    `infra/deployments.yaml`.
    """

    address: str = "127.0.0.1"
    database: Path | None = None
    has_proxy: bool = False
    services: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """What a cluster is known by, the same each time it is started: secrets and ports."""

    secrets: dict[str, str]
    ports: dict[str, int]


@dataclass
class Cluster:
    """A running cluster: its parts, and what may be asked of it."""

    folder: Path
    s3: S3Server
    database: Postgres
    members: dict[str, Member]
    prefect_url: str
    mlflow_url: str
    secrets: dict[str, str]
    s3_variables: dict[str, str]
    proxy: Proxy | None = None
    workers: dict[str, Member] = field(default_factory=dict)

    def login(self, user: str) -> dict[str, str]:
        """The variables of a user of the registry."""
        return {
            "MLFLOW_TRACKING_URI": self.mlflow_url,
            "MLFLOW_TRACKING_USERNAME": user,
            "MLFLOW_TRACKING_PASSWORD": self.secrets[user],
        }

    def environment(self, home: Path) -> dict[str, str]:
        """The settings of a worker, all of them variables."""
        variables = {
            "MINTMARK_HOME": str(home),
            "MINTMARK_STORE": f"s3://{BUCKET}/store",
            "MINTMARK_NOISE_KEY": self.secrets["noise"],
            "MINTMARK_DEPLOYMENTS": str(self.folder / "deployments.yaml"),
            "PREFECT_API_URL": f"{self.prefect_url}/api",
            "PREFECT_API_AUTH_STRING": self.secrets["prefect"],
        }
        mark = {MARK: str(self.folder)}
        return bare() | variables | self.login(_WORKER_LOGIN) | self.s3_variables | mark

    def worker(
        self,
        name: str,
        *,
        before: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Member:
        """A worker in a folder and with a home of its own, started.

        The words `before` begin its command, `variables` are added to its settings.
        """
        folder = self.folder / name
        checkout = folder / "checkout"
        if checkout.exists():  # of a cluster that is gone on with: the code may be another now
            shutil.rmtree(checkout)
        copy_checkout(checkout)
        environment = self.environment(folder / "home") | {"PYTHONPATH": str(checkout)}
        environment |= variables or {}
        command = [*before, sys.executable, "-m", "flows", "worker", "--name", name]
        self.workers[name] = Member(name, command, environment, checkout)
        self.workers[name].start()
        return self.workers[name]

    def mintmark(self, *arguments: str, home: Path | None = None) -> str:
        """What a finished call of the command line said, by an operator with a home of their own.

        Or, where one is given, with the home of a worker.
        """
        home = home or self.folder / "operator" / "home"
        done = subprocess.run(
            [sys.executable, "-m", "flows", *arguments],
            env=self.environment(home) | {"PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def call(self, path: str, body: Any = None) -> Any:
        """The answer of Prefect's API."""
        return ask(f"{self.prefect_url}/api{path}", self.secrets["prefect"], body)

    def start(self, deployment: str, **request: Any) -> str:
        """The id of a new run of a deployment, asked for as a form does."""
        found = self.call(f"/deployments/name/{deployment}/{deployment}")
        body = {"parameters": {"request": request}, "state": {"type": "SCHEDULED"}}
        return str(self.call(f"/deployments/{found['id']}/create_flow_run", body)["id"])

    def run(self, run_id: str) -> Any:
        """A flow run as the server has it."""
        return self.call(f"/flow_runs/{run_id}")

    def wait(self, run_id: str, *states: str) -> Any:
        """The run once it is in one of `states`, by default once it ended.

        One that crashed comes back, which the server's automation sees to a little later.
        """
        deadline = time.monotonic() + _SECONDS
        crashed: float | None = None
        run = {"state_name": "unknown"}
        while time.monotonic() < deadline:
            try:
                run = self.run(run_id)
            except (URLError, OSError):  # a server that was killed
                time.sleep(1)
                continue
            now = time.monotonic()
            crashed = (crashed or now) if run["state_name"] == "Crashed" else None
            comes_back = not states and crashed is not None and now - crashed < _COMES_BACK
            if run["state_name"] in (states or SETTLED) and not comes_back:
                return run
            time.sleep(1)
        raise AssertionError(f"{run['state_name']} after {_SECONDS} s; {self.logs(run_id)}")

    def logs(self, run_id: str) -> str:
        """What a run said."""
        wanted = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"}
        return "\n".join(line["message"] for line in self.call("/logs/filter", wanted))

    def boto(self) -> Any:
        """boto3's client with the administrator's keys."""
        return boto3.client(
            "s3",
            endpoint_url=self.s3.url,
            aws_access_key_id=self.s3.key,
            aws_secret_access_key=self.s3.secret,
            region_name="us-east-1",
        )

    def servers(self) -> dict[str, psutil.Process]:
        """The process of each server that runs, the parent of those it may have started."""
        assert self.s3.process is not None
        pids = {name: member.process.pid for name, member in self.members.items() if member.process}
        pids |= {"S3": self.s3.process.pid, "PostgreSQL": self.database.process.pid}
        return {name: psutil.Process(pid) for name, pid in pids.items()}

    def await_servers(self) -> None:
        """Return once both servers answer."""
        for name, url in (("prefect", "/api/health"), ("mlflow", "/health")):
            self.await_server(name, url)

    def await_server(self, name: str, path: str) -> None:
        """Return once one server answers."""
        url = {"prefect": self.prefect_url, "mlflow": self.mlflow_url}[name] + path
        member = self.members[name]
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                with urlopen(url, timeout=10):
                    return
            except (URLError, OSError) as error:
                alive = member.process is not None and member.process.poll() is None
                assert alive and time.monotonic() < deadline, f"{error}\n{member.log}"
                time.sleep(0.5)


def ask(url: str, login: str, body: Any = None) -> Any:
    """The JSON answer of a server that asks for a login; `body` is posted where there is one."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data)
    request.add_header("Content-Type", "application/json")
    if login:
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    with urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def status_of(url: str, login: str = "", body: Any = None) -> int:
    """The status that a server answers with."""
    try:
        ask(url, login, body)
    except HTTPError as error:
        return error.code
    return 200


def copy_checkout(folder: Path) -> None:
    """What a machine needs of the checkout, in a folder of its own."""
    folder.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in _CHECKOUT:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)


@contextmanager
def cluster(folder: Path, *workers: str, ground: Ground | None = None) -> Iterator[Cluster]:
    """A cluster with these workers; at the end all of it is gone, and no process is left.

    On a folder in which one ended before, with a `database` that was kept, that one goes on.
    """
    ground = ground or Ground()
    known = folder / IDENTITY
    is_new = not known.is_file()
    with ExitStack() as stack:
        (folder / "s3").mkdir(parents=True, exist_ok=True)
        s3 = stack.enter_context(s3_server(folder / "s3"))
        database = stack.enter_context(postgres(ground.database))
        identity = _new_identity() if is_new else Identity(**json.loads(known.read_text()))
        made = _make(folder, s3, database, identity, ground)
        if ground.has_proxy:
            port = identity.ports["proxy"]
            opened = proxy_to(s3.url, address=ground.address, port=port)
            made.proxy, _ = stack.enter_context(opened)
        stack.callback(_tear_down, made)
        if is_new:
            made.boto().create_bucket(Bucket=BUCKET)
            database.create("prefect", "mlflow", "users")
            _migrate(made)
        for member in made.members.values():
            member.start()
        made.await_servers()
        if is_new:
            _add_users(made)
            known.write_text(json.dumps(vars(identity)))
        made.mintmark("deploy")
        for name in workers:
            made.worker(name)
        yield made
    left = processes_of(folder)
    assert not left, left


def _new_identity() -> Identity:
    names = ("admin", _WORKER_LOGIN, _READER_LOGIN, "flask")
    secrets = {name: token_hex(16) for name in names} | {"noise": token_hex(32)}
    secrets["prefect"] = f"mintmark:{token_hex(16)}"
    return Identity(secrets, {name: free_port() for name in ("prefect", "mlflow", "proxy")})


def _make(
    folder: Path, s3: S3Server, database: Postgres, identity: Identity, ground: Ground
) -> Cluster:
    settings = yaml.safe_load((PROJECT / "infra" / "deployments.yaml").read_text())
    settings |= {"runs_at_once": 1, "monitor_minutes": 0, "retrain_cron": "", "collect_cron": ""}
    settings |= ground.services
    (folder / "deployments.yaml").write_text(yaml.safe_dump(settings))
    secrets, ports, address = identity.secrets, identity.ports, ground.address
    urls = {name: f"http://{address}:{port}" for name, port in ports.items()}
    reached = {"AWS_ENDPOINT_URL_S3": urls["proxy"]} if ground.has_proxy else {}
    made = Cluster(
        folder=folder,
        s3=s3,
        database=database,
        members={},
        prefect_url=urls["prefect"],
        mlflow_url=urls["mlflow"],
        secrets=secrets,
        s3_variables=s3.variables | reached,
    )
    made.members = {
        "prefect": _server(
            made,
            "prefect",
            PREFECT_SERVER_DATABASE_CONNECTION_URL=database.url("prefect", "postgresql+asyncpg"),
            PREFECT_SERVER_API_AUTH_STRING=secrets["prefect"],
            PREFECT_HOST=address,
            PREFECT_PORT=str(ports["prefect"]),
            PREFECT_HOME=str(folder / "prefect"),
        ),
        "mlflow": _server(
            made,
            "mlflow",
            MLFLOW_BACKEND_STORE_URI=database.url("mlflow"),
            MLFLOW_AUTH_DATABASE_URI=database.url("users"),
            MLFLOW_AUTH_CONFIG_PATH=str(folder / "mlflow-auth.ini"),
            MLFLOW_AUTH_ADMIN_PASSWORD=secrets["admin"],
            MLFLOW_FLASK_SERVER_SECRET_KEY=secrets["flask"],
            MLFLOW_HOST=address,
            MLFLOW_ALLOWED_HOSTS=f"{address}:*",
            MLFLOW_PORT=str(ports["mlflow"]),
            MINTMARK_ARTIFACTS=f"s3://{BUCKET}/mlflow",
        ),
    }
    return made


def _server(made: Cluster, name: str, **variables: str) -> Member:
    script = PROJECT / "infra" / "servers" / f"{name}.sh"
    environment = bare() | made.s3_variables | variables | {"PYTHON": sys.executable}
    environment |= {MARK: str(made.folder)}
    return Member(name, ["sh", str(script), "serve"], environment, made.folder)


def _migrate(made: Cluster) -> None:
    """Make the tables, as the one-shot jobs do."""
    for member in made.members.values():
        command = [*member.command[:-1], "migrate"]
        done = subprocess.run(
            command, env=member.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _add_users(made: Cluster) -> None:
    for user in (_WORKER_LOGIN, _READER_LOGIN):
        body = {"username": user, "password": made.secrets[user]}
        login = f"admin:{made.secrets['admin']}"
        ask(f"{made.mlflow_url}/api/2.0/mlflow/users/create", login, body)


def _tear_down(made: Cluster) -> None:
    for member in (*made.workers.values(), *made.members.values()):
        if member.process is not None:
            member.stop()
