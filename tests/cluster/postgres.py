"""A real PostgreSQL server on a free loopback port, run by a user without rights, for tests."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from flows.services.ports import free_port

USER = "mintmark"
_SECONDS = 600
_UNPRIVILEGED = "postgres"  # made by Debian's package; the server refuses to run as root


@dataclass
class Postgres:
    """A server with its data in `folder`: it can be killed and started again."""

    folder: Path
    port: int
    password: str
    process: "subprocess.Popen[bytes]"

    def url(self, database: str, driver: str = "postgresql") -> str:
        """The address of a database, with its login."""
        return f"{driver}://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and return once it takes connections."""
        self.process = _start(self.folder, self.port)

    def kill(self) -> None:
        """End it at once, with all its children, as a crash would."""
        for child in _children(self.process.pid):
            _signal(child, 9)
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in order: connections are broken off, data is written."""
        self.process.send_signal(2)
        self.process.wait(_SECONDS)

    def create(self, *databases: str) -> None:
        """Make empty databases."""
        for name in databases:
            command = [_program("createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
            environment = os.environ | {"PGPASSWORD": self.password}
            subprocess.run([*command, name], check=True, env=environment)


@contextmanager
def postgres(kept: Path | None = None) -> Iterator[Postgres]:
    """A server, gone when the block ends: in a folder of its own that goes too, or in one to keep.

    One that is kept, and that a server ended in before, is gone on from.
    """
    folder = kept or Path(tempfile.mkdtemp(prefix="mintmark-postgres-"))
    server = _reopen(folder) if (folder / "data" / "PG_VERSION").is_file() else _make(folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
        if kept is None:
            shutil.rmtree(folder)


def _reopen(folder: Path) -> Postgres:
    port = free_port()
    return Postgres(folder, port, (folder / "password").read_text(), _start(folder, port))


def _make(folder: Path) -> Postgres:
    password = token_hex(12)
    secret = folder / "password"
    secret.write_text(password)
    if _is_root():
        for path in (folder, secret):
            shutil.chown(path, _UNPRIVILEGED)
    initdb = [_program("initdb"), "-D", str(folder / "data"), "-U", USER, "-E", "UTF8"]
    initdb += ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-locale", "-N"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **_as_user())
    port = free_port()
    return Postgres(folder, port, password, _start(folder, port))


def _start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [_program("postgres"), "-D", str(folder / "data"), "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-c", "max_connections=200"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **_as_user())
    ready = [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + _SECONDS
    while subprocess.run(ready, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.1)
    return process


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_user() -> dict[str, str]:
    return {"user": _UNPRIVILEGED, "group": _UNPRIVILEGED} if _is_root() else {}


def _program(name: str) -> str:
    """The newest installed one; Debian keeps most of them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"{name} is missing: install Debian's package `postgresql`"
    return path


def _children(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
