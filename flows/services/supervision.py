"""Programs that are kept running: started again when they end, stopped together.

The work is supervisord's (supervisord.org); here are its settings, its start and its end.
"""

import configparser
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from components.errors import UserError
from components.storage.home import Home
from components.storage.leash import GRACE_SECONDS, leashed

_START_SECONDS = 20
_LOG_BYTES = "10MB"


@dataclass(frozen=True)
class Program:
    """A program to keep running; those with a higher `order` are started later, stopped first."""

    name: str
    command: tuple[str, ...]
    order: int


def supervise(programs: Sequence[Program], environment: Mapping[str, str], home: Home) -> None:
    """Start all programs, and start each anew whenever it ends, until `stop_supervising`.

    Raises UserError, with what was said, where they could not be started.
    """
    for folder in (home.services, home.logs):
        folder.mkdir(parents=True, exist_ok=True)
    with _settings(home).open("w") as file:
        _supervisor_settings(programs, home).write(file)
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(_settings(home))]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    deadline = time.monotonic() + _START_SECONDS
    while done.returncode == 0 and time.monotonic() < deadline:
        if _supervisor(home):
            return
        time.sleep(0.05)
    raise UserError(f"the services could not be started: {(done.stdout + done.stderr).strip()}")


def is_supervising(home: Home) -> bool:
    """True where the programs of this home folder are being kept running."""
    return _supervisor(home) is not None


def stop_supervising(home: Home) -> None:
    """End every program, the last started first, and wait until all are gone."""
    supervisor = _supervisor(home)
    if supervisor is None:
        return
    children = supervisor.children(recursive=True)
    supervisor.send_signal(signal.SIGTERM)
    psutil.wait_procs([supervisor], timeout=4 * GRACE_SECONDS)
    _, alive = psutil.wait_procs([supervisor, *children], timeout=5)
    for process in alive:
        process.kill()


def listens(port: int, home: Home) -> bool:
    """True where one of the programs of this home folder listens on the port, and not another's."""
    supervisor = _supervisor(home)
    programs = supervisor.children(recursive=True) if supervisor else []
    return any(port in _listening(program) for program in programs)


def log_file(program: str, home: Home) -> Path:
    """Where the output of a program goes."""
    return home.logs / f"{program}.log"


def _supervisor(home: Home) -> psutil.Process | None:
    """The running supervisor of this home folder: a number alone may be another's by now."""
    try:
        process = psutil.Process(int(_pid_file(home).read_text()))
        is_ours = str(_settings(home)) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None


def _listening(process: psutil.Process) -> set[int]:
    """The ports that a process listens on; none where it is gone."""
    try:
        open_ = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return set()
    return {each.laddr.port for each in open_ if each.status == psutil.CONN_LISTEN}


def _supervisor_settings(programs: Sequence[Program], home: Home) -> configparser.RawConfigParser:
    settings = configparser.RawConfigParser()
    settings["supervisord"] = {
        "logfile": _plain(log_file("supervisor", home)),
        "logfile_maxbytes": _LOG_BYTES,
        "pidfile": _plain(_pid_file(home)),
        "childlogdir": _plain(home.logs),
    }
    for program in programs:
        settings[f"program:{program.name}"] = {
            "command": _plain(shlex.join(leashed(list(program.command)))),
            "priority": str(program.order),
            "autorestart": "true",
            "startretries": "1000000",
            "startsecs": "2",
            "stopwaitsecs": str(GRACE_SECONDS + 10),
            "redirect_stderr": "true",
            "stdout_logfile": _plain(_plain(log_file(program.name, home))),  # expanded twice
            "stdout_logfile_maxbytes": _LOG_BYTES,
            "stdout_logfile_backups": "2",
        }
    return settings


def _plain(text: str | Path) -> str:
    """`text` with the one sign escaped that supervisord expands."""
    return str(text).replace("%", "%%")


def _settings(home: Home) -> Path:
    return home.services / "supervisor.ini"


def _pid_file(home: Home) -> Path:
    return home.services / "supervisor.pid"
