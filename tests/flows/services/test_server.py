"""The server of one run ends with it, however it ends, and a stopped run says that it was."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from components.errors import UserError
from components.storage.home import Home
from flows.cli import _stopped
from flows.services.ports import free_port
from flows.services.server import _await, _start, _stop
from tests.home import PROJECT, environment

_HOLDER = """
import sys, time
from pathlib import Path
from components.storage.home import Home
from flows.services.ports import free_port
from flows.services.server import _start
_start(free_port(), Home(Path(sys.argv[1])))
print("started", flush=True)
time.sleep(300)
"""


def test_a_killed_run_takes_its_server_with_it(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)],
        cwd=PROJECT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None and holder.stdout.readline()
    started = _descendants(holder.pid, at_least=2)
    assert all(os.getsid(each.pid) != os.getsid(holder.pid) for each in started)  # nor Ctrl-C
    holder.kill()
    holder.wait()
    assert not psutil.wait_procs(started, timeout=10)[1]


def _descendants(pid: int, *, at_least: int) -> list[psutil.Process]:
    """All processes that a process started, once there are so many."""
    deadline = time.monotonic() + 20
    while len(found := psutil.Process(pid).children(recursive=True)) < at_least:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_server_that_ends_as_it_starts_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    process.wait()
    with pytest.raises(UserError, match="ended with status 3 before it answered; its log is"):
        _await(process, free_port(), Home(tmp_path))
    usage = shutil.disk_usage(tmp_path)._replace(free=4_096)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match=f"the disk that holds {tmp_path} is full"):
        _await(process, free_port(), Home(tmp_path))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A new home folder, which the servers that are started take for theirs."""
    made = Home(tmp_path)
    set_before = {  # by the command line
        "PREFECT_HOME": str(made.prefect),
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    }
    for name, value in environment(tmp_path, **set_before).items():
        monkeypatch.setenv(name, value)
    return made


@pytest.mark.slow
def test_servers_that_begin_at_once_in_a_new_home_all_answer(home: Home) -> None:
    started = [(port, _start(port, home)) for port in (free_port(), free_port())]
    try:
        for port, process in started:
            _await(process, port, home)
    finally:
        for _, process in started:
            _stop(process)


@pytest.mark.slow
def test_the_log_of_a_server_that_ended_says_why(home: Home) -> None:
    port = free_port()
    home.prefect.mkdir(parents=True)
    (home.prefect / "prefect.db").write_text("no database " * 1000)
    process = _start(port, home)
    with pytest.raises(UserError, match="before it answered; its log is"):
        _await(process, port, home)
    _stop(process)
    assert "file is not a database" in (home.prefect / "server.log").read_text()


def test_only_what_goes_on_is_told_to() -> None:
    assert _stopped(["run", "--data", "x"]) == "stopped; the same command goes on where it was"
    assert _stopped(["synthesize", "run"]) == _stopped([]) == "stopped"


def _hear_ctrl_c() -> None:
    """Undo what tests that were begun in the background hand down: there Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_a_run_stopped_by_ctrl_c_says_that_it_goes_on(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "run", "breast_cancer_scarce"],
        cwd=PROJECT,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hear_ctrl_c,
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("workspaces/*/dvc.yaml")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    started = _descendants(process.pid, at_least=3)  # its server, and DVC's leash
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.splitlines()[-1] == "stopped; the same command goes on where it was"
    assert not psutil.wait_procs(started, timeout=10)[1]
