"""A program of a cluster: started with variables of its own, ended as a crash would."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "MINTMARK_TEST_CLUSTER"
"""The variable by which the processes of a cluster are known: it holds the cluster's folder."""
_SERVERS = ("weed", "postgres")


@dataclass
class Member:
    """A program of the cluster that can be killed and started again, with its log."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; it may take a while to answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, *, children: bool = True) -> None:
        """End it at once, as a crash would."""
        assert self.process is not None
        found = psutil.Process(self.process.pid).children(recursive=True) if children else []
        for process in (self.process, *found):
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    @property
    def log(self) -> str:
        """The end of what it said."""
        return (self.folder / f"{self.name}.log").read_text()[-4000:]


def bare() -> dict[str, str]:
    """This process's environment without anything that names a server or a key."""
    ours = ("PREFECT_", "MLFLOW_", "AWS_", "MINTMARK_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


def end_all_of(folder: Path) -> None:
    """End what a cluster in `folder` left running when whoever had started it was killed."""
    for process in processes_of(folder):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def processes_of(folder: Path) -> list[psutil.Process]:
    """The processes that run for the cluster in `folder`."""
    return [each for each in psutil.process_iter() if _is_of(each, folder)]


def command_of(process: psutil.Process) -> str:
    """The command line of a process, empty where it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.name() in _SERVERS:  # they have this process's own environment
            return any(f"{folder}/" in word for word in process.cmdline())
        return process.environ().get(MARK) == str(folder)
    except psutil.Error:
        return False
