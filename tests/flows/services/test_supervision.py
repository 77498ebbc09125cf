"""Programs that are kept running: begun again when they end, gone when they are stopped."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from components.storage.home import Home
from flows.services.supervision import (
    Program,
    is_supervising,
    listens,
    log_file,
    stop_supervising,
    supervise,
)

_LISTEN = (
    "import socket, time; s = socket.create_server(('127.0.0.1', 0)); "
    "print(s.getsockname()[1], flush=True); time.sleep(300)"
)
_SAY_WHO = "import os, time; print(os.getpid(), flush=True); time.sleep(300)"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "a home with 100% odd signs")
    yield home
    stop_supervising(home)


def _start(home: Home) -> psutil.Process:
    program = Program("sleeper", (sys.executable, "-c", _SAY_WHO), order=1)
    supervise([program], {"PYTHONUNBUFFERED": "1"}, home)
    return _newest(home, known=0)


def _newest(home: Home, known: int) -> psutil.Process:
    """The sleeper that was begun after the first `known` ones."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        log = log_file("sleeper", home)
        lines = log.read_text().split() if log.is_file() else []
        if len(lines) > known:
            return psutil.Process(int(lines[-1]))
        time.sleep(0.05)
    raise AssertionError("the program was not begun")


def test_a_program_that_is_killed_is_begun_again(home: Home) -> None:
    first = _start(home)
    os.kill(first.pid, signal.SIGKILL)
    assert _newest(home, known=1).pid != first.pid
    assert is_supervising(home)


def test_stopping_leaves_nothing(home: Home) -> None:
    program = _start(home)
    stop_supervising(home)
    assert not is_supervising(home) and not program.is_running()
    stop_supervising(home)


def test_a_killed_supervisor_takes_its_programs_with_it(home: Home) -> None:
    program = _start(home)
    pid = int((home.services / "supervisor.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([program], timeout=10)
    assert not program.is_running() and not is_supervising(home)


def test_another_process_with_the_old_number_is_not_ours(home: Home) -> None:
    home.services.mkdir(parents=True)
    (home.services / "supervisor.pid").write_text(str(os.getpid()))
    assert not is_supervising(home)
    stop_supervising(home)  # or this test would not end


def test_a_port_is_ours_only_where_a_program_of_ours_listens(home: Home) -> None:
    program = Program("sleeper", (sys.executable, "-c", _LISTEN), order=1)
    supervise([program], {"PYTHONUNBUFFERED": "1"}, home)
    deadline = time.monotonic() + 20
    log = log_file("sleeper", home)
    while not (log.is_file() and log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert listens(int(log.read_text()), home)
    with socket.create_server(("127.0.0.1", 0)) as of_another:
        assert not listens(of_another.getsockname()[1], home)
    stop_supervising(home)
    assert not listens(int(log.read_text()), home)
