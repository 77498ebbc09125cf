"""DVC as a process of its own: a workspace for a run, its stages, its content hashes."""

import configparser
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

import yaml

from components.errors import ERROR, UNAVAILABLE, Unavailable, UserError
from components.storage import dvc_serve
from components.storage.dvc_serve import END
from components.storage.home import HOME_VARIABLE, Home
from components.storage.leash import leashed
from components.storage.places import dvc_remote_settings, is_remote_shared
from components.storage.s3_errors import is_for_now

_DISK_FULL = os.strerror(errno.ENOSPC)
_CACHED = "is cached - skipping run"
_DVC_CHATTER = re.compile(
    r"Running stage|> |Generating lock|Updating lock|Use `dvc push`|Stage '\w+' is cached"
    r"|error: |unavailable: |ERROR: failed to reproduce|To (track|enable)|\s*git add"
)
_INSERTION = re.compile(r"%\(.*\)s")
"""What DVC takes for the name of another setting, whose value it puts in."""
_NOT_CODE = shutil.ignore_patterns("__pycache__", "*.pyc")


class StageFailed(Exception):
    """Raised when a stage ended with an error of ours; the message is the end of its output.

    `was_killed` is true where a signal ended it: the same stage can be run again.
    """

    def __init__(self, message: str, *, was_killed: bool) -> None:
        super().__init__(message)
        self.was_killed = was_killed


def make_workspace(folder: Path, project: Path, params_yaml: str, home: Home) -> None:
    """Make `folder` a DVC repository of its own: a copy of the code and the pipeline, own settings.

    It shares the cache and the remote with all other workspaces, and locks with none. What a
    killed attempt left half made is made anew.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(project / "components", folder / "components", ignore=_NOT_CODE)
    shutil.copy(project / "dvc.yaml", folder)
    shutil.copy(project / ".dvcignore", folder)
    (folder / "params.yaml").write_text(params_yaml)
    write_dvc_settings(folder, home)


def write_dvc_settings(folder: Path, home: Home) -> None:
    """Make `folder` a DVC repository without git, on the shared cache and remote."""
    (folder / ".dvc").mkdir(exist_ok=True)
    config = configparser.RawConfigParser()
    config["core"] = {"no_scm": "true", "analytics": "false", "remote": "default"}
    config["cache"] = {"dir": _quoted(str(home.dvc_cache))}
    remote = dvc_remote_settings(str(home.dvc_remote))
    config["'remote \"default\"'"] = {name: _quoted(value) for name, value in remote.items()}
    with (folder / ".dvc" / "config.part").open("w") as file:
        config.write(file)
    (folder / ".dvc" / "config.part").replace(_config(folder))


def is_workspace(folder: Path) -> bool:
    """True where `make_workspace` has made `folder`, wholly."""
    return _config(folder).is_file()


def _quoted(value: str) -> str:
    """A value that DVC reads back as it is: without quotes a comma or a # would end it."""
    quote = next((quote for quote in "\"'" if quote not in value), None)
    if quote is None or _INSERTION.search(value):
        raise UserError(f"{value!r} cannot be in DVC's settings: quotes of both kinds, or %(...)s")
    return f"{quote}{value}{quote}"


def _config(folder: Path) -> Path:
    return folder / ".dvc" / "config"


class DvcSession:
    """DVC at work in one workspace: one process for all its commands, started with the first.

    The process runs in a group of its own, which ends with the session, and with this process,
    however it ends. One command runs at a time; others wait. Use it as a context.

    `processor_seconds` is what all stages took that ran in it so far, over all their processes.
    """

    processor_seconds: float

    def __init__(self, workspace: Path, home: Home) -> None:
        self._workspace = workspace
        self._home = home
        self._process: subprocess.Popen[str] | None = None
        self._lock = Lock()
        self.processor_seconds = 0.0

    def __enter__(self) -> "DvcSession":
        """The session itself; its process starts now, in the background."""
        self._start()
        return self

    def __exit__(self, *failure: object) -> None:
        """End whatever is still running."""
        self._end()

    def reproduce(self, stage: str, tell: Callable[[str], None]) -> bool:
        """Bring `stage`'s outputs up to date; true where the run-cache had them from before.

        Where machines share a remote, what another of them did before is found there too.
        Each line the stage itself prints goes to `tell`. Raises UserError with the stage's own
        message where the user can mend it.
        """

        def listen(line: str) -> None:
            if line and not _DVC_CHATTER.match(line):
                tell(line)

        shared = ["--pull"] if is_remote_shared() else []
        lines, status = self._do(["repro", "--single-item", *shared, stage], listen)
        if status != 0:
            _fail(stage, lines, status, self._home)
        return any(_CACHED in line for line in lines)

    def push(self) -> None:
        """Copy the workspace's outputs and the run-cache to the remote."""
        lines, status = self._do(["push", "--run-cache"], lambda line: None)
        if status != 0:
            kind = Unavailable if any(map(is_for_now, lines)) else UserError
            said = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
            raise kind(f"cannot push to the DVC remote: {(said or lines or ['no message'])[-1]}")

    def _do(self, arguments: list[str], listen: Callable[[str], None]) -> tuple[list[str], int]:
        """The lines that a command printed and its exit status; below 0 where a signal ended it."""
        with self._lock:
            try:
                return self._ask(["--wait-for-lock", *arguments], listen)
            except BaseException:  # whoever asked has gone: nothing may go on without them
                self._end()
                raise

    def _ask(self, words: list[str], listen: Callable[[str], None]) -> tuple[list[str], int]:
        process = self._process if self._is_running() else self._start()
        assert process is not None and process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(words) + "\n")
        process.stdin.flush()
        lines = []
        for line in process.stdout:
            said, ends, answer = line.rstrip().partition(END)
            if said or not ends:
                lines.append(said)
                listen(said)
            if ends:
                status, seconds = answer.split()
                self.processor_seconds += float(seconds)
                return lines, int(status)
        return lines, process.wait() or -1

    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self) -> "subprocess.Popen[str]":
        environment = os.environ | {
            HOME_VARIABLE: str(self._home.root),
            "DVC_NO_ANALYTICS": "true",
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        self._process = subprocess.Popen(
            leashed([sys.executable, "-P", str(Path(dvc_serve.__file__).absolute())]),
            cwd=self._workspace,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self._process

    def _end(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()


def output_hashes(workspace: Path) -> dict[str, str]:
    """The content hash of each stage output, by path, as `dvc.lock` has it."""
    lock = yaml.safe_load((workspace / "dvc.lock").read_text())
    outputs = (out for stage in lock["stages"].values() for out in stage.get("outs", ()))
    return {out["path"]: out["md5"] for out in outputs}


def cached_file(home: Home, md5: str) -> Path:
    """Where the shared cache keeps the file of this content hash."""
    return home.dvc_cache / "files" / "md5" / md5[:2] / md5[2:]


def _fail(stage: str, lines: list[str], status: int, home: Home) -> None:
    for prefix, kind in ((ERROR, UserError), (UNAVAILABLE, Unavailable)):
        if said := [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]:
            raise kind(said[-1])
    if refused := [line for line in lines if is_for_now(line)]:
        raise Unavailable(f"stage {stage} did not get on with the DVC remote: {refused[-1]}")
    if any(_DISK_FULL in line for line in lines):
        raise UserError(
            f"the disk that holds {home.root} is full: stage {stage} could not go on; free some "
            "space and run again"
        )
    was_killed = status < 0 or any("exited with -" in line for line in lines)
    raise StageFailed(f"stage {stage} failed:\n" + "\n".join(lines[-30:]), was_killed=was_killed)
