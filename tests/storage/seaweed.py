"""A real S3 server on free loopback ports, for tests."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from filelock import FileLock

from components.storage.objects import s3_client
from components.storage.places import STORE_VARIABLE
from flows.services.ports import free_port

_WEED = Path(sys.executable).parent / "weed"
_KEPT = "server.json"
_PORTS = (
    "s3.port",
    "master.port",
    "volume.port",
    "filer.port",
    "master.port.grpc",
    "volume.port.grpc",
    "filer.port.grpc",
    "s3.port.grpc",
)
_SIGNED = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")


@dataclass
class S3Server:
    """Where the server answers, and the keys it accepts; it can be killed and started again."""

    folder: Path
    ports: dict[str, int]
    key: str
    secret: str
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.ports['s3.port']}"

    @property
    def variables(self) -> dict[str, str]:
        """What boto3's standard chain reads."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Start it, and return once it answers."""
        command = [
            str(_WEED),
            "-logtostderr",
            "server",
            f"-dir={self.folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            "-s3.config=s3.json",
            "-s3.port.iceberg=0",  # or two servers side by side would ask for the same ports
            "-s3.port.lance=0",
            "-volume.max=0",
            "-master.volumeSizeLimitMB=64",
            "-volume.preStopSeconds=0",
            "-master.electionTimeout=1s",
            "-master.telemetry=false",
        ]
        command += [f"-{name}={port}" for name, port in self.ports.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        try:
            _await(self.process, f"{self.url}/healthz", self.folder / "log")
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once, as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """SeaweedFS with its data in `folder`, gone when the block ends.

    A folder that it ended in before is gone on from, under the same ports and keys.
    """
    with FileLock(Path(gettempdir()) / "mintmark-test-s3.lock"):  # until its ports are taken
        server = _found(folder) or _made(folder)
        server.start()
    try:
        yield server
    finally:
        server.kill()
        _sweep(server)


def _sweep(server: S3Server) -> None:
    """Remove the sockets that it leaves, whose folder no setting moves."""
    for port in server.ports.values():
        for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            socket.unlink(missing_ok=True)


def _found(folder: Path) -> S3Server | None:
    kept = folder / _KEPT
    return S3Server(folder, **json.loads(kept.read_text())) if kept.is_file() else None


def _made(folder: Path) -> S3Server:
    chosen: set[int] = set()
    while len(chosen) < len(_PORTS):
        chosen.add(free_port())
    ports = dict(zip(_PORTS, sorted(chosen), strict=True))
    server = S3Server(folder, ports, token_hex(8), token_hex(16))
    _configure(folder, server)
    kept = {"ports": ports, "key": server.key, "secret": server.secret}
    (folder / _KEPT).write_text(json.dumps(kept))
    return server


def _configure(folder: Path, server: S3Server) -> None:
    (folder / "data").mkdir(exist_ok=True)
    credentials = [{"accessKey": server.key, "secretKey": server.secret}]
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    identity = {"name": "admin", "credentials": credentials, "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    sections = (f'[{section}]\nkey = "{token_hex(32)}"\n' for section in _SIGNED)
    (folder / "security.toml").write_text("\n".join(sections))


def _await(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    process.kill()
    raise AssertionError(f"the S3 server did not start:\n{log.read_text()[-2000:]}")


def use_store(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty store on the server, which this process shares with other machines.

    It is one of these until the test ends.
    """
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    bucket = token_hex(10)
    s3_client().create_bucket(Bucket=bucket)
    monkeypatch.setenv(STORE_VARIABLE, f"s3://{bucket}/store")
    return f"s3://{bucket}/store"
