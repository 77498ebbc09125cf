"""DVC as a process of its own: a workspace for a run, its stages, its content hashes."""

import configparser
import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from components.errors import UserError
from components.storage.home import VARIABLE, Home
from components.storage.leash import leashed

_DISK_FULL = os.strerror(errno.ENOSPC)
_CACHED = "is cached - skipping run"
_DVC_CHATTER = re.compile(
    r"Running stage|> |Generating lock|Updating lock|Use `dvc push`|Stage '\w+' is cached"
    r"|error: |ERROR: failed to reproduce|To (track|enable)|\s*git add"
)
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
    (folder / ".dvc").mkdir()
    config = configparser.ConfigParser()
    config["core"] = {"no_scm": "true", "analytics": "false", "remote": "default"}
    config["cache"] = {"dir": str(home.dvc_cache)}
    config["'remote \"default\"'"] = {"url": str(home.dvc_remote)}
    with (folder / ".dvc" / "config.part").open("w") as file:
        config.write(file)
    (folder / ".dvc" / "config.part").replace(_config(folder))


def is_workspace(folder: Path) -> bool:
    """True where `make_workspace` has made `folder`, wholly."""
    return _config(folder).is_file()


def _config(folder: Path) -> Path:
    return folder / ".dvc" / "config"


def reproduce(workspace: Path, stage: str, home: Home, tell: Callable[[str], None]) -> bool:
    """Bring `stage`'s outputs up to date; true where the run-cache had them from before.

    Each line the stage itself prints goes to `tell`. The stage runs in a process group of its
    own, which ends with this call, and with this process, however it ends. Raises UserError with
    the stage's own message where the user can mend it.
    """
    command = ["--wait-for-lock", "repro", "--single-item", stage]
    lines = []
    with _dvc(workspace, command, home) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if lines[-1] and not _DVC_CHATTER.match(lines[-1]):
                tell(lines[-1])
    if process.returncode != 0:
        _fail(stage, lines, process.returncode)
    return any(_CACHED in line for line in lines)


def push(workspace: Path, home: Home) -> None:
    """Copy the workspace's outputs and the run-cache to the remote."""
    with _dvc(workspace, ["--wait-for-lock", "push", "--run-cache", "--quiet"], home) as process:
        assert process.stdout is not None
        output = process.stdout.read()  # `communicate` would let go of the leash
    if process.returncode != 0:
        raise UserError(f"cannot push to the DVC remote: {output.strip().splitlines()[-1]}")


def output_hashes(workspace: Path) -> dict[str, str]:
    """The content hash of each stage output, by path, as `dvc.lock` has it."""
    lock = yaml.safe_load((workspace / "dvc.lock").read_text())
    outputs = (out for stage in lock["stages"].values() for out in stage.get("outs", ()))
    return {out["path"]: out["md5"] for out in outputs}


def cached_file(home: Home, md5: str) -> Path:
    """Where the shared cache keeps the file of this content hash."""
    return home.dvc_cache / "files" / "md5" / md5[:2] / md5[2:]


@contextmanager
def _dvc(workspace: Path, arguments: list[str], home: Home) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        VARIABLE: str(home.root),
        "DVC_NO_ANALYTICS": "true",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    process = subprocess.Popen(
        leashed([sys.executable, "-m", "dvc", *arguments]),
        cwd=workspace,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        yield process
        process.wait()
    finally:
        process.stdin.close()
        process.wait()


def _fail(stage: str, lines: list[str], status: int) -> None:
    prefix = "error: "
    mendable = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
    if mendable:
        raise UserError(mendable[-1])
    if any(_DISK_FULL in line for line in lines):
        raise UserError(f"the disk is full: stage {stage} could not be kept; free some space")
    was_killed = status < 0 or any("exited with -" in line for line in lines)
    raise StageFailed(f"stage {stage} failed:\n" + "\n".join(lines[-30:]), was_killed=was_killed)
